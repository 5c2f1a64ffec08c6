//! What fuzzing calls: bytes from anywhere, into the journal's decoding. Panics if something is wrong.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::{MetricId, ProjectId};

use crate::bytes::Reader;
use crate::journal::entry::{self, BatchHead, BatchWriter, Decided, Erasure, Replay, Stored, write_erasure};
use crate::journal::files::{Disk, SegmentFile};
use crate::journal::recovery::{Broken, recover};
use crate::journal::{Journal, record, segment};
use crate::seen::{Answer, Seen};

/// Decodes bytes as what a record says, as records, or as segments; or writes a journal of what they ask for, reads it
/// back, and again with one byte changed. The first byte says which.
pub fn journal(bytes: &[u8]) {
    let Some((what, bytes)) = bytes.split_first() else {
        return;
    };
    match what % 4 {
        0 => entries(bytes),
        1 => records(bytes),
        2 => segments(bytes),
        _ => written(bytes),
    }
}

/// What a record said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    batches: Vec<BatchHead>,
    /// Metric, time, kind, bits or word, id.
    points: Vec<(i64, i64, u8, u64, String, Option<u128>)>,
    erasures: Vec<Erasure>,
}

impl Replay for Said {
    fn batch(&mut self, head: BatchHead) {
        self.batches.push(head);
    }

    fn point(&mut self, point: Decided<'_>) {
        let (bits, word) = match point.value {
            Stored::Hits(hits) => (hits.into(), ""),
            Stored::Number(number) => (number.to_bits(), ""),
            Stored::Word(word) => (0, word),
        };
        let id = point.id.map(|Seen(id)| id);
        let kind = point.value.kind().code();
        self.points
            .push((point.metric.0, point.at, kind, bits, word.to_owned(), id));
    }

    fn erasure(&mut self, erasure: Erasure) {
        self.erasures.push(erasure);
    }
}

fn entries(bytes: &[u8]) {
    let mut said = Said::default();
    let _ = entry::read(bytes, &mut said);
    let words: usize = said.points.iter().map(|point| point.4.len()).sum();
    let notes: usize = said
        .batches
        .iter()
        .filter_map(|batch| batch.key.as_ref())
        .map(|(_, answer)| answer.note.len())
        .sum();
    // Nothing is made of nothing: so no lengths that the bytes claim ask for memory without end.
    assert!(said.points.len() + said.batches.len() + said.erasures.len() + words + notes <= bytes.len());
}

fn records(bytes: &[u8]) {
    let _ = segment::read(bytes);
    if let Some((_, says, length)) = record::read(bytes) {
        assert!(says.len() < bytes.len() && length >= says.len());
    }
    for whole in record::scan(bytes, |_| true) {
        assert!(whole.says.len() <= bytes.len(), "{:?}", whole.head);
    }
}

/// Files in memory.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

#[derive(Debug)]
struct Open(Memory, String);

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for Memory {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.files().insert(name.to_owned(), vec![0; length]);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(Open(self.clone(), name.to_owned())))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files().remove(name);
        Ok(())
    }
}

impl SegmentFile for Open {
    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.files().get(&self.1).cloned().unwrap_or_default())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.0.files();
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let part = files
            .get_mut(&self.1)
            .and_then(|file| file.get_mut(from..from + bytes.len()));
        part.ok_or_else(|| io::Error::other("a segment never grows"))?
            .copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

type Records = Vec<(u64, Vec<u8>)>;

fn recovered(disk: &Memory, sealed: u64) -> Result<Records, Broken> {
    let mut records = Vec::new();
    recover(disk, sealed, |seq, says| {
        records.push((seq, says.to_vec()));
        Ok(())
    })?;
    Ok(records)
}

