//! A record: a head, what it says, and zeros up to a multiple of eight bytes.
//!
//! ```text
//! length u32 · checksum u32 · epoch u64 · number u64 · what it says
//! ```
//!
//! All little-endian. The length counts what it says alone; the checksum (CRC-32) covers everything but itself and the
//! zeros. A CRC finds what disks do to data: any burst of up to 32 bits, and others but for one in four thousand
//! million.

/// Bytes of a record's head.
pub(crate) const HEAD: usize = 24;
const ALIGNMENT: usize = 8;

/// Which record of which use of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}

/// An empty record, with room for its head; what it says is pushed to it.
pub(crate) fn begin(record: &mut Vec<u8>) {
    record.clear();
    record.resize(HEAD, 0);
}

/// Notes how long it is and fills it up.
pub(crate) fn pad(record: &mut Vec<u8>) {
    let length = u32::try_from(record.len() - HEAD).unwrap_or(u32::MAX);
    record[..4].copy_from_slice(&length.to_le_bytes());
    record.resize(record.len().next_multiple_of(ALIGNMENT), 0);
}

/// Fills in the head of a padded record.
pub(crate) fn seal(record: &mut [u8], head: Head) {
    record[8..16].copy_from_slice(&head.epoch.to_le_bytes());
    record[16..24].copy_from_slice(&head.seq.to_le_bytes());
    let length = usize::try_from(u32_at(record, 0).unwrap_or(0)).unwrap_or(0);
    let crc = checksum(&record[..HEAD + length]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

fn checksum(record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&record[..4]);
    hasher.update(&record[8..]);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The record that begins here, if a whole one does: its head, what it says, and how far it reaches.
pub(crate) fn read(bytes: &[u8]) -> Option<(Head, &[u8], usize)> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let record = bytes.get(..HEAD.checked_add(length)?)?;
    if length == 0 || checksum(record) != u32_at(record, 4)? {
        return None;
    }
    Some((
        claims(record)?,
        &record[HEAD..],
        record.len().next_multiple_of(ALIGNMENT),
    ))
}

/// Which record seems to begin here, whole or not.
pub(crate) fn claims(bytes: &[u8]) -> Option<Head> {
    Some(Head {
        epoch: u64_at(bytes, 8)?,
        seq: u64_at(bytes, 16)?,
    })
}

/// A whole record found somewhere: its head, what it says, where it begins and how far it reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) head: Head,
    pub(crate) says: &'a [u8],
    pub(crate) at: usize,
    pub(crate) end: usize,
}

/// How many bytes there are before the pages of zeros at the end, in which no record begins.
fn used(bytes: &[u8]) -> usize {
    let mut used = bytes;
    while let Some((before, page)) = used.split_last_chunk()
        && *page == [0; 4_096]
    {
        used = before;
    }
    used.len()
}

/// Every whole record in these bytes that is `wanted`, wherever it begins; for telling what damage did.
pub(crate) fn scan(bytes: &[u8], wanted: impl Fn(Head) -> bool) -> impl Iterator<Item = Whole<'_>> {
    (0..used(bytes)).step_by(ALIGNMENT).filter_map(move |at| {
        let rest = &bytes[at..];
        // The head first: a checksum at every place would take the square of the length.
        let (head, says, length) = claims(rest).filter(|head| wanted(*head)).and_then(|_| read(rest))?;
        let end = at + length;
        Some(Whole { head, says, at, end })
    })
}
