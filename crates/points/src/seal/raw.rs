//! Data points of a day in the database, block by block.

use domain::time::DAY;
use rusqlite::{OptionalExtension, Transaction};

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

/// How many data points a block has when it is full: more once few keys of the day are left, so that they last for three
/// billion.
const fn full(keys_left: i64) -> usize {
    match keys_left {
        left if left > PARTS / 4 => block::FULL,
        left if left > PARTS / 8 => 4 * block::FULL,
        left if left > PARTS / 16 => 16 * block::FULL,
        _ => block::MOST,
    }
}

/// Adds data points to the day's blocks. All but the last one stay full; those that late data points belong into are
/// written again, with those after them.
pub(super) fn add(tx: &Transaction<'_>, place: Place, new: &[Raw]) -> Result<(), Error> {
    let (first, end) = place.parts();
    // The first part that has something later than what is new, or the last one if that isn't full.
    let mut select = tx.prepare_cached("select min(key) from blocks where key >= ?1 and key < ?2 and last_at > ?3")?;
    let earliest = new.first().map_or(0, |point| point.at);
    let later: Option<i64> = select.query_row((first, end, earliest), |row| row.get(0))?;
    let mut select =
        tx.prepare_cached("select key, points from blocks where key >= ?1 and key < ?2 order by key desc limit 1")?;
    let last: Option<(i64, i64)> = select
        .query_row([first, end], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let from = match (later, last) {
        (Some(later), _) => later,
        (None, Some((last, points))) if usize::try_from(points).is_ok_and(|points| points < full(end - last)) => last,
        (None, Some((last, _))) => last + 1,
        (None, None) => first,
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
    tx.prepare_cached("delete from blocks where key >= ?1 and key < ?2")?
        .execute([from, end])?;
    let mut insert =
        tx.prepare_cached("insert into blocks (key, first_at, last_at, points, data) values (?1, ?2, ?3, ?4, ?5)")?;
    let (mut key, mut rest) = (from, points);
    while let (Some(earliest), true) = (rest.first(), key < end) {
        let (part, more) = rest.split_at(rest.len().min(full(end - key)));
        let latest = part.last().unwrap_or(earliest);
        let data = block::encode(part, place.kind, place.day * DAY);
        let count = i64::try_from(part.len()).unwrap_or(0);
        insert.execute((key, earliest.at, latest.at, count, data))?;
        (key, rest) = (key + 1, more);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        let why = format!(
            "metric number {} has more data points a day than there are keys for",
            place.number
        );
        Err(Error::unavailable(&why))
    }
}

pub(super) fn forget(tx: &Transaction<'_>, place: Place) -> Result<(), Error> {
    let (first, end) = place.parts();
    tx.prepare_cached("delete from blocks where key >= ?1 and key < ?2")?
        .execute([first, end])?;
    Ok(())
}
