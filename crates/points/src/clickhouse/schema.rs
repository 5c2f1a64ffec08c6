//! The tables in ClickHouse, in words that versions from 18.12 to today's understand alike.
//!
//! One table is written to, `points`; materialised views make all others of data points from what is inserted. What the
//! embedded engine keeps as minutes, hours and days are rows here that say how long they are (`unit`), so a read adds up
//! whichever are the coarsest that fit, and forgetting the fine ones is deleting them.
//!
//! Every row says which folder's journal it came from (`source`). Only its process adds rows of a source, one batch after
//! the other: so what a batch left half done can be told apart from what others add meanwhile.

use std::time::Duration;

use domain::time::{DAY, HOUR, MINUTE};

use super::address::Address;
use super::{Client, Failure, cluster};

/// The format this version makes and reads.
const FORMAT: u32 = 1;
/// How often making tables is tried: others may be making them at this moment, which old versions trip over.
const TRIES: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(200);

/// A part of a table, in microseconds: 30 days.
const PARTITION: &str = "2592000000000";

/// A table that data points are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Each of them.
    Points,
    /// What stretches of time add up to.
    Sums,
    /// How many numbers of stretches of time are in each bin of a sketch.
    Bins,
    /// How often each word came in stretches of time.
    Words,
    /// Metrics, and when each first and last came.
    Metrics,
    /// The last batch of every source that is whole.
    Batches,
    /// Before when each project's rollups are all there is: of data points, minutes, hours.
    Horizons,
}

pub(super) const TABLES: [Table; 7] = [
    Table::Points,
    Table::Sums,
    Table::Bins,
    Table::Words,
    Table::Metrics,
    Table::Batches,
    Table::Horizons,
];

/// The rollups.
pub(super) const ROLLUPS: [Table; 3] = [Table::Sums, Table::Bins, Table::Words];

