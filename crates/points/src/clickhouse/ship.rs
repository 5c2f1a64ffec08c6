//! Shipping: from the head into ClickHouse, a generation at a time, as one batch each.
//!
//! A batch is on its way from the moment `points.db` says so until it says that it is done. In between something may
//! stop: this process, ClickHouse, the network. Then it is in doubt, and nothing else is shipped or erased before that is
//! [settled](Shipper::settle): if ClickHouse has its line in `batches`, all of it is there, for that line is written last.
//! Else it is [completed](super::complete).

use std::fmt::Display;
use std::time::Duration;

use domain::id::{MetricId, ProjectId};
use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::binary::Cells;
use super::complete::complete;
use super::local::{self, Batch, Shipping};
use super::rows::{self, Insert};
use super::schema::{self, Layout, Table};
use super::{Address, Client, Failure, cluster, erase};
use crate::Error;
use crate::head::generation::Contents;
use crate::head::metric::Metric;
use crate::journal::entry::Erasure;

/// The first pause after a failure, and the longest. Each is twice the one before.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);
/// The source of the line in `batches` that says that a server ships here, which a move looks for. No folder has it.
const SHIPS_HERE: u64 = 0;

/// However a server is set, an insert is one block: then each row of a rollup gets all of it at once.
const ONE_BLOCK: &str =
    "&max_insert_block_size=1048576&min_insert_block_size_rows=1048576&min_insert_block_size_bytes=268435456";

/// Ships what one data folder has.
#[derive(Debug)]
pub(crate) struct Shipper {
    pub(super) client: Client,
    pub(super) layout: Layout,
    /// Its own, so that it goes on whatever those who read are doing.
    runtime: Runtime,
    shipping: Shipping,
    /// Whether the tables are known to be there.
    migrated: bool,
    failures: u32,
    /// Whether it is being stopped.
    stopping: watch::Receiver<bool>,
    /// Erasures that are in the journal and not done yet, and their records; oldest first.
    erasures: Vec<(Erasure, u64)>,
}

/// A generation that is there.
pub(crate) struct Shipped {
    pub(crate) last: u64,
    /// What the head has to know of its metrics.
    pub(crate) metrics: Vec<(MetricId, Metric)>,
}

impl Shipper {
    pub(crate) fn new(address: Address, shipping: Shipping, erasures: Vec<(Erasure, u64)>) -> Result<Self, Error> {
        Ok(Self {
            layout: Layout::of(&address),
            client: Client::new(address)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            shipping,
            migrated: false,
            failures: 0,
            stopping: watch::Sender::new(false).subscribe(),
            erasures,
        })
    }

    /// Waits for ClickHouse only until this becomes true: what is on its way then is in doubt, and settled at the next start.
    pub(crate) fn until(mut self, stopping: watch::Receiver<bool>) -> Self {
        self.stopping = stopping;
        self
    }

    fn wait_for<T>(
        runtime: &Runtime,
        stopping: &watch::Receiver<bool>,
        done: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut stopping = stopping.clone();
        runtime.block_on(async {
            tokio::select! {
                done = done => done,
                Ok(_) = stopping.wait_for(|stopping| *stopping) => {
                    Err(Failure::Silent("micro stat is being stopped".to_owned()))
                }
            }
        })
    }

    /// How long to wait after a failure: longer each time, and not as long as other sources, so that ClickHouse, once it
    /// is back, doesn't get everything at once.
    pub(crate) fn pause(&self) -> Duration {
        let doubled = PAUSE * 2_u32.saturating_pow(self.failures.min(10));
        let spread = u32::try_from(self.shipping.source % 512).unwrap_or(0);
        doubled.min(LONGEST) * (768 + spread) / 1_024
    }

    /// Notes how a try ended.
    pub(crate) fn tried(&mut self, well: bool) {
        // It may be another server by then, or another version of it.
        self.migrated &= well;
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
    }

    /// Makes the tables, unless they are known to be there.
    pub(crate) fn prepare(&mut self) -> Result<(), Failure> {
        if !self.migrated {
            let prepared = async {
                schema::migrate(&self.client).await?;
                // Before anything of it is there: what is moved here then knows that not all is its own.
                let line = format!("INSERT INTO batches (source, batch, last, points) SELECT {SHIPS_HERE}, 0, 0, 0");
                self.client.run_with(&line, &self.client.inserts()).await
            };
            Self::wait_for(&self.runtime, &self.stopping, prepared)?;
            self.migrated = true;
        }
        Ok(())
    }

    /// Whether erasures wait to be done.
    pub(crate) fn has_to_erase(&self) -> bool {
        !self.erasures.is_empty()
    }

    /// Those, and their records.
    pub(crate) fn erasures(&self) -> &[(Erasure, u64)] {
        &self.erasures
    }

