//! Data points themselves, newest first, page by page.

use std::fmt;
use std::str::FromStr;

use domain::id::MetricId;
use domain::range::Range;
use domain::time::{DAY, Micros};
use domain::value::Value;

use super::reading::{Reading, Sealed, whole_day};
use crate::kind::{Kind, Raw};
use crate::rollup::Day;
use crate::schema::{self, day_key};
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

/// A place among the data points of a metric. It stays where it is, whatever is stored meanwhile: those of one moment
/// are counted in the order they came, and are only ever erased together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    nth: i64,
}

/// A text was no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("before must be the next of an earlier answer")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.nth)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, nth) = text.split_once('.').ok_or(BadCursor)?;
        Ok(Self {
            at: at.parse().map_err(|_| BadCursor)?,
            nth: nth.parse().map_err(|_| BadCursor)?,
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
    /// If the database can't be read.
    pub async fn data_points(
        &self,
        metric: MetricId,
        range: Range,
        limit: u32,
        before: Option<Cursor>,
    ) -> Result<Page, Error> {
        self.read(move |reading| {
            let before = before.unwrap_or(Cursor {
                at: i64::MAX,
                nth: i64::MAX,
            });
            let limit = limit as usize;
            let mut found = Vec::new();
            let sealed = reading.find(metric)?;
            let mut days = days(reading, metric, sealed.as_ref(), range, before);
            while found.len() <= limit
                && let Some(day) = days.pop()
            {
                let inside = |kept: &Kept| range.contains(kept.at) && kept.cursor < before;
                let of_day = of_day(reading, metric, sealed.as_ref(), day)?;
                found.extend(of_day.into_iter().rev().filter(inside).take(limit + 1 - found.len()));
            }
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|last| last.cursor);
            Ok(Page {
                data_points: found,
                next,
            })
        })
        .await
    }
}

/// The days that may have some, oldest first.
fn days(reading: &Reading<'_>, metric: MetricId, sealed: Option<&Sealed>, range: Range, before: Cursor) -> Vec<i64> {
    let last = before.at.min(range.to().0 - 1);
    let mut days: Vec<i64> = sealed.map(|sealed| sealed.days_of(range).collect()).unwrap_or_default();
    reading.each_unsealed(metric, |recent| {
        days.extend(
            recent
                .between(range.from().0, range.to().0)
                .map(|point| schema::day(point.at)),
        );
    });
    days.retain(|day| *day <= schema::day(last));
    days.sort_unstable();
    days.dedup();
    days
}

/// All data points of a day, oldest first.
fn of_day(reading: &Reading<'_>, metric: MetricId, sealed: Option<&Sealed>, day: i64) -> Result<Vec<Kept>, Error> {
    let mut found = Vec::new();
    if let Some(sealed) = sealed {
        let mut words = None;
        reading.each_block(sealed, day, whole_day(day), |points| {
            if sealed.kind == Kind::Word && words.is_none() {
                words = Some(words_of(reading, sealed, day)?);
            }
            let words = words.as_deref().unwrap_or(&[]);
            found.extend(points.iter().map(|point| (point.at, value(sealed.kind, *point, words))));
            Ok(())
        })?;
    }
    let sealed = found.len();
    reading.each_unsealed(metric, |recent| {
        let of_day = recent.between(day * DAY, (day + 1) * DAY);
        found.extend(of_day.map(|point| (point.at, recent.value(point.bits))));
    });
    if found.len() > sealed {
        found.sort_by_key(|(at, _)| *at);
    }
    let (mut last, mut nth) = (i64::MIN, 0);
    let kept = found.into_iter().map(|(at, value)| {
        nth = if at == last { nth + 1 } else { 0 };
        last = at;
        Kept {
            at: Micros(at),
            value,
            cursor: Cursor { at, nth },
        }
    });
    Ok(kept.collect())
}

fn words_of(reading: &Reading<'_>, metric: &Sealed, day: i64) -> Result<Vec<(String, u64)>, Error> {
    let mut select = reading.tx.prepare_cached("select data from days where key = ?1")?;
    let data: Vec<u8> = select.query_row([day_key(day, metric.number)], |row| row.get(0))?;
    Ok(Day::decode(&data)?.words)
}

fn value(kind: Kind, point: Raw, words: &[(String, u64)]) -> Value {
    match kind {
        Kind::Hits => Value::Hits(u32::try_from(point.bits).unwrap_or(u32::MAX)),
        Kind::Number => Value::Number(f64::from_bits(point.bits)),
        Kind::Word => {
            let place = usize::try_from(point.bits).unwrap_or(usize::MAX);
            Value::Word(words.get(place).map_or_else(String::new, |(word, _)| word.clone()))
        }
    }
}
