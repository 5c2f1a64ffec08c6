//! Looking at a journal that can't be opened, and getting out of it what is whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::{self, BatchHead, Decided, Erasure, Replay};
use super::files::{Disk, Folder};
use super::recovery::Found;
use super::{Journal, record, segment};
use crate::{Error, Points, open, schema};

/// What a check of a data folder found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong with the database, in its own words; nothing if it is whole.
    pub database: Vec<String>,
    /// Records of the journal that are whole and not in the database yet.
    pub records: u64,
    /// Data points in them.
    pub data_points: u64,
    /// Records that were written and are damaged or missing.
    pub lost: Vec<Lost>,
    /// Segments whose heads are damaged, and which hold whole records.
    pub headless: Vec<String>,
    /// Whether the journal ends in a record that was being written when everything stopped. That is no damage.
    pub torn: bool,
    /// Where the damaged journal is now, if it was set aside.
    pub set_aside: Option<PathBuf>,
}

impl Report {
    /// Whether the journal can't be opened as it was found.
    #[must_use]
    pub fn is_journal_damaged(&self) -> bool {
        !self.lost.is_empty() || !self.headless.is_empty()
    }
}

/// Records that are damaged or missing, and between which places of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// Where the whole record before them ends, if there is one.
    pub after: Option<Place>,
    /// Where the whole record behind them begins.
    pub before: Place,
}

/// A place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The segment's file.
    pub segment: String,
    /// Bytes from its beginning.
    pub offset: u64,
}

impl Points {
    /// Checks the store in a folder, which nobody may have open. If told to, and if the journal is damaged, it sets
    /// that aside and puts one in its place that has every record which is whole; the others are lost.
    ///
    /// # Errors
    /// If there is no store, its files can't be read, or another process has it open.
    pub fn check(dir: &Path, set_aside: bool) -> Result<Report, Error> {
        let file = dir.join("points.db");
        if !file.exists() {
            let none = format!("there is no {}", file.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, none).into());
        }
        let _lock = open::lock(dir)?;
        finish(dir)?;
        let connection = schema::reading(&file)?;
        let sealed = schema::marks(&connection)?.record;
        let mut check = connection.prepare("pragma quick_check")?;
        let said: Vec<String> = check.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
        let found = look(&Folder(dir.join("journal")), sealed)?;
        let mut report = Report {
            database: said.into_iter().filter(|line| line != "ok").collect(),
            records: found.records.len() as u64,
            data_points: found.records.values().map(|record| count(&record.says)).sum(),
            lost: found.lost(sealed),
            headless: found.headless,
            torn: found.torn,
            set_aside: None,
        };
        if set_aside && report.is_journal_damaged() {
            report.set_aside = Some(replace(dir, &found.records, sealed)?);
        }
        Ok(report)
    }
}

/// A whole record and where it is.
struct Whole {
    begins: Place,
    ends: Place,
    says: Vec<u8>,
}

#[derive(Default)]
struct Looked {
    /// Every whole record that is not sealed and not void, wherever it lies.
    records: BTreeMap<u64, Whole>,
    /// Where the last sealed record ends, if it is still there.
    sealed_end: Option<Place>,
    headless: Vec<String>,
    torn: bool,
}

struct Part {
    name: String,
    head: Option<(u64, u64)>,
    bytes: Vec<u8>,
}

fn look(disk: &Folder, sealed: u64) -> Result<Looked, Error> {
    let mut parts = Vec::new();
    for name in disk.list()?.into_iter().filter(|name| segment::number(name).is_some()) {
        let bytes = disk.open(&name)?.read()?;
        let head = segment::read(&bytes);
        parts.push(Part { name, head, bytes });
    }
    // Those of damaged heads first: what another segment says of the same record counts more.
    parts.sort_by_key(|part| part.head.map(|(epoch, _)| epoch));
    let begins: Vec<(u64, u64)> = parts.iter().filter_map(|part| part.head).collect();
    let mut found = Looked::default();
    for part in &parts {
        let counts = |record: record::Head| {
            let is_void = begins
                .iter()
                .any(|(epoch, first)| *epoch > record.epoch && *first <= record.seq);
            let is_here = part
                .head
                .is_none_or(|(epoch, first)| record.epoch == epoch && record.seq >= first);
            record.seq >= sealed && is_here && !is_void
        };
        for whole in record::scan(&part.bytes, counts) {
            found.note(part, whole, sealed);
        }
    }
    found.torn = parts.last().is_some_and(|last| is_torn(last, &found.records));
    Ok(found)
}

