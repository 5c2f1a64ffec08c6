//! Follow-up work: claimed from the store, done, tried again when it fails.

pub(crate) mod mail;

use std::time::Duration;

use crate::error::AppError;
use crate::state::Shared;

/// How often the queue is looked at without being told of a new job: retries come due, and other processes queue.
const LOOK: Duration = Duration::from_secs(5);

/// Works off jobs until the task is ended.
pub async fn run(app: Shared) {
    loop {
        if let Err(error) = run_due(&app).await {
            tracing::error!(?error, "jobs could not be worked off");
        }
        tokio::select! {
            () = app.job_queued.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Does everything that is due now.
///
/// # Errors
/// If the database refuses.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    while let Some(job) = store::jobs::claim(&app.db, app.now()).await? {
        tracing::warn!(kind = job.kind, "no such kind of job");
        let mut tx = app.db.begin().await?;
        store::jobs::fail(&mut tx, &job, "no such kind of job", app.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}
