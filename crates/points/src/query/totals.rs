//! Totals: how many data points a whole project got, bucket by bucket.

use domain::id::ProjectId;
use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, Micros};

use super::gather::{Gathered, Quantiles};
use super::reading::Reading;
use crate::rollup::ProjectDay;
use crate::schema::day;
use crate::{Error, Points};

impl Points {
    /// Data points of all metrics of a project in each bucket: published values, whatever they say. A data point that
    /// stands for five hits is one here, and five in its metric's own series.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn totals(&self, project: ProjectId, buckets: &Buckets) -> Result<Vec<u64>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            return clickhouse.totals(project, buckets).await;
        }
        let buckets = buckets.clone();
        self.read(move |reading| {
            if !buckets.aligned_to(HOUR) {
                return of_metrics(reading, project, &buckets);
            }
            let mut totals = vec![0; buckets.starts().len()];
            of_hours(reading, project, buckets.range(), &mut |at, count| {
                if let Some(place) = buckets.find(Micros(at)) {
                    totals[place] += count;
                }
            })?;
            Ok(totals)
        })
        .await
    }
}

/// Calls `add` with the start of every hour of the days that a range touches, and how many data points it has.
pub(super) fn of_hours(
    reading: &Reading<'_>,
    project: ProjectId,
    range: Range,
    add: &mut impl FnMut(i64, u64),
) -> Result<(), Error> {
    let mut select = reading
        .tx
        .prepare_cached("select day, data from project_days where project = ?1 and day >= ?2 and day < ?3")?;
    let (from, to) = (day(range.from().0), day((range.to() + (DAY - 1)).0));
    let mut rows = select.query([project.0, from, to])?;
    while let Some(row) = rows.next()? {
        let date: i64 = row.get(0)?;
        let found = ProjectDay::decode(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        for (hour, count) in (date * 24..).zip(found.hours) {
            add(hour * HOUR, count);
        }
    }
    for generation in &reading.unsealed {
        for (hour, sum) in generation.read().project_hours(project) {
            add(hour * HOUR, sum.count);
        }
    }
    Ok(())
}

/// Looks at each metric, as coarsely as it can.
fn of_metrics(reading: &Reading<'_>, project: ProjectId, buckets: &Buckets) -> Result<Vec<u64>, Error> {
    let mut gathered = Gathered::new(buckets, Quantiles::None);
    for metric in reading.all(project)? {
        gathered.sealed(reading, &metric)?;
    }
    for generation in &reading.unsealed {
        let contents = generation.read();
        for metric in contents.metrics_of(project) {
            let recent = contents.get(metric).into_iter();
            recent.for_each(|recent| gathered.unsealed(recent));
        }
    }
    Ok(gathered.sums.into_iter().map(|sum| sum.count).collect())
}
