//! A project's metrics as people know them. Data points are kept under the ids they were stored with; here merged
//! metrics count as one, and deleted ones that can still be restored not at all.

use std::collections::{HashMap, HashSet};

use domain::id::{MetricId, ProjectId};
use domain::range::{Buckets, Range};
use domain::time::Micros;
use points::Summary;
use store::metrics::Apart;

use crate::error::AppError;
use crate::state::App;

/// The metrics of a project. Made anew for each request.
pub(crate) struct Metrics<'a> {
    app: &'a App,
    project: ProjectId,
    /// Which are merged, hidden or deleted.
    pub(crate) apart: Apart,
}

impl<'a> Metrics<'a> {
    /// Those of this project.
    pub(crate) async fn of(app: &'a App, project: ProjectId) -> Result<Self, AppError> {
        let apart = store::metrics::apart(&app.db, project).await?;
        Ok(Self { app, project, apart })
    }

    fn deleted(&self) -> Vec<MetricId> {
        self.apart.deleted().iter().copied().collect()
    }

    /// Data points of all of them in a range.
    pub(crate) async fn total(&self, range: Range) -> Result<u64, AppError> {
        let all = self.app.points.total(self.project, range).await?;
        if self.apart.deleted().is_empty() {
            return Ok(all);
        }
        let gone = self.app.points.counts(&self.deleted(), &Buckets::only(range)).await?;
        Ok(all.saturating_sub(gone.iter().sum()))
    }

    /// Data points of all of them in each bucket.
    pub(crate) async fn totals(&self, buckets: &Buckets) -> Result<Vec<u64>, AppError> {
        let mut totals = self.app.points.totals(self.project, buckets).await?;
        if !self.apart.deleted().is_empty() {
            let gone = self.app.points.counts(&self.deleted(), buckets).await?;
            for (total, gone) in totals.iter_mut().zip(gone) {
                *total = total.saturating_sub(gone);
            }
        }
        Ok(totals)
    }

    /// The metrics with most data points in a range, and how many each had; busiest first. Hidden ones are left out if
    /// `hidden` doesn't want them.
    pub(crate) async fn busiest(
        &self,
        range: Range,
        limit: u32,
        hidden: bool,
    ) -> Result<Vec<(MetricId, u64)>, AppError> {
        let left_out = if hidden { 0 } else { self.apart.hidden().len() } + self.apart.deleted().len();
        let asked = if self.apart.any_merged() {
            u32::MAX
        } else {
            limit.saturating_add(u32::try_from(left_out).unwrap_or(u32::MAX))
        };
        let counts = self.app.points.busiest(self.project, range, asked).await?;
        let mut busiest: Vec<(MetricId, u64)> = self
            .folded(counts, |sum, more| sum + more)
            .into_iter()
            .filter(|(metric, _)| hidden || !self.apart.is_hidden(*metric))
            .collect();
        busiest.sort_unstable_by_key(|(metric, count)| (std::cmp::Reverse(*count), *metric));
        busiest.truncate(limit as usize);
        Ok(busiest)
    }

    /// A summary of each that has or had data points.
    pub(crate) async fn summaries(&self) -> Result<HashMap<MetricId, Summary>, AppError> {
        let lines = self.app.points.summaries(self.project, self.app.now()).await?;
        let lines = lines.into_iter().map(|line| (line.metric, line));
        let mut summaries = self.folded(lines, |line, more| line.with(&more));
        for (metric, line) in &mut summaries {
            line.metric = *metric;
        }
        Ok(summaries)
    }

    /// Amounts of the last 24 hours of the clock (UTC), the current one last: a list a metric, in the metrics' order.
    pub(crate) async fn sparklines(&self, metrics: &[MetricId]) -> Result<Vec<[u64; 24]>, AppError> {
        let now = self.app.now();
        if !self.apart.any_merged() {
            return Ok(self.app.points.sparklines(metrics, now).await?);
        }
        let wanted: HashSet<MetricId> = metrics.iter().copied().collect();
        let merged = self.apart.merged().filter(|(_, into)| wanted.contains(into));
        let sources: Vec<MetricId> = metrics.iter().copied().chain(merged.map(|(from, _)| from)).collect();
        let hours = self.app.points.sparklines(&sources, now).await?;
        let add = |sum: [u64; 24], more: [u64; 24]| std::array::from_fn(|hour| sum[hour] + more[hour]);
        let hours = self.folded(sources.into_iter().zip(hours), add);
        Ok(metrics
            .iter()
            .map(|metric| hours.get(metric).copied().unwrap_or_default())
            .collect())
    }

    /// The latest time a data point of any of them says it happened.
    pub(crate) async fn last_data_point(&self) -> Result<Option<Micros>, AppError> {
        if self.apart.deleted().is_empty() {
            return Ok(self.app.points.last_data_point(self.project).await?);
        }
        let summaries = self.summaries().await?;
        Ok(summaries.values().map(|line| line.last_seen).max())
    }

    /// What is known of each id, as what is known of each metric.
    fn folded<T: Copy>(
        &self,
        of_ids: impl IntoIterator<Item = (MetricId, T)>,
        add: impl Fn(T, T) -> T,
    ) -> HashMap<MetricId, T> {
        let mut of_metrics: HashMap<MetricId, T> = HashMap::new();
        for (id, part) in of_ids {
            if let Some(metric) = self.apart.shown(id) {
                let sum = of_metrics.entry(metric);
                sum.and_modify(|sum| *sum = add(*sum, part)).or_insert(part);
            }
        }
        of_metrics
    }
}
