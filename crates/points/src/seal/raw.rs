//! Data points of a day in the database, block by block.

use domain::time::DAY;
use rusqlite::Transaction;

use super::day::Place;
use crate::kind::Raw;
use crate::schema::PARTS;
use crate::{Error, block};

/// All data points of a day, oldest first.
pub(super) fn all(tx: &Transaction<'_>, place: Place) -> Result<Vec<Raw>, Error> {
    parts(tx, place, place.parts())
}

/// Those from one time up to another.
pub(super) fn between(tx: &Transaction<'_>, place: Place, (from, to): (i64, i64)) -> Result<Vec<Raw>, Error> {
    let (first, end) = place.parts();
    let mut select = tx.prepare_cached(
        "select data from blocks where key >= ?1 and key < ?2 and first_at < ?4 and last_at >= ?3 order by key",
    )?;
    let mut points = read(place, &mut select.query([first, end, from, to])?)?;
    points.retain(|point| (from..to).contains(&point.at));
    Ok(points)
}

fn parts(tx: &Transaction<'_>, place: Place, (first, end): (i64, i64)) -> Result<Vec<Raw>, Error> {
    let mut select = tx.prepare_cached("select data from blocks where key >= ?1 and key < ?2 order by key")?;
    read(place, &mut select.query([first, end])?)
}

fn read(place: Place, rows: &mut rusqlite::Rows<'_>) -> Result<Vec<Raw>, Error> {
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        block::decode(data, place.kind, place.day * DAY, &mut points)?;
    }
    Ok(points)
}

/// Adds data points to the day's blocks. All but the last one stay full; those that late data points belong into are
/// written again, with those after them.
pub(super) fn add(tx: &Transaction<'_>, place: Place, new: &[Raw]) -> Result<(), Error> {
    let (first, end) = place.parts();
    // The first part that has something later than what is new, or the last one if that isn't full.
    let mut select = tx.prepare_cached(
        "select min(key) from blocks where key >= ?1 and key < ?2 and (last_at > ?3 or (points < ?4
            and key = (select max(key) from blocks where key >= ?1 and key < ?2)))",
    )?;
    let full = i64::try_from(block::FULL).unwrap_or(i64::MAX);
    let earliest = new.first().map_or(0, |point| point.at);
    let from: Option<i64> = select.query_row((first, end, earliest, full), |row| row.get(0))?;
    let from = match from {
        Some(key) => key,
        None => tx
            .prepare_cached("select max(key) from blocks where key >= ?1 and key < ?2")?
            .query_row([first, end], |row| row.get::<_, Option<i64>>(0))?
            .map_or(first, |last| last + 1),
    };
    let points = merged(parts(tx, place, (from, end))?, new);
    put(tx, place, (from, end), &points)
}

/// Two lists as one, by time; of the same time, those of the first come first.
fn merged(mut old: Vec<Raw>, new: &[Raw]) -> Vec<Raw> {
    let in_order = old
        .last()
        .zip(new.first())
        .is_none_or(|(last, first)| last.at <= first.at);
    old.extend_from_slice(new);
    if !in_order {
        old.sort_by_key(|point| point.at);
    }
    old
}

/// Writes data points in place of all there were.
pub(super) fn replace(tx: &Transaction<'_>, place: Place, points: &[Raw]) -> Result<(), Error> {
    put(tx, place, place.parts(), points)
}

/// Writes data points as the parts from one key up to another.
fn put(tx: &Transaction<'_>, place: Place, (from, end): (i64, i64), points: &[Raw]) -> Result<(), Error> {
    if i64::try_from(points.len().div_ceil(block::FULL)).unwrap_or(PARTS) > end - from {
        return Err(Error::unavailable(
            &"a metric has more data points a day than there are keys for",
        ));
    }
    tx.prepare_cached("delete from blocks where key >= ?1 and key < ?2")?
        .execute([from, end])?;
    let mut insert =
        tx.prepare_cached("insert into blocks (key, first_at, last_at, points, data) values (?1, ?2, ?3, ?4, ?5)")?;
    for (key, part) in (from..).zip(points.chunks(block::FULL)) {
        let (Some(earliest), Some(latest)) = (part.first(), part.last()) else {
            continue;
        };
        let data = block::encode(part, place.kind, place.day * DAY);
        let count = i64::try_from(part.len()).unwrap_or(0);
        insert.execute((key, earliest.at, latest.at, count, data))?;
    }
    Ok(())
}

pub(super) fn forget(tx: &Transaction<'_>, place: Place) -> Result<(), Error> {
    let (first, end) = place.parts();
    tx.prepare_cached("delete from blocks where key >= ?1 and key < ?2")?
        .execute([first, end])?;
    Ok(())
}
