//! What goes on in a cluster alone: which servers are replicas of which shard, whether they [have](copies) what the others
//! have, and [deleting](mutations) in each shard.

mod copies;
mod mutations;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use super::binary::Cells;
use super::schema::{Layout, Table};
use super::{Client, Failure};

pub(super) use copies::{caught_up, copied};
pub(super) use mutations::delete;

/// How long replicas are waited for, and how long between two looks.
const WAITING: Duration = Duration::from_mins(1);
const LOOKING: Duration = Duration::from_millis(50);
/// How long a server takes to say how far it is, or it counts as one that is away.
const SAYING: Duration = Duration::from_secs(3);

/// Reads at a replica that lacks nothing that is a second old, if there is one; else at the one that lacks least.
pub(super) const NEWEST: &str = "&max_replica_delay_for_distributed_queries=1";

/// Servers that can be reached, by their place among the hosts, of each shard, by where in `ZooKeeper` it has a table.
type Shards = BTreeMap<String, Vec<usize>>;

/// Makes sure that a cluster is one that can be used: it is known, and all of its servers are named.
pub(super) async fn check(client: &Client, cluster: &str) -> Result<(), Failure> {
    let text = format!("SELECT count() FROM system.clusters WHERE cluster = '{cluster}' FORMAT RowBinary");
    let said = client.run_without_database(&text, None).await?;
    let (servers, named) = (Cells::of(&said).u64()?, client.hosts() as u64);
    if servers == 0 {
        return Err(Failure::Refused(format!(
            "it knows no cluster {cluster}; the clusters it knows are in its table system.clusters"
        )));
    }
    if servers > named {
        return Err(Failure::Refused(format!(
            "the cluster {cluster} has {servers} servers, of which {named} are named; name every one in --clickhouse"
        )));
    }
    Ok(())
}

/// The servers of each shard, those first that can be written to. An error if a shard has none.
pub(super) async fn shards(client: &Client, layout: &Layout, table: Table) -> Result<Shards, Failure> {
    let text = format!(
        "SELECT zookeeper_path, is_readonly FROM system.replicas WHERE database = '{}' AND table = '{}' FORMAT RowBinary",
        layout.database,
        layout.local(table)
    );
    let mut found: Vec<(u8, usize, String)> = Vec::new();
    for place in 0..client.hosts() {
        let Some(said) = said(client, place, &text).await? else {
            continue;
        };
        let mut cells = Cells::of(&said);
        if !cells.is_empty() {
            let path = cells.text()?.to_owned();
            found.push((cells.u8()?, place, path));
        }
    }
    found.sort();
    let mut shards = Shards::new();
    for (_, place, path) in found {
        shards.entry(path).or_default().push(place);
    }
    all_of_them(how_many(client, layout).await?, shards.len())?;
    Ok(shards)
}

/// How many shards there are.
async fn how_many(client: &Client, layout: &Layout) -> Result<u64, Failure> {
    let cluster = layout.cluster.as_deref().unwrap_or_default();
    let text = format!("SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = '{cluster}' FORMAT RowBinary");
    Cells::of(&client.ask(&text).await?).u64()
}

fn all_of_them(shards: u64, reached: usize) -> Result<(), Failure> {
    if shards > reached as u64 {
        return Err(Failure::Unreachable(format!(
            "of {shards} shards {reached} can be reached"
        )));
    }
    Ok(())
}

/// What a server answers; nothing if it is away.
pub(super) async fn said(client: &Client, place: usize, text: &str) -> Result<Option<hyper::body::Bytes>, Failure> {
    match timeout(SAYING, client.ask_at(place, text)).await {
        Err(_) | Ok(Err(Failure::Unreachable(_) | Failure::Silent(_))) => Ok(None),
        Ok(said) => said.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::mutations::has_mutated;
    use super::{Client, Layout, caught_up, check, shards};
    use crate::Address;
    use crate::clickhouse::schema::{self, Table};
    use crate::tests::clickhouse::server::Server;

    /// A server that is alone has no replicas, but is asked the same: so today's engine, which no cluster can be made of as
    /// a library, is known to understand it.
    #[tokio::test]
    async fn old_servers_and_todays_understand_what_they_are_asked() {
        let server = Server::start();
        let alone: Address = server.address("alone");
        schema::migrate(&Client::new(alone.clone()).unwrap()).await.unwrap();
        let client = Client::new(alone.on_cluster("none").unwrap()).unwrap();
        let layout = Layout {
            cluster: client.address.cluster.clone(),
            database: "alone".to_owned(),
        };
        let unknown = check(&client, "none").await.unwrap_err();
        assert!(unknown.to_string().contains("knows no cluster none"), "{unknown}");
        assert!(shards(&client, &layout, Table::Points).await.unwrap().is_empty());
        caught_up(&client, &layout).await.unwrap();
        for word in ["'a'", "'b'"] {
            server.ask(
                "alone",
                &format!("INSERT INTO words (project, word) VALUES (1, {word})"),
            );
        }
        let has = async |mutation: &str| has_mutated(&client, &layout, "words", 0, mutation).await.unwrap();
        assert_eq!(has("mutation_3.txt").await, Some(false));
        server.ask("alone", "ALTER TABLE words DELETE WHERE word = 'a'");
        while server.number("alone", "SELECT count() FROM words") > 1 {}
        assert_eq!(has("mutation_3.txt").await, Some(true));
    }
}
