//! The thread that seals.

mod shipping;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use super::{erase, merge};
use crate::clickhouse::ship::Shipper;
use crate::head::Head;
use crate::head::generation::Generation;
use crate::journal::entry::Erasure;
use crate::{Error, Options, clock, schema};

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
    /// Whether it is being stopped, for who waits for ClickHouse.
    stopping: watch::Sender<bool>,
    /// Up to which record everything is in ClickHouse.
    shipped: watch::Sender<u64>,
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
    /// How they went.
    sealing: Sealing,
}

/// How sealing goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sealing {
    /// Why the last try failed, if it did.
    pub(crate) failing: Option<String>,
    /// Since when all have.
    pub(crate) failing_since: Option<Instant>,
    /// When one last went well.
    pub(crate) done_at: Option<Instant>,
}

impl Sealing {
    fn failed(&mut self, why: String) {
        self.failing = Some(why);
        self.failing_since.get_or_insert_with(clock::instant);
    }

    fn recovered(&mut self) {
        (self.failing, self.failing_since) = (None, None);
    }
}

/// Starts the thread; it ends when told to stop, and leaves what is not sealed to the journal. With a shipper, what is
/// sealed goes to ClickHouse.
pub(crate) fn start(
    connection: Connection,
    file: PathBuf,
    options: Options,
    head: Arc<Head>,
    shipper: Option<Shipper>,
    tell: impl Fn() + Send + 'static,
) -> std::io::Result<(Arc<Sealer>, JoinHandle<()>)> {
    let sealer = Arc::new(Sealer::new());
    let shipper = shipper.map(|shipper| shipper.until(sealer.stopping.subscribe()));
    let mut work = Work {
        connection: Some(connection),
        file,
        options,
        head,
        shipper,
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
    fn new() -> Self {
        Self {
            inbox: Mutex::new(Inbox {
                // What was brought back from the journal may have generations that are closed.
                more: true,
                ..Inbox::default()
            }),
            told: Condvar::new(),
            done: Condvar::new(),
            stopping: watch::Sender::new(false),
            shipped: watch::Sender::new(0),
        }
    }

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

    /// How sealing goes.
    pub(crate) fn sealing(&self) -> Sealing {
        self.inbox().sealing.clone()
    }

    /// Changes whenever a batch has arrived in ClickHouse.
    pub(crate) fn shipped(&self) -> watch::Receiver<u64> {
        self.shipped.subscribe()
    }

    pub(crate) fn stop(&self) {
        self.inbox().stopped = true;
        self.stopping.send_replace(true);
        self.told.notify_one();
        self.done.notify_all();
    }

    /// How often it has tried to seal.
    pub(crate) fn round(&self) -> u64 {
        self.inbox().round
    }

    /// Waits until it has tried again since a round, unless that fails; says why then.
    pub(crate) fn wait(&self, round: u64, at_most: Duration) -> Result<(), String> {
        let goes_on = |inbox: &mut Inbox| inbox.round == round && inbox.sealing.failing.is_none() && !inbox.stopped;
        let waited = self.done.wait_timeout_while(self.inbox(), at_most, goes_on);
        let (inbox, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        match &inbox.sealing.failing {
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
    shipper: Option<Shipper>,
    sealer: Arc<Sealer>,
    flushes: Vec<(u64, oneshot::Sender<Result<(), Error>>)>,
    tell: Box<dyn Fn() + Send>,
}

impl Work {
    fn run(&mut self) {
        while let Some(jobs) = self.next() {
            self.work_off(jobs);
        }
    }

    /// Does what has come, then seals.
    fn work_off(&mut self, jobs: VecDeque<Job>) {
        for job in jobs {
            match job {
                Job::Erase(erase) => {
                    let erased = self.erase(erase.erasure, erase.seq);
                    if erased.is_ok() {
                        // It may have made room. Who is told so mustn't be refused for what failed before it.
                        self.sealer.inbox().sealing.recovered();
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

    /// What came, or nothing but more to seal; `None` to stop.
    fn next(&self) -> Option<VecDeque<Job>> {
        let mut inbox = self.sealer.inbox();
        loop {
            if inbox.stopped {
                return None;
            }
            let at_once = inbox.more && (self.shipper.is_none() || inbox.sealing.failing.is_none());
            if !inbox.jobs.is_empty() || at_once {
                inbox.more = false;
                return Some(std::mem::take(&mut inbox.jobs));
            }
            if let (Some(shipper), Some(_)) = (&self.shipper, &inbox.sealing.failing) {
                // However much comes meanwhile: who is overwhelmed, or just back, must not be asked all the time.
                let goes_on = |inbox: &mut Inbox| !inbox.stopped && inbox.jobs.is_empty();
                let waited = self.sealer.told.wait_timeout_while(inbox, shipper.pause(), goes_on);
                inbox = waited.unwrap_or_else(PoisonError::into_inner).0;
                if !inbox.stopped {
                    inbox.more = false;
                    return Some(std::mem::take(&mut inbox.jobs));
                }
                continue;
            }
            if inbox.idle && inbox.sealing.failing.is_none() {
                inbox.idle = false;
                drop(inbox);
                self.rest();
                inbox = self.sealer.inbox();
                continue;
            }
            let waited = if inbox.sealing.failing.is_some() {
                let waited = self.sealer.told.wait_timeout(inbox, AGAIN);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.sealer.told.wait(inbox).unwrap_or_else(PoisonError::into_inner)
            };
            inbox = waited;
            inbox.more |= inbox.sealing.failing.is_some();
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
        let oldest = oldest.filter(|generation| generation.last() != u64::MAX);
        let mut inbox = self.sealer.inbox();
        if inbox.jobs.iter().any(|job| matches!(job, Job::Erase(_))) {
            // It came before the generation was closed, which may have what came after it.
            inbox.more = true;
            return;
        }
        drop(inbox);
        let has_to_erase = self.shipper.as_ref().is_some_and(Shipper::has_to_erase);
        if oldest.is_some() || has_to_erase {
            let result = match &oldest {
                _ if self.shipper.is_some() => self.ship(oldest.as_deref()),
                Some(generation) => self.seal(generation),
                None => Ok(()),
            };
            let mut inbox = self.sealer.inbox();
            inbox.more |= result.is_ok();
            inbox.round += 1;
            match &result {
                Ok(()) => {
                    inbox.sealing.recovered();
                    inbox.sealing.done_at = Some(clock::instant());
                }
                Err(error) => inbox.sealing.failed(error.to_string()),
            }
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

    /// Takes what is erased from the generations that wait.
    fn erase_unsealed(&self, erasure: Erasure, seq: u64) -> u64 {
        let generations = self.head.generations();
        let older = generations.iter().filter(|generation| generation.last() < seq);
        older
            .map(|generation| generation.change(|contents| contents.erase(erasure)))
            .sum()
    }

    fn erase(&mut self, erasure: Erasure, seq: u64) -> Result<u64, Error> {
        if self.shipper.is_some() {
            return self.erase_where_it_is_shipped(erasure, seq);
        }
        let mut points = self.erase_unsealed(erasure, seq);
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

#[cfg(test)]
mod tests;
