//! Erasing in ClickHouse: rows are deleted by mutations, and rollups that lose a part of what they add up are made anew.

use std::time::Duration;

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE};

use super::binary::Cells;
use super::complete::{begin, nothing_is_under_way};
use super::read::{Known, known};
use super::schema::{Layout, ROLLUPS, TABLES, Table};
use super::ship::{count, count_everywhere};
use super::{Client, Failure, cluster};
use crate::journal::entry::{Erasure, Horizons};

/// How long between two looks whether a mutation is done, and how many looks are taken.
const LOOKING: Duration = Duration::from_millis(20);
const LOOKS: u32 = 3_000;
/// How often a rollup is made anew, and compared, if others add to it meanwhile.
const TRIES: u32 = 20;

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
    begin_to_delete(client, layout, table, which).await?;
    deleted(client, layout, table).await
}

/// Begins to delete rows of a table: those that are there by the time this returns are as good as gone, and no others.
async fn begin_to_delete(client: &Client, layout: &Layout, table: Table, which: &str) -> Result<(), Failure> {
    if layout.cluster.is_some() {
        return cluster::begin_to_delete(client, layout, table, which).await;
    }
    // One that was begun before may do it all; and how many there are is bounded so.
    deleted(client, layout, table).await?;
    let name = table.name();
    // A mutation rewrites whole parts, so none is begun for nothing.
    if count(client, &format!("SELECT count() FROM {name} WHERE {which}")).await? > 0 {
        client.run(&format!("ALTER TABLE {name} DELETE WHERE {which}")).await?;
    }
    Ok(())
}

/// Waits until what it was begun to delete of a table is gone.
async fn deleted(client: &Client, layout: &Layout, table: Table) -> Result<(), Failure> {
    if layout.cluster.is_some() {
        return cluster::deleted(client, layout, table).await;
    }
    let name = table.name();
    let left = format!(
        "SELECT count() FROM system.mutations WHERE database = '{}' AND table = '{name}' AND is_done = 0",
        layout.database
    );
    until_none(client, &left, &format!("rows of {name} are still being deleted")).await
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
            from_points(client, layout, table, &of, (from.max(kept), to)).await?;
        }
    }
    Ok(points)
}

/// The stretches of time of a length that a range touches, from the beginning of the first to the end of the last.
const fn touched(unit: i64, (from, to): (i64, i64)) -> (i64, i64) {
    (
        from.div_euclid(unit) * unit,
        to.saturating_add(unit - 1).div_euclid(unit) * unit,
    )
}

/// Makes a rollup anew, from data points, where it touches a range of which some are gone.
///
/// Others go on shipping there. Of what they ship, rows that were there when deleting began are made anew, and others
/// stay. So it is only right if nothing came just then: else it is done again.
async fn from_points(
    client: &Client,
    layout: &Layout,
    table: Table,
    of: &str,
    range: (i64, i64),
) -> Result<(), Failure> {
    let longest = touched(DAY, range);
    let rows = |unit: &i64| {
        let (first, end) = touched(*unit, range);
        format!("(unit = {unit} AND start >= {first} AND start < {end})")
    };
    let rows: Vec<String> = table.units().iter().map(rows).collect();
    let rows = format!("{of} AND ({})", rows.join(" OR "));
    for _ in 0..TRIES {
        let there = places(client, of, longest).await?;
        // Whatever has added these data points has added to rollups, then.
        nothing_is_under_way(client, layout, "%").await?;
        caught_up(client, layout).await?;
        begin_to_delete(client, layout, table, &rows).await?;
        caught_up(client, layout).await?;
        let then = places(client, of, longest).await?;
        deleted(client, layout, table).await?;
        if then != there {
            continue;
        }
        let of_source = |(source, last): &(u64, u64)| format!("(source = {source} AND place <= {last})");
        let before: Vec<String> = there.iter().map(of_source).collect();
        for unit in table.units().iter().filter(|_| !before.is_empty()) {
            let (first, end) = touched(*unit, range);
            let inside = format!("{of} AND at >= {first} AND at < {end} AND ({})", before.join(" OR "));
            if let Some(rows) = table.of_units(&[*unit], Table::Points.name(), &inside) {
                insert_select(client, table, &rows, None).await?;
            }
        }
        if agrees(client, layout, table, of, range).await? {
            return Ok(());
        }
    }
    Err(Failure::Silent(format!(
        "others add to {} all the time, where some of it is erased",
        table.name()
    )))
}

/// The last place that each source has data points at.
async fn places(client: &Client, of: &str, (first, end): (i64, i64)) -> Result<Vec<(u64, u64)>, Failure> {
    let text = format!(
        "SELECT source, max(place) FROM points WHERE {of} AND at >= {first} AND at < {end} GROUP BY source \
         ORDER BY source FORMAT RowBinary"
    );
    let said = client.ask(&text).await?;
    let mut cells = Cells::of(&said);
    let mut places = Vec::new();
    while !cells.is_empty() {
        places.push((cells.u64()?, cells.u64()?));
    }
    Ok(places)
}

/// Whether a rollup and data points say the same of each stretch of time that a range touches. What others are adding just
/// then is in one and not yet in the other, so it is looked at more than once.
async fn agrees(client: &Client, layout: &Layout, table: Table, of: &str, range: (i64, i64)) -> Result<bool, Failure> {
    let (key, name, points) = (table.key(), table.name(), Table::Points.name());
    for _ in 0..TRIES {
        nothing_is_under_way(client, layout, "%").await?;
        caught_up(client, layout).await?;
        let mut differ = 0;
        for unit in table.units() {
            let (first, end) = touched(*unit, range);
            let text = format!(
                "SELECT count() FROM (SELECT begins{key} FROM (\
                 SELECT start AS begins{key}, toInt64(0) AS there, toInt64(sumMerge(points)) AS has FROM {name} \
                 WHERE {of} AND unit = {unit} AND start >= {first} AND start < {end} GROUP BY begins{key} UNION ALL \
                 SELECT {} AS begins{key}, toInt64(count()) AS there, toInt64(0) AS has FROM {points} \
                 WHERE {} AND {of} AND at >= {first} AND at < {end} GROUP BY begins{key}) \
                 GROUP BY begins{key} HAVING sum(there) != sum(has))",
                begin("at", *unit),
                table.has(),
            );
            differ += count(client, &text).await?;
        }
        if differ == 0 {
            return Ok(true);
        }
    }
    Ok(false)
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
