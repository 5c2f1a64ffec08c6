//! Reading from ClickHouse. The same questions as `crate::query`, answered alike: sums of whole numbers exactly, sums of
//! others but for the order they are added in, quantiles exactly where there are few values and else of the same sketches.

mod page;
mod plan;
mod projects;
mod sums;
mod words;

pub(crate) use page::Spot;

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, MINUTE, Micros};

use super::binary::{Cells, listed};
use super::{Address, Client, Failure};
use crate::Error;
use crate::journal::entry::Horizons;
use crate::kind::Kind;

/// Asks ClickHouse.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) client: Client,
}

/// What is known of metrics that are read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) project: i64,
    pub(super) kind: Kind,
    /// The earliest and the latest time of a data point they ever had.
    pub(super) span: (i64, i64),
    pub(super) horizons: Horizons,
}

pub(super) const NOTHING_FORGOTTEN: Horizons = Horizons {
    raw: 0,
    minutes: 0,
    hours: 0,
    days: 0,
};

impl Known {
    /// What is gone of what: hours are kept as long as anything finer is, and with days everything goes.
    pub(super) fn effective(asked: Horizons) -> Horizons {
        let (raw, minutes) = (asked.raw.max(asked.days), asked.minutes.max(asked.days));
        Horizons {
            raw,
            minutes,
            hours: asked.hours.min(raw).min(minutes).max(asked.days),
            days: asked.days,
        }
    }

    /// Since when data points are kept: a day's beginning.
    pub(super) const fn kept_since(&self) -> i64 {
        self.horizons.raw
    }

    /// Whether all that is kept of a day is kept as data points too.
    pub(super) const fn has_points(&self, day: i64) -> bool {
        day >= self.horizons.raw
    }

    /// How long the shortest stretches are that are kept of a day whose data points are gone; of words none are minutes.
    pub(super) const fn finest(&self, day: i64, has_minutes: bool) -> i64 {
        if day >= self.horizons.minutes {
            if has_minutes { MINUTE } else { HOUR }
        } else if day >= self.horizons.hours && has_minutes {
            HOUR
        } else {
            DAY
        }
    }
}

/// What is known of these metrics, which have one kind and project; nothing if none has data points.
pub(super) async fn known(client: &Client, metrics: &[MetricId]) -> Result<Option<Known>, Failure> {
    if metrics.is_empty() {
        return Ok(None);
    }
    let text = format!(
        "SELECT any(project), any(kind), minMerge(first), maxMerge(last) FROM metrics WHERE metric IN ({}) \
         HAVING count() > 0 FORMAT RowBinary",
        listed(metrics.iter().map(|metric| metric.0))
    );
    let said = client.ask(&text).await?;
    let mut cells = Cells::of(&said);
    if cells.is_empty() {
        return Ok(None);
    }
    let (project, kind) = (cells.i64()?, Kind::from_code(cells.u8()?)?);
    Ok(Some(Known {
        project,
        kind,
        span: (cells.i64()?, cells.i64()?),
        horizons: horizons(client, project).await?,
    }))
}

/// Before when data points, minutes and hours of a project lack what is kept of longer stretches of time.
pub(super) async fn horizons(client: &Client, project: i64) -> Result<Horizons, Failure> {
    let text = format!(
        "SELECT max(raw), max(minutes), max(hours) FROM horizons WHERE project = {project} \
         HAVING count() > 0 FORMAT RowBinary"
    );
    let said = client.ask(&text).await?;
    let mut cells = Cells::of(&said);
    if cells.is_empty() {
        return Ok(NOTHING_FORGOTTEN);
    }
    Ok(Horizons {
        raw: cells.i64()?,
        minutes: cells.i64()?,
        hours: cells.i64()?,
        days: 0,
    })
}

/// When each metric of a project first and last came.
pub(crate) type Spans = BTreeMap<MetricId, (Micros, Micros)>;

impl Reader {
    pub(crate) fn new(address: Address) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(address)?,
        })
    }

    /// Makes the tables if ClickHouse is there.
    pub(crate) async fn migrate(&self) -> Result<(), Failure> {
        super::schema::migrate(&self.client).await
    }

    /// When each metric of a project first and last came.
    pub(crate) async fn spans(&self, project: ProjectId) -> Result<Spans, Error> {
        let text = format!(
            "SELECT metric, minMerge(first), maxMerge(last) FROM metrics WHERE project = {} GROUP BY metric \
             FORMAT RowBinary",
            project.0
        );
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut spans = BTreeMap::new();
        while !cells.is_empty() {
            let metric = MetricId(cells.i64()?);
            spans.insert(metric, (Micros(cells.i64()?), Micros(cells.i64()?)));
        }
        Ok(spans)
    }

    /// The earliest and the latest time a data point of these metrics says it happened.
    pub(crate) async fn seen(&self, metrics: &[MetricId]) -> Result<Option<(Micros, Micros)>, Error> {
        let known = known(&self.client, metrics).await?;
        Ok(known.map(|known| (Micros(known.span.0), Micros(known.span.1))))
    }

    /// Every metric there is, and its project.
    pub(crate) async fn metrics(&self) -> Result<Vec<(ProjectId, MetricId)>, Error> {
        let said = self
            .client
            .ask("SELECT DISTINCT project, metric FROM metrics FORMAT RowBinary")
            .await?;
        let mut cells = Cells::of(&said);
        let mut metrics = Vec::new();
        while !cells.is_empty() {
            metrics.push((ProjectId(cells.i64()?), MetricId(cells.i64()?)));
        }
        Ok(metrics)
    }
}
