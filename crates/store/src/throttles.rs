//! Slow-down: tries counted under a key that names what is tried and by whom.

use domain::time::Micros;

use crate::db::sql;
use crate::{Result, Tx};

/// How many tries there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many in a window that starts with the first; then none until it ends.
    Window {
        /// The window, in microseconds.
        length: i64,
        /// Tries in it.
        tries: i64,
    },
    /// So many freely; after each further one a pause, twice as long each time. Tries during a pause don't count, so
    /// nobody can hold a door shut for longer than the longest pause.
    Growing {
        /// Tries before the first pause.
        free: i64,
        /// The first pause, in microseconds.
        first: i64,
        /// The longest pause, in microseconds.
        most: i64,
        /// All is forgotten when so many microseconds have passed since the first try and no pause lasts.
        forgotten_after: i64,
    },
}

impl Limit {
    const fn window(self) -> i64 {
        match self {
            Self::Window { length, .. } => length,
            Self::Growing { forgotten_after, .. } => forgotten_after,
        }
    }

    /// Until when the next try must wait, after this many.
    fn blocked_until(self, tries: i64, window_start: Micros, now: Micros) -> Micros {
        match self {
            Self::Window { length, tries: most } if tries >= most => window_start + length,
            Self::Growing { free, first, most, .. } if tries >= free => {
                let doublings = (tries - free).clamp(0, 20);
                now + (first << doublings).min(most)
            }
            _ => Micros(0),
        }
    }
}

/// Whether a try may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It may, and was counted.
    Allowed,
    /// It may not, until then. It wasn't counted.
    Blocked {
        /// When the next one may be made.
        until: Micros,
    },
}

/// Counts a try under `key`, if it may be made. Exact under any number of simultaneous tries.
///
/// # Errors
/// If the database refuses.
pub async fn attempt(tx: &mut Tx, key: &str, now: Micros, limit: Limit) -> Result<Verdict> {
    // the row is there then and ours, whoever held it, or took it away, before
    sql(
        "insert into throttles (key, window_start, tries, blocked_until) values ($1, $2, 0, 0) \
         on conflict (key) do update set key = excluded.key",
    )
    .bind(key)
    .bind(now)
    .execute(tx)
    .await?;
    let row = sql("select window_start, tries, blocked_until from throttles where key = $1 for update")
        .bind(key)
        .one(&mut *tx)
        .await?;
    let until: Micros = row.get("blocked_until")?;
    if until > now {
        return Ok(Verdict::Blocked { until });
    }
    let (mut window_start, mut tries): (Micros, i64) = (row.get("window_start")?, row.get("tries")?);
    if now - window_start >= limit.window() {
        (window_start, tries) = (now, 0);
    }
    tries += 1;
    sql("update throttles set window_start = $2, tries = $3, blocked_until = $4 where key = $1")
        .bind(key)
        .bind(window_start)
        .bind(tries)
        .bind(limit.blocked_until(tries, window_start, now))
        .execute(tx)
        .await?;
    Ok(Verdict::Allowed)
}

/// Forgets every try under `key`.
///
/// # Errors
/// If the database refuses.
pub async fn reset(tx: &mut Tx, key: &str) -> Result<()> {
    sql("delete from throttles where key = $1")
        .bind(key)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets what no longer holds anybody up: windows that began before `before`, and no pause.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, before: Micros) -> Result<u64> {
    sql("delete from throttles where window_start < $1 and blocked_until < $1")
        .bind(before)
        .execute(tx)
        .await
}
