//! Imports: which cells of a file's rows are the time, the metric, the type and the value, and the data points made of
//! them. They are written as apps write them, so that they are judged by the same rules.

mod guess;
mod moment;
mod row;

use serde::{Deserialize, Serialize};

pub use guess::{Sample, delimiter, guess, is_header};
pub use moment::TimeForm;
pub use row::{Cell, Elements};

/// How a file's rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Cells with something between them.
    Csv {
        /// What is between two cells.
        delimiter: Delimiter,
        /// Whether the first row has the columns' names.
        header: bool,
    },
    /// A JSON object a line; its keys are the columns.
    JsonLines,
}

/// What may stand between two cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// A comma.
    #[default]
    Comma,
    /// A semicolon, where commas are in numbers.
    Semicolon,
    /// A tab.
    Tab,
    /// An upright line.
    Pipe,
}

impl Delimiter {
    /// Every one, the most frequent first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte it is.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The word for it in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comma => "Comma ,",
            Self::Semicolon => "Semicolon ;",
            Self::Tab => "Tab",
            Self::Pipe => "Upright line |",
        }
    }

    /// The one with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|delimiter| delimiter.code() == code)
    }
}

/// Where the metric's name or type comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A column, by its place.
    Column(usize),
    /// The same for all rows.
    Fixed(String),
}

/// What the rows' cells are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How rows are written.
    pub form: Form,
    /// The columns' names, in their order; of JSON lines, the keys that are looked for.
    pub columns: Vec<String>,
    /// The column of the time.
    pub time: usize,
    /// How times are written.
    pub time_form: TimeForm,
    /// The time zone of times that don't say theirs, by its IANA name.
    pub zone: String,
    /// The metric's name; if every column is a metric of its own, this is ignored.
    pub metric: Source,
    /// The metric's type.
    pub kind: Source,
    /// The column of the value; `None` where every row is one hit.
    pub value: Option<usize>,
    /// Whether every column but the time is a metric of its own, named by its heading.
    pub is_wide: bool,
    /// Whether numbers are written `1,5`.
    pub decimal_comma: bool,
}

/// Why settings can't be imported with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// No metric's name.
    #[error("choose the column of the metric, or enter a name")]
    Metric,
    /// No type.
    #[error("choose the column of the type, or one type for all")]
    Kind,
    /// A column that the file doesn't have.
    #[error("choose a column of the file")]
    Column,
    /// No such time zone.
    #[error("choose a time zone like UTC or Europe/Berlin")]
    Zone,
}

impl Settings {
    /// Whether a file can be imported so, before any of its rows is looked at.
    ///
    /// # Errors
    /// If something is missing that every row needs.
    pub fn check(&self) -> Result<(), BadSettings> {
        let is_there = |column: usize| column < self.columns.len();
        let columns = [
            Some(self.time),
            self.value.filter(|_| !self.is_wide),
            self.metric.column().filter(|_| !self.is_wide),
            self.kind.column(),
        ];
        if !columns.into_iter().flatten().all(is_there) {
            return Err(BadSettings::Column);
        }
        match &self.metric {
            Source::Fixed(name) if !self.is_wide && crate::metric::MetricName::new(name).is_err() => {
                return Err(BadSettings::Metric);
            }
            _ => {}
        }
        match &self.kind {
            Source::Fixed(kind) if kind.parse::<crate::metric::MetricType>().is_err() => {
                return Err(BadSettings::Kind);
            }
            _ => {}
        }
        jiff::tz::TimeZone::get(&self.zone)
            .map(|_| ())
            .map_err(|_| BadSettings::Zone)
    }
}

impl Source {
    /// The column, if it is one.
    #[must_use]
    pub const fn column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            Self::Fixed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
