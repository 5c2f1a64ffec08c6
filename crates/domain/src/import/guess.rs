//! Guessing what the columns of a file are, from its first rows.

use jiff::tz::TimeZone;

use super::{Delimiter, Form, Settings, Source, TimeForm};
use crate::metric::MetricType;

/// The first rows of a file, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The columns' names; of JSON lines, the keys in the order they come.
    pub columns: Vec<String>,
    /// The rows, without a header.
    pub rows: Vec<Vec<String>>,
}

impl Sample {
    /// The cells of a column that something is in.
    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(column));
        cells.map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    fn all(&self, column: usize, is: impl Fn(&str) -> bool) -> bool {
        let mut cells = self.cells(column).peekable();
        cells.peek().is_some() && cells.all(is)
    }

    /// The first column with one of these names.
    fn named(&self, names: &[&str]) -> Option<usize> {
        let simple = |text: &str| {
            text.chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        names
            .iter()
            .find_map(|name| self.columns.iter().position(|column| simple(column) == *name))
    }
}

const TIMES: &[&str] = &[
    "time",
    "timestamp",
    "datetime",
    "date",
    "at",
    "when",
    "ts",
    "createdat",
    "start",
    "day",
    "hour",
];
const METRICS: &[&str] = &["metric", "metricname", "name", "event", "series", "key"];
const TYPES: &[&str] = &["type", "metrictype", "kind"];
const VALUES: &[&str] = &[
    "value",
    "count",
    "amount",
    "hits",
    "number",
    "duration",
    "durationms",
    "ms",
    "word",
    "v",
];

/// Which of the delimiters stands in a text's first lines as often in each, and most often.
#[must_use]
pub fn delimiter(text: &str) -> Delimiter {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let score = |delimiter: Delimiter| {
        let mut counts = lines
            .iter()
            .map(|line| line.bytes().filter(|byte| *byte == delimiter.byte()).count());
        let first = counts.next().unwrap_or(0);
        let steady = counts.all(|count| count == first);
        (first > 0 && steady, first)
    };
    let mut best = Delimiter::Comma;
    for delimiter in Delimiter::ALL {
        if score(delimiter) > score(best) {
            best = delimiter;
        }
    }
    best
}

/// Whether the first row reads like a heading: nothing in it is empty, a number or a time.
#[must_use]
pub fn is_header(row: &[String]) -> bool {
    let is_name = |cell: &String| {
        let cell = cell.trim();
        !cell.is_empty() && !is_number(cell) && TimeForm::Auto.read(cell, &TimeZone::UTC).is_none()
    };
    !row.is_empty() && row.iter().all(is_name)
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_number_with_comma(text: &str) -> bool {
    text.contains(',') && is_number(&text.replacen(',', ".", 1))
}

/// What the columns probably are.
#[must_use]
pub fn guess(sample: Sample, form: Form, file_name: &str) -> Settings {
    let (time, time_form) = time(&sample);
    let metric = sample.named(METRICS).filter(|column| *column != time);
    let kind = sample
        .named(TYPES)
        .filter(|column| Some(*column) != metric && *column != time);
    let is_free = |column: &usize| *column != time && Some(*column) != metric && Some(*column) != kind;
    let numeric = |column: usize| sample.all(column, |cell| is_number(cell) || is_number_with_comma(cell));
    let free: Vec<usize> = (0..sample.columns.len()).filter(is_free).collect();
    let named = sample.named(VALUES).filter(is_free);
    let is_wide = metric.is_none() && named.is_none() && free.len() > 1 && free.iter().all(|column| numeric(*column));
    let value = named
        .or_else(|| free.iter().copied().find(|column| numeric(*column)))
        .or_else(|| free.first().copied());
    let decimal_comma = matches!(form, Form::Csv { delimiter, .. } if delimiter != Delimiter::Comma)
        && free
            .iter()
            .any(|column| sample.cells(*column).any(is_number_with_comma));
    let stem = file_name.split('.').next().unwrap_or_default();
    let of_type = match value {
        None => MetricType::HitCounter,
        Some(value) if is_wide || numeric(value) => MetricType::Counter,
        Some(_) => MetricType::WordWeb,
    };
    Settings {
        form,
        time,
        time_form,
        zone: "UTC".to_owned(),
        metric: metric.map_or_else(|| Source::Fixed(stem.to_owned()), Source::Column),
        kind: kind.map_or_else(|| Source::Fixed(of_type.name().to_owned()), Source::Column),
        value: value.filter(|_| !is_wide),
        is_wide,
        decimal_comma,
        columns: sample.columns,
    }
}

/// The column of the time, and how it is written.
fn time(sample: &Sample) -> (usize, TimeForm) {
    let reads = |column: usize, form: TimeForm| sample.all(column, |cell| form.read(cell, &TimeZone::UTC).is_some());
    let is_recent = |cell: &str| !is_number(cell) || cell.parse::<f64>().is_ok_and(|number| number > 1e8);
    let forms = [TimeForm::Auto, TimeForm::DayFirst, TimeForm::MonthFirst];
    let form = |column: usize| {
        let found = forms.into_iter().find(|form| reads(column, *form));
        found.filter(|_| sample.all(column, is_recent))
    };
    let named = sample.named(TIMES);
    let mut columns = named.into_iter().chain(0..sample.columns.len());
    let found = columns.find_map(|column| form(column).map(|form| (column, form)));
    found.unwrap_or((named.unwrap_or(0), TimeForm::Auto))
}
