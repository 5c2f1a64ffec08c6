//! The thread that seals.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::{erase, merge};
use crate::head::Head;
use crate::head::generation::Generation;
use crate::journal::entry::Erasure;
use crate::{Error, Options, schema};

/// How far other threads go before sealing, as `nice` counts: it gets a third of what each of them gets.
const POLITENESS: i32 = 5;

/// How long after a failure it tries again, if nothing comes before.
const AGAIN: Duration = Duration::from_secs(2);
/// Pages given back to the file system after each erasure.
const VACUUMED: u32 = 10_000;

/// Something for the sealer to do beside sealing.
#[derive(Debug)]
pub(crate) enum Job {
    /// Erase this from what is older than a record; data points that are gone already are added to the answer.
    Erase(Erase),
    /// Say when everything up to a record is sealed.
    Flush(u64, oneshot::Sender<Result<(), Error>>),
}

/// An erasure that is in the journal and in the newest generation done.
#[derive(Debug)]
pub(crate) struct Erase {
    pub(crate) erasure: Erasure,
    /// Its record.
    pub(crate) seq: u64,
    /// Data points erased already.
    pub(crate) points: u64,
    pub(crate) answer: oneshot::Sender<Result<u64, Error>>,
}

/// The sealer, as others see it.
#[derive(Debug)]
pub(crate) struct Sealer {
    inbox: Mutex<Inbox>,
    told: Condvar,
    /// Told when something was sealed, or could not be.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Inbox {
    jobs: VecDeque<Job>,
    /// Whether a generation was closed that it may not have seen.
    more: bool,
    idle: bool,
    stopped: bool,
    /// Tries so far.
    round: u64,
    /// Why the last one failed.
    failing: Option<String>,
}

/// Starts the thread; it ends when told to stop, and leaves what is not sealed to the journal.
pub(crate) fn start(
    connection: Connection,
    file: PathBuf,
    options: Options,
    head: Arc<Head>,
    tell: impl Fn() + Send + 'static,
) -> std::io::Result<(Arc<Sealer>, JoinHandle<()>)> {
    let sealer = Arc::new(Sealer {
        inbox: Mutex::default(),
        told: Condvar::new(),
        done: Condvar::new(),
    });
    let mut work = Work {
        connection: Some(connection),
        file,
        options,
        head,
        sealer: sealer.clone(),
        flushes: Vec::new(),
        tell: Box::new(tell),
    };
    let thread = std::thread::Builder::new()
        .name("points-sealer".into())
        .spawn(move || {
            // Who publishes waits for the writer, nobody for this. Without the right to it, it is as before.
            let _ = rustix::process::nice(POLITENESS);
            work.run();
        })?;
    Ok((sealer, thread))
}

impl Sealer {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, job: Job) {
        self.inbox().jobs.push_back(job);
        self.told.notify_one();
    }

    /// A generation was closed. `idle`: nothing else is going on.
    pub(crate) fn more(&self, idle: bool) {
        let mut inbox = self.inbox();
        inbox.more = true;
        inbox.idle = idle;
        drop(inbox);
        self.told.notify_one();
    }

    pub(crate) fn stop(&self) {
        self.inbox().stopped = true;
        self.told.notify_one();
        self.done.notify_all();
    }

    /// How often it has tried to seal.
    pub(crate) fn round(&self) -> u64 {
        self.inbox().round
    }

    /// Waits until it has tried again since a round, unless that fails; says why then.
    pub(crate) fn wait(&self, round: u64, at_most: Duration) -> Result<(), String> {
        let goes_on = |inbox: &mut Inbox| inbox.round == round && inbox.failing.is_none() && !inbox.stopped;
        let waited = self.done.wait_timeout_while(self.inbox(), at_most, goes_on);
        let (inbox, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        match &inbox.failing {
            Some(failing) => Err(failing.clone()),
            None if inbox.stopped => Err("the store is being closed".to_owned()),
            None if timeout.timed_out() => Err("sealing doesn't keep up".to_owned()),
            None => Ok(()),
        }
    }
}

struct Work {
    connection: Option<Connection>,
    file: PathBuf,
    options: Options,
    head: Arc<Head>,
    sealer: Arc<Sealer>,
    flushes: Vec<(u64, oneshot::Sender<Result<(), Error>>)>,
    tell: Box<dyn Fn() + Send>,
}

