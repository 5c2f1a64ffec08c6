//! What an export has: in which format, and how much of the detail.

use crate::retention::Level;

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header, as RFC 4180 has it.
    #[default]
    Csv,
    /// A JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Every one, in the order people see them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Parquet];

    /// The word for it in addresses, and what its files' names end in.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
        }
    }

    /// What it is good for, in a few words.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Csv => "for spreadsheets",
            Self::JsonLines => "for programs",
            Self::Parquet => "for data tools, the smallest",
        }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// A data point, as it was published.
    #[default]
    DataPoints,
    /// A minute of a metric.
    Minutes,
    /// An hour of a metric.
    Hours,
    /// A day (UTC) of a metric.
    Days,
    /// A bucket, as long as a metric's page shows them.
    Shown,
}

impl Detail {
    /// Every one, in the order people see them.
    pub const ALL: [Self; 5] = [Self::DataPoints, Self::Minutes, Self::Hours, Self::Days, Self::Shown];

    /// The word for it in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DataPoints => "data-points",
            Self::Minutes => "minute",
            Self::Hours => "hour",
            Self::Days => "day",
            Self::Shown => "shown",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataPoints => "Every data point",
            Self::Minutes => "A row a minute",
            Self::Hours => "A row an hour",
            Self::Days => "A row a day",
            Self::Shown => "A row a bar, as the metric’s page shows it",
        }
    }

    /// How long a row is, in microseconds, if that is always the same.
    #[must_use]
    pub const fn step(self) -> Option<i64> {
        match self {
            Self::DataPoints | Self::Shown => None,
            Self::Minutes => Some(Level::Minutes.length()),
            Self::Hours => Some(Level::Hours.length()),
            Self::Days => Some(Level::Days.length()),
        }
    }

    /// The detail with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::{Detail, Format};

    #[test]
    fn every_code_leads_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_code(format.code()), Some(format));
        }
        for detail in Detail::ALL {
            assert_eq!(Detail::from_code(detail.code()), Some(detail));
        }
        assert_eq!((Format::from_code("xls"), Detail::from_code("week")), (None, None));
    }
}
