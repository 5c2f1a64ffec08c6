//! What a project's metrics add up to, each or all together.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::range::{Buckets, Range};
use domain::time::{HOUR, Micros};

use super::super::Failure;
use super::super::binary::{Cells, listed};
use super::super::schema::Table;
use super::plan::{AMOUNT, COUNT, Slots, added_up};
use super::{Known, Reader, Spans, horizons};
use crate::Error;
use crate::head::metric::Sum;
use crate::kind::Kind;

impl Reader {
    /// Data points of all metrics of a project in each bucket.
    pub(crate) async fn totals(&self, project: ProjectId, buckets: &Buckets) -> Result<Vec<u64>, Error> {
        self.together(project, &Slots::of(buckets), "1").await
    }

    /// Data points of all metrics of a project in a range.
    pub(crate) async fn total(&self, project: ProjectId, range: Range) -> Result<u64, Error> {
        let totals = self.together(project, &Slots::only(range), "1").await?;
        Ok(totals.into_iter().sum())
    }

    /// Data points of these metrics together in each bucket, whosever they are.
    pub(crate) async fn counts(&self, metrics: &[MetricId], buckets: &Buckets) -> Result<Vec<u64>, Error> {
        let slots = Slots::of(buckets);
        let mut counts = vec![0; slots.len()];
        if metrics.is_empty() {
            return Ok(counts);
        }
        let which = format!("metric IN ({})", listed(metrics.iter().map(|metric| metric.0)));
        for project in self.projects(metrics).await? {
            let more = self.together(project, &slots, &which).await?;
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        Ok(counts)
    }

    async fn together(&self, project: ProjectId, slots: &Slots, which: &str) -> Result<Vec<u64>, Error> {
        let mut counts = vec![0; slots.len()];
        let spans = self.spans(project).await?;
        let Some(known) = self.of_project(project, &spans).await? else {
            return Ok(counts);
        };
        let pieces = slots.pieces(Table::Sums, known.horizons, known.span);
        let of = format!("project = {} AND {which}", project.0);
        let Some(text) = added_up(slots, &pieces, Table::Sums, &of, None, &[COUNT]) else {
            return Ok(counts);
        };
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let slot = cells.u32()? as usize;
            *counts.get_mut(slot).ok_or(Failure::Unreadable)? += cells.u64()?;
        }
        Ok(counts)
    }

    /// What is known of all metrics of a project together. They have no one kind: what only numbers have is left out.
    async fn of_project(&self, project: ProjectId, spans: &Spans) -> Result<Option<Known>, Error> {
        let span = spans.values().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let Some((first, last)) = span else { return Ok(None) };
        Ok(Some(Known {
            project: project.0,
            kind: Kind::Hits,
            span: (first.0, last.0),
            horizons: horizons(&self.client, project.0).await?,
        }))
    }

    /// What each metric of a project adds up to in stretches of time, by where they start, each up to the next one; those
    /// that have nothing in any are there too.
    pub(crate) async fn by_metric(
        &self,
        project: ProjectId,
        starts: Vec<i64>,
        end: i64,
    ) -> Result<(Spans, BTreeMap<MetricId, Vec<Sum>>), Error> {
        let slots = Slots::adjoining(starts, end);
        let spans = self.spans(project).await?;
        let mut sums: BTreeMap<MetricId, Vec<Sum>> = spans
            .keys()
            .map(|metric| (*metric, vec![Sum::default(); slots.len()]))
            .collect();
        let Some(known) = self.of_project(project, &spans).await? else {
            return Ok((spans, sums));
        };
        let pieces = slots.pieces(Table::Sums, known.horizons, known.span);
        let of = format!("project = {}", project.0);
        let Some(text) = added_up(&slots, &pieces, Table::Sums, &of, Some("metric"), &[COUNT, AMOUNT]) else {
            return Ok((spans, sums));
        };
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (slot, metric) = (cells.u32()? as usize, MetricId(cells.i64()?));
            let sum = Sum {
                count: cells.u64()?,
                amount: cells.u64()?,
            };
            if let Some(there) = sums.get_mut(&metric).and_then(|slots| slots.get_mut(slot)) {
                there.add(sum);
            }
        }
        Ok((spans, sums))
    }

    /// Amounts of 24 hours from `first` on: a list a metric, in the metrics' order.
    pub(crate) async fn sparklines(&self, metrics: &[MetricId], first: Micros) -> Result<Vec<[u64; 24]>, Error> {
        let mut of: BTreeMap<MetricId, Vec<Sum>> = BTreeMap::new();
        for project in self.projects(metrics).await? {
            let hours = (0..24).map(|hour| (first + hour * HOUR).0).collect();
            of.extend(self.by_metric(project, hours, (first + 24 * HOUR).0).await?.1);
        }
        let amounts = |metric: &MetricId| {
            let sums = of.get(metric);
            std::array::from_fn(|hour| sums.map_or(0, |sums| sums[hour].amount))
        };
        Ok(metrics.iter().map(amounts).collect())
    }

    /// The project of each of these metrics that has data points.
    pub(crate) async fn projects(&self, metrics: &[MetricId]) -> Result<Vec<ProjectId>, Error> {
        if metrics.is_empty() {
            return Ok(Vec::new());
        }
        let metrics = listed(metrics.iter().map(|metric| metric.0));
        let text = format!("SELECT DISTINCT project FROM metrics WHERE metric IN ({metrics}) FORMAT RowBinary");
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut projects = Vec::new();
        while !cells.is_empty() {
            projects.push(ProjectId(cells.i64()?));
        }
        Ok(projects)
    }
}
