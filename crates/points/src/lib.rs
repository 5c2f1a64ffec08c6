//! Data points: appended durably, read back as series, rankings and pages.
//!
//! Knows projects and metrics by their ids alone; names, people and HTTP are others' business.
//!
//! What comes in goes to the [`journal`] (one sync of the disk for all that wait) and into the [`head`], in memory,
//! where every read sees it at once. In the background the head is [sealed](seal): its data points become compressed
//! [`block`]s and [rollups](rollup) in `points.db`, and its part of the journal is used again. Reads add up both, from
//! the coarsest rollup that fits. FORMAT.md, beside this crate's sources, has the file formats and why they are safe.

mod append;
mod backup;
mod block;
mod bytes;
mod clickhouse;
mod clock;
mod distribution;
mod erase;
mod error;
mod figures;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod guest;
mod head;
mod journal;
mod kind;
mod moving;
mod open;
mod quantile;
mod query;
mod queue;
mod rollup;
mod schema;
mod seal;
mod seen;
mod sketch;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::time::{MINUTE, SECOND};
use tokio::sync::{Semaphore, watch};

pub use append::{Batch, DataPoint, Outcome};
pub use clickhouse::{Address, BadAddress};
pub use distribution::{Above, Distribution};
pub use erase::{Erasing, Retention};
pub use error::Error;
pub use figures::Backlog;
pub use journal::check::{Lost, Place, Report};
pub use moving::{Difference, Moved, Progress, Whereabouts};
pub use query::overview::Overview;
pub use query::page::{BadCursor, Cursor, Kept, Page};
pub use query::series::Bucket;
pub use query::sources::Sources;
pub use query::summaries::Summary;
pub use query::words::{WordCount, Words};
pub use seen::REMEMBERED;

/// How a store of data points is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Reads at once.
    pub readers: u32,
    /// Bytes of batches that may wait to be written.
    pub queue: u32,
    /// How long a batch waits for its place in the queue, or for sealing to make room, before it is refused.
    pub wait: Duration,
    /// Most bytes of the journal.
    pub journal: u64,
    /// Data points after which a generation is sealed.
    pub generation: usize,
    /// Data points that may be unsealed at once: each takes 16 bytes of memory, and a while to replay at the start.
    pub unsealed: usize,
    /// How old, in microseconds, a generation becomes before it is sealed.
    pub seal_after: i64,
    /// How long nothing has come when what there is gets sealed.
    pub idle: Duration,
    /// Data points of a metric and a day (UTC) from which what its minutes add up to is kept too.
    pub dense: u64,
    /// Most pages of 4 KiB the database may have; then it is as if the disk were full.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            queue: 32 << 20,
            wait: Duration::from_secs(5),
            journal: 256 << 20,
            generation: 500_000,
            unsealed: 1_500_000,
            seal_after: 15 * MINUTE,
            idle: Duration::from_secs(30),
            dense: 65_536,
            max_pages: None,
        }
    }
}

impl Options {
    /// For shipping to ClickHouse: about twice a second, and while ClickHouse is away until the journal has this many bytes.
    /// So many data points take about twice as much memory.
    #[must_use]
    pub fn shipping(journal: u64) -> Self {
        Self {
            journal,
            unsealed: usize::try_from(journal / LEAST).unwrap_or(usize::MAX),
            seal_after: SECOND / 2,
            idle: Duration::from_millis(500),
            ..Self::default()
        }
    }
}

/// Bytes of the journal that a data point takes at least, or nearly so.
const LEAST: u64 = 8;
/// How long ClickHouse is waited for at the start.
const ASKING: Duration = Duration::from_secs(5);

