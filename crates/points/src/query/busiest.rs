//! The busiest metrics of a project.

use std::collections::HashMap;

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, Micros};

use super::reading::{Reading, between};
use super::sums;
use crate::rollup::ProjectDay;
use crate::schema::day;
use crate::{Error, Points};

/// Ranges from this long on are looked up by days.
const LONG: i64 = 2 * DAY;

impl Points {
    /// The metrics with most data points in a range, and how many each had; busiest first.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn busiest(&self, project: ProjectId, range: Range, limit: u32) -> Result<Vec<(MetricId, u64)>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            let (_, sums) = clickhouse
                .by_metric(project, vec![range.from().0], range.to().0)
                .await?;
            let counts = sums.into_iter().map(|(metric, sums)| (metric, sums[0].count)).collect();
            return Ok(ranked(counts, limit));
        }
        let counts = self.read_steadily(move |reading| {
            if range.length() < LONG {
                return Ok(counts(reading, project, &[range])?.map(|counts| counts.into_iter().collect::<Vec<_>>()));
            }
            let (first, end) = ((range.from() + (DAY - 1)).floor(DAY), range.to().floor(DAY));
            let before = Range::new(range.from(), first).ok();
            let edges: Vec<Range> = before.into_iter().chain(Range::new(end, range.to()).ok()).collect();
            let Some(mut counts) = counts(reading, project, &edges)? else {
                return Ok(None);
            };
            of_days(reading, project, first, end, &mut counts)?;
            Ok(Some(counts.into_iter().collect()))
        });
        Ok(ranked(counts.await?, limit))
    }
}

fn ranked(mut counts: Vec<(MetricId, u64)>, limit: u32) -> Vec<(MetricId, u64)> {
    counts.retain(|(_, count)| *count > 0);
    counts.sort_unstable_by_key(|(metric, count)| (std::cmp::Reverse(*count), *metric));
    counts.truncate(limit as usize);
    counts
}

type Counts = HashMap<MetricId, u64>;

fn counts(reading: &Reading<'_>, project: ProjectId, windows: &[Range]) -> Result<Option<Counts>, Error> {
    let sums = sums::of(reading, project, windows)?;
    let count = |sums: Vec<crate::head::metric::Sum>| sums.iter().map(|sum| sum.count).sum();
    Ok(sums.map(|sums| sums.into_iter().map(|(metric, sums)| (metric, count(sums))).collect()))
}

/// Adds whole days.
fn of_days(
    reading: &Reading<'_>,
    project: ProjectId,
    from: Micros,
    to: Micros,
    counts: &mut Counts,
) -> Result<(), Error> {
    let names: HashMap<u32, MetricId> = reading
        .all(project)?
        .into_iter()
        .map(|metric| (metric.number, metric.id))
        .collect();
    let text = "select data from project_days where project = ?1 and day >= ?2 and day < ?3";
    let mut select = reading.tx.prepare_cached(text)?;
    let mut rows = select.query([project.0, day(from.0), day(to.0)])?;
    while let Some(row) = rows.next()? {
        let found = ProjectDay::decode(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        for (number, count) in found.metrics {
            if let Some(metric) = names.get(&number) {
                *counts.entry(*metric).or_default() += count;
            }
        }
    }
    let range = between(from, to);
    for generation in &reading.unsealed {
        let contents = generation.read();
        for metric in contents.metrics_of(project) {
            let recent = contents.get(metric).into_iter();
            let points = recent
                .flat_map(|recent| recent.between(range.from().0, range.to().0))
                .count();
            *counts.entry(metric).or_default() += points as u64;
        }
    }
    Ok(())
}
