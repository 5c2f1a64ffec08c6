//! The one task that writes: takes what waits, commits it in one transaction, answers everyone.

use std::path::PathBuf;

use domain::time::Micros;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::erase::{self, Erase};
use crate::{Batch, Error, Options, Outcome, schema, write};

/// Data points after which a group is closed, so that no one waits for a transaction without end.
const GROUP: usize = 50_000;

/// Something for the writer to do.
pub(crate) enum Job {
    Append(Append),
    Erase(Erase, oneshot::Sender<Result<u64, Error>>),
}

/// A batch and who waits for it.
pub(crate) struct Append {
    pub(crate) batch: Batch,
    pub(crate) now: Micros,
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
    /// Its place in the queue, free again once it is answered.
    pub(crate) room: OwnedSemaphorePermit,
}

/// The file, reopened after anything went wrong, since nobody knows what state a failing disk left a connection in.
struct Writer {
    connection: Option<SqliteConnection>,
    file: PathBuf,
    options: Options,
}

/// Writes until every [`Points`](crate::Points) is gone and the queue is empty.
pub(crate) async fn run(
    mut queue: UnboundedReceiver<Job>,
    connection: SqliteConnection,
    file: PathBuf,
    options: Options,
) {
    let mut writer = Writer {
        connection: Some(connection),
        file,
        options,
    };
    let mut next = queue.recv().await;
    while let Some(job) = next.take() {
        match job {
            Job::Erase(erase, answer) => {
                // Nobody waits any more: what is erased is erased all the same.
                let _ = answer.send(writer.erase(erase).await);
            }
            Job::Append(first) => {
                let (group, left) = gather(first, &mut queue);
                next = left;
                writer.append(group).await;
            }
        }
        if next.is_none() {
            next = queue.recv().await;
        }
    }
    if let Some(connection) = writer.connection {
        let _ = connection.close().await;
    }
}

/// Everything that waits, up to a bound, and the job that comes after it if that was seen.
fn gather(first: Append, queue: &mut UnboundedReceiver<Job>) -> (Vec<Append>, Option<Job>) {
    let mut weight = first.batch.points.len();
    let mut group = vec![first];
    while weight < GROUP {
        match queue.try_recv() {
            Ok(Job::Append(append)) => {
                weight += append.batch.points.len();
                group.push(append);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

impl Writer {
    async fn append(&mut self, group: Vec<Append>) {
        let mut waiting = Vec::with_capacity(group.len());
        let mut batches = Vec::with_capacity(group.len());
        for append in group {
            waiting.push((append.answer, append.room));
            batches.push((append.batch, append.now));
        }
        match self
            .commit(async |connection| write::group(connection, batches).await)
            .await
        {
            Ok(outcomes) => {
                for ((answer, _room), outcome) in waiting.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                tracing::error!(%error, batches = waiting.len(), "data points can't be written");
                for (answer, _room) in waiting {
                    let _ = answer.send(Err(Error::unavailable(&error)));
                }
            }
        }
    }

    async fn erase(&mut self, erase: Erase) -> Result<u64, Error> {
        let erased = self
            .commit(async |connection| erase::step(connection, erase).await)
            .await;
        erased.map_err(|error| Error::unavailable(&error))
    }

    /// Runs `work` in one transaction that is on disk when this returns.
    async fn commit<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::connect(&self.file, &self.options).await?,
        };
        match transaction(&mut connection, work).await {
            Ok(result) => {
                self.connection = Some(connection);
                Ok(result)
            }
            Err(error) => {
                let _ = sqlx::query("rollback").execute(&mut connection).await;
                let _ = connection.close().await;
                Err(error)
            }
        }
    }
}

async fn transaction<T>(
    connection: &mut SqliteConnection,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    sqlx::query("begin immediate").execute(&mut *connection).await?;
    let result = work(connection).await?;
    sqlx::query("commit").execute(connection).await?;
    Ok(result)
}
