//! A day of a metric in the database: read, added to, written again.

use std::collections::HashMap;

use domain::time::DAY;
use rusqlite::{OptionalExtension, Transaction};

use crate::Error;
use crate::block;
use crate::head::recent::Recent;
use crate::kind::{Kind, Raw};
use crate::rollup::Day;
use crate::rollup::day::SKETCHED_FROM;
use crate::schema::{PARTS, day_key, part_keys};
use crate::sketch::Sketch;

/// Adds data points of one day, sorted by time, to what is there. Returns what the day adds up to then.
pub(super) fn add(tx: &Transaction<'_>, number: u32, recent: &Recent, day: i64, points: &[Raw]) -> Result<Day, Error> {
    let mut rollup = read(tx, number, day)?.unwrap_or_else(|| Day::new(recent.kind));
    let mut points = points.to_vec();
    if recent.kind == Kind::Word {
        translate(&mut points, recent, &mut rollup);
    }
    rollup.add(&points);
    if recent.kind == Kind::Number {
        sketch(tx, number, day, &mut rollup, &points)?;
    }
    if rollup.raw {
        add_raw(tx, number, recent.kind, day, points)?;
    }
    write(tx, number, day, &rollup)?;
    Ok(rollup)
}

/// What the database says of a day.
pub(super) fn read(tx: &Transaction<'_>, number: u32, day: i64) -> Result<Option<Day>, Error> {
    let mut select = tx.prepare_cached("select data from days where key = ?1")?;
    let data: Option<Vec<u8>> = select.query_row([day_key(day, number)], |row| row.get(0)).optional()?;
    Ok(data.map(|data| Day::decode(&data)).transpose()?)
}

pub(super) fn write(tx: &Transaction<'_>, number: u32, day: i64, rollup: &Day) -> Result<(), Error> {
    tx.prepare_cached("insert into days (key, data) values (?1, ?2) on conflict (key) do update set data = ?2")?
        .execute((day_key(day, number), rollup.encode()))?;
    Ok(())
}

/// Data points have words by their places in the generation; here they get those of the day.
fn translate(points: &mut [Raw], recent: &Recent, rollup: &mut Day) {
    let mut places: HashMap<&str, u64> = HashMap::new();
    let known: Vec<String> = rollup.words.iter().map(|(word, _)| word.clone()).collect();
    places.extend(known.iter().map(String::as_str).zip(0..));
    for point in points {
        let word = recent.word(point.bits);
        point.bits = *places.entry(word).or_insert_with(|| {
            rollup.words.push((word.to_owned(), 0));
            rollup.words.len() as u64 - 1
        });
    }
}

/// Keeps the day's sketch, once it is worth one. Until then all its numbers are in its blocks.
fn sketch(tx: &Transaction<'_>, number: u32, day: i64, rollup: &mut Day, new: &[Raw]) -> Result<(), Error> {
    let values = |points: &[Raw]| {
        points
            .iter()
            .map(|point| f64::from_bits(point.bits))
            .collect::<Vec<_>>()
    };
    if let Some(sketch) = &mut rollup.sketch {
        sketch.merge(&Sketch::of(&values(new)));
    } else if !rollup.raw || rollup.whole().count >= SKETCHED_FROM {
        let mut sketch = Sketch::of(&values(new));
        sketch.merge(&Sketch::of(&values(&raw(tx, number, rollup.kind, day)?)));
        rollup.sketch = Some(sketch);
    }
    Ok(())
}

/// All data points of a day, oldest first.
pub(super) fn raw(tx: &Transaction<'_>, number: u32, kind: Kind, day: i64) -> Result<Vec<Raw>, Error> {
    let (first, end) = part_keys(day, number);
    raw_from(tx, kind, day, first, end)
}

fn raw_from(tx: &Transaction<'_>, kind: Kind, day: i64, first: i64, end: i64) -> Result<Vec<Raw>, Error> {
    let mut select = tx.prepare_cached("select data from blocks where key >= ?1 and key < ?2 order by key")?;
    let mut rows = select.query([first, end])?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        block::decode(data, kind, day * DAY, &mut points)?;
    }
    Ok(points)
}

/// Adds data points to the day's blocks. All but the last one stay full; those that late data points belong into are
/// written again, with those after them.
fn add_raw(tx: &Transaction<'_>, number: u32, kind: Kind, day: i64, new: Vec<Raw>) -> Result<(), Error> {
    let (first, end) = part_keys(day, number);
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
    let points = merged(raw_from(tx, kind, day, from, end)?, new);
    put_raw(tx, kind, day, (from, end), &points)
}

/// Two lists as one, by time; of the same time, those of the first come first.
fn merged(mut old: Vec<Raw>, new: Vec<Raw>) -> Vec<Raw> {
    let in_order = old
        .last()
        .zip(new.first())
        .is_none_or(|(last, first)| last.at <= first.at);
    old.extend(new);
    if !in_order {
        old.sort_by_key(|point| point.at);
    }
    old
}

/// Writes data points as the parts from one key up to another.
pub(super) fn put_raw(
    tx: &Transaction<'_>,
    kind: Kind,
    day: i64,
    (from, end): (i64, i64),
    points: &[Raw],
) -> Result<(), Error> {
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
        let data = block::encode(part, kind, day * DAY);
        let count = i64::try_from(part.len()).unwrap_or(0);
        insert.execute((key, earliest.at, latest.at, count, data))?;
    }
    Ok(())
}
