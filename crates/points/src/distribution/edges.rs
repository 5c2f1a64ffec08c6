//! Edges of bins that people can read.

use super::Distribution;

/// Most edges, whatever is asked for.
const MOST: usize = 200;
/// How many times the least of the usual values the greatest must be, for edges to be multiples of each other.
const DIVERSE: f64 = 50.0;
/// Beyond this, differences of two values would not be finite.
const LIMIT: f64 = 1e300;

/// How a power of ten is divided, from the coarsest on: evenly, as far as round numbers are even.
const DECADES: [&[f64]; 5] = [
    &[1.0],
    &[1.0, 3.0],
    &[1.0, 2.0, 5.0],
    &[1.0, 1.6, 2.5, 4.0, 6.3],
    &[1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0],
];

pub(super) fn propose(of: &Distribution, about: usize) -> Vec<f64> {
    let (Some(min), Some(max)) = (of.min(), of.max()) else {
        return Vec::new();
    };
    let about = about.clamp(1, MOST / 2);
    let whole = of.is_whole();
    let usual = if min < 0.0 { None } else { usual(of) };
    let mut edges = match usual {
        Some(least) if max / least >= DIVERSE => multiples(min, least, max, about),
        _ => evenly(min.max(-LIMIT), max.min(LIMIT), about, whole),
    };
    if whole && usual.is_some_and(|least| max / least >= DIVERSE) {
        edges = between_wholes(&edges);
    }
    // However edges were rounded, none is left out.
    if let [first, .., last] = &mut edges[..] {
        (*first, *last) = (first.min(min), last.max(max));
    }
    edges.dedup();
    edges
}

/// The least of the usual values above zero: a few that are still less don't matter.
fn usual(of: &Distribution) -> Option<f64> {
    let mut values = [0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.95]
        .into_iter()
        .filter_map(|quantile| of.quantile(quantile));
    values.find(|value| *value > 0.0)
}

fn between_wholes(edges: &[f64]) -> Vec<f64> {
    let mut between: Vec<f64> = edges.iter().map(|edge| edge.ceil() - 0.5).collect();
    // What was the greatest value's own edge is past it now.
    if let (Some(last), Some(edge)) = (between.last_mut(), edges.last()) {
        *last = edge.floor() + 0.5;
    }
    between.dedup();
    between
}

/// 1, 2, 5, 10, 20 …: from the usual values on. What is less, zero included, is in a first bin of its own.
fn multiples(min: f64, usual: f64, max: f64, about: usize) -> Vec<f64> {
    let (low, high) = (decade(usual), decade(max) + 1);
    let decades = max.log10() - usual.log10();
    let wanted = float(about) / decades.max(0.1);
    let division = DECADES
        .iter()
        .rev()
        .find(|division| float(division.len()) <= wanted * 1.25);
    let every = if division.is_some() { 1 } else { skipped(1.0 / wanted) };
    let division = division.copied().unwrap_or(DECADES[0]);
    let mut edges: Vec<f64> = Vec::new();
    for power in (low..=high).step_by(every) {
        for mantissa in division {
            edges.push(round(*mantissa, power));
        }
    }
    let first = edges.partition_point(|edge| *edge <= usual).saturating_sub(1);
    let end = (edges.partition_point(|edge| *edge < max) + 1).min(edges.len());
    let mut edges = edges[first..end.max(first)].to_vec();
    if edges.first().is_none_or(|first| min < *first) {
        edges.insert(0, 0.0);
    }
    if edges.len() < 2 {
        edges.push(max);
    }
    edges
}

fn evenly(min: f64, max: f64, about: usize, whole: bool) -> Vec<f64> {
    let size = min.abs().max(max.abs());
    let is_point = max - min <= size * 1e-9;
    let whole = whole && size < 1e12;
    if is_point && !whole {
        let off = if size == 0.0 { 0.5 } else { size * 0.05 };
        return vec![min - off, max + off];
    }
    let rough = (max - min) / float(about);
    let mut step = nice(rough.max(f64::MIN_POSITIVE));
    let mut off = 0.0;
    if whole {
        step = step.max(1.0);
        // 2.5 would put twos and threes together, then a three with nothing.
        step = if step < 10.0 { step.ceil() } else { step };
        off = 0.5;
    }
    let first = ((min + off) / step).floor();
    let edges = (0..=MOST).map(|n| (first + float(n)) * step - off);
    let mut edges: Vec<f64> = edges.take_while(|edge| *edge <= max).collect();
    edges.push((first + float(edges.len())) * step - off);
    if !whole && edges.len() > 2 && edges[edges.len() - 2] >= max {
        edges.pop();
    }
    edges
}

/// 1, 2, 2.5 or 5 times a power of ten, about so great.
fn nice(rough: f64) -> f64 {
    let power = decade(rough);
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|nice| round(nice, power))
        .find(|step| *step >= rough * 0.9)
        .unwrap_or(rough)
}

/// A mantissa times a power of ten, as it is written: products of powers end in bits that nobody typed.
fn round(mantissa: f64, power: i32) -> f64 {
    format!("{mantissa}e{power}")
        .parse()
        .map_or(f64::MAX, |value: f64| value.min(f64::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "a double's exponent is below 400")]
fn decade(value: f64) -> i32 {
    value.max(f64::MIN_POSITIVE).log10().floor() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most the 616 decades there are"
)]
fn skipped(decades: f64) -> usize {
    decades.ceil().clamp(1.0, 616.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn float(value: usize) -> f64 {
    value as f64
}
