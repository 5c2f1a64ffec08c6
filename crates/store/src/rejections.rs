//! Data points that were rejected or dropped, counted by project, day and reason, with the last one as a sample:
//! an app that ignores answers can't tell its people, so its project's settings do.

use domain::id::ProjectId;
use domain::reason::Reason;
use domain::time::{DAY, Micros};

use crate::db::sql;
use crate::{Error, On, Result, Tx};

/// How long they are shown, in microseconds.
pub const SHOWN_FOR: i64 = 30 * DAY;

/// Data points of one project, day and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub data_points: i64,
    /// The last of them as the app sent it, cut short.
    pub sample: String,
    /// When that was.
    pub last_at: Micros,
}

/// Adds to a day's count. A project that is gone is passed over.
///
/// # Errors
/// If the database refuses.
pub async fn add(tx: &mut Tx, project: ProjectId, day: Micros, more: &Rejected) -> Result<()> {
    sql(
        "insert into rejections (project_id, day, reason, data_points, sample, last_at) \
         select id, $2, $3, $4, $5, $6 from projects where id = $1 \
         on conflict (project_id, day, reason) do update set \
         data_points = rejections.data_points + excluded.data_points, \
         sample = case when excluded.last_at < rejections.last_at then rejections.sample else excluded.sample end, \
         last_at = case when excluded.last_at < rejections.last_at then rejections.last_at else excluded.last_at end",
    )
    .bind(project)
    .bind(day)
    .bind(more.reason.code())
    .bind(more.data_points)
    .bind(&more.sample)
    .bind(more.last_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// What was rejected in the last 30 days, by reason: the most frequent first.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, project: ProjectId, now: Micros) -> Result<Vec<Rejected>> {
    let rows = sql("select reason, data_points, sample, last_at from rejections \
         where project_id = $1 and day > $2 order by last_at desc")
    .bind(project)
    .bind(now - SHOWN_FOR)
    .all(on)
    .await?;
    let mut found: Vec<Rejected> = Vec::new();
    for row in rows {
        let code: String = row.get("reason")?;
        let reason = Reason::from_code(&code).ok_or(Error::Unreadable("reason"))?;
        let data_points = row.get("data_points")?;
        match found.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.data_points += data_points,
            None => found.push(Rejected {
                reason,
                data_points,
                sample: row.get("sample")?,
                last_at: row.get("last_at")?,
            }),
        }
    }
    found.sort_by_key(|rejected| std::cmp::Reverse(rejected.data_points));
    Ok(found)
}

/// Forgets the days that are no longer shown.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<()> {
    sql("delete from rejections where day <= $1")
        .bind(now - SHOWN_FOR)
        .execute(tx)
        .await?;
    Ok(())
}
