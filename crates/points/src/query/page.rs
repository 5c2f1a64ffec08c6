//! Data points themselves, newest first, page by page.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use domain::id::MetricId;
use domain::range::Range;
use domain::time::{DAY, Micros};
use domain::value::Value;

use super::reading::{Reading, Sealed, shared, whole_day};
use super::sources::Sources;
use crate::clickhouse::Spot;
use crate::kind::{Kind, Raw};
use crate::rollup::Day;
use crate::schema::{self, day_key, part_keys};
use crate::{Error, Points, block};

/// A stored data point.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// When it happened.
    pub at: Micros,
    /// Its value; a word past the day's limit is "(other)".
    pub value: Value,
    /// Its place among all data points of what is read as one metric.
    pub cursor: Cursor,
}

/// A place among the data points of a metric, or of several that are read as one. It stays where it is, whatever is
/// stored meanwhile: those of one moment and metric are counted in the order they came, and are only ever erased
/// together; metrics follow each other by their ids. In ClickHouse they have the places that were given to them when they
/// were shipped, each source its own. Its text names the metric only where there are several, and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    /// None for the first of the sources.
    metric: Option<MetricId>,
    nth: i64,
    /// In ClickHouse, who shipped it.
    source: Option<u64>,
}

/// A text was no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("before must be the next of an earlier answer")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.nth)?;
        self.metric.map_or(Ok(()), |metric| write!(f, ".{}", metric.0))?;
        self.source.map_or(Ok(()), |source| write!(f, ".{source}"))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let mut parts = text.splitn(4, '.');
        let mut number = || parts.next().map(str::parse::<i64>).transpose().map_err(|_| BadCursor);
        let (at, nth, metric) = (number()?, number()?, number()?);
        let source = parts.next().map(str::parse).transpose().map_err(|_| BadCursor)?;
        Ok(Self {
            at: at.ok_or(BadCursor)?,
            metric: metric.map(MetricId),
            nth: nth.ok_or(BadCursor)?,
            source,
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
    /// Data points of a range, newest first, from just before `before` on.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn data_points(
        &self,
        sources: impl Into<Sources>,
        range: Range,
        limit: u32,
        before: Option<Cursor>,
    ) -> Result<Page, Error> {
        let sources = sources.into();
        if let Some(clickhouse) = self.clickhouse() {
            let before = before.and_then(|before| before.spot(&sources));
            let newest = clickhouse
                .newest(sources.metrics(), range, before, u64::from(limit) + 1)
                .await?;
            let kept = newest.into_iter().map(|((at, metric, nth, source), value)| {
                let cursor = Cursor {
                    at,
                    metric: Some(metric),
                    nth,
                    source: Some(source),
                };
                let at = Micros(at);
                Kept { at, value, cursor }
            });
            return Ok(page(kept.collect(), limit as usize));
        }
        self.read(move |reading| {
            let limit = limit as usize;
            let mut found = Vec::new();
            for metric in sources.metrics() {
                let before = before.map_or(Place::LAST, |before| before.among(*metric, &sources));
                let newest = of_metric(reading, *metric, range, before, limit + 1)?;
                found.extend(newest.into_iter().map(|(place, value)| {
                    let cursor = Cursor {
                        at: place.at,
                        metric: sources.several().then_some(*metric),
                        nth: place.nth,
                        source: None,
                    };
                    let at = Micros(place.at);
                    Kept { at, value, cursor }
                }));
            }
            if sources.several() {
                found.sort_unstable_by_key(|kept| std::cmp::Reverse(kept.cursor));
            }
            Ok(page(found, limit))
        })
        .await
    }
}

/// The first of these, newest first.
fn page(mut found: Vec<Kept>, limit: usize) -> Page {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.cursor);
    Page {
        data_points: found,
        next,
    }
}

/// A place among the data points of one metric.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: i64,
    nth: i64,
}

impl Place {
    /// Behind all of them.
    const LAST: Self = Self {
        at: i64::MAX,
        nth: i64::MAX,
    };
}

impl Cursor {
    /// Where it is in ClickHouse. One of a time before the move there says no more than the moment, of which all comes once
    /// more then.
    fn spot(self, sources: &Sources) -> Option<Spot> {
        let metric = self.metric.or_else(|| sources.metrics().first().copied())?;
        Some(match self.source {
            Some(source) => (self.at, metric, self.nth, source),
            None => (self.at, MetricId(i64::MAX), i64::MAX, u64::MAX),
        })
    }

    /// The place it is at among the data points of one of the sources.
    fn among(self, metric: MetricId, sources: &Sources) -> Place {
        let own = self.metric.or_else(|| sources.metrics().first().copied());
        let nth = match own.map(|own| metric.cmp(&own)) {
            Some(Ordering::Greater) => 0,
            Some(Ordering::Less) => i64::MAX,
            Some(Ordering::Equal) | None => self.nth,
        };
        Place { at: self.at, nth }
    }
}

