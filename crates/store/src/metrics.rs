//! The catalog of metrics: which id a project's name and type have, and what people say of it.

mod apart;
mod changes;
mod deletions;
mod names;
mod some;

use std::collections::{BTreeSet, HashMap};

use domain::id::{MetricId, ProjectId};
use domain::metric::{Description, MetricName, MetricType, UnitName};
use domain::name::Name;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

pub use apart::{Apart, apart, sources};
pub use changes::{Details, Merge, describe, merge, merged_into, separate, set_hidden};
pub use deletions::{Deleted, RESTORABLE_FOR, Restored, delete, due_for_erasure, erase, restorable, restore};
pub use names::{Named, names_of_user};
pub use some::some;

/// A metric as people see it: alone, or together with all that are merged into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its id.
    pub id: MetricId,
    /// The project that publishes it.
    pub project: ProjectId,
    /// The name it is published as.
    pub name: MetricName,
    /// Its type.
    pub kind: MetricType,
    /// When its first data point arrived.
    pub first_seen: Micros,
    /// What people call it, if not by its name.
    pub display_name: Option<Name>,
    /// The unit of its values, if it is a Counter that was given one.
    pub unit: Option<UnitName>,
    /// What it is about.
    pub description: Option<Description>,
    /// Since when lists leave it out.
    pub hidden_at: Option<Micros>,
    /// The metric it is part of.
    pub merged_into: Option<MetricId>,
    /// The ids its data points are stored under, to be read as one: its own, which is first, and those of all that are
    /// merged into it.
    pub sources: Vec<MetricId>,
}

impl Metric {
    fn read(row: &Row) -> Result<Self> {
        let name: String = row.get("name")?;
        let former: Option<String> = row.get("former_name")?;
        let id = row.get("id")?;
        Ok(Self {
            id,
            sources: vec![id],
            project: row.get("project_id")?,
            name: MetricName::from_stored(former.unwrap_or(name)),
            kind: row.get("type")?,
            first_seen: row.get("first_seen")?,
            display_name: row.get::<Option<String>>("display_name")?.map(Name::from_stored),
            unit: row.get::<Option<String>>("unit")?.map(UnitName::from_stored),
            description: row.get::<Option<String>>("description")?.map(Description::from_stored),
            hidden_at: row.get("hidden_at")?,
            merged_into: row.get("merged_into")?,
        })
    }

    /// What people call it: its display name, or else the name it is published as.
    #[must_use]
    pub fn title(&self) -> &str {
        self.display_name.as_ref().map_or(self.name.as_str(), Name::as_str)
    }
}

/// A metric as an app names it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The id it gets if it is new.
    pub candidate: MetricId,
    /// Its name.
    pub name: &'a MetricName,
    /// Its type.
    pub kind: MetricType,
}