/// Up to four segments of what lies between zeros, each with a head or without.
fn segments(bytes: &[u8]) {
    let disk = Memory::default();
    let mut from = Reader(bytes);
    for number in 1..=4 {
        let (Ok(epoch), Ok(first), Ok(holds)) = (from.byte(), from.byte(), from.bytes()) else {
            break;
        };
        let mut file = if epoch == 0 {
            Vec::new()
        } else {
            segment::head(epoch.into(), first.into())
        };
        file.extend_from_slice(holds);
        disk.files().insert(segment::name(number), file);
    }
    let sealed = from.byte().unwrap_or(0).into();
    if let Ok(records) = recovered(&disk, sealed) {
        assert!(
            records.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0),
            "in order, without gaps"
        );
        assert!(records.iter().all(|(seq, _)| *seq > sealed));
    }
}

/// A journal of what the bytes ask for.
fn written(bytes: &[u8]) {
    let disk = Memory::default();
    let found = recover(&disk, 0, |_, _| Ok(())).unwrap_or_default();
    let mut journal = Journal::after(Arc::new(disk.clone()), found, u64::MAX);
    let mut from = Reader(bytes);
    let (mut expected, mut record) = (Vec::new(), Vec::new());
    while expected.len() < 16
        && let Ok(said) = asked(&mut from, &mut record)
    {
        let says = record[record::HEAD..].to_vec();
        let mut again = Said::default();
        assert!(
            entry::read(&says, &mut again).is_ok() && again == said,
            "{again:?} of {said:?}"
        );
        let Ok(seq) = journal.append(&mut record, false) else {
            panic!("memory doesn't fail")
        };
        expected.push((seq, says));
    }
    let whole = recovered(&disk, 0);
    assert!(whole.is_ok_and(|records| records == expected), "everything comes back");
    changed(&disk, from, &expected);
}

/// One changed byte is noticed, or harms nothing but the last record.
fn changed(disk: &Memory, mut from: Reader<'_>, expected: &Records) {
    let (Ok(place), Ok(change)) = (from.u64(), from.byte()) else {
        return;
    };
    let last = disk.files().pop_last();
    let Some((name, mut file)) = last.filter(|_| change != 0) else {
        return;
    };
    let place = usize::try_from(place).unwrap_or(0) % file.len();
    file[place] ^= change;
    disk.files().insert(name, file);
    match recovered(disk, 0) {
        Ok(records) => {
            assert!(records.len() + 1 >= expected.len() && records[..] == expected[..records.len()]);
        }
        Err(Broken::Damaged(_)) => {}
        Err(Broken::Disk(error)) => panic!("{error}"),
    }
}

/// Reads what to write, and writes it into a record.
fn asked(from: &mut Reader<'_>, record: &mut Vec<u8>) -> Result<Said, crate::bytes::Damaged> {
    let mut said = Said::default();
    record::begin(record);
    let what = from.byte()?;
    if what & 1 == 1 {
        let erasure = Erasure::Range(MetricId(from.i64()?), from.i64()?, from.i64()?);
        write_erasure(erasure, record);
        said.erasure(erasure);
        return Ok(said);
    }
    let mut head = BatchHead {
        project: ProjectId(from.i64()?),
        now: from.i64()?,
        key: None,
    };
    if what & 2 == 2 {
        let answer = Answer {
            at: from.i64()?,
            stored: from.u64()?,
            duplicates: from.u64()?,
            note: from.bytes()?.into(),
        };
        head.key = Some((Seen(from.u64()?.into()), answer));
    }
    let mut batch = BatchWriter::default();
    batch.begin(head.now);
    for _ in 0..from.byte()? {
        let flags = from.byte()?;
        let (metric, at) = (MetricId(from.i64()?), from.i64()?);
        let value = match flags % 3 {
            0 => Stored::Hits(u32::try_from(from.u64()?).map_err(|_| crate::bytes::Damaged)?),
            1 => Stored::Number(f64::from_le_bytes(from.array()?)),
            _ => Stored::Word(from.text()?),
        };
        let id = if flags & 128 == 0 {
            None
        } else {
            Some(Seen(from.u64()?.into()))
        };
        let point = Decided { metric, at, value, id };
        batch.push(point);
        said.point(point);
    }
    batch.finish(&head, record);
    said.batch(head);
    Ok(said)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn what_fuzzing_has_found_worth_keeping() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/journal");
        let mut inputs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            super::journal(&std::fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs > 10, "{inputs}");
    }
}
