//! Rows in, bytes out, in whichever format.

use domain::export::{Detail, Format};

use super::parquet;
use super::reader::Page;
use super::text::{Lines, Text};
use crate::error::AppError;

/// Writes rows of one sort as one file.
pub(super) enum Writer {
    Text(Text),
    Parquet(Box<parquet::Writer>),
}

impl Writer {
    /// # Errors
    /// If the file can't begin.
    pub(super) fn new(format: Format, detail: Detail) -> Result<Self, AppError> {
        Ok(match format {
            Format::Csv => Self::Text(Text::new(Lines::Csv, detail)),
            Format::JsonLines => Self::Text(Text::new(Lines::Json, detail)),
            Format::Parquet => Self::Parquet(Box::new(parquet::Writer::new(detail)?)),
        })
    }

    /// Adds rows; gives what is written by then, which may be nothing yet.
    ///
    /// # Errors
    /// If they can't be packed.
    pub(super) fn add(&mut self, page: Page) -> Result<Vec<u8>, AppError> {
        match self {
            Self::Text(text) => Ok(text.add(&page)),
            Self::Parquet(file) => Ok(file.add(page)?),
        }
    }

    /// Ends the file; gives what is left of it.
    ///
    /// # Errors
    /// If the last rows can't be packed.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, AppError> {
        match self {
            Self::Text(text) => Ok(text.finish()),
            Self::Parquet(file) => Ok(file.finish()?),
        }
    }
}