impl Table {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Sums => "sums",
            Self::Bins => "bins",
            Self::Words => "words",
            Self::Metrics => "metrics",
            Self::Batches => "batches",
            Self::Horizons => "horizons",
        }
    }

    const fn columns(self) -> &'static str {
        match self {
            Self::Points => {
                "source UInt64, batch UInt64, project Int64, metric Int64, at Int64, place UInt64, kind UInt8, \
                 hits UInt64, number Float64, bin Int32, word String"
            }
            Self::Sums => {
                "source UInt64, project Int64, metric Int64, unit Int64, start Int64, \
                 points AggregateFunction(sum, UInt64), amount AggregateFunction(sum, UInt64), \
                 total AggregateFunction(sum, Float64), least AggregateFunction(min, Float64), \
                 greatest AggregateFunction(max, Float64)"
            }
            Self::Bins => {
                "source UInt64, project Int64, metric Int64, unit Int64, start Int64, bin Int32, \
                 points AggregateFunction(sum, UInt64)"
            }
            Self::Words => {
                "source UInt64, project Int64, metric Int64, unit Int64, start Int64, word String, \
                 points AggregateFunction(sum, UInt64)"
            }
            Self::Metrics => {
                "project Int64, metric Int64, kind UInt8, first AggregateFunction(min, Int64), \
                 last AggregateFunction(max, Int64)"
            }
            Self::Batches => "source UInt64, batch UInt64, last UInt64, points UInt64",
            Self::Horizons => "project Int64, raw Int64, minutes Int64, hours Int64",
        }
    }

    /// The engine without what makes it replicated, and how rows are ordered and parted.
    const fn engine(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Points => ("MergeTree", "(project, metric, at, source, place)", Some("at")),
            Self::Sums => (
                "AggregatingMergeTree",
                "(project, unit, metric, start, source)",
                Some("start"),
            ),
            Self::Bins => (
                "AggregatingMergeTree",
                "(project, unit, metric, start, source, bin)",
                Some("start"),
            ),
            Self::Words => (
                "AggregatingMergeTree",
                "(project, unit, metric, start, source, word)",
                Some("start"),
            ),
            Self::Metrics => ("AggregatingMergeTree", "(metric, project, kind)", None),
            Self::Batches => ("ReplacingMergeTree", "source", None),
            Self::Horizons => ("MergeTree", "project", None),
        }
    }

    /// Rows of a table from one mark of its index to the next. Reading a few sums of each of many metrics, as a Dashboard
    /// does, costs this much for each; other tables have many rows of what is asked for together.
    const fn granularity(self) -> u32 {
        match self {
            Self::Sums => 512,
            _ => 8_192,
        }
    }

    /// What rows are spread over shards by: what belongs together is on one.
    const fn sharded_by(self) -> &'static str {
        match self {
            Self::Points | Self::Sums | Self::Bins | Self::Words | Self::Metrics => "metric",
            Self::Batches => "source",
            Self::Horizons => "project",
        }
    }

    /// How long the stretches of time of a rollup are, the shortest first.
    pub(super) const fn units(self) -> &'static [i64] {
        match self {
            Self::Sums | Self::Bins => &[MINUTE, HOUR, DAY],
            Self::Words => &[HOUR, DAY],
            _ => &[],
        }
    }

    /// What else tells rows of a rollup apart that are of the same metric and time.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Bins => ", bin",
            Self::Words => ", word",
            _ => "",
        }
    }

    /// The condition for data points that a rollup has.
    pub(super) const fn has(self) -> &'static str {
        match self {
            Self::Bins => "kind = 2",
            Self::Words => "kind = 3",
            _ => "1",
        }
    }

    /// What makes the rows of a rollup out of those of `from`, a table like `points`; none for what is written directly.
    pub(super) fn made_from(self, from: &str, condition: &str) -> Option<String> {
        self.of_units(self.units(), from, condition)
    }

    /// As [`made_from`](Table::made_from), of stretches of time that are so long.
    pub(super) fn of_units(self, units: &[i64], from: &str, condition: &str) -> Option<String> {
        let what = match self {
            Self::Sums => {
                "sumState(toUInt64(1)) AS points, sumState(hits) AS amount, sumState(number) AS total, \
                 minState(number) AS least, maxState(number) AS greatest"
            }
            Self::Bins | Self::Words => "sumState(toUInt64(1)) AS points",
            Self::Metrics => {
                return Some(format!(
                    "SELECT project, metric, kind, minState(at) AS first, maxState(at) AS last FROM {from} \
                     WHERE {condition} GROUP BY project, metric, kind"
                ));
            }
            Self::Points | Self::Batches | Self::Horizons => return None,
        };
        let (key, has) = (self.key(), self.has());
        let units: Vec<String> = units.iter().map(|unit| format!("toInt64({unit})")).collect();
        let units = units.join(", ");
        Some(format!(
            "SELECT source, project, metric, arrayJoin([{units}]) AS unit, intDiv(at, unit) * unit AS start{key}, {what} \
             FROM {from} WHERE {has} AND {condition} GROUP BY source, project, metric, unit, start{key}"
        ))
    }
}

/// How tables are called.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) database: String,
    pub(super) cluster: Option<String>,
}

impl Layout {
    pub(super) fn of(address: &Address) -> Self {
        Self {
            database: address.database.clone(),
            cluster: address.cluster.clone(),
        }
    }

    /// The table that has its rows itself: of a cluster, each server has its own.
    pub(super) fn local(&self, table: Table) -> String {
        let ending = if self.cluster.is_some() { "_local" } else { "" };
        format!("{}{ending}", table.name())
    }

    /// Everything that makes the tables of a server, each of which changes nothing if it is done already. Which format they
    /// have each server says for itself.
    pub(super) fn statements(&self) -> Vec<String> {
        let database = &self.database;
        let formats =
            "CREATE TABLE IF NOT EXISTS formats (format UInt32) ENGINE = ReplacingMergeTree() ORDER BY format";
        let mut statements = vec![formats.to_owned()];
        for table in TABLES {
            statements.push(self.table(table));
            if let Some(cluster) = &self.cluster {
                statements.push(format!(
                    "CREATE TABLE IF NOT EXISTS {name} ({}) \
                     ENGINE = Distributed({cluster}, {database}, {}, sipHash64({}))",
                    table.columns(),
                    self.local(table),
                    table.sharded_by(),
                    name = table.name(),
                ));
            }
        }
        for table in TABLES {
            let into = self.local(table);
            if let Some(rows) = table.made_from(&format!("{database}.{}", self.local(Table::Points)), "1") {
                statements.push(format!(
                    "CREATE MATERIALIZED VIEW IF NOT EXISTS points_to_{name} TO {database}.{into} AS {rows}",
                    name = table.name(),
                ));
            }
        }
        statements
    }

