//! Metrics that are not simply what they are published as: what data points know by id, people see otherwise.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{MetricId, ProjectId};
use domain::time::Micros;

use crate::db::sql;
use crate::{On, Result};

/// The metrics of a project that are merged, hidden or deleted. Most projects have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    merged: BTreeMap<MetricId, MetricId>,
    hidden: BTreeSet<MetricId>,
    deleted: BTreeSet<MetricId>,
}

impl Apart {
    /// The metric that an id's data points are shown as part of, which is itself unless it is merged; none if it is
    /// deleted.
    #[must_use]
    pub fn shown(&self, id: MetricId) -> Option<MetricId> {
        let shown = self.merged.get(&id).copied().unwrap_or(id);
        (!self.deleted.contains(&id) && !self.deleted.contains(&shown)).then_some(shown)
    }

    /// A metric and all that are merged into it.
    #[must_use]
    pub fn sources(&self, id: MetricId) -> Vec<MetricId> {
        let merged = self.merged.iter().filter(|(_, into)| **into == id);
        std::iter::once(id).chain(merged.map(|(from, _)| *from)).collect()
    }

    /// Whether lists leave it out.
    #[must_use]
    pub fn is_hidden(&self, id: MetricId) -> bool {
        self.hidden.contains(&id)
    }

    /// Whether any are merged.
    #[must_use]
    pub fn any_merged(&self) -> bool {
        !self.merged.is_empty()
    }

    /// Each that is merged, and into which.
    pub fn merged(&self) -> impl Iterator<Item = (MetricId, MetricId)> + '_ {
        self.merged.iter().map(|(from, into)| (*from, *into))
    }

    /// Those that are hidden, if any.
    #[must_use]
    pub const fn hidden(&self) -> &BTreeSet<MetricId> {
        &self.hidden
    }

    /// Those that are deleted and can still be restored.
    #[must_use]
    pub const fn deleted(&self) -> &BTreeSet<MetricId> {
        &self.deleted
    }
}

/// What of a project's metrics is apart.
///
/// # Errors
/// If the database refuses.
pub async fn apart(on: impl Into<On<'_>>, project: ProjectId) -> Result<Apart> {
    let rows = sql(
        "select id, merged_into, hidden_at, deleted_at from metrics where project_id = $1 \
         and (merged_into is not null or hidden_at is not null or deleted_at is not null)",
    )
    .bind(project)
    .all(on)
    .await?;
    let mut apart = Apart::default();
    for row in rows {
        let id = row.get("id")?;
        if let Some(into) = row.get("merged_into")? {
            apart.merged.insert(id, into);
        }
        if row.get::<Option<Micros>>("hidden_at")?.is_some() {
            apart.hidden.insert(id);
        }
        if row.get::<Option<Micros>>("deleted_at")?.is_some() {
            apart.deleted.insert(id);
        }
    }
    Ok(apart)
}

/// The ids whose data points a metric shows: its own, which is first, and those of all that are merged into it.
///
/// # Errors
/// If the database refuses.
pub async fn sources(on: impl Into<On<'_>>, metric: MetricId) -> Result<Vec<MetricId>> {
    let rows = sql("select id from metrics where merged_into = $1 order by first_seen, id")
        .bind(metric)
        .all(on)
        .await?;
    let merged = rows.iter().map(|row| row.get("id"));
    std::iter::once(Ok(metric)).chain(merged).collect()
}
