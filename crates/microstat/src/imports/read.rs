//! Reading a file batch by batch: rows are made data points of and judged by the same rules as what apps publish.

use std::path::Path;

use domain::batch::{Batch, Limits};
use domain::csv;
use domain::import::{Cell, Elements, Form, Settings};
use domain::reason::Reason;
use domain::time::{DAY, Micros};

use super::records::{Record, Records, Unreadable};

/// Data points judged at once: as many as a batch lists what it refuses of.
const JUDGED: usize = 100;
/// Data points of a chunk.
const CHUNK: usize = 5_000;
/// Bytes of text that end a chunk before it has so many.
const TEXT: usize = 8 << 20;
/// Most characters of a cell in the list of what was refused.
const CELL: usize = 300;

/// A row, or a data point of it, that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The row's number, from 1.
    pub(crate) row: i64,
    pub(crate) reason: Reason,
    pub(crate) message: &'static str,
    /// The row as it was, cut short.
    pub(crate) cells: Vec<String>,
}

/// Data points that were judged together.
pub(crate) struct Part {
    pub(crate) batch: Batch,
    /// Of each element: its row, by its place among the rows.
    of: Vec<usize>,
    rows: Vec<(i64, Vec<String>)>,
}

impl Part {
    /// What was refused of it, also after it was judged.
    pub(crate) fn refused(&self) -> impl Iterator<Item = Refused> {
        self.batch.rejections.listed().iter().filter_map(|rejection| {
            let (row, cells) = self.rows.get(*self.of.get(rejection.index)?)?.clone();
            Some(Refused {
                row,
                reason: rejection.refusal.reason,
                message: rejection.refusal.message,
                cells,
            })
        })
    }
}

/// Some of a file.
pub(crate) struct Chunk {
    pub(crate) parts: Vec<Part>,
    /// Rows that are none.
    pub(crate) broken: Vec<Refused>,
    /// How far the file is read then: bytes of it, bytes unpacked, rows.
    pub(crate) progress: (i64, i64, i64),
    pub(crate) is_end: bool,
}

/// A file that is being read.
pub(crate) struct Reading {
    records: Records,
    elements: Elements,
    keys: Vec<String>,
}

impl Reading {
    /// Goes on where `rows` rows of `place` bytes were read.
    ///
    /// # Errors
    /// If the file can't be read so far.
    pub(crate) fn open(path: &Path, settings: Settings, place: i64, rows: i64) -> Result<Self, Unreadable> {
        let mut records = Records::open(path, settings.form, place, rows)?;
        let keys = settings.columns.clone();
        let elements = Elements::new(settings);
        if rows == 0 && elements.has_header() {
            records.next()?;
        }
        Ok(Self {
            records,
            elements,
            keys,
        })
    }

    /// The next chunk, of at most so many data points. Of data points older than so many days none is accepted.
    ///
    /// # Errors
    /// If the file can't be read on.
    pub(crate) fn chunk(&mut self, most: usize, now: Micros, retention_days: i64) -> Result<Chunk, Unreadable> {
        let limits = Limits {
            now,
            oldest: now - retention_days.saturating_mul(DAY),
            max_elements: usize::MAX,
        };
        let most = most.min(CHUNK);
        let (mut count, mut text) = (0, 0);
        let (mut parts, mut broken) = (Vec::new(), Vec::new());
        let mut building = Building::new();
        let mut is_end = false;
        while count < most && text < TEXT {
            let Some(record) = self.records.next()? else {
                is_end = true;
                break;
            };
            let is_csv = matches!(self.elements.settings().form, Form::Csv { .. });
            let (number, shown) = (record.number, shown(&record, is_csv));
            match record.cells {
                Err(message) => {
                    count += 1;
                    broken.push(Refused {
                        row: number,
                        reason: Reason::InvalidJson,
                        message,
                        cells: shown,
                    });
                }
                Ok(cells) => {
                    let cells = if is_csv {
                        cells
                    } else {
                        by_keys(&self.keys, &record.keys, &cells)
                    };
                    let before = building.array.len();
                    let pushed = self.elements.push(&cells, &mut building.array);
                    text += building.array.len() - before;
                    count += pushed.max(1);
                    building.row(number, shown, pushed);
                }
            }
            if building.of.len() >= JUDGED {
                parts.extend(std::mem::replace(&mut building, Building::new()).judged(&limits));
            }
        }
        parts.extend(building.judged(&limits));
        Ok(Chunk {
            parts,
            broken,
            progress: self.records.progress(),
            is_end,
        })
    }
}

/// The cells of an object in the columns' order.
pub(super) fn by_keys<'a>(columns: &[String], keys: &[String], cells: &[Cell<'a>]) -> Vec<Cell<'a>> {
    let cell = |column: &String| {
        let place = keys.iter().position(|key| key == column);
        place.map_or(Cell::Absent, |place| cells[place])
    };
    columns.iter().map(cell).collect()
}

fn shown(record: &Record<'_>, is_csv: bool) -> Vec<String> {
    let cut = |text: &str| text.chars().take(CELL).collect::<String>();
    match &record.cells {
        Ok(cells) if is_csv => cells.iter().map(|cell| cut(csv::unguarded(&cell.text()))).collect(),
        _ => vec![cut(record.line)],
    }
}

/// Data points that are to be judged together.
struct Building {
    array: String,
    of: Vec<usize>,
    rows: Vec<(i64, Vec<String>)>,
}

impl Building {
    fn new() -> Self {
        Self {
            array: "[".to_owned(),
            of: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn row(&mut self, number: i64, shown: Vec<String>, elements: usize) {
        self.of.extend(std::iter::repeat_n(self.rows.len(), elements));
        self.rows.push((number, shown));
    }

    fn judged(mut self, limits: &Limits) -> Option<Part> {
        if self.of.is_empty() {
            return None;
        }
        self.array.push(']');
        // It is JSON, for it was made here; were it not, everything of it would be refused.
        let batch = Batch::parse(self.array.as_bytes(), limits).unwrap_or_default();
        Some(Part {
            batch,
            of: self.of,
            rows: self.rows,
        })
    }
}
