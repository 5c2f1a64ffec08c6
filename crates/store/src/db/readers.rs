//! Connections that only read an SQLite file. A pool of the library's asks each connection whether it is well, before
//! and after each query; for a file that is always so, and asking costs more than most of our queries do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// As many queries run at once.
const MOST: u32 = 4;

/// The connections; clones are the same ones.
#[derive(Clone, Debug)]
pub(super) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: SqliteConnectOptions,
    patience: Duration,
    room: Semaphore,
    /// Those that nobody reads by. One whose query was given up isn't put back: another is opened in its place.
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    /// Opens the first.
    pub(super) async fn open(options: SqliteConnectOptions, patience: Duration) -> Result<Self, sqlx::Error> {
        let first = options.connect().await?;
        Ok(Self(Arc::new(Inner {
            options,
            patience,
            room: Semaphore::new(MOST as usize),
            idle: Mutex::new(vec![first]),
        })))
    }

    /// Reads by one of them, once it is its turn.
    pub(super) async fn read<T>(
        &self,
        query: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let turn = timeout(self.0.patience, self.0.room.acquire()).await;
        let _turn = turn
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let mut connection = match self.idle() {
            Some(connection) => connection,
            None => self.0.options.connect().await?,
        };
        let read = query(&mut connection).await?;
        self.0
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(read)
    }

    fn idle(&self) -> Option<SqliteConnection> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Closes all of them, once they have read what they do.
    pub(super) async fn close(&self) {
        let Ok(_all) = self.0.room.acquire_many(MOST).await else {
            return;
        };
        self.0.room.close();
        while let Some(connection) = self.idle() {
            // what was read is read
            let _ = connection.close().await;
        }
    }
}
