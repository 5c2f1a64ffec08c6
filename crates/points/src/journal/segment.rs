//! A segment's head: which use of the file this is, and the number of the first record of it.

/// Bytes of a segment's head.
pub(crate) const HEAD: usize = 32;
const MAGIC: &[u8; 8] = b"microst\x01";

/// The file's name; the number says nothing but that it is another file.
pub(crate) fn name(number: u64) -> String {
    format!("{number:08}.journal")
}

/// The number in a file's name.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".journal")?.parse().ok()
}

/// The bytes a segment begins with.
pub(crate) fn head(epoch: u64, first_seq: u64) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&epoch.to_le_bytes());
    head.extend_from_slice(&first_seq.to_le_bytes());
    let crc = crc32fast::hash(&head);
    head.extend_from_slice(&crc.to_le_bytes());
    head.resize(HEAD, 0);
    head
}

/// What a segment's head says: its epoch and the number of its first record.
pub(crate) fn read(segment: &[u8]) -> Option<(u64, u64)> {
    let word = |at: usize| Some(u64::from_le_bytes(segment.get(at..at + 8)?.try_into().ok()?));
    let (epoch, first_seq) = (word(8)?, word(16)?);
    (segment.get(..HEAD)? == head(epoch, first_seq)).then_some((epoch, first_seq))
}
