//! Looking at a journal that can't be opened, and getting out of it what is whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Records that were written and are damaged or missing: from, up to and with.
    pub missing: Vec<(u64, u64)>,
    /// Where the damaged journal is now, if it was set aside.
    pub set_aside: Option<PathBuf>,
}

impl Points {
    /// Checks the store in a folder, which nobody may have open. If told to, and if the journal is damaged, it sets
    /// that aside and puts one in its place that has every record which is whole; the others are lost.
    ///
    /// # Errors
    /// If the files can't be read, or another process has the store open.
    pub fn check(dir: &Path, set_aside: bool) -> Result<Report, Error> {
        let _lock = open::lock(dir)?;
        let connection = schema::reading(&dir.join("points.db"))?;
        let sealed: i64 = connection.query_row("select record from sealed", (), |row| row.get(0))?;
        let mut check = connection.prepare("pragma quick_check")?;
        let found: Vec<String> = check.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
        let records = whole(&Folder(dir.join("journal")), sealed.cast_unsigned())?;
        let mut report = Report {
            database: found.into_iter().filter(|line| line != "ok").collect(),
            records: records.len() as u64,
            missing: gaps(&records, sealed.cast_unsigned()),
            set_aside: None,
        };
        if set_aside && !report.missing.is_empty() {
            report.set_aside = Some(replace(dir, &records, sealed.cast_unsigned())?);
        }
        Ok(report)
    }
}

/// Every whole record that is not sealed and not void, wherever it lies.
fn whole(disk: &Folder, sealed: u64) -> Result<BTreeMap<u64, Vec<u8>>, Error> {
    let mut parts = Vec::new();
    for name in disk.list()? {
        if segment::number(&name).is_some() {
            let bytes = disk.open(&name)?.read()?;
            parts.push((segment::read(&bytes), bytes));
        }
    }
    // Those of damaged heads first: what another segment says of the same record counts more.
    parts.sort_by_key(|(head, _)| head.map(|(epoch, _)| epoch));
    let begins: Vec<(u64, u64)> = parts.iter().filter_map(|(head, _)| *head).collect();
    let mut records = BTreeMap::new();
    for (head, bytes) in &parts {
        let counts = |found: record::Head| {
            let is_void = begins
                .iter()
                .any(|(epoch, first)| *epoch > found.epoch && *first <= found.seq);
            let is_here = head.is_none_or(|(epoch, first)| found.epoch == epoch && found.seq >= first);
            found.seq > sealed && is_here && !is_void
        };
        for (found, says) in record::scan(bytes, counts) {
            records.insert(found.seq, says.to_vec());
        }
    }
    Ok(records)
}

/// The numbers between the last sealed record and the last whole one that no record has.
fn gaps(records: &BTreeMap<u64, Vec<u8>>, sealed: u64) -> Vec<(u64, u64)> {
    let mut next = sealed + 1;
    let mut gaps = Vec::new();
    for seq in records.keys() {
        if *seq > next {
            gaps.push((next, *seq - 1));
        }
        next = seq + 1;
    }
    gaps
}

/// Writes the records into a journal of their own, which takes the place of the damaged one.
fn replace(dir: &Path, records: &BTreeMap<u64, Vec<u8>>, sealed: u64) -> Result<PathBuf, Error> {
    let (damaged, new) = (dir.join("journal"), dir.join("journal.new"));
    if new.exists() {
        std::fs::remove_dir_all(&new)?;
    }
    std::fs::create_dir(&new)?;
    let begin = Found {
        next_name: 1,
        next_epoch: 1,
        next_seq: sealed + 1,
        ..Found::default()
    };
    let mut journal = Journal::after(Arc::new(Folder(new.clone())), begin, u64::MAX);
    let mut bytes = Vec::new();
    for says in records.values() {
        record::begin(&mut bytes);
        bytes.extend_from_slice(says);
        journal
            .append(&mut bytes, true)
            .map_err(|failure| Error::unavailable(&failure))?;
    }
    let mut aside = (1..).map(|n| dir.join(format!("journal.damaged-{n}")));
    let aside = aside
        .find(|path| !path.exists())
        .unwrap_or_else(|| dir.join("journal.damaged"));
    std::fs::rename(&damaged, &aside)?;
    std::fs::rename(&new, &damaged)?;
    File::open(dir)?.sync_all()?;
    Ok(aside)
}
