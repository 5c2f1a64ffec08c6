//! Data points themselves, newest first, page by page.

use std::fmt;
use std::str::FromStr;

use domain::id::MetricId;
use domain::range::Range;
use domain::time::Micros;
use domain::value::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{Error, Points};

/// A stored data point.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// When it happened.
    pub at: Micros,
    /// Its value; a word past the day's limit is "(other)".
    pub value: Value,
    /// Its place among all data points of its metric.
    pub cursor: Cursor,
}

/// A place among the data points of a metric. It stays where it is, whatever is stored meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    seq: i64,
}

/// A text was no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("before must be the next of an earlier answer")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, seq) = text.split_once('.').ok_or(BadCursor)?;
        Ok(Self {
            at: at.parse().map_err(|_| BadCursor)?,
            seq: seq.parse().map_err(|_| BadCursor)?,
        })
    }
}

/// Some data points of a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Newest first.
    pub data_points: Vec<Kept>,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
}

impl Points {
    /// A metric's data points of a range, newest first, from just before `before` on.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn data_points(
        &self,
        metric: MetricId,
        range: Range,
        limit: u32,
        before: Option<Cursor>,
    ) -> Result<Page, Error> {
        let before = before.unwrap_or(Cursor {
            at: i64::MAX,
            seq: i64::MAX,
        });
        let rows = sqlx::query(
            "select at, seq, case typeof(value) when 'integer' then value end,
                case typeof(value) when 'real' then value end, case typeof(value) when 'text' then value end
            from data_points where metric = ?1 and at >= ?2 and at < ?3 and (at, seq) < (?4, ?5)
            order by at desc, seq desc limit ?6",
        )
        .bind(metric.0)
        .bind(range.from().0)
        .bind(range.to().0)
        .bind(before.at)
        .bind(before.seq)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.readers)
        .await?;
        let mut data_points = rows.iter().map(kept).collect::<Result<Vec<_>, _>>()?;
        let more = data_points.len() > limit as usize;
        data_points.truncate(limit as usize);
        let next = data_points.last().filter(|_| more).map(|last| last.cursor);
        Ok(Page { data_points, next })
    }
}

fn kept(row: &SqliteRow) -> Result<Kept, sqlx::Error> {
    let cursor = Cursor {
        at: row.try_get(0)?,
        seq: row.try_get(1)?,
    };
    let value = if let Some(hits) = row.try_get::<Option<i64>, _>(2)? {
        Value::Hits(u32::try_from(hits).unwrap_or(u32::MAX))
    } else if let Some(number) = row.try_get(3)? {
        Value::Number(number)
    } else {
        Value::Word(row.try_get(4)?)
    };
    Ok(Kept {
        at: Micros(cursor.at),
        value,
        cursor,
    })
}
