//! Erasing from the database.

use domain::id::{MetricId, ProjectId};
use domain::time::{HOUR, MINUTE};
use domain::value::OTHER;
use rusqlite::{OptionalExtension, Transaction};

use super::day::Place;
use super::merge::{News, change_project_day, span};
use super::{day, fine, keys, raw, retain};
use crate::Error;
use crate::head::State;
use crate::journal::entry::Erasure;
use crate::kind::{Kind, Raw};
use crate::rollup::day::{HOURS, start_of};
use crate::rollup::{Day, Hour, Minutes};
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
pub(super) struct Row {
    id: MetricId,
    project: ProjectId,
    number: u32,
    kind: Kind,
    /// Days, the first and the last it ever had something on.
    pub(super) days: (i64, i64),
}

impl Row {
    pub(super) fn place(&self, day: i64) -> Place {
        Place {
            number: self.number,
            kind: self.kind,
            day,
        }
    }
}

/// Does what the erasure says; doing it again changes nothing. Days that have `dense` data points left keep minutes.
pub(crate) fn erase(tx: &Transaction<'_>, erasure: Erasure, dense: u64) -> Result<Erased, Error> {
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
                range(tx, &row, (from, to), dense, &mut erased)?;
            }
        }
        Erasure::Older(project, horizons) => {
            for row in all(tx, project)? {
                retain::older(tx, &row, horizons, &mut erased)?;
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
        if let Some(rollup) = day::read(tx, metric.place(date))? {
            forget_day(tx, metric, date, &rollup, erased)?;
        }
    }
    tx.execute("delete from metrics where number = ?1", [metric.number])?;
    erased.metrics.push(metric.id);
    Ok(())
}

fn range(
    tx: &Transaction<'_>,
    metric: &Row,
    (from, to): (i64, i64),
    dense: u64,
    erased: &mut Erased,
) -> Result<(), Error> {
    let days = metric.days.0.max(crate::schema::day(from))..=metric.days.1.min(crate::schema::day(to - 1));
    for date in days {
        let place = metric.place(date);
        let Some(rollup) = day::read(tx, place)? else {
            continue;
        };
        let (start, end) = span(date);
        let left = if from <= start && end <= to {
            None
        } else if rollup.raw {
            of_data_points(tx, place, &rollup, (from, to), dense)?
        } else {
            of_rollups(tx, place, &rollup, (from, to))?
        };
        match left {
            None => forget_day(tx, metric, date, &rollup, erased)?,
            Some(left) => {
                day::write(tx, place, &left)?;
                subtract(tx, metric, date, (&rollup, &left), erased)?;
            }
        }
    }
    Ok(())
}

/// A day less its data points of a range; nothing if nothing is left.
fn of_data_points(
    tx: &Transaction<'_>,
    place: Place,
    before: &Day,
    (from, to): (i64, i64),
    dense: u64,
) -> Result<Option<Day>, Error> {
    let mut points = raw::all(tx, place)?;
    points.retain(|point| !(from..to).contains(&point.at));
    if points.is_empty() {
        return Ok(None);
    }
    let mut day = Day::new(place.kind);
    if place.kind == Kind::Word {
        renumber(&mut points, before, &mut day);
    }
    day.add(&points);
    raw::replace(tx, place, &points)?;
    fine::set(tx, place, &mut day, &points, dense)?;
    Ok(Some(day))
}

/// Gives the words that are left their places in the new day.
fn renumber(points: &mut [Raw], before: &Day, day: &mut Day) {
    let mut places = vec![None; before.words.len()];
    for point in points {
        let old = usize::try_from(point.bits).unwrap_or(usize::MAX);
        if let (Some(place), Some((word, _))) = (places.get_mut(old), before.words.get(old)) {
            point.bits = *place.get_or_insert_with(|| {
                day.words.push((word.clone(), 0));
                day.words.len() as u64 - 1
            });
        }
    }
}

/// A day whose data points are gone, less the minutes that a range touches, or the hours, if that is all there is of
/// it; nothing if nothing is left.
fn of_rollups(tx: &Transaction<'_>, place: Place, before: &Day, (from, to): (i64, i64)) -> Result<Option<Day>, Error> {
    let mut day = before.clone();
    let mut sketches = fine::read_sketches(tx, place)?;
    for hour in 0..HOURS {
        let start = start_of(place.day, hour);
        if day.by_hour && (to <= start || start + HOUR <= from) {
            continue;
        }
        day.hours[hour] = Hour::default();
        sketches.retain(|(of, _)| *of != hour);
        if let Some(mut minutes) = fine::read_minutes(tx, place, hour)? {
            forget_words(&mut day, &minutes);
            let minutes_gone = without(&mut minutes, start, (from, to));
            fine::write_minutes(tx, place, hour, &minutes)?;
            if !minutes_gone {
                day.hours[hour] = Hour::all(&minutes.sums);
                sketches.push((hour, minutes.sketch()));
            }
        }
    }
    if place.kind == Kind::Number {
        sketches.sort_unstable_by_key(|(hour, _)| *hour);
        let mut all = Sketch::default();
        for (_, sketch) in &sketches {
            all.merge(sketch);
        }
        day.sketch = Some(all);
        fine::write_sketches(tx, place, &sketches)?;
        fine::work_out_quantiles(tx, place, &mut day)?;
    }
    let left = day.whole().count;
    if place.kind == Kind::Word && !day.by_minute {
        // Which words it was can't be told any more.
        day.words = vec![(OTHER.to_owned(), left)];
    }
    Ok((left > 0).then_some(day))
}

/// Forgets the minutes of an hour that a range touches; says whether that leaves nothing. Words are known by the hour:
/// all of them go.
fn without(minutes: &mut Minutes, start: i64, (from, to): (i64, i64)) -> bool {
    for (minute, at) in (start..start + HOUR).step_by(MINUTE_STEP).enumerate() {
        if minutes.kind == Kind::Word || (from < at + MINUTE && at < to) {
            minutes.forget(minute);
        }
    }
    minutes.sums.iter().all(|sum| sum.count == 0)
}

/// A minute, as steps of a range are given.
const MINUTE_STEP: usize = 60_000_000;

/// Takes an hour's words from those of its day. A word that is not left keeps its place, for others are told by theirs.
fn forget_words(day: &mut Day, hour: &Minutes) {
    for (place, count) in &hour.words {
        let place = usize::try_from(*place).unwrap_or(usize::MAX);
        if let Some((word, there)) = day.words.get_mut(place) {
            *there = there.saturating_sub(*count);
            if *there == 0 {
                word.clear();
            }
        }
    }
}

pub(super) fn forget_day(
    tx: &Transaction<'_>,
    metric: &Row,
    date: i64,
    rollup: &Day,
    erased: &mut Erased,
) -> Result<(), Error> {
    day::forget(tx, metric.place(date))?;
    subtract(tx, metric, date, (rollup, &Day::new(metric.kind)), erased)
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