/// The store. Clones are the same store, which is closed with the last of them.
#[derive(Clone, Debug)]
pub struct Points {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    queue: Arc<queue::Queue>,
    room: Arc<Semaphore>,
    head: Arc<head::Head>,
    /// None for a guest.
    sealer: Option<Arc<seal::Sealer>>,
    readers: query::Readers,
    figures: Arc<figures::Figures>,
    /// Who answers instead of the folder, if data points are in ClickHouse.
    clickhouse: Option<clickhouse::Reader>,
    /// The number of a folder that ships there.
    source: Option<u64>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Given up last; a guest has none.
    _lock: Option<File>,
}

impl Points {
    /// Opens the store in a data folder, making its files or bringing them up to date.
    ///
    /// # Errors
    /// If its files can't be used, another process has it open, or the journal is damaged where that isn't the trace
    /// of a crash; nothing is changed then.
    pub async fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let dir = dir.to_owned();
        Self::opened(move || open::open(&dir, options, None, None)).await
    }

    /// Opens the store in a data folder whose data points go to ClickHouse: what is appended is in its journal first, and
    /// is [shipped](Options::shipping) in the background. ClickHouse needn't be there. `source` is a random number that
    /// tells this folder from all others; it keeps the first one it is given.
    ///
    /// # Errors
    /// As [`open`](Points::open); [`Error::Here`] if the folder has data points of its own; [`Error::ClickHouse`] if the
    /// tables were made by a newer version.
    pub async fn open_shipping(dir: &Path, options: Options, to: Address, source: u64) -> Result<Self, Error> {
        let dir = dir.to_owned();
        let points = Self::opened(move || open::open(&dir, options, None, Some((to, source)))).await?;
        if let Some(reader) = &points.inner.clickhouse {
            match tokio::time::timeout(ASKING, reader.migrate()).await {
                Ok(Err(newer @ clickhouse::Failure::Newer { .. })) => return Err(newer.into()),
                Ok(Err(away)) => tracing::warn!(%away, "data points wait in the journal until ClickHouse is there"),
                Err(_) => tracing::warn!("ClickHouse doesn't answer; data points wait in the journal"),
                Ok(Ok(())) => {}
            }
        }
        Ok(points)
    }

    /// Makes the tables in ClickHouse, or brings them up to date.
    ///
    /// # Errors
    /// If ClickHouse can't be reached or refuses, or the tables were made by a newer version.
    pub async fn migrate(address: Address) -> Result<(), Error> {
        Ok(clickhouse::Reader::new(address)?.migrate().await?)
    }

    /// The number that tells this folder from all others whose data points go to ClickHouse.
    #[must_use]
    pub fn source(&self) -> Option<u64> {
        self.inner.source
    }

    /// Changes whenever a batch has arrived in ClickHouse; ends at once if data points don't go there.
    #[must_use]
    pub fn shipped(&self) -> watch::Receiver<u64> {
        let nobody = || watch::Sender::new(0).subscribe();
        let shipping = self.inner.sealer.as_ref().filter(|_| self.inner.clickhouse.is_some());
        shipping.map_or_else(nobody, |sealer| sealer.shipped())
    }

    /// Opens the store in a data folder as [`open`](Points::open) does, or, if another process has it open, as a guest:
    /// what it appends is there for both, at the price of a transaction each time. A guest erases nothing, and must
    /// publish to metrics of its own.
    ///
    /// # Errors
    /// As [`open`](Points::open), but that another process may have it open.
    pub async fn open_beside(dir: &Path, options: Options) -> Result<Self, Error> {
        let dir = dir.to_owned();
        Self::opened(move || match open::open(&dir, options, None, None) {
            Err(Error::Locked) => open::visit(&dir, options),
            other => other,
        })
        .await
    }

    async fn opened(open: impl FnOnce() -> Result<Inner, Error> + Send + 'static) -> Result<Self, Error> {
        let opened = tokio::task::spawn_blocking(open).await;
        let inner = opened.map_err(|panic| Error::unavailable(&panic))??;
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Drop for Inner {
    /// Ends both threads. What isn't sealed is in the journal and comes back at the next start.
    fn drop(&mut self) {
        if let Some(sealer) = &self.sealer {
            sealer.stop();
        }
        self.queue.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