impl Work {
    fn run(&mut self) {
        while let Some(jobs) = self.next() {
            for job in jobs {
                match job {
                    Job::Erase(erase) => {
                        let erased = self.erase(erase.erasure, erase.seq);
                        if erased.is_ok() {
                            // It may have made room. Who is told so mustn't be refused for what failed before it.
                            self.sealer.inbox().failing = None;
                        }
                        // Nobody waits any more: what is erased is erased all the same.
                        let _ = erase.answer.send(erased.map(|points| points + erase.points));
                        (self.tell)();
                    }
                    Job::Flush(last, answer) => self.flushes.push((last, answer)),
                }
            }
            self.seal_next();
        }
    }

    /// What came, or nothing but more to seal; `None` to stop.
    fn next(&self) -> Option<VecDeque<Job>> {
        let mut inbox = self.sealer.inbox();
        loop {
            if inbox.stopped {
                return None;
            }
            if !inbox.jobs.is_empty() || inbox.more {
                inbox.more = false;
                return Some(std::mem::take(&mut inbox.jobs));
            }
            if inbox.idle && inbox.failing.is_none() {
                inbox.idle = false;
                drop(inbox);
                self.rest();
                inbox = self.sealer.inbox();
                continue;
            }
            let waited = if inbox.failing.is_some() {
                let waited = self.sealer.told.wait_timeout(inbox, AGAIN);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.sealer.told.wait(inbox).unwrap_or_else(PoisonError::into_inner)
            };
            inbox = waited;
            inbox.more |= inbox.failing.is_some();
        }
    }

    /// Gives the log's space back while nothing else is going on.
    fn rest(&self) {
        if let Some(connection) = &self.connection {
            let _ = connection.query_row("pragma wal_checkpoint(truncate)", (), |_| Ok(()));
        }
    }

    /// Seals the oldest closed generation, if there is one; the next one after whatever has come meanwhile.
    fn seal_next(&mut self) {
        let oldest = self.head.state().generations.front().cloned();
        if let Some(generation) = oldest.filter(|generation| generation.last() != u64::MAX) {
            let result = self.seal(&generation);
            let mut inbox = self.sealer.inbox();
            inbox.more |= result.is_ok();
            inbox.round += 1;
            inbox.failing = result.as_ref().err().map(ToString::to_string);
            drop(inbox);
            self.sealer.done.notify_all();
            match result {
                Ok(()) => (self.tell)(),
                Err(error) => {
                    tracing::error!(?error, "data points can't be sealed; they stay in the journal");
                    for (_, answer) in self.flushes.drain(..) {
                        let _ = answer.send(Err(Error::unavailable(&error)));
                    }
                }
            }
        }
        let sealed = self.head.state().sealed;
        for (_, answer) in self.flushes.extract_if(.., |(last, _)| *last <= sealed) {
            let _ = answer.send(Ok(()));
        }
    }

    fn seal(&mut self, generation: &Generation) -> Result<(), Error> {
        let (last, dense) = (generation.last(), self.options.dense);
        let news = self.transaction(|tx| merge::seal(tx, &generation.read(), last, dense))?;
        let mut state = self.head.state_mut();
        state.sealed = last;
        state.generations.pop_front();
        news.tell(&mut state);
        Ok(())
    }

    fn erase(&mut self, erasure: Erasure, seq: u64) -> Result<u64, Error> {
        let mut points = 0;
        for generation in self
            .head
            .generations()
            .iter()
            .filter(|generation| generation.last() < seq)
        {
            points += generation.change(|contents| contents.erase(erasure));
        }
        let dense = self.options.dense;
        let erased = self.transaction(|tx| erase::erase(tx, erasure, dense))?;
        points += erased.points;
        erased.tell(&mut self.head.state_mut());
        if let Some(Err(error)) = self.connection.as_ref().map(give_back) {
            tracing::warn!(%error, "space can't be given back");
        }
        Ok(points)
    }

    /// Runs `work` in a transaction that is on the disk when this returns. After a failure the file is opened anew,
    /// since nobody knows what state a failing disk left the connection in.
    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::writing(&self.file, &self.options)?,
        };
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&tx)?;
        tx.commit()?;
        self.connection = Some(connection);
        Ok(result)
    }
}

/// Gives free pages back to the file system, one a step.
fn give_back(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut vacuum = connection.prepare(&format!("pragma incremental_vacuum({VACUUMED})"))?;
    let mut pages = vacuum.query(())?;
    while pages.next()?.is_some() {}
    Ok(())
}
