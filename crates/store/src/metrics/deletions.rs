//! Deleted metrics. Their names are free at once; everything else of them stays for 48 hours, in which they can be
//! restored. A metric is deleted with all that are merged into it, and restored with them.

use domain::id::{MetricId, ProjectId};
use domain::metric::MetricName;
use domain::time::{HOUR, Micros};

use super::{Metric, count, lock};
use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// How long a deleted metric can be restored, in microseconds.
pub const RESTORABLE_FOR: i64 = 48 * HOUR;
/// Comes before an id where a name was: no name that is published has a control character in it.
const NAMELESS: &str = "\u{1}";

/// Deletes a metric and all that are merged into it: published again, they are new ones. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: MetricId, now: Micros) -> Result<bool> {
    lock(tx, project).await?;
    let gone = sql(
        "update metrics set deleted_at = $3, former_name = coalesce(former_name, name), name = $4 || cast(id as text) \
         where project_id = $1 and deleted_at is null and (id = $2 and merged_into is null or merged_into = $2)",
    )
    .bind(project)
    .bind(id)
    .bind(now)
    .bind(NAMELESS)
    .execute(&mut *tx)
    .await?;
    names_changed(tx, project, gone > 0).await?;
    Ok(gone > 0)
}

/// Tells whoever remembers ids of this project's metrics to look again.
async fn names_changed(tx: &mut Tx, project: ProjectId, changed: bool) -> Result<()> {
    sql("update projects set metrics_version = metrics_version + $2 where id = $1")
        .bind(project)
        .bind(i64::from(changed))
        .execute(tx)
        .await?;
    Ok(())
}

/// A deleted metric that can still be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The metric.
    pub metric: Metric,
    /// When it was deleted.
    pub at: Micros,
    /// Whether its name and type have been published again since, which made a new metric.
    pub again: bool,
}

impl Deleted {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            metric: Metric::read(row)?,
            at: row.get("deleted_at")?,
            again: row.get("again")?,
        })
    }

    /// When it is erased for good.
    #[must_use]
    pub fn erased_at(&self) -> Micros {
        self.at + RESTORABLE_FOR
    }
}

/// The deleted metrics of a project that can be restored, the last deleted first; those merged into them not on their
/// own.
///
/// # Errors
/// If the database refuses.
pub async fn restorable(on: impl Into<On<'_>>, project: ProjectId, now: Micros) -> Result<Vec<Deleted>> {
    let rows = sql(
        "select d.*, cast(case when n.id is null then 0 else 1 end as bigint) as again from metrics d left join metrics n \
         on n.project_id = d.project_id and n.name = d.former_name and n.type = d.type \
         where d.project_id = $1 and d.deleted_at > $2 and d.merged_into is null order by d.deleted_at desc, d.id",
    )
    .bind(project)
    .bind(now - RESTORABLE_FOR)
    .all(on)
    .await?;
    rows.iter().map(Deleted::read).collect()
}

/// What became of restoring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It is back.
    Back(Metric),
    /// It isn't there, or its 48 hours are over.
    NotFound,
    /// The project would have more metrics than it may. The transaction is to be dropped.
    Full,
    /// This name was published again and the new metric merged into another: it can't be part of both. The
    /// transaction is to be dropped.
    MergedElsewhere(MetricName),
}

/// Restores a deleted metric and what was merged into it. Where a name has been published again, that metric becomes
/// part of the restored one, and so do those merged into it.
///
/// # Errors
/// If the database refuses.
pub async fn restore(tx: &mut Tx, project: ProjectId, id: MetricId, now: Micros) -> Result<Restored> {
    lock(tx, project).await?;
    let before = count(&mut *tx, project).await?;
    let rows = sql("select * from metrics where project_id = $1 and deleted_at > $3 \
         and (id = $2 and merged_into is null or merged_into = $2) order by merged_into is not null, first_seen, id")
    .bind(project)
    .bind(id)
    .bind(now - RESTORABLE_FOR)
    .all(&mut *tx)
    .await?;
    let parts: Vec<Metric> = rows.iter().map(Metric::read).collect::<Result<_>>()?;
    let Some(root) = parts.first().filter(|first| first.id == id) else {
        return Ok(Restored::NotFound);
    };
    for part in &parts {
        if !takes_its_name(tx, part, id).await? {
            return Ok(Restored::MergedElsewhere(part.name.clone()));
        }
    }
    sql("update metrics set deleted_at = null where project_id = $1 and (id = $2 or merged_into = $2)")
        .bind(project)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    names_changed(tx, project, true).await?;
    let limit = sql("select metric_limit from projects where id = $1").bind(project);
    let limit: i64 = limit.one(&mut *tx).await?.get("metric_limit")?;
    let after = count(tx, project).await?;
    if after > limit.max(before) {
        return Ok(Restored::Full);
    }
    Ok(Restored::Back(root.clone()))
}

/// Gives a part of a deleted metric its name back, from whichever metric has it now; that becomes a part of `root` too.
/// `false` if that one is part of another metric.
async fn takes_its_name(tx: &mut Tx, part: &Metric, root: MetricId) -> Result<bool> {
    let holder = sql("select * from metrics where project_id = $1 and name = $2 and type = $3")
        .bind(part.project)
        .bind(part.name.as_str())
        .bind(part.kind)
        .optional(&mut *tx)
        .await?;
    if let Some(holder) = holder.as_ref().map(Metric::read).transpose()? {
        if holder.id == root || holder.merged_into == Some(root) {
            return Ok(true);
        }
        if holder.merged_into.is_some() {
            return Ok(false);
        }
        sql("update metrics set merged_into = $2 where id = $1 or merged_into = $1")
            .bind(holder.id)
            .bind(root)
            .execute(&mut *tx)
            .await?;
        sql("update metrics set former_name = name, name = $2 || cast(id as text) where id = $1")
            .bind(holder.id)
            .bind(NAMELESS)
            .execute(&mut *tx)
            .await?;
    }
    sql("update metrics set name = former_name, former_name = null where id = $1")
        .bind(part.id)
        .execute(tx)
        .await?;
    Ok(true)
}

/// Deleted metrics whose 48 hours are over: their data points go first, then [`erase`].
///
/// # Errors
/// If the database refuses.
pub async fn due_for_erasure(on: impl Into<On<'_>>, now: Micros) -> Result<Vec<MetricId>> {
    let rows = sql("select id from metrics where deleted_at <= $1 order by deleted_at, id")
        .bind(now - RESTORABLE_FOR)
        .all(on)
        .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Forgets a deleted metric whose 48 hours are over. `false` if it isn't due.
///
/// # Errors
/// If the database refuses.
pub async fn erase(tx: &mut Tx, id: MetricId, now: Micros) -> Result<bool> {
    let erased = sql("delete from metrics where id = $1 and deleted_at <= $2")
        .bind(id)
        .bind(now - RESTORABLE_FOR)
        .execute(tx)
        .await?;
    Ok(erased == 1)
}
