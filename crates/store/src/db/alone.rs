//! Work that one process does at a time, whichever begins.

use sqlx::postgres::PgConnection;

use super::{Db, Engine};
use crate::Result;

/// Such work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Clearing away what has ended.
    Clearing,
}

impl Work {
    /// The number of the lock, one that other programs hardly choose.
    const fn lock(self) -> i64 {
        match self {
            Self::Clearing => 7_206_093_246,
        }
    }
}

/// The right to do it, until it is dropped. It is lost with the connection to the server, so the work has to be such that
/// beginning it again, beside one who goes on with it, does no harm.
#[derive(Debug)]
pub struct Alone {
    _connection: Option<PgConnection>,
}

impl Db {
    /// The right to do some work, unless another process has it. On SQLite there is no other.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub async fn alone(&self, work: Work) -> Result<Option<Alone>> {
        let Engine::Postgres(pool) = &self.engine else {
            return Ok(Some(Alone { _connection: None }));
        };
        // The lock is the connection's, and goes when that is closed.
        let mut connection = pool.acquire().await?.detach();
        let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(work.lock())
            .fetch_one(&mut connection)
            .await?;
        Ok(is_ours.then_some(Alone {
            _connection: Some(connection),
        }))
    }
}
