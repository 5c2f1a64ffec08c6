//! Follow-up work: claimed from the store, done, tried again when it fails.

pub(crate) mod erasure;
pub mod expiry;
pub mod imports;
mod letter;
mod letters;
pub(crate) mod links;
pub(crate) mod mail;
pub(crate) mod post;
pub mod sweeping;

use std::time::Duration;

use store::db::Work;
use store::jobs::Job;

use crate::error::AppError;
use crate::state::Shared;

/// How often the queue is looked at without being told of a new job: retries come due, and other processes queue.
const LOOK: Duration = Duration::from_secs(5);

/// How often what has ended is cleared away.
const CLEAR: Duration = Duration::from_hours(1);

/// Works off jobs, and clears away what has ended, until the task is ended.
pub async fn run(app: Shared) {
    tokio::join!(work_off(&app), clear_away(&app), imports::run(&app));
}

async fn work_off(app: &Shared) {
    loop {
        if let Err(error) = run_due(app).await {
            tracing::error!(?error, "jobs could not be worked off");
        }
        tokio::select! {
            () = app.job_queued.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn clear_away(app: &Shared) {
    loop {
        match app.db.alone(Work::Clearing).await {
            Ok(Some(_alone)) => clear(app).await,
            Ok(None) => tracing::debug!("another process clears away"),
            Err(error) => tracing::error!(%error, "what has ended can't be cleared away"),
        }
        if let Err(error) = imports::sweep(app).await {
            tracing::error!(?error, "files of imports could not be swept");
        }
        tokio::time::sleep(CLEAR).await;
    }
}

async fn clear(app: &Shared) {
    if let Err(error) = sweeping::run_due(app).await {
        tracing::error!(?error, "what has ended could not be swept");
    }
    if let Err(error) = expiry::run_due(app).await {
        tracing::error!(?error, "what is due could not be erased");
    }
}

/// Does everything that is due now.
///
/// # Errors
/// If the database refuses.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    while let Some(job) = store::jobs::claim(&app.db, app.now()).await? {
        if let Err(error) = work(app, &job).await {
            tracing::error!(?error, kind = job.kind, "a job failed");
            let mut tx = app.db.begin().await?;
            store::jobs::fail(&mut tx, &job, "a fault of ours: see the log", app.now()).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Does one job and takes it from the queue, or puts it back for another try.
async fn work(app: &Shared, job: &Job) -> Result<(), AppError> {
    match job.kind.as_str() {
        mail::KIND => mail::send(app, job).await,
        links::RESET => links::reset(app, job).await,
        erasure::RANGE => erasure::run(app, job).await,
        _ => Err(AppError::Internal("no such kind of job".into())),
    }
}
