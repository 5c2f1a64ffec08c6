//! Completing a batch that is in doubt: what of it isn't in ClickHouse is added, and nothing is ever taken away, so answers
//! lack no more than what is still on its way.
//!
//! A data point is there or not, told by its metric and place. A row of a rollup has what an insert adds to it or not; and
//! all that its source shipped before is there. So it lacks that if it counts fewer data points than there are, by as many
//! as the insert has for it. The shortest stretches of time are compared with data points, longer ones with shorter ones.

use std::collections::HashSet;
use std::time::Duration;

use domain::id::MetricId;
use domain::time::MINUTE;
use tokio::time::{sleep, timeout};

use super::binary::{Cells, listed};
use super::local::Batch;
use super::rows::{self, Insert, Span};
use super::schema::{Layout, ROLLUPS, Table};
use super::ship::{count, insert, query_id, say_it_is_whole};
use super::{Client, Failure, cluster, erase};
use crate::head::generation::Contents;

/// How long what is still under way is waited for, and how long between two looks.
const WAITING: Duration = Duration::from_mins(1);
const LOOKING: Duration = Duration::from_millis(50);

/// Makes sure that all of a batch is there.
pub(super) async fn complete(
    client: &Client,
    layout: &Layout,
    batch: Batch,
    contents: &Contents,
) -> Result<(), Failure> {
    let Batch { source, name, .. } = batch;
    nothing_is_under_way(client, layout, Some(source)).await?;
    // Any replica is asked, and one that lags would not know.
    erase::caught_up(client, layout).await?;
    let is_whole = format!("SELECT count() FROM batches WHERE source = {source} AND batch = {name}");
    if count(client, &is_whole).await? > 0 {
        return Ok(());
    }
    let inserts = rows::of(batch, contents, |_, _| true);
    if !inserts.is_empty() {
        let span = Span::of(contents);
        // Each was begun when those before it were whole.
        let begun = begun(client, source, &inserts, &span).await?;
        let last = inserts.iter().rposition(|insert| begun.contains(&insert.name));
        for (nth, insert) in inserts.iter().enumerate().skip(last.unwrap_or(0)) {
            let part = Part {
                client,
                layout,
                source,
                name: insert.name,
                span: &span,
            };
            let lacking = |places: &HashSet<(i64, u64)>| {
                let is_there = |metric: MetricId, place| places.contains(&(metric.0, place));
                rows::of(batch, contents, is_there).swap_remove(nth)
            };
            part.points(insert.count, lacking).await?;
            part.rollups().await?;
        }
    }
    say_it_is_whole(client, layout, batch, &inserts).await
}

/// Waits until no server that can be asked does anything of a source any more, or of any: who had asked for it may have been
/// killed, or not have waited for its end. What one server has others do for it has no name with old versions, so it is
/// waited for all of that.
pub(super) async fn nothing_is_under_way(client: &Client, layout: &Layout, source: Option<u64>) -> Result<(), Failure> {
    let source = source.map_or_else(|| "%".to_owned(), |source| source.to_string());
    ended(client, layout, &format!("query_id LIKE '{}'", query_id(source, "%"))).await?;
    if layout.cluster.is_some() {
        ended(client, layout, "query LIKE 'INSERT INTO %_local%'").await?;
    }
    Ok(())
}

/// Waits until queries have ended that are under way now.
async fn ended(client: &Client, layout: &Layout, which: &str) -> Result<(), Failure> {
    let all = format!("SELECT query_id FROM system.processes WHERE {which} FORMAT RowBinary");
    let waiting = async {
        for place in 0..client.hosts() {
            let mut begun: Option<HashSet<String>> = None;
            while let Some(said) = cluster::said(client, place, &all).await? {
                let mut cells = Cells::of(&said);
                let mut now = HashSet::new();
                while !cells.is_empty() {
                    now.insert(cells.text()?.to_owned());
                }
                let begun = begun.get_or_insert_with(|| now.clone());
                begun.retain(|query| now.contains(query));
                if begun.is_empty() {
                    break;
                }
                sleep(LOOKING).await;
            }
            if begun.is_none() && layout.cluster.is_none() {
                return Err(Failure::Silent("it doesn't say what is still under way".to_owned()));
            }
        }
        Ok(())
    };
    let late = || Failure::Silent("an insert that nobody waits for any more is still under way".to_owned());
    timeout(WAITING, waiting).await.unwrap_or_else(|_| Err(late()))
}

/// The inserts of which data points are there.
async fn begun(client: &Client, source: u64, inserts: &[Insert], span: &Span) -> Result<HashSet<u64>, Failure> {
    let text = format!(
        "SELECT batch FROM points WHERE source = {source} AND batch IN ({}) AND {} GROUP BY batch FORMAT RowBinary",
        listed(inserts.iter().map(|insert| insert.name)),
        span.condition("at", MINUTE)
    );
    let said = client.ask(&text).await?;
    let mut cells = Cells::of(&said);
    let mut begun = HashSet::new();
    while !cells.is_empty() {
        begun.insert(cells.u64()?);
    }
    Ok(begun)
}

