//! The catalog of metrics: which id a project's name and type have.

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

/// The id of a project's metric, which is made if it's new; `None` if the project has as many as it may.
///
/// Any number of simultaneous calls for one name give one id, and never pass the limit: the project's row is
/// locked first.
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
    sql("select id from projects where id = $1 for update")
        .bind(project)
        .all(&mut *tx)
        .await?;
    sql("insert into metrics (id, project_id, name, type, first_seen) \
         select $1, id, $3, $4, $5 from projects where id = $2 \
         and (select count(*) from metrics where project_id = $2) < metric_limit \
         on conflict (project_id, name, type) do nothing")
    .bind(candidate)
    .bind(project)
    .bind(name.as_str())
    .bind(kind)
    .bind(now)
    .execute(tx)
    .await?;
    let row = sql("select id from metrics where project_id = $1 and name = $2 and type = $3")
        .bind(project)
        .bind(name.as_str())
        .bind(kind)
        .optional(tx)
        .await?;
    row.map(|row| row.get("id")).transpose()
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

/// Forgets a metric. Published again, it is a new one. `false` if there was none.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: MetricId) -> Result<bool> {
    let gone = sql("delete from metrics where project_id = $1 and id = $2")
        .bind(project)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(gone == 1)
}
