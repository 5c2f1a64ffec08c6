//! Erasing from the database.

use domain::id::{MetricId, ProjectId};
use domain::time::HOUR;
use rusqlite::{OptionalExtension, Transaction};

use super::merge::{News, change_project_day, span};
use super::{day, keys};
use crate::Error;
use crate::head::State;
use crate::journal::entry::{Erasure, Horizons};
use crate::kind::{Kind, Raw};
use crate::rollup::day::{HOURS, SKETCHED_FROM, hour_of};
use crate::rollup::{Day, Hour};
use crate::schema::{day_key, part_keys};
use crate::sketch::Sketch;

/// What was erased.
#[derive(Debug, Default)]
pub(crate) struct Erased {
    /// Data points.
    pub(crate) points: u64,
    metrics: Vec<MetricId>,
    news: News,
}

impl Erased {
    pub(crate) fn tell(self, state: &mut State) {
        for metric in self.metrics {
            state.remove(metric);
        }
        self.news.tell(state);
    }
}

/// A metric's row.
struct Row {
    id: MetricId,
    project: ProjectId,
    number: u32,
    kind: Kind,
    /// Days, the first and the last it ever had something on.
    days: (i64, i64),
}

/// Does what the erasure says; doing it again changes nothing.
pub(crate) fn erase(tx: &Transaction<'_>, erasure: Erasure) -> Result<Erased, Error> {
    let mut erased = Erased::default();
    match erasure {
        Erasure::Metric(metric) => {
            if let Some(row) = find(tx, metric)? {
                whole(tx, &row, &mut erased)?;
            }
        }
        Erasure::Project(project) => {
            for row in all(tx, project)? {
                whole(tx, &row, &mut erased)?;
            }
            keys::forget(tx, project)?;
        }
        Erasure::Range(metric, from, to) => {
            if let Some(row) = find(tx, metric)? {
                range(tx, &row, (from, to), &mut erased)?;
            }
        }
        Erasure::Older(project, horizons) => {
            for row in all(tx, project)? {
                older(tx, &row, horizons, &mut erased)?;
            }
        }
    }
    Ok(erased)
}

const SELECT: &str = "select metric, project, number, kind, first_at, last_at from metrics";

