//! Parts of hours of sealed data points: from what the head knows of them, else from the database.

use domain::range::Range;
use domain::time::{HOUR, MINUTE, Micros};

use super::reading::{Reading, Sealed, between, shared};
use crate::Error;
use crate::head::edges::{Edge, Edges, Stretch};
use crate::head::metric::Sum;
use crate::rollup::{Day, Minutes};

/// Adds what the head knows of the part of an hour that is `inside`; says no if that isn't all of it.
pub(super) fn add_known(edges: &Edges, number: u32, hour: i64, inside: Range, sum: &mut Sum) -> bool {
    match edges.get(number, (hour * HOUR, HOUR)) {
        None => false,
        Some(Edge::Points(points)) => {
            add_points(points, inside, sum);
            true
        }
        Some(Edge::Minutes(minutes)) => minutes.iter().all(|(at, part)| match minute(*at, inside) {
            Inside::Not => true,
            Inside::Whole => {
                sum.add(*part);
                true
            }
            Inside::Partly => match edges.get(number, (*at, MINUTE)) {
                Some(Edge::Points(points)) => {
                    add_points(points, inside, sum);
                    true
                }
                _ => false,
            },
        }),
    }
}

/// Adds the part of an hour that is `inside`, and lets the head know what it was made of.
pub(super) fn add(
    reading: &Reading<'_>,
    metric: &Sealed,
    rollup: &Day,
    hour: i64,
    inside: Range,
    sum: &mut Sum,
) -> Result<(), Error> {
    match edge(reading, metric, rollup.by_minute, (hour * HOUR, HOUR))? {
        Edge::Points(points) => add_points(&points, inside, sum),
        Edge::Minutes(minutes) => {
            for (at, part) in &*minutes {
                match minute(*at, inside) {
                    Inside::Not => {}
                    Inside::Partly if rollup.raw => {
                        if let Edge::Points(points) = edge(reading, metric, false, (*at, MINUTE))? {
                            add_points(&points, inside, sum);
                        }
                    }
                    // Where data points are gone, a minute counts if it begins there.
                    Inside::Partly if !inside.contains(Micros(*at)) => {}
                    Inside::Partly | Inside::Whole => sum.add(*part),
                }
            }
        }
    }
    Ok(())
}

enum Inside {
    Not,
    Partly,
    Whole,
}

fn minute(at: i64, range: Range) -> Inside {
    let all = between(Micros(at), Micros(at + MINUTE));
    match shared(range, all) {
        None => Inside::Not,
        Some(inside) if inside == all => Inside::Whole,
        Some(_) => Inside::Partly,
    }
}

/// Adds what lies in a range.
fn add_points(points: &[(i64, Sum)], inside: Range, sum: &mut Sum) {
    let from = points.partition_point(|(at, _)| *at < inside.from().0);
    for (_, part) in points[from..].iter().take_while(|(at, _)| *at < inside.to().0) {
        sum.add(*part);
    }
}

/// What a stretch is made of: minutes, or data points.
fn edge(reading: &Reading<'_>, metric: &Sealed, minutes: bool, stretch: Stretch) -> Result<Edge, Error> {
    let known = reading
        .known()
        .and_then(|state| state.edges.get(metric.number, stretch).cloned());
    if let Some(edge) = known {
        return Ok(edge);
    }
    let edge = if minutes {
        of_minutes(reading, metric, stretch.0)?
    } else {
        of_points(reading, metric, stretch)?
    };
    reading.learn(|state| state.edges.put(metric.number, stretch, edge.clone()));
    Ok(edge)
}

fn of_points(reading: &Reading<'_>, metric: &Sealed, (start, length): Stretch) -> Result<Edge, Error> {
    let mut parts = Vec::new();
    let range = between(Micros(start), Micros(start + length));
    reading.each_block(metric, crate::schema::day(start), range, |points| {
        parts.extend(points.iter().map(|point| {
            let amount = metric.kind.amount(point.bits);
            (point.at, Sum { count: 1, amount })
        }));
        Ok(())
    })?;
    Ok(Edge::Points(parts.into()))
}

fn of_minutes(reading: &Reading<'_>, metric: &Sealed, start: i64) -> Result<Edge, Error> {
    let mut parts = Vec::new();
    let hour = crate::rollup::day::hour_of(start);
    reading.minutes(metric, crate::schema::day(start), hour, |data| {
        let (sums, _) = Minutes::head(metric.kind, data)?;
        for (at, sum) in (start..start + HOUR).step_by(MINUTE_STEP).zip(sums) {
            if sum.count > 0 {
                let (count, amount) = (sum.count, sum.amount);
                parts.push((at, Sum { count, amount }));
            }
        }
        Ok(())
    })?;
    Ok(Edge::Minutes(parts.into()))
}

/// A minute, as steps of a range are given.
const MINUTE_STEP: usize = 60_000_000;
