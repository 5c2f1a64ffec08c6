//! What people change about a metric: what it is called, whether lists show it, what is merged into it. Nothing that
//! was stored is touched, so all of it can be changed back.

use domain::id::{MetricId, ProjectId};
use domain::metric::{Description, UnitName};
use domain::name::Name;
use domain::time::Micros;

use super::{Metric, lock};
use crate::db::sql;
use crate::{On, Result, Tx};

/// What people say of a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What they call it, if not by its name.
    pub display_name: Option<Name>,
    /// The unit of its values.
    pub unit: Option<UnitName>,
    /// What it is about.
    pub description: Option<Description>,
}

/// Sets what people say of a metric. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn describe(tx: &mut Tx, project: ProjectId, id: MetricId, details: &Details) -> Result<bool> {
    let changed = sql("update metrics set display_name = $3, unit = $4, description = $5 \
         where project_id = $1 and id = $2 and merged_into is null and deleted_at is null")
    .bind(project)
    .bind(id)
    .bind(details.display_name.as_ref().map(Name::as_str))
    .bind(details.unit.as_ref().map(UnitName::as_str))
    .bind(details.description.as_ref().map(Description::as_str))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Has lists leave a metric out, or show it again. `false` if it was so already, or there is none.
///
/// # Errors
/// If the database refuses.
pub async fn set_hidden(tx: &mut Tx, project: ProjectId, id: MetricId, hidden: bool, now: Micros) -> Result<bool> {
    let changed = sql(
        "update metrics set hidden_at = $3 where project_id = $1 and id = $2 and deleted_at is null \
         and merged_into is null and (hidden_at is null) = ($3 is not null)",
    )
    .bind(project)
    .bind(id)
    .bind(hidden.then_some(now))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// What became of merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// They are shown as one.
    Merged,
    /// One of them isn't there, or is part of another already.
    NotFound,
    /// Their types differ, or they are the same.
    Unlike,
}

/// Shows a metric, and all that are merged into it, as part of another of its type.
///
/// # Errors
/// If the database refuses.
pub async fn merge(tx: &mut Tx, project: ProjectId, from: MetricId, into: MetricId) -> Result<Merge> {
    lock(tx, project).await?;
    let rows = sql("select type from metrics where project_id = $1 and id in ($2, $3) \
         and merged_into is null and deleted_at is null")
    .bind(project)
    .bind(from)
    .bind(into)
    .all(&mut *tx)
    .await?;
    let kinds = rows.iter().map(|row| row.get::<i64>("type"));
    match kinds.collect::<Result<Vec<_>>>()?[..] {
        [one, other] if one == other => {}
        [_, _] => return Ok(Merge::Unlike),
        [_] if from == into => return Ok(Merge::Unlike),
        _ => return Ok(Merge::NotFound),
    }
    sql("update metrics set merged_into = $3 where project_id = $1 and (id = $2 or merged_into = $2)")
        .bind(project)
        .bind(from)
        .bind(into)
        .execute(tx)
        .await?;
    Ok(Merge::Merged)
}

/// Shows a metric that is merged into another on its own again. `None` if it isn't, or if it is one that another was
/// restored over: it has the other's name.
///
/// # Errors
/// If the database refuses.
pub async fn separate(tx: &mut Tx, project: ProjectId, id: MetricId) -> Result<Option<Metric>> {
    let row = sql(
        "update metrics set merged_into = null where project_id = $1 and id = $2 \
         and merged_into is not null and former_name is null returning *",
    )
    .bind(project)
    .bind(id)
    .optional(tx)
    .await?;
    row.as_ref().map(Metric::read).transpose()
}

/// The metrics that are merged into this one and can be shown on their own again, by name.
///
/// # Errors
/// If the database refuses.
pub async fn merged_into(on: impl Into<On<'_>>, project: ProjectId, id: MetricId) -> Result<Vec<Metric>> {
    let rows = sql(
        "select * from metrics where project_id = $1 and merged_into = $2 and former_name is null \
         order by name",
    )
    .bind(project)
    .bind(id)
    .all(on)
    .await?;
    rows.iter().map(Metric::read).collect()
}
