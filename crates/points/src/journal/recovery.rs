//! Recovery: what of the journal counts after a crash.
//!
//! Segments are taken by their epochs. A segment's records count up to where the next segment says that it begins:
//! what follows was never acknowledged (see `Journal::abandon`). In the last segment they count up to the first that
//! isn't whole: that one was being written when everything stopped, so nobody was told that it is kept.
//!
//! But if whole records follow one that isn't, it did not stop there: it was whole once, and the disk has lost it.
//! Then nothing is opened, since going on would quietly drop what was acknowledged.

use std::io;

use super::files::Disk;
use super::{record, segment};

/// What is wrong with a journal that can't be opened as it is.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Its files can't be read.
    Disk(io::Error),
    /// Records that were acknowledged are damaged or missing; says which, and where.
    Damaged(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Where the journal goes on.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Segments with records that are not sealed: name, length, last record.
    pub(crate) live: Vec<(String, u64, u64)>,
    pub(crate) spares: Vec<String>,
    pub(crate) next_name: u64,
    pub(crate) next_epoch: u64,
    pub(crate) next_seq: u64,
    /// Whether a record was being written when everything stopped.
    pub(crate) torn: bool,
}

/// No journal holds so many records; for telling a damaged segment's records from noise.
const FAR: u64 = 1 << 32;

struct Part {
    name: String,
    bytes: Vec<u8>,
    epoch: u64,
    first: u64,
}

/// Reads the journal and gives `replay` what each record says that is not sealed yet, in order.
pub(crate) fn recover(
    disk: &dyn Disk,
    sealed: u64,
    mut replay: impl FnMut(u64, &[u8]) -> Result<(), Broken>,
) -> Result<Found, Broken> {
    let mut found = Found {
        next_seq: sealed + 1,
        next_epoch: 1,
        next_name: 1,
        ..Found::default()
    };
    let parts = parts(disk, sealed, &mut found)?;
    for (place, part) in parts.iter().enumerate() {
        let ends_before = parts.get(place + 1).map(|next| next.first);
        read_part(part, ends_before, &mut found, &mut replay)?;
        let last = (found.next_seq - 1).max(part.first);
        if last <= sealed && part.bytes.len() as u64 == super::SEGMENT {
            found.spares.push(part.name.clone());
        } else {
            found.live.push((part.name.clone(), part.bytes.len() as u64, last));
        }
    }
    Ok(found)
}

/// The segments that have a head, by epoch. One whose head is damaged is none, unless it holds what is not sealed.
fn parts(disk: &dyn Disk, sealed: u64, found: &mut Found) -> Result<Vec<Part>, Broken> {
    let mut parts = Vec::new();
    let mut names: Vec<String> = disk.list()?;
    names.sort_unstable();
    for name in names {
        let Some(number) = segment::number(&name) else { continue };
        found.next_name = found.next_name.max(number + 1);
        let file = disk.open(&name)?;
        let bytes = file.read()?;
        if let Some((epoch, first)) = segment::read(&bytes) {
            // After a kill a record may be in the kernel's memory only, and is about to be counted as kept.
            file.sync()?;
            found.next_epoch = found.next_epoch.max(epoch + 1);
            parts.push(Part {
                name,
                bytes,
                epoch,
                first,
            });
        } else if let Some(lost) = record::scan(&bytes, |head| head.seq > sealed && head.seq - sealed < FAR).next() {
            return Err(Broken::Damaged(format!(
                "the head of {name} is damaged, and it holds record {}",
                lost.head.seq
            )));
        } else if bytes.len() as u64 == super::SEGMENT {
            found.spares.push(name);
        } else {
            disk.remove(&name)?;
        }
    }
    parts.sort_unstable_by_key(|part| part.epoch);
    Ok(parts)
}

/// Replays one segment's records that count.
fn read_part(
    part: &Part,
    ends_before: Option<u64>,
    found: &mut Found,
    replay: &mut impl FnMut(u64, &[u8]) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut at = segment::HEAD;
    let mut next = part.first;
    if next > found.next_seq {
        return Err(missing(found.next_seq, next, &part.name));
    }
    while ends_before.is_none_or(|end| next < end) {
        let Some((head, says, length)) = record::read(part.bytes.get(at..).unwrap_or_default()) else {
            break;
        };
        if (head.epoch, head.seq) != (part.epoch, next) {
            break;
        }
        if next >= found.next_seq {
            replay(next, says)?;
            found.next_seq = next + 1;
        }
        next += 1;
        at += length;
    }
    let rest = part.bytes.get(at..).unwrap_or_default();
    match ends_before {
        Some(end) if next < end && end > found.next_seq => Err(missing(next, end, &part.name)),
        Some(_) => Ok(()),
        None => {
            // A segment that was about to be used again may be damaged; what it had is sealed.
            let counts = |head: record::Head| head.epoch == part.epoch && head.seq > next && head.seq >= found.next_seq;
            if let Some(later) = record::scan(rest, counts).next() {
                return Err(missing(next, later.head.seq, &part.name));
            }
            found.torn = record::claims(rest).is_some_and(|head| head.epoch == part.epoch);
            Ok(())
        }
    }
}

fn missing(from: u64, to: u64, name: &str) -> Broken {
    let which = match to - 1 {
        last if last == from => format!("record {from} is"),
        last => format!("records {from} to {last} are"),
    };
    Broken::Damaged(format!("{which} damaged or missing at {name}"))
}