/// The newest data points of a metric, as far as they lie in a range and before a place: `most` of them, newest first.
fn of_metric(
    reading: &Reading<'_>,
    metric: MetricId,
    range: Range,
    before: Place,
    most: usize,
) -> Result<Vec<(Place, Value)>, Error> {
    let mut found = Vec::new();
    let sealed = reading.find(metric)?;
    let mut days = days(reading, metric, sealed.as_ref(), range, before);
    while found.len() < most
        && let Some(day) = days.pop()
    {
        let more = most - found.len();
        found.extend(of_day(reading, metric, sealed.as_ref(), (day, range), before, more)?);
    }
    Ok(found)
}

/// The days that may have some, oldest first.
fn days(reading: &Reading<'_>, metric: MetricId, sealed: Option<&Sealed>, range: Range, before: Place) -> Vec<i64> {
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

/// The same of a day.
fn of_day(
    reading: &Reading<'_>,
    metric: MetricId,
    sealed: Option<&Sealed>,
    (day, range): (i64, Range),
    before: Place,
    most: usize,
) -> Result<Vec<(Place, Value)>, Error> {
    let Some(range) = shared(range, whole_day(day)) else {
        return Ok(Vec::new());
    };
    let end = range.to().0.min(before.at.saturating_add(1));
    let mut found = Vec::new();
    let mut unread = None;
    if let Some(sealed) = sealed {
        let newest = newest(reading, sealed, day, (range.from().0, end), most)?;
        let words = if sealed.kind == Kind::Word && !newest.points.is_empty() {
            words_of(reading, sealed, day)?
        } else {
            Vec::new()
        };
        let values = newest.points.iter();
        found.extend(values.map(|point| (point.at, value(sealed.kind, *point, &words))));
        unread = newest.unread;
    }
    let is_sealed = found.len();
    reading.each_unsealed(metric, |recent| {
        // What is older than all that was read is further down.
        let from = unread.map_or(range.from().0, |(at, _)| at);
        found.extend(
            recent
                .between(from, end)
                .map(|point| (point.at, recent.value(point.bits))),
        );
    });
    if found.len() > is_sealed {
        found.sort_by_key(|(at, _)| *at);
    }
    let (mut last, mut nth) = unread.map_or((i64::MIN, 0), |(at, nth)| (at, nth - 1));
    let kept = found.into_iter().map(|(at, value)| {
        nth = if at == last { nth + 1 } else { 0 };
        last = at;
        (Place { at, nth }, value)
    });
    let kept: Vec<(Place, Value)> = kept.collect();
    let inside = |(place, _): &(Place, Value)| range.contains(Micros(place.at)) && *place < before;
    Ok(kept.into_iter().rev().filter(inside).take(most).collect())
}

/// Sealed data points of a day.
struct Newest {
    /// Oldest first, with all blocks they are in.
    points: Vec<Raw>,
    /// If there are older ones: when the oldest of those that were read happened, and how many of that same moment were
    /// not read.
    unread: Option<(i64, i64)>,
}

/// Reads blocks, the newest first, until they have so many data points before the last moment of a stretch of time.
fn newest(
    reading: &Reading<'_>,
    metric: &Sealed,
    day: i64,
    (from, end): (i64, i64),
    most: usize,
) -> Result<Newest, Error> {
    let (first, last) = part_keys(day, metric.number);
    let mut select = reading.tx.prepare_cached(
        "select data, last_at from blocks where key >= ?1 and key < ?2 and first_at < ?3 and last_at >= ?4
            order by key desc",
    )?;
    let mut rows = select.query([first, last, end, from])?;
    let mut blocks: Vec<Vec<Raw>> = Vec::new();
    let mut count = 0;
    let mut unread = None;
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let oldest = blocks
            .last()
            .and_then(|block: &Vec<Raw>| block.first())
            .map(|point| point.at);
        if let (true, Some(oldest)) = (count >= most, oldest) {
            // They are counted, so that cursors of that moment say the same on every page.
            let (_, so_far) = unread.get_or_insert((oldest, 0));
            if row.get::<_, i64>(1)? < oldest {
                break;
            }
            let mut points = Vec::new();
            block::decode(data, metric.kind, day * DAY, &mut points)?;
            let same = points.iter().filter(|point| point.at == oldest).count();
            *so_far += i64::try_from(same).unwrap_or(0);
            continue;
        }
        let mut points = Vec::new();
        block::decode(data, metric.kind, day * DAY, &mut points)?;
        // Those of the last moment may all be behind the cursor.
        count += points.iter().filter(|point| point.at < end - 1).count();
        blocks.push(points);
    }
    Ok(Newest {
        points: blocks.into_iter().rev().flatten().collect(),
        unread,
    })
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
