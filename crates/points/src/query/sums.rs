//! What each metric of a project adds up to in some windows of time: from what the head knows of the newest hours,
//! without looking into the database, if that is enough.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{HOUR, Micros};

use super::edges;
use super::reading::{Reading, Sealed, between, hours, shared};
use crate::Error;
use crate::head::edges::Edges;
use crate::head::metric::{Metric, Sum, hour};
use crate::head::recent::Recent;

/// What metrics add up to: a sum a window.
pub(super) type Sums = BTreeMap<MetricId, Vec<Sum>>;

/// Something of a metric that the head doesn't know: data points of a window.
struct Missing {
    metric: Sealed,
    window: usize,
    range: Range,
}

/// Sums of all metrics of a project, those that have nothing in any window too. Nothing if something was sealed while
/// it looked: then a new reading sees a steady picture.
pub(super) fn of(reading: &Reading<'_>, project: ProjectId, windows: &[Range]) -> Result<Option<Sums>, Error> {
    let Some(mut metrics) = reading
        .known()
        .map(|state| state.projects.get(&project).cloned().unwrap_or_default())
    else {
        return Ok(None);
    };
    for generation in &reading.unsealed {
        metrics.extend(generation.read().metrics_of(project));
    }
    of_metrics(reading, &metrics, windows)
}

/// Sums of these metrics; see [`of`].
pub(super) fn of_metrics(
    reading: &Reading<'_>,
    metrics: &[MetricId],
    windows: &[Range],
) -> Result<Option<Sums>, Error> {
    let mut sums: Sums = metrics
        .iter()
        .map(|metric| (*metric, vec![Sum::default(); windows.len()]))
        .collect();
    let Some(missing) = add_known(reading, windows, &mut sums) else {
        return Ok(None);
    };
    for missing in missing {
        let sum = look(reading, &missing)?;
        if let Some(of) = sums.get_mut(&missing.metric.id) {
            of[missing.window].add(sum);
        }
    }
    for generation in &reading.unsealed {
        let contents = generation.read();
        for (metric, of) in &mut sums {
            if let Some(recent) = contents.get(*metric) {
                windows
                    .iter()
                    .zip(of)
                    .for_each(|(window, sum)| add_recent(recent, *window, sum));
            }
        }
    }
    Ok(Some(sums))
}

/// Adds what the head knows of what is sealed, and says what it doesn't.
fn add_known(reading: &Reading<'_>, windows: &[Range], sums: &mut Sums) -> Option<Vec<Missing>> {
    let state = reading.known()?;
    let mut missing = Vec::new();
    for (id, of) in sums {
        let Some(metric) = state.metrics.get(id) else { continue };
        for (window, sum) in of.iter_mut().enumerate() {
            let Some(range) = of_metric(metric, windows[window]) else {
                continue;
            };
            if !from_hours(metric, range, &state.edges, sum) {
                let metric = sealed(*id, metric);
                missing.push(Missing { metric, window, range });
            }
        }
    }
    Some(missing)
}

/// A window as far as the metric had anything in it. An hour that has nothing outside is in it whole: so it need not be
/// looked at.
fn of_metric(metric: &Metric, window: Range) -> Option<Range> {
    let (first, last) = metric.span();
    let inside = shared(window, between(first, last + 1))?;
    let from = if inside.from() == first {
        first.floor(HOUR)
    } else {
        inside.from()
    };
    let to = if inside.to() > last {
        last.floor(HOUR) + HOUR
    } else {
        inside.to()
    };
    Some(between(from, to))
}

/// Adds what is not sealed.
fn add_recent(recent: &Recent, window: Range, sum: &mut Sum) {
    for (at, part) in &recent.hours {
        match shared(window, an_hour(*at)) {
            Some(inside) if inside == an_hour(*at) => sum.add(*part),
            Some(inside) => {
                for point in recent.between(inside.from().0, inside.to().0) {
                    let amount = recent.kind.amount(point.bits);
                    sum.add(Sum { count: 1, amount });
                }
            }
            None => {}
        }
    }
}

fn sealed(id: MetricId, metric: &Metric) -> Sealed {
    Sealed {
        id,
        number: metric.number,
        kind: metric.kind,
        days: (crate::schema::day(metric.first_at), crate::schema::day(metric.last_at)),
    }
}

fn an_hour(hour: i64) -> Range {
    between(Micros(hour * HOUR), Micros((hour + 1) * HOUR))
}

/// Adds what the head knows of a range; says no, and adds nothing, if that isn't all of it.
fn from_hours(metric: &Metric, range: Range, known: &Edges, sum: &mut Sum) -> bool {
    let mut all = Sum::default();
    for at in hour(range.from().0)..=hour(range.to().0 - 1) {
        let Some(part) = metric.hours.get(at) else { return false };
        let inside = shared(range, an_hour(at));
        if part.count == 0 {
            continue;
        }
        if inside == Some(an_hour(at)) {
            all.add(part);
        } else {
            let known = inside.is_some_and(|inside| edges::add_known(known, metric.number, at, inside, &mut all));
            if !known {
                return false;
            }
        }
    }
    sum.add(all);
    true
}

/// Looks up what the head doesn't know, and lets it know the hours that are only in part in the range.
fn look(reading: &Reading<'_>, missing: &Missing) -> Result<Sum, Error> {
    let Missing { metric, range, .. } = missing;
    let mut sum = Sum::default();
    reading.each_day(metric, *range, |day, data| {
        let rollup = hours(data)?;
        for (place, part) in rollup.hours.iter().enumerate().filter(|(_, part)| part.count > 0) {
            let at = day * 24 + i64::try_from(place).unwrap_or(0);
            let Some(inside) = shared(*range, an_hour(at)) else {
                continue;
            };
            let whole = Sum {
                count: part.count,
                amount: part.amount,
            };
            if inside == an_hour(at) || !(rollup.raw || rollup.by_minute) {
                // Where data points are gone, an hour counts whole if it begins in the range.
                if range.contains(Micros(at * HOUR)) {
                    sum.add(whole);
                }
                continue;
            }
            edges::add(reading, metric, &rollup, at, inside, &mut sum)?;
        }
        Ok(())
    })?;
    Ok(sum)
}
