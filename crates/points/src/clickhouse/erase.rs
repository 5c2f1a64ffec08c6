//! Erasing in ClickHouse: rows are deleted by mutations, and rollups that lose a part of what they add up are made anew.

use std::time::Duration;

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE};

use super::anew::{self, touched};
use super::read::{Known, known};
use super::schema::{Layout, ROLLUPS, TABLES, Table};
use super::ship::{count, count_everywhere};
use super::{Client, Failure, cluster};
use crate::journal::entry::{Erasure, Horizons};

/// How long between two looks whether a mutation is done, and how many looks are taken.
const LOOKING: Duration = Duration::from_millis(20);
const LOOKS: u32 = 3_000;

/// Does what an erasure says; doing it again changes nothing. Says how many data points that were.
pub(super) async fn erase(client: &Client, layout: &Layout, erasure: Erasure) -> Result<u64, Failure> {
    // What is there is asked of any replica.
    caught_up(client, layout).await?;
    match erasure {
        Erasure::Metric(metric) => everything(client, layout, &format!("metric = {}", metric.0)).await,
        Erasure::Project(project) => everything(client, layout, &format!("project = {}", project.0)).await,
        Erasure::Range(metric, from, to) => range(client, layout, metric, (from, to)).await,
        Erasure::Older(project, horizons) => older(client, layout, project.0, horizons).await,
    }
}

/// Deletes rows of a table, on every server, and waits until they are gone.
pub(super) async fn delete(client: &Client, layout: &Layout, table: Table, which: &str) -> Result<(), Failure> {
    if layout.cluster.is_some() {
        return cluster::delete(client, layout, table, which).await;
    }
    let name = table.name();
    let left = format!(
        "SELECT count() FROM system.mutations WHERE database = '{}' AND table = '{name}' AND is_done = 0",
        layout.database
    );
    let why = format!("rows of {name} are still being deleted");
    // One that was begun before may do it all; and how many there are is bounded so.
    until_none(client, &left, &why).await?;
    // A mutation rewrites whole parts, so none is begun for nothing.
    if count(client, &format!("SELECT count() FROM {name} WHERE {which}")).await? == 0 {
        return Ok(());
    }
    client.run(&format!("ALTER TABLE {name} DELETE WHERE {which}")).await?;
    until_none(client, &left, &why).await
}

/// Waits until every replica has what the others have, as far as they can be reached.
pub(super) async fn caught_up(client: &Client, layout: &Layout) -> Result<(), Failure> {
    match layout.cluster {
        Some(_) => cluster::caught_up(client, layout).await,
        None => Ok(()),
    }
}

/// Waits until a count is 0 on every server.
async fn until_none(client: &Client, text: &str, why: &str) -> Result<(), Failure> {
    for _ in 0..LOOKS {
        if count_everywhere(client, text).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOKING).await;
    }
    Err(Failure::Silent(why.to_owned()))
}

/// Rows that happen to be the same as some that came before are not left out.
pub(super) async fn insert_select(client: &Client, table: Table, rows: &str, id: Option<&str>) -> Result<(), Failure> {
    let statement = format!("INSERT INTO {} {rows}", table.name());
    let named = id.map_or(String::new(), |id| format!("&query_id={id}"));
    let settings = client.even_if_it_came_before() + &named;
    client.run_with(&statement, &settings).await?;
    Ok(())
}

async fn everything(client: &Client, layout: &Layout, which: &str) -> Result<u64, Failure> {
    let points = count(client, &format!("SELECT count() FROM points WHERE {which}")).await?;
    for table in TABLES {
        if !matches!(table, Table::Batches | Table::Horizons) {
            delete(client, layout, table, which).await?;
        }
    }
    Ok(points)
}

async fn range(client: &Client, layout: &Layout, metric: MetricId, (from, to): (i64, i64)) -> Result<u64, Failure> {
    let Some(known) = known(client, &[metric]).await? else {
        return Ok(0);
    };
    let of = format!("project = {} AND metric = {}", known.project, metric.0);
    let gone = format!("{of} AND at >= {from} AND at < {to}");
    let points = count(client, &format!("SELECT count() FROM points WHERE {gone}")).await?;
    delete(client, layout, Table::Points, &gone).await?;
    // From then on data points are kept, so rollups can be made of them.
    let kept = known.kept_since();
    if from < kept {
        without_points(client, layout, &known, &of, (from, to.min(kept))).await?;
    }
    if to > kept {
        for table in ROLLUPS {
            // Where another process has forgotten data points just now, nothing can be made of them.
            if super::read::horizons(client, known.project).await? != known.horizons {
                return Err(Failure::Silent(
                    "what is kept has changed while a range was erased".to_owned(),
                ));
            }
            anew::make(client, layout, table, &of, (from.max(kept), to)).await?;
        }
    }
    Ok(points)
}

