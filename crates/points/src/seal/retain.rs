//! Forgetting what is older than a project keeps it, the finest first.

use rusqlite::Transaction;

use super::erase::{Erased, Row, forget_day};
use super::merge::span;
use super::{day, fine, raw};
use crate::Error;
use crate::journal::entry::Horizons;
use crate::rollup::Hour;
use crate::rollup::day::HOURS;

/// Erases what of a metric is older than each horizon. Before data points go, what outlives them is written down.
pub(super) fn older(tx: &Transaction<'_>, metric: &Row, horizons: Horizons, erased: &mut Erased) -> Result<(), Error> {
    let is_older = |date: i64, horizon: i64| span(date).1 <= horizon;
    let newest = horizons
        .raw
        .max(horizons.minutes)
        .max(horizons.hours)
        .max(horizons.days);
    let end = metric.days.1.min(crate::schema::day(newest));
    for date in metric.days.0..=end {
        let place = metric.place(date);
        let Some(rollup) = day::read(tx, place)? else {
            continue;
        };
        if is_older(date, horizons.days) {
            forget_day(tx, metric, date, &rollup, erased)?;
            continue;
        }
        let mut day = rollup.clone();
        if day.raw && is_older(date, horizons.raw) {
            fine::outlive(tx, place, &mut day, !is_older(date, horizons.minutes))?;
            raw::forget(tx, place)?;
            day.raw = false;
            erased.points += day.whole().count;
        }
        if day.by_minute && is_older(date, horizons.minutes) {
            fine::forget_minutes(tx, place)?;
            day.by_minute = false;
            if day.raw {
                fine::forget_sketches(tx, place)?;
            }
        }
        if day.by_hour && !day.raw && !day.by_minute && is_older(date, horizons.hours) {
            let whole = rollup.whole();
            day.hours = [Hour::default(); HOURS];
            day.hours[0] = whole;
            day.by_hour = false;
            fine::forget_sketches(tx, place)?;
        }
        if day != rollup {
            day::write(tx, place, &day)?;
        }
    }
    Ok(())
}
