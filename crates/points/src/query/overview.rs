//! Several projects, each in a line: what an overview of them shows.

use domain::id::ProjectId;
use domain::range::Range;
use domain::time::{DAY, HOUR, Micros};

use super::reading::{Reading, between};
use super::summaries::spans;
use super::sums;
use crate::clickhouse::Reader;
use crate::{Error, Points};

/// A project in a line. Every published value counts as one, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The project.
    pub project: ProjectId,
    /// The earliest and the latest time of a data point it ever had, if it has any.
    pub seen: Option<(Micros, Micros)>,
    /// Data points of the last 24 hours.
    pub last_24h: u64,
    /// Data points of the 24 hours before those.
    pub previous_24h: u64,
    /// The last 24 hours of the clock (UTC), the current one last.
    pub hours: [u64; 24],
}

impl Points {
    /// An overview of each of these projects, in their order.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn overview(&self, projects: &[ProjectId], now: Micros) -> Result<Vec<Overview>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            let mut overviews = Vec::new();
            for project in projects {
                overviews.push(of_clickhouse(clickhouse, *project, now).await?);
            }
            return Ok(overviews);
        }
        let projects = projects.to_vec();
        let first = now.floor(HOUR) - 23 * HOUR;
        let hours = (0..24)
            .map(|hour| first + hour * HOUR)
            .map(|start| between(start, start + HOUR));
        // Clocks differ a little: what is ahead of ours is of the last 24 hours too.
        let days = [between(now - DAY, Micros(i64::MAX)), between(now - 2 * DAY, now - DAY)];
        let windows: Vec<Range> = days.into_iter().chain(hours).collect();
        self.read_steadily(move |reading| {
            projects
                .iter()
                .map(|project| line(reading, *project, &windows))
                .collect()
        })
        .await
    }
}

async fn of_clickhouse(clickhouse: &Reader, project: ProjectId, now: Micros) -> Result<Overview, Error> {
    let first = now.floor(HOUR) - 23 * HOUR;
    let hours = (0..24).map(|hour| (first + hour * HOUR).0).collect();
    let (spans, sums) = clickhouse.by_metric(project, hours, (first + DAY).0).await?;
    let mut overview = Overview {
        project,
        seen: spans.into_values().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
        last_24h: 0,
        previous_24h: 0,
        hours: [0; 24],
    };
    for sums in sums.values() {
        overview
            .hours
            .iter_mut()
            .zip(sums)
            .for_each(|(hour, sum)| *hour += sum.count);
    }
    let days = vec![(now - 2 * DAY).0, (now - DAY).0];
    let (_, sums) = clickhouse.by_metric(project, days, i64::MAX).await?;
    for sums in sums.values() {
        overview.previous_24h += sums[0].count;
        overview.last_24h += sums[1].count;
    }
    Ok(overview)
}

fn line(reading: &Reading<'_>, project: ProjectId, windows: &[Range]) -> Result<Option<Overview>, Error> {
    let (Some(spans), Some(sums)) = (spans(reading, project), sums::of(reading, project, windows)?) else {
        return Ok(None);
    };
    let mut counts = [0; 26];
    for sums in sums.values() {
        counts.iter_mut().zip(sums).for_each(|(count, sum)| *count += sum.count);
    }
    let [last_24h, previous_24h, hours @ ..] = counts;
    Ok(Some(Overview {
        project,
        seen: spans.into_values().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
        last_24h,
        previous_24h,
        hours,
    }))
}
