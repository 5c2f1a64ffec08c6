//! Sweeping: what has ended by itself is forgotten.

use domain::time::DAY;

use crate::error::AppError;
use crate::state::Shared;

/// Tries are forgotten this long after their window began: longer than any window or pause lasts.
const TRIES_FOR: i64 = DAY;
/// Jobs that were given up are kept this long, to be looked into.
const FAILED_FOR: i64 = 30 * DAY;

/// A data folder that nobody has heard of for so long is given up: charts are called stale for its sake no longer.
const SOURCES_FOR: i64 = 7 * DAY;

/// Forgets sessions, mailed links, tries, failed jobs, public links that are over, old keys of batches, and what was deleted and can't be brought back.
///
/// # Errors
/// If the database refuses.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let sessions = store::sessions::sweep(&mut tx, now).await?;
    let links = store::mailed_links::sweep(&mut tx, now).await?;
    let tries = store::throttles::sweep(&mut tx, now - TRIES_FOR).await?;
    let jobs = store::jobs::sweep(&mut tx, now - FAILED_FOR).await?;
    let annotations = store::annotations::sweep(&mut tx, now).await?;
    let boards = store::boards::sweep(&mut tx, now).await?;
    let shares = store::shares::sweep(&mut tx, now).await?;
    let keys = store::batch_keys::sweep(&mut tx, now).await?;
    let sources = store::sources::sweep(&mut tx, now - SOURCES_FOR).await?;
    tx.commit().await?;
    tracing::debug!(
        sessions,
        links,
        tries,
        jobs,
        annotations,
        boards,
        shares,
        keys,
        sources,
        "swept"
    );
    Ok(())
}
