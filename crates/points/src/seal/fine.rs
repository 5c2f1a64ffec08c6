//! What is kept of a day beside its hours: its minutes, how the numbers of its hours are spread, its hours' quantiles,
//! and how all its numbers are spread.
//!
//! Each is there for days on which it saves time: see `Options::dense` and [`SKETCHED_FROM`]. And before data points go,
//! everything is worked out that outlives them.

use rusqlite::{OptionalExtension, Transaction};

use super::day::Place;
use super::raw;
use crate::Error;
use crate::kind::{Kind, Raw};
use crate::quantile::{exact, sketched};
use crate::rollup::day::{HOURS, SKETCHED_FROM, hour_of, start_of};
use crate::rollup::hour::USUAL;
use crate::rollup::{Day, Minutes, sketches};
use crate::schema::hour_key;
use crate::sketch::Sketch;

/// Adds data points, sorted by time, that the day has just been given.
pub(super) fn add(tx: &Transaction<'_>, place: Place, rollup: &mut Day, new: &[Raw], dense: u64) -> Result<(), Error> {
    let count = rollup.whole().count;
    let gets_minutes = !rollup.by_minute && count >= dense;
    let gets_sketch = rollup.kind == Kind::Number && rollup.sketch.is_none() && count >= sketched_from(dense);
    if rollup.raw && (gets_minutes || gets_sketch) {
        return set(tx, place, rollup, &raw::all(tx, place)?, dense);
    }
    if rollup.by_minute {
        add_minutes(tx, place, new)?;
    }
    if let Some(sketch) = &mut rollup.sketch {
        sketch.merge(&Sketch::of_points(new));
        if rollup.sketched_by_hour() {
            add_sketches(tx, place, new)?;
        }
        work_out_quantiles(tx, place, rollup)?;
    }
    Ok(())
}

const fn sketched_from(dense: u64) -> u64 {
    if dense < SKETCHED_FROM { dense } else { SKETCHED_FROM }
}

/// Writes what these, which are all data points of the day, come to.
pub(super) fn set(
    tx: &Transaction<'_>,
    place: Place,
    rollup: &mut Day,
    points: &[Raw],
    dense: u64,
) -> Result<(), Error> {
    let count = points.len() as u64;
    rollup.by_minute = count >= dense;
    forget_minutes(tx, place)?;
    forget_sketches(tx, place)?;
    if rollup.by_minute {
        put_minutes(tx, place, points)?;
    }
    if rollup.kind == Kind::Number {
        if rollup.sketched_by_hour() {
            write_sketches(tx, place, &sketches_of(points))?;
        }
        rollup.sketch = (count >= sketched_from(dense)).then(|| Sketch::of_points(points));
        if rollup.sketch.is_some() {
            exact_quantiles(rollup, points);
        }
    }
    Ok(())
}

/// Writes down what outlives a day's data points, which are about to go: how their numbers are spread, and if told to,
/// its minutes.
pub(super) fn outlive(tx: &Transaction<'_>, place: Place, rollup: &mut Day, minutes: bool) -> Result<(), Error> {
    let is_sketched = rollup.kind != Kind::Number || rollup.sketched_by_hour();
    if is_sketched && (rollup.by_minute || !minutes) {
        return Ok(());
    }
    let points = raw::all(tx, place)?;
    if !is_sketched {
        write_sketches(tx, place, &sketches_of(&points))?;
        rollup.sketch.get_or_insert_with(|| Sketch::of_points(&points));
        exact_quantiles(rollup, &points);
    }
    if minutes && !rollup.by_minute {
        put_minutes(tx, place, &points)?;
        rollup.by_minute = true;
    }
    Ok(())
}

fn by_hour(points: &[Raw]) -> impl Iterator<Item = (usize, &[Raw])> {
    let of_hours = points.chunk_by(|a, b| hour_of(a.at) == hour_of(b.at));
    of_hours.map(|points| (hour_of(points[0].at), points))
}

fn sketches_of(points: &[Raw]) -> Vec<(usize, Sketch)> {
    by_hour(points)
        .map(|(hour, points)| (hour, Sketch::of_points(points)))
        .collect()
}

/// Works out the quantiles of the hours that have these data points, which are all they have.
fn exact_quantiles(rollup: &mut Day, points: &[Raw]) {
    for (hour, points) in by_hour(points) {
        let mut values: Vec<f64> = points.iter().map(|point| f64::from_bits(point.bits)).collect();
        rollup.hours[hour].quantiles = exact(&mut values, USUAL);
    }
}