    /// Notes an erasure, and its record. It is done before anything that came after it is shipped.
    pub(crate) fn note(&mut self, erasure: Erasure, seq: u64) {
        self.erasures.push((erasure, seq));
    }

    /// Does the erasures that were noted. Says how many data points the last one had.
    pub(crate) fn erase(&mut self, db: &mut Connection) -> Result<u64, Error> {
        let mut points = 0;
        while let Some((erasure, _)) = self.erasures.first().copied() {
            points = Self::wait_for(
                &self.runtime,
                &self.stopping,
                erase::erase(&self.client, &self.layout, erasure),
            )?;
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            match erasure {
                Erasure::Metric(metric) => local::forget_metric(&tx, metric)?,
                Erasure::Project(ProjectId(project)) => {
                    for metric in local::metrics_of(&tx, project)? {
                        local::forget_metric(&tx, metric)?;
                    }
                    crate::seal::keys::forget(&tx, ProjectId(project))?;
                }
                Erasure::Range(..) | Erasure::Older(..) => {}
            }
            tx.commit()?;
            self.erasures.remove(0);
        }
        Ok(points)
    }

    /// Ships all of a generation whose last record is `last`, which is none that is in doubt.
    pub(crate) fn ship(&mut self, db: &mut Connection, contents: &Contents, last: u64) -> Result<Shipped, Error> {
        if contents.points() > 0 {
            let batch = Batch::of(self.shipping.source, last, contents);
            local::begin(db, batch)?;
            self.shipping.doubt = Some(batch);
            let sent = send(&self.client, &self.layout, batch, contents);
            Self::wait_for(&self.runtime, &self.stopping, sent)?;
        }
        self.done(db, contents, last)
    }

    /// Notes that all of a generation is in ClickHouse.
    fn done(&mut self, db: &mut Connection, contents: &Contents, last: u64) -> Result<Shipped, Error> {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let metrics = local::done(&tx, contents, last)?;
        tx.commit()?;
        self.shipping.doubt = None;
        Ok(Shipped { last, metrics })
    }

    /// Makes sure that all of the batch that is in doubt is there, if one is: the oldest generation, of which these are the
    /// contents.
    pub(crate) fn settle(&mut self, db: &mut Connection, contents: &Contents) -> Result<Option<Shipped>, Error> {
        let Some(batch) = self.shipping.doubt else {
            return Ok(None);
        };
        let completed = complete(&self.client, &self.layout, batch, contents);
        Self::wait_for(&self.runtime, &self.stopping, completed)?;
        self.done(db, contents, batch.last).map(Some)
    }
}

/// The one number a query answers.
pub(super) async fn count(client: &Client, text: &str) -> Result<u64, Failure> {
    let said = client.ask(&format!("{text} FORMAT RowBinary")).await?;
    Cells::of(&said).u64()
}

/// What the number a query answers comes to at all servers that can be asked.
pub(super) async fn count_everywhere(client: &Client, text: &str) -> Result<u64, Failure> {
    let mut sum = 0;
    for said in client.ask_each(&format!("{text} FORMAT RowBinary")).await? {
        sum += Cells::of(&said).u64()?;
    }
    Ok(sum)
}

/// Inserts a batch that is not there.
async fn send(client: &Client, layout: &Layout, batch: Batch, contents: &Contents) -> Result<(), Failure> {
    let inserts = rows::of(batch, contents, |_, _| false);
    for of in &inserts {
        insert(client, batch.source, of, &client.inserts()).await?;
    }
    say_it_is_whole(client, layout, batch, &inserts).await
}

/// What is under way of a source can be told by its name.
pub(super) fn query_id(source: impl Display, what: impl Display) -> String {
    format!("microstat-{source}-{what}")
}

/// Inserts rows of a batch.
pub(super) async fn insert(client: &Client, source: u64, of: &Insert, settings: &str) -> Result<(), Failure> {
    let id = query_id(source, of.name);
    let settings = format!("{settings}{ONE_BLOCK}&query_id={id}");
    client.insert(Table::Points.name(), &of.rows, &settings).await
}

/// Writes the line that says that a batch is whole.
pub(super) async fn say_it_is_whole(
    client: &Client,
    layout: &Layout,
    batch: Batch,
    inserts: &[Insert],
) -> Result<(), Failure> {
    if layout.cluster.is_some() {
        // With its line, the journal's part is used again: a server that is lost then must not be the only one that had it.
        cluster::copied(client, layout).await?;
    }
    let Batch { source, name, last } = batch;
    let points: u64 = inserts.iter().map(|insert| insert.count).sum();
    let line = format!("INSERT INTO batches VALUES ({source}, {name}, {last}, {points})");
    client.run_with(&line, &client.inserts()).await?;
    Ok(())
}
