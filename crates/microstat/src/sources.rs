//! How far charts are behind. Reads ask ClickHouse alone, so none sees what waits in any process's journal: each says in the
//! accounts' database since when something does, so that all can tell.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::time::{Micros, SECOND};
use store::sources::{self, Source};

use crate::error::AppError;
use crate::state::{App, Shared};

/// How often each says how it is, and looks how the others are; and how long the database may take to be told.
const EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether others have shipped something, and how long between two looks.
const LOOKS: u32 = 50;
const LOOKING: Duration = Duration::from_millis(100);
/// How far the clocks of processes may be apart.
const CLOCKS: i64 = SECOND;
/// How long another process may say nothing before it counts as gone, with what came to it since.
const GONE: i64 = 5 * SECOND;

/// Since when data points wait with others; the greatest number there is while none do.
#[derive(Debug)]
pub struct Sources(AtomicI64);

impl Default for Sources {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MAX))
    }
}

impl Sources {
    /// Since when data points wait with other processes.
    pub(crate) fn others_wait_since(&self) -> Option<Micros> {
        let since = self.0.load(Ordering::Relaxed);
        (since < i64::MAX).then_some(Micros(since))
    }
}

/// Says how this process is and looks how the others are, again and again, until the task is ended.
pub(crate) async fn run(app: Shared) {
    if !app.config.is_shared() {
        return;
    }
    loop {
        match tokio::time::timeout(PATIENCE, look(&app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "how far charts are behind can't be told to other processes"),
            Err(_) => tracing::warn!("the database doesn't answer: how far charts are behind can't be told"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Says how this process is, and looks how the others are.
///
/// # Errors
/// If the database refuses.
pub async fn look(app: &App) -> Result<(), AppError> {
    let Some(id) = app.points.source() else { return Ok(()) };
    let (now, id) = (app.now(), id.cast_signed());
    let mut tx = app.db.begin().await?;
    let source = Source {
        id,
        seen_at: now,
        waiting_since: app.points.oldest_unsealed(),
    };
    sources::note(&mut tx, source).await?;
    let others = sources::others(&mut tx, id).await?;
    tx.commit_aside().await?;
    let waits = others.iter().filter_map(|other| other.waits_since(now - GONE));
    let since = waits.map(|since| since.0).min().unwrap_or(i64::MAX);
    app.sources.0.store(since, Ordering::Relaxed);
    Ok(())
}

/// Waits some seconds until all that came to other processes before a moment is in ClickHouse, which is as long as that
/// takes while all is well; whether it is.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn shipped_soon(app: &App, before: Micros) -> Result<bool, AppError> {
    let Some(id) = app.points.source().filter(|_| app.config.is_shared()) else {
        return Ok(true);
    };
    for _ in 0..LOOKS {
        let others = sources::others(&app.db, id.cast_signed()).await?;
        if others.iter().all(|other| other.has_shipped(before + CLOCKS)) {
            return Ok(true);
        }
        tokio::time::sleep(LOOKING).await;
    }
    Ok(false)
}

/// This process ends, and nothing waits with it.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn leave(app: &App) -> Result<(), AppError> {
    if let Some(id) = app.points.source() {
        let mut tx = app.db.begin().await?;
        sources::forget(&mut tx, id.cast_signed()).await?;
        tx.commit_aside().await?;
    }
    Ok(())
}