impl Looked {
    fn note(&mut self, part: &Part, whole: record::Whole<'_>, sealed: u64) {
        let place = |offset: usize| Place {
            segment: part.name.clone(),
            offset: offset as u64,
        };
        if whole.head.seq == sealed {
            self.sealed_end = Some(place(whole.end));
            return;
        }
        if part.head.is_none() && self.headless.last() != Some(&part.name) {
            self.headless.push(part.name.clone());
        }
        let record = Whole {
            begins: place(whole.at),
            ends: place(whole.end),
            says: whole.says.to_vec(),
        };
        self.records.insert(whole.head.seq, record);
    }

    /// The numbers between the last sealed record and the last whole one that no record has.
    fn lost(&self, sealed: u64) -> Vec<Lost> {
        let mut lost = Vec::new();
        let (mut next, mut after) = (sealed + 1, self.sealed_end.as_ref());
        for (seq, record) in &self.records {
            if *seq > next {
                lost.push(Lost {
                    first: next,
                    last: seq - 1,
                    after: after.cloned(),
                    before: record.begins.clone(),
                });
            }
            (next, after) = (seq + 1, Some(&record.ends));
        }
        lost
    }
}

/// Whether something that isn't whole follows the last record of the last segment.
fn is_torn(last: &Part, records: &BTreeMap<u64, Whole>) -> bool {
    let Some((epoch, _)) = last.head else { return false };
    let ends = records
        .values()
        .next_back()
        .filter(|record| record.ends.segment == last.name);
    let end = ends.map_or(segment::HEAD as u64, |record| record.ends.offset);
    let rest = usize::try_from(end).ok().and_then(|end| last.bytes.get(end..));
    rest.and_then(record::claims).is_some_and(|head| head.epoch == epoch) && rest.and_then(record::read).is_none()
}

/// How many data points a record holds.
fn count(says: &[u8]) -> u64 {
    struct Count(u64);
    impl Replay for Count {
        fn batch(&mut self, _: BatchHead) {}
        fn point(&mut self, _: Decided<'_>) {
            self.0 += 1;
        }
        fn erasure(&mut self, _: Erasure) {}
    }
    let mut count = Count(0);
    // A record whose checksum is right says what was written.
    let _ = entry::read(says, &mut count);
    count.0
}

/// Writes the records into a journal of their own, which takes the place of the damaged one.
fn replace(dir: &Path, records: &BTreeMap<u64, Whole>, sealed: u64) -> Result<PathBuf, Error> {
    let (damaged, unfinished) = (dir.join("journal"), dir.join("journal.unfinished"));
    for left in [&unfinished, &new(dir)] {
        if left.exists() {
            std::fs::remove_dir_all(left)?;
        }
    }
    std::fs::create_dir(&unfinished)?;
    let begin = Found {
        next_name: 1,
        next_epoch: 1,
        next_seq: sealed + 1,
        ..Found::default()
    };
    let mut journal = Journal::after(Arc::new(Folder(unfinished.clone())), begin, u64::MAX);
    let mut bytes = Vec::new();
    for record in records.values() {
        record::begin(&mut bytes);
        bytes.extend_from_slice(&record.says);
        journal
            .append(&mut bytes, true)
            .map_err(|failure| Error::unavailable(&failure))?;
    }
    let mut aside = (1..).map(|n| dir.join(format!("journal.damaged-{n}")));
    let aside = aside
        .find(|path| !path.exists())
        .unwrap_or_else(|| dir.join("journal.damaged"));
    // Only a whole one ever bears this name, so whoever opens the store can finish.
    std::fs::rename(&unfinished, new(dir))?;
    std::fs::rename(&damaged, &aside)?;
    finish(dir)?;
    Ok(aside)
}

fn new(dir: &Path) -> PathBuf {
    dir.join("journal.new")
}

/// Puts the new journal in its place, if the damaged one has left it; whoever did that may have been stopped.
pub(crate) fn finish(dir: &Path) -> io::Result<()> {
    let (journal, new) = (dir.join("journal"), new(dir));
    if new.exists() && !journal.exists() {
        std::fs::rename(&new, &journal)?;
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}
