//! What DSNs lead to, in memory: a batch costs no look-up of its DSN in the database.
//!
//! Whatever this process turns off, pauses or deletes holds from the next request on, since every commit makes what
//! was read before it void. What another process did, and what a DSN's own time brings, holds within two seconds. While
//! the server with the accounts is away, what was known holds on for ten minutes: nobody can turn anything off then, but
//! by another process if this one alone is cut off.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use domain::dsn::PublicKey;
use domain::time::{MINUTE, Micros, SECOND};
use foldhash::fast::RandomState;
use store::Db;
use store::dsns::{self, Resolved};
use tokio::time::timeout;

/// How long, in microseconds, what was read is good for until somebody reads it again, if nobody here commits meanwhile.
const FRESH: i64 = SECOND;
/// How long, in microseconds, it is good for while it can't be read again.
const GOOD: i64 = 10 * MINUTE;
/// How long it is tried to read it again before that is given up for now.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same if somebody here committed something since it was read, which may have been about it.
const MORE_PATIENCE: Duration = Duration::from_secs(5);

/// What is known of DSNs. Those that never existed are not kept, so there are never more than the database has.
#[derive(Debug, Default)]
pub struct Dsns(RwLock<HashMap<PublicKey, Known, RandomState>>);

#[derive(Debug)]
struct Known {
    /// [`Db::commits`] before it was read.
    commits: u64,
    /// When somebody was sent to read it.
    read_at: AtomicI64,
    /// When it was read.
    sure_at: Micros,
    resolved: Resolved,
}

impl Dsns {
    /// What a DSN leads to.
    pub(crate) async fn resolve(&self, db: &Db, key: PublicKey, now: Micros) -> store::Result<Resolved> {
        let commits = db.commits();
        if let Some(resolved) = self.look(key, commits, now) {
            return Ok(resolved);
        }
        let read = Box::pin(dsns::resolve(db, key, now));
        let resolved = match self.held(key, commits, now) {
            None => read.await?,
            Some((held, patience)) => match timeout(patience, read).await {
                Ok(Ok(resolved)) => resolved,
                Ok(Err(error)) if !error.is_away() => return Err(error),
                Ok(Err(_)) | Err(_) => {
                    self.hold_on(key, commits, now);
                    return Ok(held);
                }
            },
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if resolved == Resolved::Unknown {
            all.remove(&key);
        } else {
            let known = Known {
                commits,
                read_at: now.0.into(),
                sure_at: now,
                resolved: resolved.clone(),
            };
            all.insert(key, known);
        }
        Ok(resolved)
    }

    /// What is good while it can't be read again, and how long it is tried to.
    fn held(&self, key: PublicKey, commits: u64, now: Micros) -> Option<(Resolved, Duration)> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&key).filter(|known| now - known.sure_at < GOOD)?;
        let patience = if known.commits == commits {
            PATIENCE
        } else {
            MORE_PATIENCE
        };
        Some((known.resolved.clone(), patience))
    }

    /// Everybody goes on with what is known, until one is sent to read it again.
    fn hold_on(&self, key: PublicKey, commits: u64, now: Micros) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get_mut(&key) {
            known.commits = commits;
            known.read_at.store(now.0, Ordering::Relaxed);
        }
    }

    /// What is known and still good. Of those who find it too old, one is sent to read it again, while the others go on
    /// with it.
    fn look(&self, key: PublicKey, commits: u64, now: Micros) -> Option<Resolved> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&key).filter(|known| known.commits == commits)?;
        let read_at = known.read_at.load(Ordering::Relaxed);
        // Requests don't come in quite the order of their times.
        let is_fresh = (now.0 - read_at).abs() < FRESH;
        let sent = || {
            let swapped = known
                .read_at
                .compare_exchange(read_at, now.0, Ordering::Relaxed, Ordering::Relaxed);
            swapped.is_ok()
        };
        (is_fresh || !sent()).then(|| known.resolved.clone())
    }
}