/// Takes a range out of rollups of days whose data points are gone.
async fn without_points(
    client: &Client,
    layout: &Layout,
    known: &Known,
    of: &str,
    (from, to): (i64, i64),
) -> Result<(), Failure> {
    let (first, end) = touched(DAY, (from, to));
    let whole = (
        from.saturating_add(DAY - 1).div_euclid(DAY) * DAY,
        to.div_euclid(DAY) * DAY,
    );
    if whole.0 < whole.1 {
        for table in ROLLUPS {
            let inside = format!("{of} AND start >= {} AND start < {}", whole.0, whole.1);
            delete(client, layout, table, &inside).await?;
        }
    }
    let mut days = vec![first, end - DAY];
    days.retain(|day| !(whole.0..whole.1).contains(day));
    days.dedup();
    for day in days {
        from_finest(client, layout, known, of, day, (from, to)).await?;
    }
    Ok(())
}

/// Takes a range out of a day whose data points are gone: what begins in it of the finest that is kept, and what is
/// coarser is made of the rest.
async fn from_finest(
    client: &Client,
    layout: &Layout,
    known: &Known,
    of: &str,
    day: i64,
    (from, to): (i64, i64),
) -> Result<(), Failure> {
    let today = format!("{of} AND start >= {day} AND start < {}", day + DAY);
    for table in ROLLUPS {
        let finest = known.finest(day, table != Table::Words);
        let gone = format!("{today} AND unit = {finest} AND start >= {from} AND start < {to}");
        delete(client, layout, table, &gone).await?;
        caught_up(client, layout).await?;
        for unit in [HOUR, DAY].into_iter().filter(|unit| *unit > finest) {
            delete(client, layout, table, &format!("{today} AND unit = {unit}")).await?;
            let key = table.key();
            let what = match table {
                Table::Sums => {
                    "sumMergeState(points), sumMergeState(amount), sumMergeState(total), minMergeState(least), \
                     maxMergeState(greatest)"
                }
                _ => "sumMergeState(points)",
            };
            let rows = format!(
                "SELECT source, project, metric, toInt64({unit}) AS longer, intDiv(start, longer) * longer AS begins\
                 {key}, {what} FROM {} WHERE {today} AND unit = {finest} GROUP BY source, project, metric, begins{key}",
                table.name()
            );
            insert_select(client, table, &rows, None).await?;
        }
    }
    caught_up(client, layout).await
}

/// Forgets what is older than each horizon. What is coarser and kept longer has been there all along.
async fn older(client: &Client, layout: &Layout, project: i64, horizons: Horizons) -> Result<u64, Failure> {
    let of = format!("project = {project}");
    let gone = Known::effective(horizons);
    // What goes as a whole leaves nothing that lacks what is finer: whatever comes after that is there in every length.
    let lacks = |finer: i64| if finer > gone.days { finer } else { 0 };
    let (raw, minutes, hours) = (lacks(gone.raw), lacks(gone.minutes), lacks(gone.hours));
    let before = super::read::horizons(client, project).await?;
    if raw > before.raw || minutes > before.minutes || hours > before.hours {
        let line = format!("INSERT INTO horizons VALUES ({project}, {raw}, {minutes}, {hours})");
        client.run_with(&line, &client.inserts()).await?;
        // Who reads must know of it before anything is gone.
        caught_up(client, layout).await?;
    }
    let old = format!("{of} AND at < {}", gone.raw);
    let points = count(client, &format!("SELECT count() FROM points WHERE {old}")).await?;
    delete(client, layout, Table::Points, &old).await?;
    for table in ROLLUPS {
        // An hour's words are kept as long as minutes are.
        let hours = if table == Table::Words {
            gone.minutes
        } else {
            gone.hours
        };
        let old = format!(
            "{of} AND ((unit = {MINUTE} AND start < {}) OR (unit = {HOUR} AND start < {hours}) OR start < {})",
            gone.minutes, gone.days
        );
        delete(client, layout, table, &old).await?;
    }
    Ok(points)
}
