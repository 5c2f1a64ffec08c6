//! What was rejected and dropped, counted in memory and written to the store now and then: a batch that is refused
//! must not cost a write of its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::id::ProjectId;
use domain::reason::{Reason, Rejections};
use domain::time::{DAY, Micros};
use store::Db;
use store::rejections::{self, Rejected, SAMPLES, Sample};
use tokio::sync::oneshot;

use crate::state::Shared;

/// How often counts are written.
const EVERY: Duration = Duration::from_secs(1);

type Key = (ProjectId, Micros, Reason);

/// A count that is still to be written, and the last samples of it.
#[derive(Debug)]
struct Waiting {
    rejected: Rejected,
    samples: Vec<Sample>,
}

/// Counts that are still to be written.
#[derive(Debug, Default)]
pub struct Tally(Mutex<HashMap<Key, Waiting>>);

impl Tally {
    /// Counts what a batch lost.
    pub(crate) fn count(&self, project: ProjectId, lost: &Rejections, now: Micros) {
        if lost.total() == 0 {
            return;
        }
        let counted = lost.counts().iter().map(|(&reason, count)| {
            let rejected = Rejected {
                reason,
                data_points: i64::try_from(count.data_points).unwrap_or(i64::MAX),
                sample: count
                    .samples
                    .first()
                    .map_or_else(String::new, |first| first.text.clone()),
                last_at: now,
            };
            let told = count.samples.iter().filter(|sample| !sample.text.is_empty());
            let samples = told.map(|sample| Sample {
                at: now,
                text: sample.text.clone(),
                message: sample.message.to_owned(),
            });
            let samples = samples.collect();
            ((project, now.floor(DAY), reason), Waiting { rejected, samples })
        });
        self.add(counted);
    }

    fn add(&self, counted: impl IntoIterator<Item = (Key, Waiting)>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, more) in counted {
            match waiting.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(more);
                }
                Entry::Occupied(mut entry) => entry.get_mut().add(more),
            }
        }
    }

    /// Writes what was counted. If that fails, it is counted still.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn flush(&self, db: &Db, now: Micros) -> store::Result<()> {
        let counted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counted.is_empty() {
            return Ok(());
        }
        let written = write(db, &counted, now).await;
        if written.is_err() {
            self.add(counted);
        }
        written
    }
}

impl Waiting {
    fn add(&mut self, more: Self) {
        let known = &mut self.rejected;
        known.data_points = known.data_points.saturating_add(more.rejected.data_points);
        if more.rejected.last_at >= known.last_at {
            known.last_at = more.rejected.last_at;
            known.sample = more.rejected.sample;
        }
        self.samples.extend(more.samples);
        self.samples.sort_by_key(|sample| sample.at);
        self.samples.drain(..self.samples.len().saturating_sub(SAMPLES));
    }
}

async fn write(db: &Db, counted: &HashMap<Key, Waiting>, now: Micros) -> store::Result<()> {
    // in one order, or two that write at once would each wait for a row the other holds
    let mut counted: Vec<_> = counted.iter().collect();
    counted.sort_unstable_by_key(|(key, _)| **key);
    let mut tx = db.begin().await?;
    for ((project, day, reason), waiting) in counted {
        rejections::add(&mut tx, *project, *day, &waiting.rejected).await?;
        rejections::keep(&mut tx, *project, *reason, &waiting.samples).await?;
    }
    rejections::sweep(&mut tx, now).await?;
    tx.commit_aside().await
}

/// Writes what was counted every second, until it's enough.
pub(crate) async fn run(app: Shared, mut enough: oneshot::Receiver<()>) {
    while tokio::time::timeout(EVERY, &mut enough).await.is_err() {
        if let Err(error) = app.tally.flush(&app.db, app.now()).await {
            tracing::error!(%error, "rejected data points could not be counted; trying again");
        }
    }
}
