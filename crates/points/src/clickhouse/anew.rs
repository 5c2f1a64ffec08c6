//! Rollups made anew, from data points, where some of these were erased, while others go on shipping there.
//!
//! Rows that the range touches are deleted, and made of the data points that were there before. What others shipped from
//! then until deleting began has lost its rows as well; what they ship after that keeps them. Each source ships one batch
//! after the other, and deleting begins at one moment: so what a row lacks of a source are the first data points after
//! those that it was made of. How many, counting tells.

use std::collections::HashMap;
use std::time::Duration;

use domain::time::DAY;
use tokio::time::Instant;

use super::binary::Cells;
use super::complete::{begin, nothing_is_under_way};
use super::erase::{caught_up, delete, insert_select};
use super::schema::{Layout, Table};
use super::{Client, Failure};

/// For how long it is tried while others come in between.
const LIMIT: Duration = Duration::from_mins(1);

/// A row of a rollup: how long and which stretch of time, of which source, and what else it is told apart by.
type Row = (i64, u64, i64, String);

/// How many data points more there are than a row counts.
type Lacks = HashMap<Row, i64>;

/// The stretches of time of a length that a range touches, from the beginning of the first to the end of the last.
pub(super) const fn touched(unit: i64, (from, to): (i64, i64)) -> (i64, i64) {
    (
        from.div_euclid(unit) * unit,
        to.saturating_add(unit - 1).div_euclid(unit) * unit,
    )
}

/// Makes a rollup of a metric anew where it touches a range, of which all data points are kept but those that are erased.
/// Others come in between if they ship to that very metric and day without a pause, or if a server of a cluster keeps who
/// asks waiting; that must not keep who erases from shipping for ever.
pub(super) async fn make(
    client: &Client,
    layout: &Layout,
    table: Table,
    of: &str,
    range: (i64, i64),
) -> Result<(), Failure> {
    let until = Instant::now() + LIMIT;
    loop {
        let mut anew = Anew {
            client,
            layout,
            table,
            of,
            range,
            made: HashMap::new(),
        };
        anew.begin().await?;
        loop {
            match anew.look().await? {
                Look::Right => return Ok(()),
                _ if Instant::now() >= until => {
                    let name = table.name();
                    tracing::error!(
                        name,
                        of,
                        "others shipped to a metric all the time while some of it was erased, so sums of that day may be \
                         wrong: erase a range of it again once they don't"
                    );
                    return Ok(());
                }
                Look::Wrong => break,
                Look::Unsure => {}
            }
        }
    }
}

/// What came of looking whether rows and data points agree.
enum Look {
    Right,
    /// They don't, in a way that isn't explained.
    Wrong,
    /// Others came in between, or something was added that rows lacked.
    Unsure,
}

struct Anew<'a> {
    client: &'a Client,
    layout: &'a Layout,
    table: Table,
    /// The condition for the metric.
    of: &'a str,
    range: (i64, i64),
    /// Up to which place of which source rows of a length are made.
    made: HashMap<(i64, u64), u64>,
}