/// Works out the quantiles of hours that have been added to: from their sketches, or if there are none, their data
/// points, which then are few.
pub(super) fn work_out_quantiles(tx: &Transaction<'_>, place: Place, rollup: &mut Day) -> Result<(), Error> {
    if !rollup.by_hour {
        return Ok(());
    }
    let mut unknown = rollup.there().filter(|hour| rollup.hours[*hour].quantiles.is_none());
    let Some(first) = unknown.next() else { return Ok(()) };
    let last = unknown.last().unwrap_or(first);
    if rollup.sketched_by_hour() {
        for (hour, sketch) in read_sketches(tx, place)? {
            let sum = &mut rollup.hours[hour];
            if sum.quantiles.is_none() {
                sum.quantiles = sketched(&sketch, USUAL, sum);
            }
        }
    } else {
        let points = raw::between(tx, place, (start_of(place.day, first), start_of(place.day, last + 1)))?;
        exact_quantiles(rollup, &points);
    }
    Ok(())
}

fn add_minutes(tx: &Transaction<'_>, place: Place, new: &[Raw]) -> Result<(), Error> {
    for (hour, points) in by_hour(new) {
        let mut minutes = read_minutes(tx, place, hour)?.unwrap_or_else(|| Minutes::new(place.kind));
        minutes.add(points);
        write_minutes(tx, place, hour, &minutes)?;
    }
    Ok(())
}

fn put_minutes(tx: &Transaction<'_>, place: Place, points: &[Raw]) -> Result<(), Error> {
    for (hour, points) in by_hour(points) {
        let mut minutes = Minutes::new(place.kind);
        minutes.add(points);
        write_minutes(tx, place, hour, &minutes)?;
    }
    Ok(())
}

pub(super) fn read_minutes(tx: &Transaction<'_>, place: Place, hour: usize) -> Result<Option<Minutes>, Error> {
    let mut select = tx.prepare_cached("select data from minutes where key = ?1")?;
    let key = hour_key(place.day, place.number, hour);
    let data: Option<Vec<u8>> = select.query_row([key], |row| row.get(0)).optional()?;
    Ok(data.map(|data| Minutes::decode(place.kind, &data)).transpose()?)
}

/// Writes an hour's minutes; if nothing is left of them, they go.
pub(super) fn write_minutes(tx: &Transaction<'_>, place: Place, hour: usize, minutes: &Minutes) -> Result<(), Error> {
    let key = hour_key(place.day, place.number, hour);
    if minutes.sums.iter().all(|sum| sum.count == 0) {
        tx.prepare_cached("delete from minutes where key = ?1")?
            .execute([key])?;
    } else {
        tx.prepare_cached("insert or replace into minutes (key, data) values (?1, ?2)")?
            .execute((key, minutes.encode()))?;
    }
    Ok(())
}

pub(super) fn forget_minutes(tx: &Transaction<'_>, place: Place) -> Result<(), Error> {
    let (first, end) = place.hours();
    tx.prepare_cached("delete from minutes where key >= ?1 and key < ?2")?
        .execute([first, end])?;
    Ok(())
}

fn add_sketches(tx: &Transaction<'_>, place: Place, new: &[Raw]) -> Result<(), Error> {
    let mut all: [Option<Sketch>; HOURS] = [const { None }; HOURS];
    for (hour, sketch) in read_sketches(tx, place)?.into_iter().chain(sketches_of(new)) {
        match &mut all[hour] {
            Some(there) => there.merge(&sketch),
            none => *none = Some(sketch),
        }
    }
    let all: Vec<_> = (0..)
        .zip(all)
        .filter_map(|(hour, sketch)| Some((hour, sketch?)))
        .collect();
    write_sketches(tx, place, &all)
}

pub(super) fn write_sketches(tx: &Transaction<'_>, place: Place, all: &[(usize, Sketch)]) -> Result<(), Error> {
    tx.prepare_cached("insert or replace into sketches (key, data) values (?1, ?2)")?
        .execute((place.key(), sketches::encode(all)))?;
    Ok(())
}

pub(super) fn read_sketches(tx: &Transaction<'_>, place: Place) -> Result<Vec<(usize, Sketch)>, Error> {
    let mut select = tx.prepare_cached("select data from sketches where key = ?1")?;
    let bytes: Option<Vec<u8>> = select.query_row([place.key()], |row| row.get(0)).optional()?;
    let all = bytes.map(|bytes| sketches::decode(&bytes)).transpose()?;
    Ok(all.unwrap_or_default())
}

pub(super) fn forget_sketches(tx: &Transaction<'_>, place: Place) -> Result<(), Error> {
    tx.prepare_cached("delete from sketches where key = ?1")?
        .execute([place.key()])?;
    Ok(())
}
