//! Shipping: from the head into ClickHouse, a generation at a time, as one batch each.
//!
//! A batch is on its way from the moment `points.db` says so until it says that it is done. In between something may
//! stop: this process, ClickHouse, the network. Then it is in doubt, and nothing else is shipped or erased before that is
//! [settled](Shipper::settle): if ClickHouse has its line in `batches`, all of it is there, for that line is written last.
//! Else what there is of it is taken back, from the rollups as well, and it is shipped anew.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, Micros};
use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::binary::{Cells, listed};
use super::lacking::Lacking;
use super::local::{self, Doubt, Shipping};
use super::schema::{self, Layout, ROLLUPS, Table};
use super::{Address, Client, Failure, cluster, erase, rows};
use crate::Error;
use crate::head::generation::Contents;
use crate::head::metric::Metric;
use crate::journal::entry::Erasure;

/// The first pause after a failure, and the longest. Each is twice the one before.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);
/// The source of the line in `batches` that says that a server ships here, which a move looks for. No folder has it.
const SHIPS_HERE: u64 = 0;
/// Metrics that a statement names; of more it means all of the source.
const NAMED: usize = 5_000;

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
    lacking: Arc<Lacking>,
    /// Whether other processes answer too, which have to know first what answers may lack.
    shared: bool,
}

