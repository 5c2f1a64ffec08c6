//! What replicas have yet to get.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::super::binary::Cells;
use super::super::schema::{Layout, Table};
use super::super::{Client, Failure};
use super::{LOOKING, WAITING, all_of_them, how_many, said};

/// How long a batch waits for further copies of it, if it has one in each shard.
const COPYING: Duration = Duration::from_secs(5);

/// Waits until every replica that can be reached has what was inserted before.
pub(in crate::clickhouse) async fn caught_up(client: &Client, layout: &Layout) -> Result<(), Failure> {
    let mut looks = Looks::default();
    let late = || Failure::Silent("replicas are still catching up".to_owned());
    timeout(WAITING, looks.all(client, layout))
        .await
        .unwrap_or_else(|_| Err(late()))
}

/// Waits until every replica that can be reached has what was inserted before; after a while for one of each shard only,
/// since a server that makes no progress must not stop all others. An error if there is a shard where none has it: then
/// who has it is away, and may be lost.
pub(in crate::clickhouse) async fn copied(client: &Client, layout: &Layout) -> Result<(), Failure> {
    let mut looks = Looks::default();
    if let Ok(copied) = timeout(COPYING, looks.all(client, layout)).await {
        return copied;
    }
    let mut shards: BTreeMap<String, bool> = BTreeMap::new();
    for (shard, has_all) in looks.look(client, layout).await? {
        *shards.entry(shard).or_default() |= has_all;
    }
    if shards.values().all(|has_all| *has_all) {
        tracing::warn!("a replica in ClickHouse lags behind; data points are shipped without waiting for it");
        return Ok(());
    }
    Err(Failure::Silent(
        "no replica that can be reached has all that was inserted; it is waited for".to_owned(),
    ))
}

/// How far replicas are, as seen in several looks.
#[derive(Default)]
struct Looks {
    /// How many shards there are.
    shards: Option<u64>,
    /// The newest entry of each table's log when it was first looked at, and whether that look came to its end.
    newest: HashMap<String, u64>,
    knows_newest: bool,
    /// What each server had yet to fetch when it knew of those entries.
    fetching: HashMap<usize, HashSet<(String, String)>>,
}

impl Looks {
    /// Looks until every server that can be reached has everything.
    async fn all(&mut self, client: &Client, layout: &Layout) -> Result<(), Failure> {
        while self.look(client, layout).await?.iter().any(|(_, has_all)| !has_all) {
            sleep(LOOKING).await;
        }
        Ok(())
    }

    /// The shard of each server that can be reached, and whether it has everything.
    async fn look(&mut self, client: &Client, layout: &Layout) -> Result<Vec<(String, bool)>, Failure> {
        let mut servers = Vec::new();
        let shards = match self.shards {
            Some(shards) => shards,
            None => how_many(client, layout).await?,
        };
        self.shards = Some(shards);
        for place in 0..client.hosts() {
            if let Some(tables) = tables(client, layout, place).await? {
                servers.push((place, tables));
            }
        }
        if !self.knows_newest {
            for table in servers.iter().flat_map(|(_, tables)| tables) {
                let newest = self.newest.entry(table.path.clone()).or_default();
                *newest = table.newest.max(*newest);
            }
            self.knows_newest = true;
        }
        let mut found = Vec::new();
        for (place, tables) in servers {
            let Some(shard) = tables.iter().find(|table| table.name == layout.local(Table::Points)) else {
                continue;
            };
            let shard = shard.path.clone();
            let knows = tables.iter().all(|table| {
                let newest = self.newest.get(&table.path).copied().unwrap_or(0);
                newest == 0 || table.next > newest
            });
            found.push((shard, knows && self.has_fetched(client, layout, place).await?));
        }
        let reached: HashSet<&String> = found.iter().map(|(shard, _)| shard).collect();
        all_of_them(shards, reached.len())?;
        Ok(found)
    }

    /// Whether a server has fetched what it had to when this was first asked. What came later is others'.
    async fn has_fetched(&mut self, client: &Client, layout: &Layout, place: usize) -> Result<bool, Failure> {
        let text = format!(
            "SELECT table, node_name FROM system.replication_queue WHERE database = '{}' AND type = 'GET_PART' \
             FORMAT RowBinary",
            layout.database
        );
        let Some(said) = said(client, place, &text).await? else {
            return Ok(false);
        };
        let mut cells = Cells::of(&said);
        let mut now = HashSet::new();
        while !cells.is_empty() {
            now.insert((cells.text()?.to_owned(), cells.text()?.to_owned()));
        }
        let fetching = self.fetching.entry(place).or_insert_with(|| now.clone());
        fetching.retain(|entry| now.contains(entry));
        Ok(fetching.is_empty())
    }
}

/// How far a replica of a table is.
struct Replica {
    name: String,
    path: String,
    /// The newest entry of the log that all replicas share.
    newest: u64,
    /// The first that this one doesn't know yet.
    next: u64,
}

/// The tables of a server; nothing if it is away.
async fn tables(client: &Client, layout: &Layout, place: usize) -> Result<Option<Vec<Replica>>, Failure> {
    let text = format!(
        "SELECT table, zookeeper_path, toUInt64(log_max_index), toUInt64(log_pointer) FROM system.replicas \
         WHERE database = '{}' FORMAT RowBinary",
        layout.database
    );
    let Some(said) = said(client, place, &text).await? else {
        return Ok(None);
    };
    let mut cells = Cells::of(&said);
    let mut tables = Vec::new();
    while !cells.is_empty() {
        tables.push(Replica {
            name: cells.text()?.to_owned(),
            path: cells.text()?.to_owned(),
            newest: cells.u64()?,
            next: cells.u64()?,
        });
    }
    Ok(Some(tables))
}
