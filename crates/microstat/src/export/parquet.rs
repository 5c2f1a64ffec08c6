//! Parquet: columns in row groups of a bounded size, each packed with Snappy. Of an open file only the row group that
//! is being filled is in memory.

use std::sync::Arc;

use domain::export::Detail;
use domain::value::Value;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::reader::{FIGURES, Page, Row, Rows};
use crate::error::AppError;

/// Rows of a row group.
const ROWS: usize = 65_536;
/// Bytes of words that end a row group before it has so many rows.
const BYTES: usize = 8 << 20;

/// A file that is being written.
pub(super) struct Writer {
    file: SerializedFileWriter<Vec<u8>>,
    group: Group,
    is_data_points: bool,
}

/// The columns of the row group that is being filled. Of optional ones, `None`s are not among the values.
#[derive(Default)]
struct Group {
    times: Vec<i64>,
    metrics: Vec<ByteArray>,
    types: Vec<ByteArray>,
    words: Optional<ByteArray>,
    values: Optional<f64>,
    counts: Vec<i64>,
    figures: [Optional<f64>; 8],
    bytes: usize,
}

/// A column that some rows have nothing in.
struct Optional<T> {
    values: Vec<T>,
    /// 1 where a row has one.
    there: Vec<i16>,
}

impl<T> Default for Optional<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            there: Vec::new(),
        }
    }
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<T>) {
        self.there.push(value.is_some().into());
        self.values.extend(value);
    }
}

/// The columns of a file, in its own language.
fn schema(is_data_points: bool) -> String {
    let own = if is_data_points {
        "optional double value; optional binary word (STRING);".to_owned()
    } else {
        let figures = FIGURES.map(|name| format!("optional double {name};")).concat();
        format!("optional binary word (STRING); required int64 count; {figures}")
    };
    format!(
        "message microstat {{ required int64 time (TIMESTAMP(MICROS,true)); required binary metric (STRING); \
         required binary type (STRING); {own} }}"
    )
}

impl Writer {
    pub(super) fn new(detail: Detail) -> Result<Self, ParquetError> {
        let is_data_points = detail == Detail::DataPoints;
        let schema = parse_message_type(&schema(is_data_points))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("micro stat ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(Self {
            file: SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?,
            group: Group::default(),
            is_data_points,
        })
    }

    pub(super) fn add(&mut self, page: Page) -> Result<Vec<u8>, ParquetError> {
        let metric = ByteArray::from(page.name.into_bytes());
        let kind = ByteArray::from(page.kind.name());
        let rows = match page.rows {
            Rows::DataPoints(rows) => {
                let rows = rows.into_iter().map(|row| self.group.data_point(row.at.0, row.value));
                rows.count()
            }
            Rows::Buckets(rows) => rows.into_iter().map(|row| self.group.bucket(row)).count(),
        };
        let group = &mut self.group;
        group.metrics.extend(std::iter::repeat_n(metric, rows));
        group.types.extend(std::iter::repeat_n(kind, rows));
        if group.times.len() >= ROWS || group.bytes >= BYTES {
            self.flush()?;
        }
        self.take()
    }

    pub(super) fn finish(&mut self) -> Result<Vec<u8>, ParquetError> {
        if !self.group.times.is_empty() {
            self.flush()?;
        }
        self.file.finish()?;
        self.take()
    }

    /// What the file has got since the last time: where it stands is counted apart from what is kept of it.
    fn take(&mut self) -> Result<Vec<u8>, ParquetError> {
        self.file.flush()?;
        Ok(std::mem::take(self.file.inner_mut()))
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let group = std::mem::take(&mut self.group);
        let mut to = self.file.next_row_group()?;
        column::<Int64Type>(&mut to, &group.times, None)?;
        column::<ByteArrayType>(&mut to, &group.metrics, None)?;
        column::<ByteArrayType>(&mut to, &group.types, None)?;
        if self.is_data_points {
            optional::<DoubleType>(&mut to, &group.values)?;
            optional::<ByteArrayType>(&mut to, &group.words)?;
        } else {
            optional::<ByteArrayType>(&mut to, &group.words)?;
            column::<Int64Type>(&mut to, &group.counts, None)?;
            for figure in &group.figures {
                optional::<DoubleType>(&mut to, figure)?;
            }
        }
        to.close()?;
        Ok(())
    }
}

impl Group {
    fn data_point(&mut self, at: i64, value: Value) {
        self.times.push(at);
        let (value, word) = match value {
            Value::Hits(hits) => (Some(hits.into()), None),
            Value::Number(value) => (Some(value), None),
            Value::Word(word) => (None, Some(word)),
        };
        self.values.push(value);
        self.word(word);
    }

    fn bucket(&mut self, row: Row) {
        self.times.push(row.start.0);
        self.word(row.word);
        self.counts.push(i64::try_from(row.count).unwrap_or(i64::MAX));
        for (column, figure) in self.figures.iter_mut().zip(row.figures) {
            column.push(figure);
        }
    }

    fn word(&mut self, word: Option<String>) {
        self.bytes += word.as_ref().map_or(0, String::len);
        self.words.push(word.map(|word| word.into_bytes().into()));
    }
}

type To<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

fn optional<T: DataType>(to: &mut To<'_>, column_of: &Optional<T::T>) -> Result<(), ParquetError> {
    column::<T>(to, &column_of.values, Some(&column_of.there))
}

fn column<T: DataType>(to: &mut To<'_>, values: &[T::T], there: Option<&[i16]>) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("a column more than the schema has".to_owned());
    let mut column = to.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, there, None)?;
    column.close()
}

impl From<ParquetError> for AppError {
    fn from(error: ParquetError) -> Self {
        Self::Internal(Box::new(error))
    }
}