impl Shipper {
    pub(crate) fn new(
        address: Address,
        shipping: Shipping,
        erasures: Vec<(Erasure, u64)>,
        (lacking, shared): (Arc<Lacking>, bool),
    ) -> Result<Self, Error> {
        if let Some(doubt) = shipping.doubt.as_ref().filter(|doubt| doubt.undoing) {
            lacking.begin(Micros(doubt.days.0 * DAY));
        }
        Ok(Self {
            layout: Layout::of(&address),
            client: Client::new(address)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            shipping,
            migrated: false,
            failures: 0,
            stopping: watch::Sender::new(false).subscribe(),
            erasures,
            lacking,
            shared,
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
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
    }

    /// Makes the tables, unless they are known to be there.
    pub(crate) fn prepare(&mut self) -> Result<(), Failure> {
        if !self.migrated {
            let prepared = async {
                schema::migrate(&self.client).await?;
                // Before anything of it is there: what is moved here then knows that not all is its own.
                let line = format!("INSERT INTO batches (source, batch, last, points) SELECT {SHIPS_HERE}, 0, 0, 0");
                self.client.run_with(&line, "&insert_distributed_sync=1").await
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
    pub(crate) fn ship(
        &mut self,
        db: &mut Connection,
        contents: &Contents,
        last: u64,
    ) -> Result<Vec<(MetricId, Metric)>, Error> {
        if let Some((metrics, days)) = rows::touched(contents) {
            let Shipping { source, attempt, .. } = self.shipping;
            let batch = rows::name(source, last, attempt, contents);
            let doubt = Doubt {
                batch,
                last,
                undoing: false,
                metrics,
                days,
            };
            local::begin(db, &doubt)?;
            self.shipping.doubt = Some(doubt);
            let rows = rows::of(source, batch, last, contents);
            let inserted = insert(&self.client, &self.layout, (source, batch, last), &rows);
            Self::wait_for(&self.runtime, &self.stopping, inserted)?;
        }
        self.done(db, contents, last)
    }

    /// Notes that all of a generation is in ClickHouse.
    pub(crate) fn done(
        &mut self,
        db: &mut Connection,
        contents: &Contents,
        last: u64,
    ) -> Result<Vec<(MetricId, Metric)>, Error> {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let metrics = local::done(&tx, contents, last)?;
        tx.commit()?;
        self.shipping.doubt = None;
        Ok(metrics)
    }

    /// Finds out what became of the batch that is in doubt, if one is. Says its last record if all of it is in ClickHouse;
    /// else nothing of it is once this returns.
    pub(crate) fn settle(&mut self, db: &Connection) -> Result<Option<u64>, Error> {
        let Some(doubt) = self.shipping.doubt.clone() else {
            return Ok(None);
        };
        // Any replica is asked, and one that lags would not know.
        Self::wait_for(
            &self.runtime,
            &self.stopping,
            erase::caught_up(&self.client, &self.layout),
        )?;
        let source = self.shipping.source;
        let mine = format!("source = {source} AND batch = {}", doubt.batch);
        let whole = self.count(&format!("SELECT count() FROM batches WHERE {mine}"))?;
        if whole > 0 {
            return Ok(Some(doubt.last));
        }
        let there = self.count(&format!("SELECT count() FROM points WHERE {mine}"))?;
        let mut attempt = self.shipping.attempt;
        if there > 0 || doubt.undoing {
            let undoing = Doubt { undoing: true, ..doubt };
            local::begin(db, &undoing)?;
            tracing::warn!(
                rows = there,
                "a batch is in ClickHouse in part; it is taken back and shipped anew"
            );
            // If this fails, the next try has to know it: data points may be gone by then, and rollups are made anew last.
            self.shipping.doubt = Some(undoing.clone());
            self.lacking.begin(Micros(undoing.days.0 * DAY));
            let taken_back = async {
                if self.shared {
                    self.lacking.known().await?;
                }
                take_back(&self.client, &self.layout, source, &undoing).await
            };
            Self::wait_for(&self.runtime, &self.stopping, taken_back)?;
            self.lacking.end();
            // Replicated tables take a batch of the same name for one they have already.
            attempt += 1;
        }
        local::undone(db, attempt)?;
        (self.shipping.attempt, self.shipping.doubt) = (attempt, None);
        Ok(None)
    }

    fn count(&self, text: &str) -> Result<u64, Failure> {
        Self::wait_for(&self.runtime, &self.stopping, count(&self.client, text))
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

/// Inserts a batch, and last of all the line that says it is whole.
async fn insert(
    client: &Client,
    layout: &Layout,
    (source, batch, last): (u64, u64, u64),
    rows: &rows::Rows,
) -> Result<(), Failure> {
    for (nth, insert) in rows.inserts.iter().enumerate() {
        // One of this name that is still under way, though nobody waits for it any more, is not joined by another.
        let settings = format!("&insert_distributed_sync=1&query_id=microstat-{source}-{batch}-{nth}");
        client.insert(Table::Points.name(), insert, &settings).await?;
    }
    if layout.cluster.is_some() {
        // With its line, the journal's part is used again: a server that is lost then must not be the only one that had it.
        cluster::copied(client, layout).await?;
    }
    let line = format!("INSERT INTO batches VALUES ({source}, {batch}, {last}, {})", rows.count);
    client.run_with(&line, "&insert_distributed_sync=1").await?;
    Ok(())
}

/// Takes a batch back: the rollups of all that its source has of the days it touched are made anew from what is left.
async fn take_back(client: &Client, layout: &Layout, source: u64, doubt: &Doubt) -> Result<(), Failure> {
    let (from, to) = (doubt.days.0 * DAY, (doubt.days.1 + 1) * DAY);
    let mut of = format!("source = {source}");
    if doubt.metrics.len() <= NAMED {
        let _ = write!(
            of,
            " AND metric IN ({})",
            listed(doubt.metrics.iter().map(|metric| metric.0))
        );
    }
    // Where data points are gone, rollups can't be made anew.
    for (project, raw) in forgotten(client, from).await? {
        let _ = write!(of, " AND NOT (project = {project} AND {{time}} < {raw})");
    }
    let inside = |time: &str| format!("{} AND {time} >= {from} AND {time} < {to}", of.replace("{time}", time));
    for table in ROLLUPS {
        erase::delete(client, layout, table, &inside("start")).await?;
    }
    let batch = format!("source = {source} AND batch = {}", doubt.batch);
    erase::delete(client, layout, Table::Points, &batch).await?;
    erase::caught_up(client, layout).await?;
    for table in ROLLUPS {
        erase::make_anew(client, table, &inside("at")).await?;
    }
    erase::caught_up(client, layout).await
}

/// Projects whose rollups are all there is of some time after this one, each with when their data points begin.
async fn forgotten(client: &Client, after: i64) -> Result<Vec<(i64, i64)>, Failure> {
    let text = format!(
        "SELECT project, max(raw) AS up_to FROM horizons GROUP BY project HAVING up_to > {after} FORMAT RowBinary"
    );
    let said = client.ask(&text).await?;
    let mut cells = Cells::of(&said);
    let mut found = Vec::new();
    while !cells.is_empty() {
        found.push((cells.i64()?, cells.i64()?));
    }
    Ok(found)
}
