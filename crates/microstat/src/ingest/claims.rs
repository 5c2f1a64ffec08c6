//! Keys of batches where several processes take them: a batch that is sent again may come to another process, whose data
//! folder knows nothing of it. So whoever stores a batch with a key claims the key first, among the accounts, and writes
//! down afterwards what became of the batch. Alone, a process needs none of this: its folder knows every key.

use std::time::Duration;

use domain::id::ProjectId;
use domain::time::{MINUTE, Micros};
use points::{Batch, Error, Outcome, Points};
use store::Db;
use store::batch_keys::{self, Claim, Ended};

use crate::error::AppError;
use crate::state::{App, Shared};

/// How often it is looked for claims that nobody said more of.
const LOOK: Duration = Duration::from_secs(10);
/// How old such a claim is, in microseconds, when its batch can't be on its way to the disk any more.
const OLD: i64 = MINUTE;

/// Stores a batch, as [`Points::append`] does; one whose key another process has as well. While it isn't known what became
/// of it there, it can't be stored.
///
/// # Errors
/// As [`Points::append`].
pub(crate) async fn append(app: &App, batch: Batch, now: Micros) -> Result<Outcome, Error> {
    let source = app.points.source().filter(|_| app.config.is_shared());
    let (Some(source), Some(key)) = (source, &batch.key) else {
        return app.points.append(batch, now).await;
    };
    let claimed = Claimed {
        db: app.db.clone(),
        project: batch.project,
        key: key.clone(),
        folder: source.cast_signed(),
        now,
    };
    match Box::pin(claimed.claim()).await {
        Ok(Claim::Ours) => {}
        Ok(Claim::Ended(ended)) => return Ok(outcome(ended)),
        Ok(Claim::Theirs) => return Err(Error::Unavailable("another process may have stored it".to_owned())),
        Err(error) => return Err(Error::Unavailable(error.to_string())),
    }
    let note = batch.note.clone();
    let stored = app.points.append(batch, now).await;
    // It is written down while nobody waits. Whoever sends the batch again before that is asked to wait.
    let ended = stored.as_ref().ok().map(|outcome| ended(outcome, note));
    tokio::spawn(async move {
        if let Err(error) = claimed.note(ended).await {
            tracing::warn!(%error, "what became of a batch with a key is written down later");
        }
    });
    stored
}

/// Whether the batch with a key was stored before, here or by another process.
///
/// # Errors
/// If that can't be read.
pub(crate) async fn is_known(app: &App, project: ProjectId, key: &str, now: Micros) -> Result<bool, AppError> {
    if app.points.first_outcome(project, key, now).await?.is_some() {
        return Ok(true);
    }
    Ok(app.config.is_shared() && batch_keys::find(&app.db, project, key, now).await?.is_some())
}

/// A key, and the data folder that knows what becomes of its batch.
struct Claimed {
    db: Db,
    project: ProjectId,
    key: String,
    folder: i64,
    now: Micros,
}

impl Claimed {
    async fn claim(&self) -> store::Result<Claim> {
        let mut tx = self.db.begin().await?;
        let claim = batch_keys::claim(&mut tx, self.project, &self.key, self.folder, self.now).await?;
        tx.commit_aside().await?;
        Ok(claim)
    }

    /// Writes down what became of the batch; if it was not stored, it is anybody's.
    async fn note(&self, ended: Option<Ended>) -> store::Result<()> {
        let mut tx = self.db.begin().await?;
        match ended {
            Some(ended) => batch_keys::end(&mut tx, self.project, &self.key, self.folder, &ended, self.now).await?,
            None => batch_keys::release(&mut tx, self.project, &self.key, self.folder).await?,
        }
        tx.commit_aside().await
    }
}

fn ended(outcome: &Outcome, note: Vec<u8>) -> Ended {
    Ended {
        stored: i64::try_from(outcome.stored).unwrap_or(i64::MAX),
        duplicates: i64::try_from(outcome.duplicates).unwrap_or(i64::MAX),
        note: outcome.replayed.clone().unwrap_or(note),
    }
}

/// As its data folder would say.
fn outcome(ended: Ended) -> Outcome {
    Outcome {
        stored: ended.stored.unsigned_abs(),
        duplicates: ended.duplicates.unsigned_abs(),
        replayed: Some(ended.note),
    }
}

/// Says of every key that this folder claimed before a time what became of its batch, from what the folder knows.
///
/// # Errors
/// If the database or the folder can't be read.
pub async fn settle(db: &Db, points: &Points, before: Micros, now: Micros) -> Result<(), AppError> {
    let Some(source) = points.source() else {
        return Ok(());
    };
    let folder = source.cast_signed();
    loop {
        let open = batch_keys::open(db, folder, before).await?;
        if open.is_empty() {
            return Ok(());
        }
        for (project, key) in open {
            let first = points.first_outcome(project, &key, now).await?;
            let ended = first.map(|first| ended(&first, Vec::new()));
            let claimed = Claimed {
                db: db.clone(),
                project,
                key,
                folder,
                now,
            };
            claimed.note(ended).await?;
        }
    }
}

/// Settles what was left open, at first all that was claimed before this process started, until the task is ended.
pub(crate) async fn run(app: Shared) {
    if !app.config.is_shared() {
        return;
    }
    let mut before = app.now();
    loop {
        if let Err(error) = settle(&app.db, &app.points, before, app.now()).await {
            tracing::debug!(%error, "what became of batches with keys is written down later");
        }
        tokio::time::sleep(LOOK).await;
        before = before.max(app.now() - OLD);
    }
}
