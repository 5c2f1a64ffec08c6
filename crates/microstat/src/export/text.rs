//! CSV and JSON lines.

use std::fmt::Write as _;

use domain::csv;
use domain::export::Detail;
use domain::value::Value;
use points::Kept;

use super::reader::{FIGURES, Page, Row, Rows};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    Csv,
    Json,
}

/// Writes a line a row.
pub(super) struct Text {
    lines: Lines,
    /// What was written and not yet given away.
    text: String,
}

impl Text {
    pub(super) fn new(lines: Lines, detail: Detail) -> Self {
        let mut text = String::new();
        if lines == Lines::Csv {
            text.push_str("time,metric,type,");
            text.push_str(match detail {
                Detail::DataPoints => "value\r\n",
                _ => "word,count,sum,min,avg,max,p50,p75,p95,p99\r\n",
            });
        }
        Self { lines, text }
    }

    pub(super) fn add(&mut self, page: &Page) -> Vec<u8> {
        let metric = match self.lines {
            Lines::Csv => format!("{},{}", csv::cell(&page.name), page.kind),
            Lines::Json => format!("\"metric\":{},\"type\":\"{}\"", json(&page.name), page.kind),
        };
        match &page.rows {
            Rows::DataPoints(rows) => rows.iter().for_each(|row| self.data_point(&metric, row)),
            Rows::Buckets(rows) => rows.iter().for_each(|row| self.bucket(&metric, row)),
        }
        self.finish()
    }

    pub(super) fn finish(&mut self) -> Vec<u8> {
        let next = String::with_capacity(self.text.len());
        std::mem::replace(&mut self.text, next).into_bytes()
    }

    fn data_point(&mut self, metric: &str, row: &Kept) {
        let text = &mut self.text;
        match self.lines {
            Lines::Csv => {
                let _ = write!(text, "{},{metric},", row.at);
                match &row.value {
                    Value::Hits(hits) => text.push_str(&hits.to_string()),
                    Value::Number(value) => text.push_str(&number(*value)),
                    Value::Word(word) => csv::push_cell(text, word),
                }
                text.push_str("\r\n");
            }
            Lines::Json => {
                let _ = write!(text, "{{\"time\":\"{}\",{metric},\"value\":", row.at);
                match &row.value {
                    Value::Hits(hits) => text.push_str(&hits.to_string()),
                    Value::Number(value) => text.push_str(&number(*value)),
                    Value::Word(word) => text.push_str(&json(word)),
                }
                text.push_str("}\n");
            }
        }
    }

    fn bucket(&mut self, metric: &str, row: &Row) {
        let text = &mut self.text;
        match self.lines {
            Lines::Csv => {
                let _ = write!(text, "{},{metric},", row.start);
                if let Some(word) = &row.word {
                    csv::push_cell(text, word);
                }
                let _ = write!(text, ",{}", row.count);
                for figure in row.figures {
                    text.push(',');
                    text.push_str(&figure.map_or_else(String::new, number));
                }
                text.push_str("\r\n");
            }
            Lines::Json => {
                let _ = write!(text, "{{\"time\":\"{}\",{metric}", row.start);
                if let Some(word) = &row.word {
                    let _ = write!(text, ",\"word\":{}", json(word));
                }
                let _ = write!(text, ",\"count\":{}", row.count);
                for (name, figure) in FIGURES.into_iter().zip(row.figures) {
                    if let Some(figure) = figure {
                        let _ = write!(text, ",\"{name}\":{}", number(figure));
                    }
                }
                text.push_str("}\n");
            }
        }
    }
}

/// The shortest text that reads back as the same number, and one that JSON knows. Values are always finite.
fn number(value: f64) -> String {
    if value == 0.0 || (1e-6..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
