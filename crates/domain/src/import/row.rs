//! Rows in, data points out, as JSON that apps would send.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Form, Settings, Source};
use crate::csv;
use crate::metric::MetricType;

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing is in it.
    Absent,
    /// Text of a CSV file.
    Text(&'a str),
    /// A value of a JSON object, as it is written there.
    Json(&'a str),
}

impl Cell<'_> {
    /// As a text that people read, without quotation marks.
    #[must_use]
    pub fn text(&self) -> String {
        match *self {
            Self::Absent => String::new(),
            Self::Text(text) => text.to_owned(),
            Self::Json(json) => serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()),
        }
    }

    fn is_absent(&self) -> bool {
        match *self {
            Self::Absent => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Json(json) => json == "null",
        }
    }

    /// As JSON; of a CSV file's text, without what guards it from being a formula.
    fn json(&self) -> String {
        match *self {
            Self::Absent => "null".to_owned(),
            Self::Text(text) => serde_json::Value::from(csv::unguarded(text)).to_string(),
            Self::Json(json) => json.to_owned(),
        }
    }
}

/// Makes data points of rows.
#[derive(Clone, Debug)]
pub struct Elements {
    settings: Settings,
    zone: TimeZone,
    /// Of metrics and types that are the same for all rows: how they are written.
    metric: Option<String>,
    kind: Option<String>,
}

impl Elements {
    /// For rows of a file with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let fixed = |source: &Source| match source {
            Source::Fixed(text) => Some(serde_json::Value::from(text.as_str()).to_string()),
            Source::Column(_) => None,
        };
        Self {
            zone: TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC),
            metric: fixed(&settings.metric),
            kind: fixed(&settings.kind),
            settings,
        }
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the first row of the file has the columns' names.
    #[must_use]
    pub const fn has_header(&self) -> bool {
        matches!(self.settings.form, Form::Csv { header: true, .. })
    }

    /// Most data points of one row.
    #[must_use]
    pub const fn most(&self) -> usize {
        if self.settings.is_wide {
            self.settings.columns.len()
        } else {
            1
        }
    }

    /// Adds the data points of a row to a JSON array, each with a comma before it but the first; gives how many there
    /// are. Whatever can't be read goes in as it is, to be rejected for its reason.
    pub fn push(&self, row: &[Cell<'_>], array: &mut String) -> usize {
        let cell = |column: usize| row.get(column).copied().unwrap_or(Cell::Absent);
        let time = self.time(cell(self.settings.time));
        let kind = self.kind.clone();
        if !self.settings.is_wide {
            let of = |fixed: &Option<String>, source: &Source| {
                fixed
                    .clone()
                    .unwrap_or_else(|| source.column().map_or_else(String::new, |column| cell(column).json()))
            };
            let kind = of(&kind, &self.settings.kind);
            let value = self.settings.value.map_or(Cell::Absent, cell);
            push(
                array,
                &of(&self.metric, &self.settings.metric),
                &kind,
                self.value(value, &kind),
                &time,
            );
            return 1;
        }
        let kind = kind.unwrap_or_else(|| {
            self.settings
                .kind
                .column()
                .map_or_else(String::new, |column| cell(column).json())
        });
        let mut pushed = 0;
        for (column, name) in self.settings.columns.iter().enumerate() {
            let is_metric = column != self.settings.time && self.settings.kind.column() != Some(column);
            if is_metric && !cell(column).is_absent() {
                let name = serde_json::Value::from(csv::unguarded(name)).to_string();
                push(array, &name, &kind, self.value(cell(column), &kind), &time);
                pushed += 1;
            }
        }
        pushed
    }

    /// A row without a time is no data point of now.
    fn time(&self, cell: Cell<'_>) -> String {
        let text = cell.text();
        match self.settings.time_form.read(&text, &self.zone) {
            Some(at) => format!("\"{at}\""),
            None => serde_json::Value::from(text).to_string(),
        }
    }

    /// `None`: there is none.
    fn value(&self, cell: Cell<'_>, kind: &str) -> Option<String> {
        if cell.is_absent() {
            return None;
        }
        let kind = kind.trim_matches('"').parse::<MetricType>();
        if self.settings.decimal_comma && kind.is_ok_and(|kind| kind != MetricType::WordWeb) {
            return Some(serde_json::Value::from(cell.text().replace(',', ".")).to_string());
        }
        Some(cell.json())
    }
}

fn push(array: &mut String, name: &str, kind: &str, value: Option<String>, time: &str) {
    if array.len() > 1 {
        array.push(',');
    }
    let _ = write!(array, "{{\"name\":{name},\"type\":{kind},\"timestamp\":{time}");
    if let Some(value) = value {
        let _ = write!(array, ",\"value\":{value}");
    }
    array.push('}');
}
