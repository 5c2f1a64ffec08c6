//! A generation into the database.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::DAY;
use rusqlite::{OptionalExtension, Transaction};

use super::day::Place;
use super::{day, keys};
use crate::Error;
use crate::head::State;
use crate::head::generation::Contents;
use crate::head::metric::{Hours, Metric, Sum};
use crate::head::recent::Recent;
use crate::kind::Raw;
use crate::rollup::day::HOURS;
use crate::rollup::{Day, Hour, ProjectDay};
use crate::schema;

/// What the head has to know once the transaction is committed: lines about metrics, and hours they have got.
#[derive(Debug, Default)]
pub(crate) struct News {
    metrics: Vec<(MetricId, Metric)>,
    hours: Vec<(MetricId, i64, [Sum; HOURS])>,
}

impl News {
    pub(super) fn metric(&mut self, id: MetricId, metric: Metric) {
        self.metrics.push((id, metric));
    }

    pub(super) fn day(&mut self, id: MetricId, day: i64, rollup: &Day) {
        self.hours.push((id, day, sums(rollup)));
    }

    pub(crate) fn tell(self, state: &mut State) {
        state.changes += 1;
        for (id, mut metric) in self.metrics {
            if let Some(known) = state.metrics.get(&id) {
                metric.hours = known.hours.clone();
            }
            state.add(id, metric);
        }
        for (id, day, sums) in self.hours {
            if let Some(metric) = state.metrics.get_mut(&id) {
                for (hour, sum) in (day * 24..).zip(sums) {
                    metric.hours.set(hour, sum);
                }
                state.edges.forget(metric.number, day);
            }
        }
    }
}

/// The hours of a day without what only numbers have.
pub(crate) fn sums(rollup: &Day) -> [Sum; HOURS] {
    rollup.hours.map(|Hour { count, amount, .. }| Sum { count, amount })
}

/// Writes all that is in a generation whose last record is `last`, and that it is there.
pub(super) fn seal(tx: &Transaction<'_>, contents: &Contents, last: u64, dense: u64) -> Result<News, Error> {
    let there: i64 = tx.query_row("select record from sealed", (), |row| row.get(0))?;
    if there.cast_unsigned() >= last {
        // An earlier commit seemed to fail and didn't.
        return merged(tx, contents);
    }
    let news = merge(tx, contents, dense)?;
    tx.execute("update sealed set record = ?1", [last.cast_signed()])?;
    Ok(news)
}

/// What the head has to know of a generation that is there already.
fn merged(tx: &Transaction<'_>, contents: &Contents) -> Result<News, Error> {
    let mut news = News::default();
    for recent in &contents.metrics {
        let Some(span) = recent.span() else { continue };
        let metric = number(tx, recent, span)?;
        let mut days: Vec<i64> = recent.points.iter().map(|point| schema::day(point.at)).collect();
        days.sort_unstable();
        days.dedup();
        for date in days {
            let rollup = day::read(tx, place(&metric, date))?;
            news.day(recent.metric, date, &rollup.unwrap_or_else(|| Day::new(recent.kind)));
        }
        news.metric(recent.metric, metric);
    }
    Ok(news)
}

/// Writes all that is in a generation. Days of at least `dense` data points of a metric get minutes.
pub(crate) fn merge(tx: &Transaction<'_>, contents: &Contents, dense: u64) -> Result<News, Error> {
    let mut news = News::default();
    let mut project_days: BTreeMap<(ProjectId, i64), ProjectDay> = BTreeMap::new();
    let mut numbered = contents
        .metrics
        .iter()
        .filter_map(|recent| Some((recent, recent.span()?)))
        .map(|(recent, span)| Ok((number(tx, recent, span)?, recent)))
        .collect::<Result<Vec<_>, Error>>()?;
    numbered.sort_unstable_by_key(|(metric, _)| metric.number);
    let mut points = Vec::new();
    for (metric, recent) in numbered {
        points.clear();
        points.extend_from_slice(&recent.points);
        if !points.is_sorted_by_key(|point: &Raw| point.at) {
            points.sort_by_key(|point| point.at);
        }
        for of_day in points.chunk_by(|a, b| schema::day(a.at) == schema::day(b.at)) {
            let date = schema::day(of_day[0].at);
            let rollup = day::add(tx, place(&metric, date), recent, of_day, dense)?;
            news.day(recent.metric, date, &rollup);
            let project_day = project_days.entry((recent.project, date)).or_default();
            *project_day.metrics.entry(metric.number).or_default() += of_day.len() as u64;
            for point in of_day {
                project_day.hours[crate::rollup::day::hour_of(point.at)] += 1;
            }
        }
        news.metric(recent.metric, metric);
    }
    for ((project, date), new) in project_days {
        change_project_day(tx, project, date, |day| {
            for (hour, more) in day.hours.iter_mut().zip(new.hours) {
                *hour += more;
            }
            for (metric, more) in new.metrics {
                *day.metrics.entry(metric).or_default() += more;
            }
        })?;
    }
    keys::seal(tx, contents)?;
    Ok(news)
}

const fn place(metric: &Metric, day: i64) -> Place {
    Place {
        number: metric.number,
        kind: metric.kind,
        day,
    }
}

/// Makes or updates the metric's row.
pub(crate) fn number(tx: &Transaction<'_>, recent: &Recent, (first, last): (i64, i64)) -> Result<Metric, Error> {
    let mut upsert = tx.prepare_cached(
        "insert into metrics (metric, project, kind, first_at, last_at) values (?1, ?2, ?3, ?4, ?5)
            on conflict (metric) do update set first_at = min(first_at, ?4), last_at = max(last_at, ?5)
            returning number, first_at, last_at",
    )?;
    let row = (recent.metric.0, recent.project.0, recent.kind.code(), first, last);
    Ok(upsert.query_row(row, |row| {
        Ok(Metric {
            number: row.get(0)?,
            project: recent.project,
            kind: recent.kind,
            first_at: row.get(1)?,
            last_at: row.get(2)?,
            hours: Hours::empty_from(i64::MIN),
        })
    })?)
}

/// Changes a project's day, which is dropped once nothing is left of it.
pub(super) fn change_project_day(
    tx: &Transaction<'_>,
    project: ProjectId,
    date: i64,
    change: impl FnOnce(&mut ProjectDay),
) -> Result<(), Error> {
    let bytes: Option<Vec<u8>> = tx
        .prepare_cached("select data from project_days where project = ?1 and day = ?2")?
        .query_row([project.0, date], |row| row.get(0))
        .optional()?;
    let mut day = bytes
        .map(|bytes| ProjectDay::decode(&bytes))
        .transpose()?
        .unwrap_or_default();
    change(&mut day);
    day.metrics.retain(|_, count| *count > 0);
    if day.metrics.is_empty() {
        tx.prepare_cached("delete from project_days where project = ?1 and day = ?2")?
            .execute([project.0, date])?;
    } else {
        tx.prepare_cached("insert or replace into project_days (project, day, data) values (?1, ?2, ?3)")?
            .execute((project.0, date, day.encode()))?;
    }
    Ok(())
}

/// Where a day starts and ends.
pub(super) const fn span(date: i64) -> (i64, i64) {
    (date * DAY, (date + 1) * DAY)
}
