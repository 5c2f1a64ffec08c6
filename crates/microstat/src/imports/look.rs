//! A look at a file before it is imported: its first rows, what its columns probably are, and what would be refused.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use domain::csv;
use domain::import::{self, Cell, Delimiter, Form, Sample, Settings};
use domain::time::Micros;
use flate2::read::MultiGzDecoder;

use super::read::{Reading, Refused};
use super::records::{Records, Unreadable};

/// Rows that columns are guessed from.
const GUESSED: usize = 200;
/// Rows that are shown.
const SHOWN: usize = 10;
/// Data points that are judged beforehand.
const JUDGED: usize = 1_000;
/// What is refused of them and shown.
const PROBLEMS: usize = 10;
/// Most columns shown.
const COLUMNS: usize = 50;
/// Bytes that are looked at to tell CSV from JSON lines.
const START: u64 = 64 << 10;

/// What a person chose of how the file is written; the rest is guessed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) is_json: Option<bool>,
    pub(crate) delimiter: Option<Delimiter>,
    pub(crate) header: Option<bool>,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Look {
    /// What the columns probably are.
    pub(crate) guessed: Settings,
    /// The first rows, with their numbers.
    pub(crate) rows: Vec<(i64, Vec<String>)>,
}

/// What importing the first rows would come to.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// Data points that would be accepted.
    pub(crate) good: usize,
    /// Data points, and rows that are none, that would be refused.
    pub(crate) bad: usize,
    /// The first of these.
    pub(crate) problems: Vec<Refused>,
    /// Whether that was all of the file.
    pub(crate) is_all: bool,
}

/// Looks at a file.
///
/// # Errors
/// If it can't be read.
pub(crate) fn look(path: &Path, file_name: &str, chosen: Chosen) -> Result<Look, Unreadable> {
    let start = start(path)?;
    let text = String::from_utf8_lossy(&start);
    let text = text.trim_start_matches('\u{feff}');
    if chosen.is_json.is_none() && text.trim_start().starts_with('[') {
        return Err(Unreadable::Array);
    }
    let is_json = chosen.is_json.unwrap_or_else(|| text.trim_start().starts_with('{'));
    let mut first = if is_json {
        objects(Records::open(path, Form::JsonLines, 0, 0)?)?
    } else {
        let delimiter = chosen.delimiter.unwrap_or_else(|| import::delimiter(text));
        let form = Form::Csv {
            delimiter,
            header: true,
        };
        table(Records::open(path, form, 0, 0)?, delimiter, chosen.header)?
    };
    let sample = Sample {
        columns: first.columns,
        rows: first.rows.iter().map(|(_, row)| row.clone()).collect(),
    };
    first.rows.truncate(SHOWN);
    for (_, row) in &mut first.rows {
        row.truncate(COLUMNS);
    }
    Ok(Look {
        guessed: import::guess(sample, first.form, file_name),
        rows: first.rows,
    })
}

/// The first rows of a file, with their numbers.
struct First {
    form: Form,
    columns: Vec<String>,
    rows: Vec<(i64, Vec<String>)>,
}

/// Those of JSON lines: every key is a column, in the order they come.
fn objects(mut records: Records) -> Result<First, Unreadable> {
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    while rows.len() < GUESSED
        && let Some(record) = records.next()?
    {
        for key in &record.keys {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        let cells = record.cells.unwrap_or_default();
        let cells = super::read::by_keys(&columns, &record.keys, &cells);
        rows.push((record.number, cells.iter().map(text_of).collect()));
    }
    Ok(First {
        form: Form::JsonLines,
        columns,
        rows,
    })
}

/// Those of CSV: columns are named by the first row if it is a heading, else by their places.
fn table(mut records: Records, delimiter: Delimiter, header: Option<bool>) -> Result<First, Unreadable> {
    let mut rows: Vec<(i64, Vec<String>)> = Vec::new();
    while rows.len() < GUESSED
        && let Some(record) = records.next()?
    {
        let cells = record.cells.unwrap_or_default();
        rows.push((record.number, cells.iter().map(text_of).collect()));
    }
    let first = rows.first().map(|(_, row)| row.as_slice()).unwrap_or_default();
    let header = header.unwrap_or_else(|| import::is_header(first));
    let width = rows.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let mut columns: Vec<String> = (1..=width).map(|place| format!("Column {place}")).collect();
    if header && !rows.is_empty() {
        for (name, found) in columns.iter_mut().zip(rows.remove(0).1) {
            if !found.trim().is_empty() {
                found.trim().clone_into(name);
            }
        }
    }
    Ok(First {
        form: Form::Csv { delimiter, header },
        columns,
        rows,
    })
}

fn text_of(cell: &Cell<'_>) -> String {
    let text = cell.text();
    csv::unguarded(&text).chars().take(200).collect()
}

/// Judges the first rows as they would be imported.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn trial(path: &Path, settings: Settings, now: Micros, retention_days: i64) -> Result<Trial, Unreadable> {
    let mut reading = Reading::open(path, settings, 0, 0)?;
    let chunk = reading.chunk(JUDGED, now, retention_days)?;
    let mut trial = Trial {
        is_all: chunk.is_end,
        bad: chunk.broken.len(),
        problems: chunk.broken,
        ..Trial::default()
    };
    for part in &chunk.parts {
        trial.good += part.batch.points.len();
        trial.bad += part.batch.rejections.total();
        trial.problems.extend(part.refused());
    }
    trial.problems.sort_by_key(|refused| refused.row);
    trial.problems.truncate(PROBLEMS);
    Ok(trial)
}

/// The first bytes of a file, unpacked.
fn start(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let file = |_| Unreadable::Gone;
    let mut start = Vec::new();
    let plain = File::open(path).map_err(file)?;
    plain.take(START).read_to_end(&mut start).map_err(Unreadable::Io)?;
    if start.starts_with(&super::records::GZIP) {
        let packed = File::open(path).map_err(file)?;
        start.clear();
        // What is damaged further on is found when it is read.
        let _ = MultiGzDecoder::new(packed).take(START).read_to_end(&mut start);
    }
    Ok(start)
}
