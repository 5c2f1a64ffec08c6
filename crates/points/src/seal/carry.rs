//! Days as they are carried to another store and from it: out of the database a metric's day at a time, and into it.

use domain::id::{MetricId, ProjectId};
use domain::time::DAY;
use rusqlite::{Connection, Transaction};
use sha2::{Digest, Sha256};

use super::day::Place;
use super::merge::{self, change_project_day};
use super::{day, fine};
use crate::head::generation::Contents;
use crate::journal::entry::Stored;
use crate::kind::{Kind, Raw};
use crate::moving::{Line, Part, Portion, Put, Rolled};
use crate::rollup::Day;
use crate::rollup::day::HOURS;
use crate::schema::{day_key, day_of};
use crate::{Error, block};

/// Data points carried at once.
const AT_ONCE: usize = 100_000;

/// A metric as the database knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) line: Line,
}

impl Row {
    fn place(&self, day: i64) -> Place {
        Place {
            number: self.number,
            kind: self.line.kind,
            day,
        }
    }
}

/// Every metric, by number.
pub(crate) fn rows(connection: &Connection) -> Result<Vec<Row>, Error> {
    let mut select =
        connection.prepare("select number, metric, project, kind, first_at, last_at from metrics order by number")?;
    let mut rows = select.query(())?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let line = Line {
            metric: MetricId(row.get(1)?),
            project: ProjectId(row.get(2)?),
            kind: Kind::from_code(row.get(3)?)?,
            span: (row.get(4)?, row.get(5)?),
        };
        all.push(Row {
            number: row.get(0)?,
            line,
        });
    }
    Ok(all)
}

/// Days on which there is something.
pub(crate) fn days(connection: &Connection) -> Result<Vec<i64>, Error> {
    // From one day to the next, without a look at each metric's.
    let mut select = connection.prepare("select min(key) from days where key >= ?1")?;
    let (mut days, mut from) = (Vec::new(), 0);
    while let Some(key) = select.query_row([from], |row| row.get::<_, Option<i64>>(0))? {
        let (day, _) = day_of(key);
        days.push(day);
        from = day_key(day + 1, 0);
    }
    Ok(days)
}