fn row(row: &rusqlite::Row<'_>) -> Result<Row, rusqlite::Error> {
    let (first, last): (i64, i64) = (row.get(4)?, row.get(5)?);
    Ok(Row {
        id: MetricId(row.get(0)?),
        project: ProjectId(row.get(1)?),
        number: row.get(2)?,
        kind: Kind::from_code(row.get(3)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
        days: (crate::schema::day(first), crate::schema::day(last)),
    })
}

fn find(tx: &Transaction<'_>, metric: MetricId) -> Result<Option<Row>, Error> {
    let text = format!("{SELECT} where metric = ?1");
    Ok(tx.prepare_cached(&text)?.query_row([metric.0], row).optional()?)
}

fn all(tx: &Transaction<'_>, project: ProjectId) -> Result<Vec<Row>, Error> {
    let mut select = tx.prepare_cached(&format!("{SELECT} where project = ?1"))?;
    let rows = select.query_map([project.0], row)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn whole(tx: &Transaction<'_>, metric: &Row, erased: &mut Erased) -> Result<(), Error> {
    for date in metric.days.0..=metric.days.1 {
        if let Some(rollup) = day::read(tx, metric.number, date)? {
            drop_day(tx, metric, date, &rollup, erased)?;
        }
    }
    tx.execute("delete from metrics where number = ?1", [metric.number])?;
    erased.metrics.push(metric.id);
    Ok(())
}

fn range(tx: &Transaction<'_>, metric: &Row, (from, to): (i64, i64), erased: &mut Erased) -> Result<(), Error> {
    let days = metric.days.0.max(crate::schema::day(from))..=metric.days.1.min(crate::schema::day(to - 1));
    for date in days {
        let Some(rollup) = day::read(tx, metric.number, date)? else {
            continue;
        };
        let (start, end) = span(date);
        let left = if from <= start && end <= to {
            None
        } else if rollup.raw {
            let mut points = day::raw(tx, metric.number, metric.kind, date)?;
            points.retain(|point| !(from..to).contains(&point.at));
            (!points.is_empty())
                .then(|| of_points(&rollup, points))
                .map(|(day, points)| (day, Some(points)))
        } else {
            // Nothing finer than hours is there any more: an hour that the range touches goes.
            without_hours(tx, metric, date, &rollup, (from, to))?.map(|day| (day, None))
        };
        match left {
            None => drop_day(tx, metric, date, &rollup, erased)?,
            Some((day, points)) => replace_day(tx, metric, date, (&rollup, &day), points, erased)?,
        }
    }
    Ok(())
}

/// What remaining data points add up to, and they themselves with their words' new places.
fn of_points(before: &Day, mut points: Vec<Raw>) -> (Day, Vec<Raw>) {
    let mut day = Day::new(before.kind);
    if before.kind == Kind::Word {
        let mut places = vec![None; before.words.len()];
        for point in &mut points {
            let old = usize::try_from(point.bits).unwrap_or(usize::MAX);
            if let (Some(place), Some((word, _))) = (places.get_mut(old), before.words.get(old)) {
                point.bits = *place.get_or_insert_with(|| {
                    day.words.push((word.clone(), 0));
                    day.words.len() as u64 - 1
                });
            }
        }
    }
    day.add(&points);
    if day.kind == Kind::Number && points.len() as u64 >= SKETCHED_FROM {
        day.sketch = Some(sketch_of(&points));
    }
    (day, points)
}

fn sketch_of(points: &[Raw]) -> Sketch {
    let values: Vec<f64> = points.iter().map(|point| f64::from_bits(point.bits)).collect();
    Sketch::of(&values)
}

/// A day without its data points, less the hours that a range touches; nothing if nothing is left.
fn without_hours(
    tx: &Transaction<'_>,
    metric: &Row,
    date: i64,
    before: &Day,
    (from, to): (i64, i64),
) -> Result<Option<Day>, Error> {
    let mut day = before.clone();
    let mut sketches = read_sketches(tx, metric.number, date)?;
    for hour in 0..HOURS {
        let start = span(date).0 + i64::try_from(hour).unwrap_or(0) * HOUR;
        if !day.by_hour || (from < start + HOUR && start < to) {
            day.hours[hour] = Hour::default();
            sketches.retain(|(of, _)| *of != hour);
        }
    }
    if day.kind == Kind::Number {
        day.sketch = Some(sketches.iter().fold(Sketch::default(), |mut all, (_, sketch)| {
            all.merge(sketch);
            all
        }));
        write_sketches(tx, metric.number, date, &sketches)?;
    }
    Ok((day.whole().count > 0).then_some(day))
}

fn drop_day(tx: &Transaction<'_>, metric: &Row, date: i64, rollup: &Day, erased: &mut Erased) -> Result<(), Error> {
    let key = day_key(date, metric.number);
    drop_raw(tx, metric, date)?;
    tx.prepare_cached("delete from days where key = ?1")?.execute([key])?;
    tx.prepare_cached("delete from sketches where key = ?1")?
        .execute([key])?;
    subtract(tx, metric, date, (rollup, &Day::new(metric.kind)), erased)
}

fn drop_raw(tx: &Transaction<'_>, metric: &Row, date: i64) -> Result<(), Error> {
    let (first, end) = part_keys(date, metric.number);
    tx.prepare_cached("delete from blocks where key >= ?1 and key < ?2")?
        .execute([first, end])?;
    Ok(())
}

fn replace_day(
    tx: &Transaction<'_>,
    metric: &Row,
    date: i64,
    (before, after): (&Day, &Day),
    points: Option<Vec<Raw>>,
    erased: &mut Erased,
) -> Result<(), Error> {
    if let Some(points) = points {
        day::put_raw(tx, metric.kind, date, part_keys(date, metric.number), &points)?;
    }
    day::write(tx, metric.number, date, after)?;
    subtract(tx, metric, date, (before, after), erased)
}

/// Takes what a day lost from its project's day as well.
fn subtract(
    tx: &Transaction<'_>,
    metric: &Row,
    date: i64,
    (before, after): (&Day, &Day),
    erased: &mut Erased,
) -> Result<(), Error> {
    let lost = |hour: usize| before.hours[hour].count.saturating_sub(after.hours[hour].count);
    let all: u64 = (0..HOURS).map(lost).sum();
    change_project_day(tx, metric.project, date, |day| {
        for hour in 0..HOURS {
            day.hours[hour] = day.hours[hour].saturating_sub(lost(hour));
        }
        if let Some(count) = day.metrics.get_mut(&metric.number) {
            *count = count.saturating_sub(all);
        }
    })?;
    if before.raw {
        erased.points += all;
    }
    erased.news.day(metric.id, date, after);
    Ok(())
}

/// Erases what is older than each horizon. Before data points go, what their hours add up to is written down.
fn older(tx: &Transaction<'_>, metric: &Row, horizons: Horizons, erased: &mut Erased) -> Result<(), Error> {
    let is_older = |date: i64, horizon: i64| span(date).1 <= horizon;
    let newest = horizons.raw.max(horizons.hours).max(horizons.days);
    let end = metric.days.1.min(crate::schema::day(newest));
    for date in metric.days.0..=end {
        let Some(rollup) = day::read(tx, metric.number, date)? else {
            continue;
        };
        if is_older(date, horizons.days) {
            drop_day(tx, metric, date, &rollup, erased)?;
            continue;
        }
        let mut day = rollup.clone();
        if day.raw && is_older(date, horizons.raw) {
            keep_sketches(tx, metric, date, &mut day)?;
            drop_raw(tx, metric, date)?;
            day.raw = false;
            erased.points += day.whole().count;
        }
        if day.by_hour && !day.raw && is_older(date, horizons.hours) {
            day.hours = [Hour::default(); HOURS];
            day.hours[0] = rollup.whole();
            day.by_hour = false;
            tx.prepare_cached("delete from sketches where key = ?1")?
                .execute([day_key(date, metric.number)])?;
        }
        if day != rollup {
            day::write(tx, metric.number, date, &day)?;
        }
    }
    Ok(())
}

/// Writes down how the numbers of a day and of each of its hours are spread.
fn keep_sketches(tx: &Transaction<'_>, metric: &Row, date: i64, day: &mut Day) -> Result<(), Error> {
    if day.kind != Kind::Number {
        return Ok(());
    }
    let points = day::raw(tx, metric.number, metric.kind, date)?;
    let of_hours = points.chunk_by(|a, b| hour_of(a.at) == hour_of(b.at));
    let sketches: Vec<_> = of_hours
        .map(|points| (hour_of(points[0].at), sketch_of(points)))
        .collect();
    write_sketches(tx, metric.number, date, &sketches)?;
    day.sketch.get_or_insert_with(|| sketch_of(&points));
    Ok(())
}

fn write_sketches(tx: &Transaction<'_>, number: u32, date: i64, sketches: &[(usize, Sketch)]) -> Result<(), Error> {
    let bytes = crate::rollup::sketches::encode(sketches);
    tx.prepare_cached("insert or replace into sketches (key, data) values (?1, ?2)")?
        .execute((day_key(date, number), bytes))?;
    Ok(())
}

fn read_sketches(tx: &Transaction<'_>, number: u32, date: i64) -> Result<Vec<(usize, Sketch)>, Error> {
    let bytes: Option<Vec<u8>> = tx
        .prepare_cached("select data from sketches where key = ?1")?
        .query_row([day_key(date, number)], |row| row.get(0))
        .optional()?;
    Ok(bytes
        .map(|bytes| crate::rollup::sketches::decode(&bytes))
        .transpose()?
        .unwrap_or_default())
}
