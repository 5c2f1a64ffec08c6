//! Follow-up work, queued in the transaction that calls for it: nothing is lost, and nothing is done for what
//! was rolled back.

use domain::id::JobId;
use domain::time::{HOUR, MINUTE, Micros};

use crate::db::sql;
use crate::{Db, On, Result, Tx};

/// A job is tried for this long after it was queued.
pub const TRIED_FOR: i64 = 24 * HOUR;
/// Whoever claims a job has this long; then it is due again, since its worker may have died.
const HELD_FOR: i64 = 5 * MINUTE;

/// A job that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What sort of work.
    pub kind: String,
    /// What the work needs to know, as JSON. Never a secret.
    pub payload: String,
    /// When it was queued.
    pub created_at: Micros,
    /// How often it was claimed, this time included.
    pub attempts: i64,
}

/// Queues a job, due at `run_at`.
///
/// # Errors
/// If the database refuses.
pub async fn enqueue(tx: &mut Tx, id: JobId, kind: &str, payload: &str, now: Micros, run_at: Micros) -> Result<()> {
    sql("insert into jobs (id, kind, payload, created_at, run_at) values ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(kind)
        .bind(payload)
        .bind(now)
        .bind(run_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Claims the job that has been due longest, for five minutes. Each is claimed by one worker, however many ask.
///
/// # Errors
/// If the database refuses.
pub async fn claim(db: &Db, now: Micros) -> Result<Option<Job>> {
    let mut tx = db.begin().await?;
    let row = sql("update jobs set attempts = attempts + 1, run_at = $2 where id = (\
             select id from jobs where run_at <= $1 and failed_at is null order by run_at, id limit 1 \
             for update skip locked) \
         returning id, kind, payload, created_at, attempts")
    .bind(now)
    .bind(now + HELD_FOR)
    .optional(&mut tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    tx.commit_aside().await?;
    Ok(Some(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        created_at: row.get("created_at")?,
        attempts: row.get("attempts")?,
    }))
}

/// The job is done: it leaves the queue.
///
/// # Errors
/// If the database refuses.
pub async fn finish(tx: &mut Tx, job: &Job) -> Result<()> {
    withdraw(tx, job.id).await
}

/// The work was done without the queue: the job leaves it.
///
/// # Errors
/// If the database refuses.
pub async fn withdraw(tx: &mut Tx, id: JobId) -> Result<()> {
    sql("delete from jobs where id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// What becomes of a job whose work failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again then.
    Retry(Micros),
    /// It was tried for a day and is given up.
    GivenUp,
}

/// The work failed: try again after a pause that grows from one minute to four hours, for a day in all.
///
/// # Errors
/// If the database refuses.
pub async fn fail(tx: &mut Tx, job: &Job, error: &str, now: Micros) -> Result<Next> {
    let pause = (MINUTE << (job.attempts - 1).clamp(0, 8)).min(4 * HOUR);
    let next = if now + pause > job.created_at + TRIED_FOR {
        Next::GivenUp
    } else {
        Next::Retry(now + pause)
    };
    let (run_at, failed_at) = match next {
        Next::Retry(at) => (at, None),
        Next::GivenUp => (now, Some(now)),
    };
    sql("update jobs set run_at = $2, last_error = $3, failed_at = $4 where id = $1")
        .bind(job.id)
        .bind(run_at)
        .bind(error)
        .bind(failed_at)
        .execute(tx)
        .await?;
    Ok(next)
}

/// The work can never succeed: it isn't tried again.
///
/// # Errors
/// If the database refuses.
pub async fn give_up(tx: &mut Tx, job: &Job, error: &str, now: Micros) -> Result<()> {
    sql("update jobs set last_error = $2, failed_at = $3 where id = $1")
        .bind(job.id)
        .bind(error)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets jobs that were given up before `before`.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, before: Micros) -> Result<u64> {
    sql("delete from jobs where failed_at < $1")
        .bind(before)
        .execute(tx)
        .await
}

/// How many jobs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Those that wait, held ones included.
    pub waiting: i64,
    /// Those that were given up, until they are forgotten.
    pub failed: i64,
}

/// How many jobs there are.
///
/// # Errors
/// If the database refuses.
pub async fn counts(on: impl Into<On<'_>>) -> Result<Counts> {
    let row = sql("select count(*) - count(failed_at) as waiting, count(failed_at) as failed from jobs")
        .one(on)
        .await?;
    Ok(Counts {
        waiting: row.get("waiting")?,
        failed: row.get("failed")?,
    })
}

/// How many jobs wait, held ones included.
///
/// # Errors
/// If the database refuses.
pub async fn waiting(on: impl Into<On<'_>>) -> Result<i64> {
    sql("select count(*) as n from jobs where failed_at is null")
        .one(on)
        .await?
        .get("n")
}
