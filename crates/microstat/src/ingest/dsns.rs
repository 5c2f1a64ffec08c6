//! What DSNs lead to, in memory: a batch costs no look-up of its DSN in the database.
//!
//! Whatever this process turns off, pauses or deletes holds from the next request on, since every commit makes what
//! was read before it void. What another process did, and what a DSN's own time brings, holds within two seconds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};

use domain::dsn::PublicKey;
use domain::time::{Micros, SECOND};
use foldhash::fast::RandomState;
use store::Db;
use store::dsns::{self, Resolved};

/// How long, in microseconds, what was read is good for until somebody reads it again, if nobody here commits meanwhile.
const FRESH: i64 = SECOND;

/// What is known of DSNs. Those that never existed are not kept, so there are never more than the database has.
#[derive(Debug, Default)]
pub struct Dsns(RwLock<HashMap<PublicKey, Known, RandomState>>);

#[derive(Debug)]
struct Known {
    /// [`Db::commits`] before it was read.
    commits: u64,
    /// When it was read, or somebody was sent to read it again.
    read_at: AtomicI64,
    resolved: Resolved,
}

impl Dsns {
    /// What a DSN leads to.
    pub(crate) async fn resolve(&self, db: &Db, key: PublicKey, now: Micros) -> store::Result<Resolved> {
        let commits = db.commits();
        if let Some(resolved) = self.look(key, commits, now) {
            return Ok(resolved);
        }
        let resolved = Box::pin(dsns::resolve(db, key, now)).await?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if resolved == Resolved::Unknown {
            all.remove(&key);
        } else {
            let known = Known {
                commits,
                read_at: now.0.into(),
                resolved: resolved.clone(),
            };
            all.insert(key, known);
        }
        Ok(resolved)
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
