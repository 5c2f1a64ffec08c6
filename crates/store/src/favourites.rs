//! Favourites: the metrics a person wants at hand. They are gone once the person is no longer a member, and with
//! their metric. That of a merged metric is one of the metric it is part of.

use domain::id::{MetricId, ProjectId, UserId};
use domain::time::Micros;

use crate::db::sql;
use crate::{On, Result, Tx};

/// Makes a metric a favourite of a person's. `false` if it is one already, the project has no such metric, or the
/// person isn't a member. The organisation is locked, so that nobody leaves and no metric goes meanwhile.
///
/// # Errors
/// If the database refuses.
pub async fn add(tx: &mut Tx, user: UserId, project: ProjectId, metric: MetricId, now: Micros) -> Result<bool> {
    let added = sql(
        "insert into favourites (user_id, metric_id, created_at, place) select ms.user_id, m.id, $4, (\
         select coalesce(max(f.place), 0) + 1 from favourites f join metrics o on o.id = f.metric_id \
         where f.user_id = $1 and o.project_id = $2) from metrics m \
         join projects p on p.id = m.project_id \
         join memberships ms on ms.organisation_id = p.organisation_id and ms.user_id = $1 \
         where m.id = $3 and m.project_id = $2 and m.merged_into is null and m.deleted_at is null \
         on conflict (user_id, metric_id) do nothing",
    )
    .bind(user)
    .bind(project)
    .bind(metric)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(added == 1)
}

/// It is none any more. `false` if it was none.
///
/// # Errors
/// If the database refuses.
pub async fn remove(tx: &mut Tx, user: UserId, metric: MetricId) -> Result<bool> {
    let removed = sql("delete from favourites where user_id = $1 and metric_id in \
         (select id from metrics where id = $2 or merged_into = $2)")
    .bind(user)
    .bind(metric)
    .execute(tx)
    .await?;
    Ok(removed > 0)
}

/// Puts a person's favourites of a project into this order; those that aren't in it stay before them.
///
/// # Errors
/// If the database refuses.
pub async fn arrange(tx: &mut Tx, user: UserId, order: &[MetricId]) -> Result<()> {
    for (place, metric) in (1_i64..).zip(order) {
        sql("update favourites set place = $3 where user_id = $1 and metric_id in \
             (select id from metrics where id = $2 or merged_into = $2)")
        .bind(user)
        .bind(*metric)
        .bind(place)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// A person's favourites in a project, in their order; where they gave none, the oldest first.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, user: UserId, project: ProjectId) -> Result<Vec<MetricId>> {
    let rows = sql(
        "select coalesce(m.merged_into, m.id) as metric_id from favourites f join metrics m on m.id = f.metric_id \
         where f.user_id = $1 and m.project_id = $2 and m.deleted_at is null \
         group by coalesce(m.merged_into, m.id) order by min(f.place), min(f.created_at), metric_id",
    )
    .bind(user)
    .bind(project)
    .all(on)
    .await?;
    rows.iter().map(|row| row.get("metric_id")).collect()
}
