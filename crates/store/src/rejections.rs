//! Data points that were rejected or dropped, counted by project, day and reason, with the last one as a sample:
//! an app that ignores answers can't tell its people, so its project's settings do.

use domain::id::ProjectId;
use domain::reason::Reason;
use domain::time::{DAY, Micros};

use crate::db::{Row, sql};
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

/// So many samples of a reason are kept.
pub const SAMPLES: usize = 5;

/// A data point that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Micros,
    /// As the app sent it, cut short.
    pub text: String,
    /// What the app was told.
    pub message: String,
}

/// A day's count of one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfDay {
    /// The day (UTC).
    pub day: Micros,
    /// Why.
    pub reason: Reason,
    /// How many.
    pub data_points: i64,
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
        let reason = reason(&row)?;
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

/// Keeps samples of a reason, and of those before only as many as are shown. A project that is gone is passed over.
///
/// # Errors
/// If the database refuses.
pub async fn keep(tx: &mut Tx, project: ProjectId, reason: Reason, samples: &[Sample]) -> Result<()> {
    for sample in samples {
        sql("insert into rejection_samples (project_id, reason, at, text, message) \
             select id, $2, $3, $4, $5 from projects where id = $1")
        .bind(project)
        .bind(reason.code())
        .bind(sample.at)
        .bind(&sample.text)
        .bind(&sample.message)
        .execute(&mut *tx)
        .await?;
    }
    sql(
        "delete from rejection_samples where project_id = $1 and reason = $2 and at < (\
         select min(at) from (select at from rejection_samples where project_id = $1 and reason = $2 \
         order by at desc limit 5) as latest)",
    )
    .bind(project)
    .bind(reason.code())
    .execute(tx)
    .await?;
    Ok(())
}

/// The last samples of each reason, the latest first.
///
/// # Errors
/// If the database refuses.
pub async fn samples(on: impl Into<On<'_>>, project: ProjectId, now: Micros) -> Result<Vec<(Reason, Sample)>> {
    let rows = sql("select reason, at, text, message from rejection_samples \
         where project_id = $1 and at > $2 order by at desc, text")
    .bind(project)
    .bind(now - SHOWN_FOR)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            let sample = Sample {
                at: row.get("at")?,
                text: row.get("text")?,
                message: row.get("message")?,
            };
            Ok((reason(row)?, sample))
        })
        .collect()
}

/// How many were rejected for which reason on each of the last 30 days.
///
/// # Errors
/// If the database refuses.
pub async fn by_day(on: impl Into<On<'_>>, project: ProjectId, now: Micros) -> Result<Vec<OfDay>> {
    let rows = sql("select day, reason, data_points from rejections where project_id = $1 and day > $2 order by day")
        .bind(project)
        .bind(now - SHOWN_FOR)
        .all(on)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OfDay {
                day: row.get("day")?,
                reason: reason(row)?,
                data_points: row.get("data_points")?,
            })
        })
        .collect()
}

fn reason(row: &Row) -> Result<Reason> {
    Reason::from_code(&row.get::<String>("reason")?).ok_or(Error::Unreadable("reason"))
}

/// Whether any were rejected since then.
///
/// # Errors
/// If the database refuses.
pub async fn any_since(on: impl Into<On<'_>>, project: ProjectId, since: Micros) -> Result<bool> {
    let row = sql("select reason from rejections where project_id = $1 and day > $2 and last_at > $3 limit 1")
        .bind(project)
        .bind(since - DAY)
        .bind(since)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// Forgets all that was counted and kept of a project until now.
///
/// # Errors
/// If the database refuses.
pub async fn clear(tx: &mut Tx, project: ProjectId) -> Result<()> {
    sql("delete from rejections where project_id = $1")
        .bind(project)
        .execute(&mut *tx)
        .await?;
    sql("delete from rejection_samples where project_id = $1")
        .bind(project)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets the days that are no longer shown.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<()> {
    sql("delete from rejection_samples where at <= $1")
        .bind(now - SHOWN_FOR)
        .execute(&mut *tx)
        .await?;
    sql("delete from rejections where day <= $1")
        .bind(now - SHOWN_FOR)
        .execute(tx)
        .await?;
    Ok(())
}