    fn table(&self, table: Table) -> String {
        let (name, columns, granularity) = (self.local(table), table.columns(), table.granularity());
        let (engine, order, parted) = table.engine();
        let engine = if self.cluster.is_some() {
            let path = format!("/clickhouse/tables/{{shard}}/{}/{name}", self.database);
            format!("Replicated{engine}('{path}', '{{replica}}')")
        } else {
            format!("{engine}()")
        };
        let parted = parted.map_or(String::new(), |column| {
            format!(" PARTITION BY intDiv({column}, {PARTITION})")
        });
        format!(
            "CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = {engine}{parted} ORDER BY {order} \
             SETTINGS index_granularity = {granularity}"
        )
    }
}

/// Makes the tables, or brings them up to date: of a cluster, at each of its servers. Any number of processes may do so at
/// once.
pub(crate) async fn migrate(client: &Client) -> Result<(), Failure> {
    let layout = Layout::of(&client.address);
    make_everywhere(client, &layout).await?;
    client.learn().await
}

async fn make_everywhere(client: &Client, layout: &Layout) -> Result<(), Failure> {
    let Some(cluster) = &layout.cluster else {
        return tried(client, layout, None).await.map(drop);
    };
    cluster::check(client, cluster).await?;
    let (mut were_there, mut missing) = (false, None);
    for place in 0..client.hosts() {
        match tried(client, layout, Some(place)).await {
            Ok(there) => were_there |= there,
            Err(away @ Failure::Unreachable(_)) => missing = Some(away),
            Err(other) => return Err(other),
        }
    }
    match missing {
        Some(away) if !were_there => Err(away),
        // The others of its shard have all that it has.
        Some(_) => cluster::shards(client, layout, Table::Points).await.map(drop),
        None => Ok(()),
    }
}

async fn tried(client: &Client, layout: &Layout, place: Option<usize>) -> Result<bool, Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        match make(client, layout, place).await {
            Err(Failure::Refused(why)) if tries < TRIES => {
                tracing::debug!(why, "making tables in ClickHouse is tried again");
                tokio::time::sleep(BETWEEN).await;
            }
            made => return made,
        }
    }
}

/// Makes the tables at a server, if one is named. Says whether they were there.
async fn make(client: &Client, layout: &Layout, place: Option<usize>) -> Result<bool, Failure> {
    let database = &layout.database;
    let run = |text: String| async move { client.run_without_database(&text, place).await };
    let exists = run(format!("EXISTS TABLE {database}.formats FORMAT RowBinary")).await;
    if let Err(away @ (Failure::Unreachable(_) | Failure::Silent(_))) = exists {
        return Err(away);
    }
    if exists.is_ok_and(|said| said[..] == [1]) {
        let said = run(format!("SELECT max(format) FROM {database}.formats FORMAT RowBinary")).await?;
        let found = said[..]
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| Failure::Unreadable)?;
        if found > FORMAT {
            return Err(Failure::Newer { found, known: FORMAT });
        }
        if found == FORMAT {
            return Ok(true);
        }
    }
    run(format!("CREATE DATABASE IF NOT EXISTS {database}")).await?;
    let run = |text: String| async move {
        match place {
            Some(place) => client.run_at(place, &text).await,
            None => client.run(&text).await,
        }
    };
    for statement in layout.statements() {
        run(statement).await?;
    }
    // Last, for it says that all of it is there.
    run(format!("INSERT INTO formats VALUES ({FORMAT})")).await?;
    Ok(false)
}