/// One insert of a batch.
struct Part<'b> {
    client: &'b Client,
    layout: &'b Layout,
    source: u64,
    name: u64,
    span: &'b Span,
}

impl Part<'_> {
    /// The condition for its data points.
    fn its(&self) -> String {
        let inside = self.span.condition("at", MINUTE);
        format!("source = {} AND batch = {} AND {inside}", self.source, self.name)
    }

    /// Adds data points that aren't there.
    async fn points(&self, all: u64, lacking: impl Fn(&HashSet<(i64, u64)>) -> Insert) -> Result<(), Failure> {
        let of = format!("FROM points WHERE {}", self.its());
        // Should somebody out of reach still add the same, it is left out as a block that came before; but so it is if that
        // block got lost.
        for settings in [self.client.inserts(), self.client.even_if_it_came_before()] {
            let there = match count(self.client, &format!("SELECT count() {of}")).await? {
                there if there >= all => return Ok(()),
                0 => HashSet::new(),
                _ => self.places(&of).await?,
            };
            insert(self.client, self.source, &lacking(&there), &settings).await?;
            erase::caught_up(self.client, self.layout).await?;
        }
        match count(self.client, &format!("SELECT count() {of}")).await? {
            there if there >= all => Ok(()),
            there => Err(Failure::Refused(format!(
                "of {all} data points {there} are there after inserting the rest"
            ))),
        }
    }

    /// The metric and the place of each data point.
    async fn places(&self, of: &str) -> Result<HashSet<(i64, u64)>, Failure> {
        let text = format!("SELECT metric, place {of} FORMAT RowBinary");
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut places = HashSet::new();
        while !cells.is_empty() {
            places.insert((cells.i64()?, cells.u64()?));
        }
        Ok(places)
    }

    /// Adds to the rows of rollups that lack it what it comes to.
    async fn rollups(&self) -> Result<(), Failure> {
        let its = self.its();
        // When a metric first and last came may be said again.
        self.add(Table::Metrics, &[], &its).await?;
        for table in ROLLUPS {
            let mut shorter = None;
            for unit in table.units() {
                let condition = format!(
                    "{its} AND (metric, {}{}) GLOBAL IN ({})",
                    begin("at", *unit),
                    table.key(),
                    self.lacking(table, *unit, shorter)
                );
                self.add(table, &[*unit], &condition).await?;
                shorter = Some(*unit);
            }
        }
        Ok(())
    }

    /// What was compared lacks these rows, so they are added though the same may have come before.
    async fn add(&self, table: Table, units: &[i64], which: &str) -> Result<(), Failure> {
        if let Some(rows) = table.of_units(units, Table::Points.name(), which) {
            let id = query_id(self.source, table.name());
            erase::insert_select(self.client, table, &rows, Some(&id)).await?;
        }
        // What is compared next has to have it, whichever replica is asked.
        erase::caught_up(self.client, self.layout).await
    }

    /// A query for what tells the rows of a rollup apart that lack it.
    fn lacking(&self, table: Table, unit: i64, shorter: Option<i64>) -> String {
        let (key, name, points) = (table.key(), table.name(), Table::Points.name());
        let source = self.source;
        let within = |time: &str| format!("source = {source} AND {}", self.span.condition(time, unit));
        let counted = |columns: &str, time: &str, from: &str| {
            let begins = begin(time, unit);
            format!("SELECT metric, {begins} AS begins{key}, {columns} FROM {from} GROUP BY metric, begins{key}")
        };
        let of_points = format!("{points} WHERE {}", table.has());
        let rows = |unit: i64| format!("{name} WHERE unit = {unit} AND {}", within("start"));
        let its = counted(
            "toInt64(count()) AS its, toInt64(0) AS there, toInt64(0) AS has",
            "at",
            &format!("{of_points} AND {}", self.its()),
        );
        let there = match shorter {
            None => counted(
                "toInt64(0) AS its, toInt64(count()) AS there, toInt64(0) AS has",
                "at",
                &format!("{of_points} AND {}", within("at")),
            ),
            Some(shorter) => counted(
                "toInt64(0) AS its, toInt64(sumMerge(points)) AS there, toInt64(0) AS has",
                "start",
                &rows(shorter),
            ),
        };
        let has = counted(
            "toInt64(0) AS its, toInt64(0) AS there, toInt64(sumMerge(points)) AS has",
            "start",
            &rows(unit),
        );
        format!(
            "SELECT metric, begins{key} FROM ({its} UNION ALL {there} UNION ALL {has}) GROUP BY metric, begins{key} \
             HAVING sum(its) > 0 AND sum(there) >= sum(has) + sum(its)"
        )
    }
}

/// When the stretch of time begins that a moment is in.
pub(super) fn begin(time: &str, unit: i64) -> String {
    format!("intDiv({time}, toInt64({unit})) * toInt64({unit})")
}
