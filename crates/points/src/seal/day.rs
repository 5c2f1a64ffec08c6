//! A day of a metric in the database: read, added to, written again.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};

use super::{fine, raw};
use crate::Error;
use crate::head::recent::Recent;
use crate::kind::{Kind, Raw};
use crate::rollup::Day;
use crate::schema::{day_key, hour_keys, part_keys};

/// Which day of which metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) day: i64,
}

impl Place {
    /// Its key in `days` and `sketches`.
    pub(super) fn key(self) -> i64 {
        day_key(self.day, self.number)
    }

    /// Its keys in `blocks`: the first one, and the first that is no longer its own.
    pub(super) fn parts(self) -> (i64, i64) {
        part_keys(self.day, self.number)
    }

    /// Its keys in `minutes`, likewise.
    pub(super) fn hours(self) -> (i64, i64) {
        hour_keys(self.day, self.number)
    }
}

/// Adds data points of one day, sorted by time, to what is there. Returns what the day adds up to then. Days of at least
/// `dense` data points get minutes.
pub(super) fn add(
    tx: &Transaction<'_>,
    place: Place,
    recent: &Recent,
    points: &[Raw],
    dense: u64,
) -> Result<Day, Error> {
    let mut rollup = read(tx, place)?.unwrap_or_else(|| Day::new(place.kind));
    let mut points = points.to_vec();
    if place.kind == Kind::Word {
        translate(&mut points, recent, &mut rollup);
    }
    rollup.add(&points);
    if rollup.raw {
        raw::add(tx, place, &points)?;
    }
    fine::add(tx, place, &mut rollup, &points, dense)?;
    write(tx, place, &rollup)?;
    Ok(rollup)
}

/// What the database says of a day.
pub(super) fn read(tx: &Transaction<'_>, place: Place) -> Result<Option<Day>, Error> {
    let mut select = tx.prepare_cached("select data from days where key = ?1")?;
    let data: Option<Vec<u8>> = select.query_row([place.key()], |row| row.get(0)).optional()?;
    Ok(data.map(|data| Day::decode(&data)).transpose()?)
}

pub(super) fn write(tx: &Transaction<'_>, place: Place, rollup: &Day) -> Result<(), Error> {
    tx.prepare_cached("insert into days (key, data) values (?1, ?2) on conflict (key) do update set data = ?2")?
        .execute((place.key(), rollup.encode()))?;
    Ok(())
}

/// Forgets all of a day.
pub(super) fn forget(tx: &Transaction<'_>, place: Place) -> Result<(), Error> {
    raw::forget(tx, place)?;
    fine::forget_minutes(tx, place)?;
    fine::forget_sketches(tx, place)?;
    tx.prepare_cached("delete from days where key = ?1")?
        .execute([place.key()])?;
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
