//! Data points: appended durably, read back as series, rankings and pages.
//!
//! Knows projects and metrics by their ids alone; names, people and HTTP are others' business.
//! What is on disk is one `SQLite` file, `points.db`, in the data folder. One task writes: it takes every batch that
//! waits, commits them in one synced transaction and answers them all, so that many apps share one sync of the disk.
//! Everything that has to be decided once and for all (a key seen before, the two-thousandth word of a day) is
//! decided inside that transaction. Reads go through connections of their own and see all that was answered.

mod append;
mod busiest;
mod erase;
mod error;
mod hours;
mod keys;
mod page;
mod rows;
mod schema;
mod series;
mod summaries;
mod totals;
mod vocabulary;
mod whole;
mod words;
mod write;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::id::ProjectId;
use domain::time::Micros;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use tokio::sync::{Semaphore, mpsc};

pub use append::{Batch, DataPoint, Outcome};
pub use error::Error;
pub use keys::REMEMBERED;
pub use page::{BadCursor, Cursor, Kept, Page};
pub use series::Bucket;
pub use summaries::Summary;
pub use words::{WordCount, Words};

/// How a store of data points is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections that read.
    pub readers: u32,
    /// Data points that may wait to be written.
    pub queue: u32,
    /// How long a batch waits for its place in the queue before it is refused.
    pub wait: Duration,
    /// Most pages of 4 KiB the file may have; then it is as if the disk were full.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            queue: 500_000,
            wait: Duration::from_secs(5),
            max_pages: None,
        }
    }
}

/// The store. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Points {
    readers: SqlitePool,
    jobs: mpsc::UnboundedSender<writer::Job>,
    room: Arc<Semaphore>,
    options: Options,
}

impl Points {
    /// Opens the store in a data folder, making or migrating its file.
    ///
    /// # Errors
    /// If the file can't be opened, or was written by a newer version.
    pub async fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let file = dir.join("points.db");
        let mut connection = schema::connect(&file, &options).await?;
        schema::migrate(&mut connection).await?;
        let (jobs, queue) = mpsc::unbounded_channel();
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .connect_lazy_with(schema::reading(&file));
        tokio::spawn(writer::run(queue, connection, file, options));
        let room = Arc::new(Semaphore::new(options.queue as usize));
        Ok(Self {
            readers,
            jobs,
            room,
            options,
        })
    }

    /// The earliest time a data point of this project says it happened.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn first_data_point(&self, project: ProjectId) -> Result<Option<Micros>, Error> {
        let first: Option<i64> = sqlx::query_scalar("select min(first_at) from metrics where project = ?1")
            .bind(project.0)
            .fetch_one(&self.readers)
            .await?;
        Ok(first.map(Micros))
    }

    /// Whether this project ever stored a data point that was not deleted with its metric.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn any(&self, project: ProjectId) -> Result<bool, Error> {
        self.first_data_point(project).await.map(|first| first.is_some())
    }

    /// Writes a consistent copy of the whole store to a new file, while others go on reading and writing.
    ///
    /// # Errors
    /// If the file exists or can't be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        sqlx::query("vacuum into ?1")
            .bind(file.to_string_lossy().into_owned())
            .execute(&self.readers)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
