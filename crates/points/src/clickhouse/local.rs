//! What the data folder knows of what it ships, in `points.db`, where the embedded engine has what is sealed.
//!
//! Its tables are there once a folder ships to ClickHouse. They say which source it is, which batch is on its way, and
//! which words were said on recent days. Keys, ids and the mark of what is done (`sealed`) are in the same tables as ever.

use domain::id::MetricId;
use domain::time::DAY;
use rusqlite::{Connection, Transaction};

use super::rows;
use crate::Error;
use crate::head::generation::Contents;
use crate::head::metric::Metric;
use crate::kind::Kind;
use crate::schema;
use crate::seal::{keys, merge};

/// How long the words of a day are known here after it, for telling which are new.
const WORDS_KEPT: i64 = 3 * DAY;

const TABLES: &str = "
    create table if not exists shipping (
        source integer not null,
        batch integer,
        last integer
    );
    create table if not exists shipped_words (
        metric integer not null, day integer not null, word text not null,
        primary key (metric, day, word)
    ) without rowid;
";

/// A batch that is on its way, or was when everything stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) source: u64,
    /// What it is called in ClickHouse.
    pub(crate) name: u64,
    /// Its last journal record.
    pub(crate) last: u64,
}

impl Batch {
    /// One that is about to be on its way.
    pub(crate) fn of(source: u64, last: u64, contents: &Contents) -> Self {
        let name = rows::name(source, last, contents);
        Self { source, name, last }
    }

    /// Whether these are what is on its way.
    pub(crate) fn is(self, contents: &Contents) -> bool {
        self == Self::of(self.source, self.last, contents)
    }
}

/// What a folder that ships is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shipping {
    pub(crate) source: u64,
    pub(crate) doubt: Option<Batch>,
}

/// Whether the folder's data points are in ClickHouse.
pub(crate) fn is_shipping(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection
        .prepare("select 1 from sqlite_schema where name = 'shipping'")?
        .exists(())
}

/// Makes the folder one that ships, as this source, unless it is one already.
pub(crate) fn prepare(tx: &Transaction<'_>, source: u64) -> Result<Shipping, Error> {
    if !is_shipping(tx)? {
        let sealed: bool = tx.query_row("select exists (select 1 from metrics)", (), |row| row.get(0))?;
        if sealed {
            return Err(Error::Here);
        }
        tx.execute_batch(TABLES)?;
        tx.execute("insert into shipping (source) values (?1)", [source.cast_signed()])?;
    }
    read(tx)
}

fn read(connection: &Connection) -> Result<Shipping, Error> {
    let mut select = connection.prepare("select source, batch, last from shipping")?;
    let shipping = select.query_row((), |row| {
        let source = row.get::<_, i64>(0)?.cast_unsigned();
        let name: Option<i64> = row.get(1)?;
        let doubt = name.map(|name| {
            Ok::<_, rusqlite::Error>(Batch {
                source,
                name: name.cast_unsigned(),
                last: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        });
        Ok(Shipping {
            source,
            doubt: doubt.transpose()?,
        })
    })?;
    Ok(shipping)
}

/// Notes that a batch is about to be on its way.
pub(crate) fn begin(connection: &Connection, batch: Batch) -> Result<(), Error> {
    connection.execute(
        "update shipping set batch = ?1, last = ?2",
        (batch.name.cast_signed(), batch.last.cast_signed()),
    )?;
    Ok(())
}

/// Notes that all of a generation is in ClickHouse. Says what the head has to know of its metrics.
pub(crate) fn done(tx: &Transaction<'_>, contents: &Contents, last: u64) -> Result<Vec<(MetricId, Metric)>, Error> {
    let mut metrics = Vec::new();
    let mut insert =
        tx.prepare_cached("insert or ignore into shipped_words (metric, day, word) values (?1, ?2, ?3)")?;
    for recent in &contents.metrics {
        let Some(span) = recent.span() else { continue };
        metrics.push((recent.metric, merge::number(tx, recent, span)?));
        if recent.kind == Kind::Word {
            let mut said: Vec<(i64, u64)> = recent
                .points
                .iter()
                .map(|point| (schema::day(point.at), point.bits))
                .collect();
            said.sort_unstable();
            said.dedup();
            for (day, word) in said {
                insert.execute((recent.metric.0, day, recent.word(word)))?;
            }
        }
    }
    if let Some((_, now)) = contents.came {
        tx.prepare_cached("delete from shipped_words where day < ?1")?
            .execute([schema::day(now - WORDS_KEPT)])?;
    }
    keys::seal(tx, contents)?;
    tx.execute("update sealed set record = ?1", [last.cast_signed()])?;
    tx.execute("update shipping set batch = null, last = null", ())?;
    Ok(metrics)
}

/// Calls `each` with every word of a metric and a day that is known here.
pub(crate) fn each_word(
    connection: &Connection,
    metric: MetricId,
    day: i64,
    mut each: impl FnMut(&str),
) -> Result<(), Error> {
    let mut select = connection.prepare_cached("select word from shipped_words where metric = ?1 and day = ?2")?;
    let mut rows = select.query((metric.0, day))?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
    }
    Ok(())
}

/// Forgets a metric.
pub(crate) fn forget_metric(tx: &Transaction<'_>, metric: MetricId) -> Result<(), Error> {
    tx.execute("delete from metrics where metric = ?1", [metric.0])?;
    tx.execute("delete from shipped_words where metric = ?1", [metric.0])?;
    Ok(())
}

/// The metrics of a project that are known here.
pub(crate) fn metrics_of(connection: &Connection, project: i64) -> Result<Vec<MetricId>, Error> {
    let mut select = connection.prepare("select metric from metrics where project = ?1")?;
    let metrics = select.query_map([project], |row| Ok(MetricId(row.get(0)?)))?;
    Ok(metrics.collect::<Result<_, _>>()?)
}
