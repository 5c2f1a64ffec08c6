//! The catalog of metrics: which id a project's name and type have.

use std::collections::{BTreeSet, HashMap};

use domain::id::{MetricId, ProjectId};
use domain::metric::{MetricName, MetricType};
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// A metric as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its id.
    pub id: MetricId,
    /// The project that publishes it.
    pub project: ProjectId,
    /// Its name.
    pub name: MetricName,
    /// Its type.
    pub kind: MetricType,
    /// When its first data point arrived.
    pub first_seen: Micros,
}

impl Metric {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            project: row.get("project_id")?,
            name: MetricName::from_stored(row.get("name")?),
            kind: row.get("type")?,
            first_seen: row.get("first_seen")?,
        })
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
    sql("select id from projects where id = $1 for update")
        .bind(project)
        .all(&mut *tx)
        .await?;
    let mut known = HashMap::new();
    for metric in of_project(&mut *tx, project).await? {
        known.insert((metric.name, metric.kind), metric.id);
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
         and (select count(*) from metrics where project_id = $2) < metric_limit")
    .bind(metric.candidate)
    .bind(project)
    .bind(metric.name.as_str())
    .bind(metric.kind)
    .bind(now)
    .execute(tx)
    .await?;
    Ok((made == 1).then_some(metric.candidate))
}

/// Every metric of a project, by name.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, project: ProjectId) -> Result<Vec<Metric>> {
    let rows = sql("select * from metrics where project_id = $1 order by name, type")
        .bind(project)
        .all(on)
        .await?;
    rows.iter().map(Metric::read).collect()
}

/// Every metric there is and its project, those of deleted projects that can be restored too.
///
/// # Errors
/// If the database refuses.
pub async fn everywhere(on: impl Into<On<'_>>) -> Result<BTreeSet<(ProjectId, MetricId)>> {
    let rows = sql("select project_id, id from metrics").all(on).await?;
    rows.iter()
        .map(|row| Ok((row.get("project_id")?, row.get("id")?)))
        .collect()
}

/// One metric of a project.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, id: MetricId) -> Result<Option<Metric>> {
    let row = sql("select * from metrics where project_id = $1 and id = $2")
        .bind(project)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Metric::read).transpose()
}

/// How many metrics a project has.
///
/// # Errors
/// If the database refuses.
pub async fn count(on: impl Into<On<'_>>, project: ProjectId) -> Result<i64> {
    let row = sql("select count(*) as metrics from metrics where project_id = $1")
        .bind(project)
        .one(on)
        .await?;
    row.get("metrics")
}

/// Forgets a metric. Published again, it is a new one. `false` if there was none.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: MetricId) -> Result<bool> {
    let gone = sql("delete from metrics where project_id = $1 and id = $2")
        .bind(project)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sql("update projects set metrics_version = metrics_version + $2 where id = $1")
        .bind(project)
        .bind(i64::try_from(gone).unwrap_or(0))
        .execute(tx)
        .await?;
    Ok(gone == 1)
}
