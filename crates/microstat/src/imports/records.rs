//! Rows of a file, one after another, from any of them on. Whatever the file is like, only a row of bounded length is in
//! memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use csv_core::{ReadRecordResult, ReaderBuilder};
use domain::import::{Cell, Form};
use flate2::read::MultiGzDecoder;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Most bytes of a row.
const ROW: usize = 1 << 20;
/// Most columns.
const COLUMNS: usize = 10_000;
/// Bytes read at once.
const BLOCK: usize = 64 << 10;
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why no more can be read of a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The file is not there.
    #[error("The file is no longer on the server. Upload it once more.")]
    Gone,
    /// It is one JSON array.
    #[error("The file is one JSON array. Write an object a line instead, as jq -c '.[]' does, and upload that.")]
    Array,
    /// A row is too long.
    #[error("Row {0} is longer than 1 MiB or has more than 10,000 columns. A quotation mark may be missing.")]
    TooLong(i64),
    /// It isn't packed as it says.
    #[error("The file is damaged: it can’t be unpacked to its end.")]
    Damaged,
    /// The disk refuses.
    #[error("{0}")]
    Io(io::Error),
}

/// Counts what is read of a file.
struct Counted {
    file: File,
    taken: Arc<AtomicI64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.taken
            .fetch_add(i64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

/// The rows of a file.
pub(crate) struct Records {
    input: Box<dyn Read + Send>,
    is_packed: bool,
    taken: Arc<AtomicI64>,
    block: Vec<u8>,
    /// What of the block is still to be made rows of.
    unread: std::ops::Range<usize>,
    form: Form,
    csv: csv_core::Reader,
    /// Bytes, unpacked, that rows were made of.
    place: i64,
    rows: i64,
    row: Row,
}

/// The last row that was read.
#[derive(Default)]
struct Row {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    length: usize,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Its number in the file, from 1.
    pub(crate) number: i64,
    /// Its cells; why there are none.
    pub(crate) cells: Result<Vec<Cell<'a>>, &'static str>,
    /// Of a JSON object: the keys, in the cells' order.
    pub(crate) keys: Vec<String>,
    /// As it stands in the file, if that is one line of JSON.
    pub(crate) line: &'a str,
}

impl Records {
    /// Goes on with a file where `rows` rows, of `place` bytes when unpacked, were read.
    ///
    /// # Errors
    /// If it isn't there or can't be read so far.
    pub(crate) fn open(path: &Path, form: Form, place: i64, rows: i64) -> Result<Self, Unreadable> {
        let gone = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Unreadable::Gone,
            _ => Unreadable::Io(error),
        };
        let mut file = File::open(path).map_err(gone)?;
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start).map_err(Unreadable::Io)?;
        let is_packed = start == GZIP;
        let seek = if is_packed { 0 } else { place };
        file.seek(SeekFrom::Start(seek.unsigned_abs()))
            .map_err(Unreadable::Io)?;
        let taken = Arc::new(AtomicI64::new(seek));
        let counted = Counted {
            file,
            taken: Arc::clone(&taken),
        };
        let mut input: Box<dyn Read + Send> = if is_packed {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BLOCK, counted)))
        } else {
            Box::new(counted)
        };
        if is_packed {
            io::copy(&mut input.by_ref().take(place.unsigned_abs()), &mut io::sink())
                .map_err(|_| Unreadable::Damaged)?;
        }
        let delimiter = match form {
            Form::Csv { delimiter, .. } => delimiter.byte(),
            Form::JsonLines => b',',
        };
        Ok(Self {
            input,
            is_packed,
            taken,
            block: vec![0; BLOCK],
            unread: 0..0,
            form,
            csv: ReaderBuilder::new().delimiter(delimiter).build(),
            place,
            rows,
            row: Row::default(),
        })
    }

    /// How far it is: bytes of the file, bytes unpacked, rows.
    pub(crate) fn progress(&self) -> (i64, i64, i64) {
        let ahead = if self.is_packed { 0 } else { self.unread.len() };
        let taken = self.taken.load(Ordering::Relaxed) - i64::try_from(ahead).unwrap_or(0);
        (taken, self.place, self.rows)
    }

    /// The next row.
    ///
    /// # Errors
    /// If the file can't be read on.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, Unreadable> {
        let is_there = match self.form {
            Form::Csv { .. } => self.next_csv()?,
            Form::JsonLines => self.next_line()?,
        };
        if !is_there {
            return Ok(None);
        }
        let number = self.rows;
        let text = std::str::from_utf8(&self.row.bytes[..self.row.length]).map_err(|_| "the row is not UTF-8");
        let text = text.map(|text| {
            if number == 1 {
                text.trim_start_matches('\u{feff}')
            } else {
                text
            }
        });
        Ok(Some(match self.form {
            Form::Csv { .. } => Record {
                number,
                cells: text.map(|_| self.row.cells()),
                keys: Vec::new(),
                line: "",
            },
            Form::JsonLines => {
                let pairs = text.and_then(|text| {
                    let pairs: Result<Pairs<'_>, _> = serde_json::from_str(text);
                    pairs.map_err(|_| "the line must be a JSON object")
                });
                let (keys, cells) = match pairs {
                    Ok(Pairs(pairs)) => {
                        let (keys, cells) = pairs.into_iter().unzip();
                        (keys, Ok(cells))
                    }
                    Err(why) => (Vec::new(), Err(why)),
                };
                Record {
                    number,
                    cells,
                    keys,
                    line: text.unwrap_or_default(),
                }
            }
        }))
    }

    /// Reads on when all that was read is used up; `false` at the end.
    fn fill(&mut self) -> Result<bool, Unreadable> {
        if self.unread.is_empty() {
            let read = self.input.read(&mut self.block).map_err(|error| {
                if self.is_packed {
                    Unreadable::Damaged
                } else {
                    Unreadable::Io(error)
                }
            })?;
            self.unread = 0..read;
        }
        Ok(!self.unread.is_empty())
    }

    fn used(&mut self, bytes: usize) {
        self.unread.start += bytes;
        self.place += i64::try_from(bytes).unwrap_or(0);
    }

    fn next_csv(&mut self) -> Result<bool, Unreadable> {
        let too_long = Unreadable::TooLong(self.rows + 1);
        (self.row.count, self.row.length) = (0, 0);
        loop {
            self.fill()?;
            let row = &mut self.row;
            let (result, used, written, ends) = self.csv.read_record(
                &self.block[self.unread.clone()],
                &mut row.bytes[row.length..],
                &mut row.ends[row.count..],
            );
            row.length += written;
            row.count += ends;
            self.used(used);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    if self.row.bytes.len() >= ROW {
                        return Err(too_long);
                    }
                    self.row.bytes.resize((self.row.bytes.len() * 2).max(4_096), 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    if self.row.ends.len() >= COLUMNS {
                        return Err(too_long);
                    }
                    self.row.ends.resize((self.row.ends.len() * 2).max(64), 0);
                }
                ReadRecordResult::Record => {
                    self.rows += 1;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// A line that isn't blank.
    fn next_line(&mut self) -> Result<bool, Unreadable> {
        loop {
            self.row.bytes.clear();
            let mut is_whole = false;
            while !is_whole && self.fill()? {
                let unread = &self.block[self.unread.clone()];
                let end = unread.iter().position(|byte| *byte == b'\n');
                is_whole = end.is_some();
                let used = end.map_or(unread.len(), |end| end + 1);
                self.row.bytes.extend_from_slice(&unread[..used]);
                self.used(used);
                if self.row.bytes.len() > ROW {
                    return Err(Unreadable::TooLong(self.rows + 1));
                }
            }
            if self.row.bytes.is_empty() {
                return Ok(false);
            }
            self.rows += 1;
            let length = self.row.bytes.trim_ascii_end().len();
            self.row.length = length;
            if length > 0 {
                return Ok(true);
            }
        }
    }
}

impl Row {
    /// The cells of a row whose text is UTF-8; one whose text begins or ends within a character is replaced.
    fn cells(&self) -> Vec<Cell<'_>> {
        let mut start = 0;
        let cell = |end: &usize| {
            let bytes = &self.bytes[start..*end];
            start = *end;
            match std::str::from_utf8(bytes) {
                Ok("") => Cell::Absent,
                Ok(text) => Cell::Text(text),
                Err(_) => Cell::Text("\u{fffd}"),
            }
        };
        self.ends[..self.count].iter().map(cell).collect()
    }
}

/// The keys and values of an object, in their order.
struct Pairs<'a>(Vec<(String, Cell<'a>)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, Cell<'de>)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    pairs.push((key, Cell::Json(value.get())));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

#[cfg(test)]
mod tests;
