//! Deleting in a cluster. A mutation is replicated, so one replica of each shard is told of it.
//!
//! Not `ON CLUSTER`: that waits for every server, so it would come to no end while a replica is lost.

use tokio::time::{sleep, timeout};

use super::super::binary::Cells;
use super::super::schema::{Layout, Table};
use super::super::{Client, Failure};
use super::{LOOKING, WAITING, caught_up, said, shards};

/// Deletes rows of a table in each shard, and waits until every replica that can be reached has done so.
pub(in crate::clickhouse) async fn delete(
    client: &Client,
    layout: &Layout,
    table: Table,
    which: &str,
) -> Result<(), Failure> {
    let local = layout.local(table);
    let there = format!("SELECT count() FROM {local} WHERE {which} FORMAT RowBinary");
    for (path, servers) in shards(client, layout, table).await? {
        // One that was begun before may do it all; and how many there are is bounded so.
        mutated(client, layout, &local, &path, &servers).await?;
        let mut rows = 0;
        for place in &servers {
            rows += Cells::of(&client.ask_at(*place, &there).await?).u64()?;
        }
        if rows > 0 {
            let statement = format!("ALTER TABLE {local} DELETE WHERE {which}");
            client.run_at(servers[0], &statement).await?;
            // Or what a replica has yet to fetch might be overlooked.
            caught_up(client, layout).await?;
            mutated(client, layout, &local, &path, &servers).await?;
        }
    }
    Ok(())
}

/// Waits until servers of a shard have done every mutation of a table that there is by now.
async fn mutated(client: &Client, layout: &Layout, local: &str, path: &str, servers: &[usize]) -> Result<(), Failure> {
    // What a server itself knows of may lag behind.
    let newest = format!(
        "SELECT max(name) FROM system.zookeeper WHERE path = '{path}/mutations' HAVING count() > 0 FORMAT RowBinary"
    );
    let newest = client.ask_at(servers[0], &newest).await?;
    if newest.is_empty() {
        return Ok(());
    }
    let newest = Cells::of(&newest).text()?.to_owned();
    let waiting = async {
        for place in servers {
            // One that goes away meanwhile does it once it is back.
            while has_mutated(client, layout, local, *place, &newest).await? == Some(false) {
                sleep(LOOKING).await;
            }
        }
        Ok(())
    };
    let late = || Failure::Silent(format!("rows of {local} are still being deleted"));
    timeout(WAITING, waiting).await.unwrap_or_else(|_| Err(late()))
}

/// Whether a server has done a mutation; nothing if it is away. Told by the names of its parts, which say up to which
/// block they are mutated: what 18.16 says of mutations that went on while it was away never becomes true.
pub(super) async fn has_mutated(
    client: &Client,
    layout: &Layout,
    local: &str,
    place: usize,
    newest: &str,
) -> Result<Option<bool>, Failure> {
    let of = format!("database = '{}' AND table = '{local}'", layout.database);
    let known =
        format!("SELECT count() FROM system.mutations WHERE {of} AND mutation_id >= '{newest}' FORMAT RowBinary");
    let older = format!(
        "SELECT count() FROM (SELECT splitByChar('_', name) AS said, said[1] AS part, \
         greatest(toInt64OrZero(said[2]), toInt64OrZero(said[5])) AS block FROM system.parts WHERE {of} AND active) AS parts \
         ANY INNER JOIN (SELECT part, number FROM system.mutations ARRAY JOIN block_numbers.partition_id AS part, \
         block_numbers.number AS number WHERE {of} AND mutation_id = '{newest}') AS mutated USING (part) \
         WHERE block < number FORMAT RowBinary"
    );
    let Some(known) = said(client, place, &known).await? else {
        return Ok(None);
    };
    if Cells::of(&known).u64()? == 0 {
        return Ok(Some(false));
    }
    match said(client, place, &older).await? {
        Some(older) => Ok(Some(Cells::of(&older).u64()? == 0)),
        None => Ok(None),
    }
}