/// The ids of a project's metrics, in the order they are wanted, each made if it's new; `None` where the project
/// has as many metrics as it may, or is gone.
///
/// Any number of simultaneous calls for one name give one id, and never pass the limit: the project's row is
/// locked first.
///
/// # Errors
/// If the database refuses.
pub async fn ensure(
    tx: &mut Tx,
    project: ProjectId,
    wanted: &[Wanted<'_>],
    now: Micros,
) -> Result<Vec<Option<MetricId>>> {
    lock(tx, project).await?;
    let mut known = HashMap::new();
    for (name, kind, id) in published(&mut *tx, project).await? {
        known.insert((name, kind), id);
    }
    let mut is_full = false;
    let mut ids = Vec::with_capacity(wanted.len());
    for metric in wanted {
        let key = (metric.name.clone(), metric.kind);
        let mut id = known.get(&key).copied();
        if id.is_none() && !is_full {
            id = create(tx, project, metric, now).await?;
            is_full = id.is_none();
            known.extend(id.map(|id| (key, id)));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// The id of one metric, as [`ensure`] gives it.
///
/// # Errors
/// If the database refuses.
pub async fn upsert(
    tx: &mut Tx,
    candidate: MetricId,
    project: ProjectId,
    name: &MetricName,
    kind: MetricType,
    now: Micros,
) -> Result<Option<MetricId>> {
    let wanted = Wanted { candidate, name, kind };
    let ids = ensure(tx, project, &[wanted], now).await?;
    Ok(ids.into_iter().flatten().next())
}

async fn create(tx: &mut Tx, project: ProjectId, metric: &Wanted<'_>, now: Micros) -> Result<Option<MetricId>> {
    let made = sql("insert into metrics (id, project_id, name, type, first_seen) \
         select $1, id, $3, $4, $5 from projects where id = $2 \
         and (select count(*) from metrics where project_id = $2 and former_name is null) < metric_limit")
    .bind(metric.candidate)
    .bind(project)
    .bind(metric.name.as_str())
    .bind(metric.kind)
    .bind(now)
    .execute(tx)
    .await?;
    Ok((made == 1).then_some(metric.candidate))
}

/// Every name and type that a project's apps publish, and the id it has. Those of merged metrics are among them.
///
/// # Errors
/// If the database refuses.
pub async fn published(on: impl Into<On<'_>>, project: ProjectId) -> Result<Vec<(MetricName, MetricType, MetricId)>> {
    let rows = sql("select name, type, id from metrics where project_id = $1 and former_name is null")
        .bind(project)
        .all(on)
        .await?;
    rows.iter()
        .map(|row| {
            let name = MetricName::from_stored(row.get("name")?);
            Ok((name, row.get("type")?, row.get("id")?))
        })
        .collect()
}

/// Every metric of a project as people see them, by name; hidden ones too.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, project: ProjectId) -> Result<Vec<Metric>> {
    let mut on = on.into();
    let rows = sql(
        "select * from metrics where project_id = $1 and merged_into is null and deleted_at is null \
         order by name, type",
    )
    .bind(project)
    .all(on.again())
    .await?;
    let mut metrics: Vec<Metric> = rows.iter().map(Metric::read).collect::<Result<_>>()?;
    let apart = apart(on, project).await?;
    if apart.any_merged() {
        for metric in &mut metrics {
            metric.sources = apart.sources(metric.id);
        }
    }
    Ok(metrics)
}

/// Every id that data points may have been stored under, and its project: of merged metrics, of deleted ones and of
/// those of deleted projects that can be restored too.
///
/// # Errors
/// If the database refuses.
pub async fn everywhere(on: impl Into<On<'_>>) -> Result<BTreeSet<(ProjectId, MetricId)>> {
    let rows = sql("select project_id, id from metrics").all(on).await?;
    rows.iter()
        .map(|row| Ok((row.get("project_id")?, row.get("id")?)))
        .collect()
}

/// One metric of a project; of one that is merged into another, that other.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, id: MetricId) -> Result<Option<Metric>> {
    let mut on = on.into();
    let row = sql("select * from metrics where project_id = $1 and deleted_at is null \
         and id = (select coalesce(merged_into, id) from metrics where id = $2)")
    .bind(project)
    .bind(id)
    .optional(on.again())
    .await?;
    let Some(mut metric) = row.as_ref().map(Metric::read).transpose()? else {
        return Ok(None);
    };
    metric.sources = sources(on, metric.id).await?;
    Ok(Some(metric))
}

/// The metrics of a project that people know by a name, published or displayed: of each type there may be one.
///
/// # Errors
/// If the database refuses.
pub async fn named(on: impl Into<On<'_>>, project: ProjectId, name: &str) -> Result<Vec<Metric>> {
    let rows = sql(
        "select * from metrics where project_id = $1 and merged_into is null and deleted_at is null \
         and (name = $2 or display_name = $2) order by type, name",
    )
    .bind(project)
    .bind(name)
    .all(on)
    .await?;
    rows.iter().map(Metric::read).collect()
}

/// How many names a project's apps publish: what its limit is of.
///
/// # Errors
/// If the database refuses.
pub async fn count(on: impl Into<On<'_>>, project: ProjectId) -> Result<i64> {
    let row = sql("select count(*) as metrics from metrics where project_id = $1 and former_name is null")
        .bind(project)
        .one(on)
        .await?;
    row.get("metrics")
}

/// Nobody gives out an id of this project while this transaction lasts.
async fn lock(tx: &mut Tx, project: ProjectId) -> Result<()> {
    sql("select id from projects where id = $1 for update")
        .bind(project)
        .all(tx)
        .await?;
    Ok(())
}