impl Anew<'_> {
    /// Deletes rows, and makes them of what there is.
    async fn begin(&mut self) -> Result<(), Failure> {
        let (table, of) = (self.table, self.of);
        let rows = |unit: &i64| {
            let (first, end) = touched(*unit, self.range);
            format!("(unit = {unit} AND start >= {first} AND start < {end})")
        };
        let rows: Vec<String> = table.units().iter().map(rows).collect();
        let there = self.places().await?;
        // Whatever has added these data points has added to rollups, then.
        self.settled().await?;
        delete(
            self.client,
            self.layout,
            table,
            &format!("{of} AND ({})", rows.join(" OR ")),
        )
        .await?;
        caught_up(self.client, self.layout).await?;
        for unit in table.units() {
            self.add(*unit, &there).await?;
        }
        Ok(())
    }

    /// Looks whether rows and data points agree, and adds what rows lack.
    async fn look(&mut self) -> Result<Look, Failure> {
        let there = self.places().await?;
        self.settled().await?;
        let lacks = self.lacks().await?;
        caught_up(self.client, self.layout).await?;
        Ok(if self.places().await? != there {
            Look::Unsure
        } else if lacks.is_empty() {
            Look::Right
        } else if self.complete(lacks).await? {
            Look::Unsure
        } else {
            Look::Wrong
        })
    }

    /// Waits until what others are doing now has come to its end, everywhere.
    async fn settled(&self) -> Result<(), Failure> {
        nothing_is_under_way(self.client, self.layout, None).await?;
        caught_up(self.client, self.layout).await
    }

    /// The condition for data points that rows of a length count.
    fn inside(&self, unit: i64) -> String {
        let (first, end) = touched(unit, self.range);
        let (has, of) = (self.table.has(), self.of);
        format!("{has} AND {of} AND at >= {first} AND at < {end}")
    }

    /// The last place that each source has data points at.
    async fn places(&self) -> Result<HashMap<u64, u64>, Failure> {
        let inside = self.inside(DAY);
        let text = format!("SELECT source, max(place) FROM points WHERE {inside} GROUP BY source FORMAT RowBinary");
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut places = HashMap::new();
        while !cells.is_empty() {
            places.insert(cells.u64()?, cells.u64()?);
        }
        Ok(places)
    }

    /// Adds to rows of a length what data points of sources come to, from those that they are made of up to a place.
    async fn add(&mut self, unit: i64, up_to: &HashMap<u64, u64>) -> Result<(), Failure> {
        if up_to.is_empty() {
            return Ok(());
        }
        let of_source = |(source, last): (&u64, &u64)| format!("({} AND place <= {last})", self.after(unit, *source));
        let which: Vec<String> = up_to.iter().map(of_source).collect();
        let which = format!("{} AND ({})", self.inside(unit), which.join(" OR "));
        if let Some(rows) = self.table.of_units(&[unit], Table::Points.name(), &which) {
            insert_select(self.client, self.table, &rows, None).await?;
        }
        self.made
            .extend(up_to.iter().map(|(source, last)| ((unit, *source), *last)));
        Ok(())
    }

    /// The condition for data points of a source that rows of a length aren't made of.
    fn after(&self, unit: i64, source: u64) -> String {
        match self.made.get(&(unit, source)) {
            Some(last) => format!("source = {source} AND place > {last}"),
            None => format!("source = {source}"),
        }
    }

    /// What tells rows apart beside time and source, as text.
    fn key(&self) -> &'static str {
        match self.table {
            Table::Bins => "toString(bin)",
            Table::Words => "word",
            _ => "''",
        }
    }

    /// Rows that count more or fewer data points than there are.
    async fn lacks(&self) -> Result<Lacks, Failure> {
        let (name, key, of) = (self.table.name(), self.key(), self.of);
        let mut lacks = Lacks::new();
        for unit in self.table.units() {
            let (first, end) = touched(*unit, self.range);
            let text = format!(
                "SELECT source, begins, told, sum(there) - sum(has) AS lacking FROM (\
                 SELECT source, start AS begins, {key} AS told, toInt64(0) AS there, toInt64(sumMerge(points)) AS has \
                 FROM {name} WHERE {of} AND unit = {unit} AND start >= {first} AND start < {end} \
                 GROUP BY source, begins, told UNION ALL \
                 SELECT source, {} AS begins, {key} AS told, toInt64(count()) AS there, toInt64(0) AS has \
                 FROM points WHERE {} GROUP BY source, begins, told) \
                 GROUP BY source, begins, told HAVING lacking != 0 FORMAT RowBinary",
                begin("at", *unit),
                self.inside(*unit)
            );
            let said = self.client.ask(&text).await?;
            let mut cells = Cells::of(&said);
            while !cells.is_empty() {
                let (source, begins, told) = (cells.u64()?, cells.i64()?, cells.text()?.to_owned());
                lacks.insert((*unit, source, begins, told), cells.i64()?);
            }
        }
        Ok(lacks)
    }

    /// Adds what rows lack; `false` if they don't lack the first data points of a source after those they are made of.
    async fn complete(&mut self, mut lacks: Lacks) -> Result<bool, Failure> {
        for unit in self.table.units() {
            let lacking = lacks.keys().filter(|(length, ..)| length == unit);
            let mut sources: Vec<u64> = lacking.map(|(_, source, ..)| *source).collect();
            sources.sort_unstable();
            sources.dedup();
            let mut up_to = HashMap::new();
            for source in sources {
                let text = format!(
                    "SELECT place, {} AS begins, {} AS told FROM points WHERE {} AND {} ORDER BY place FORMAT RowBinary",
                    begin("at", *unit),
                    self.key(),
                    self.inside(*unit),
                    self.after(*unit, source)
                );
                let said = self.client.ask(&text).await?;
                let mut cells = Cells::of(&said);
                let mut is_over = false;
                while !cells.is_empty() {
                    let (place, begins, told) = (cells.u64()?, cells.i64()?, cells.text()?.to_owned());
                    match lacks.get_mut(&(*unit, source, begins, told)) {
                        Some(left) if *left > 0 && !is_over => {
                            *left -= 1;
                            up_to.insert(source, place);
                        }
                        Some(left) if *left > 0 => return Ok(false),
                        _ => is_over = true,
                    }
                }
            }
            if lacks.iter().any(|((length, ..), left)| length == unit && *left != 0) {
                return Ok(false);
            }
            self.add(*unit, &up_to).await?;
        }
        Ok(true)
    }
}