/// Calls `each` with the metrics that have something on a day, and what it adds up to.
pub(crate) fn each_on(
    connection: &Connection,
    rows: &[Row],
    date: i64,
    mut each: impl FnMut(&Row, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut select =
        connection.prepare_cached("select key, data from days where key >= ?1 and key < ?2 order by key")?;
    let mut found = select.query([day_key(date, 0), day_key(date + 1, 0)])?;
    while let Some(row) = found.next()? {
        let (_, number) = day_of(row.get(0)?);
        if let Ok(place) = rows.binary_search_by_key(&number, |row| row.number) {
            each(&rows[place], row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        }
    }
    Ok(())
}

/// Adds all that there is of a metric's day to a hash, as the bytes that lie there.
pub(crate) fn hash(connection: &Connection, row: &Row, on: i64, data: &[u8], hash: &mut Sha256) -> Result<(), Error> {
    let place = row.place(on);
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(&row.line.metric.0.to_le_bytes());
    add(data);
    for (table, (from, to)) in [
        (
            "select data from blocks where key >= ?1 and key < ?2 order by key",
            place.parts(),
        ),
        (
            "select data from minutes where key >= ?1 and key < ?2 order by key",
            place.hours(),
        ),
        (
            "select data from sketches where key >= ?1 and key < ?2",
            (place.key(), place.key() + 1),
        ),
    ] {
        let mut select = connection.prepare_cached(table)?;
        let mut rows = select.query([from, to])?;
        while let Some(row) = rows.next()? {
            add(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        }
    }
    Ok(())
}

/// Hands over all there is of a metric's day.
pub(crate) fn read(tx: &Transaction<'_>, row: &Row, on: i64, data: &[u8], put: &mut Put<'_>) -> Result<(), Error> {
    let (rollup, place) = (Day::decode(data)?, row.place(on));
    if rollup.raw {
        return read_points(tx, row, place, &rollup, put);
    }
    let mut minutes = Vec::new();
    if rollup.by_minute {
        for hour in rollup.there() {
            minutes.extend(fine::read_minutes(tx, place, hour)?.map(|of| (hour, of)));
        }
    }
    put(Portion::Rolled(Box::new(Rolled {
        metric: row.line.metric,
        minutes,
        sketches: fine::read_sketches(tx, place)?,
        rollup,
    })))
}

fn read_points(tx: &Transaction<'_>, row: &Row, place: Place, rollup: &Day, put: &mut Put<'_>) -> Result<(), Error> {
    let (first, end) = place.parts();
    let mut select = tx.prepare_cached("select data from blocks where key >= ?1 and key < ?2 order by key")?;
    let mut blocks = select.query([first, end])?;
    let (mut contents, mut points) = (Contents::default(), Vec::new());
    while let Some(found) = blocks.next()? {
        points.clear();
        let data = found.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        block::decode(data, place.kind, place.day * DAY, &mut points)?;
        for point in &points {
            let value = stored(place.kind, *point, rollup)?;
            contents.push(row.line.project, row.line.metric, point.at, value);
        }
        if contents.points() >= AT_ONCE {
            put(Portion::Points(std::mem::take(&mut contents)))?;
        }
    }
    if contents.points() > 0 {
        put(Portion::Points(contents))?;
    }
    Ok(())
}

fn stored(kind: Kind, point: Raw, rollup: &Day) -> Result<Stored<'_>, Error> {
    Ok(match kind {
        Kind::Hits => Stored::Hits(u32::try_from(point.bits).map_err(|_| Error::Damaged)?),
        Kind::Number => Stored::Number(f64::from_bits(point.bits)),
        Kind::Word => {
            let place = usize::try_from(point.bits).map_err(|_| Error::Damaged)?;
            let (word, _) = rollup.words.get(place).ok_or(Error::Damaged)?;
            Stored::Word(word)
        }
    })
}

/// Forgets all there is of a part.
pub(crate) fn forget(tx: &Transaction<'_>, rows: &[Row], part: Part) -> Result<(), Error> {
    for row in rows.iter().filter(|row| row.line.project == part.project) {
        day::forget(tx, row.place(part.day))?;
    }
    tx.prepare_cached("delete from project_days where project = ?1 and day = ?2")?
        .execute([part.project.0, part.day])?;
    Ok(())
}

/// Writes some of a part of which nothing was there before. Days of at least `dense` data points of a metric get minutes.
pub(crate) fn write(tx: &Transaction<'_>, part: Part, portion: Portion, dense: u64) -> Result<(), Error> {
    match portion {
        Portion::Points(contents) => merge::merge(tx, &contents, dense).map(drop),
        Portion::Rolled(rolled) => write_rolled(tx, part, *rolled),
    }
}

fn write_rolled(tx: &Transaction<'_>, part: Part, rolled: Rolled) -> Result<(), Error> {
    let Rolled {
        metric,
        mut rollup,
        minutes,
        sketches,
    } = rolled;
    let line = Line {
        metric,
        project: part.project,
        kind: rollup.kind,
        span: (part.day * DAY, part.day * DAY),
    };
    let number = write_line(tx, &line, false)?;
    let place = Row { number, line }.place(part.day);
    for (hour, minutes) in &minutes {
        fine::write_minutes(tx, place, *hour, minutes)?;
    }
    if rollup.sketched_by_hour() {
        fine::write_sketches(tx, place, &sketches)?;
        fine::work_out_quantiles(tx, place, &mut rollup)?;
    }
    day::write(tx, place, &rollup)?;
    change_project_day(tx, part.project, part.day, |day| {
        for hour in 0..HOURS {
            day.hours[hour] += rollup.hours[hour].count;
        }
        *day.metrics.entry(number).or_default() += rollup.whole().count;
    })
}

/// Makes a metric's row. When it first and last came is as it says there already, unless this is `exact`.
pub(crate) fn write_line(tx: &Transaction<'_>, line: &Line, exact: bool) -> Result<u32, Error> {
    let mut upsert = tx.prepare_cached(
        "insert into metrics (metric, project, kind, first_at, last_at) values (?1, ?2, ?3, ?4, ?5)
            on conflict (metric) do update set first_at = iif(?6, ?4, first_at), last_at = iif(?6, ?5, last_at)
            returning number",
    )?;
    let (first, last) = line.span;
    let row = (line.metric.0, line.project.0, line.kind.code(), first, last, exact);
    Ok(upsert.query_row(row, |row| row.get(0))?)
}
