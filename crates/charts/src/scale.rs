//! The y axis: where it begins and ends, and the round numbers on it.

use crate::number::{self, SUFFIXES, exponent, trimmed};
use crate::text::ems;
use crate::unit::{Name, Unit};

/// A round number on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The number.
    pub value: f64,
    /// The number as people read it.
    pub label: String,
}

/// A span of values that begins and ends at a tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Where the axis begins.
    pub low: f64,
    /// Where it ends; above `low`.
    pub high: f64,
    /// The ticks, rising, `low` first and `high` last.
    pub ticks: Vec<Tick>,
    /// The unit's name, if it is too long to stand after each number.
    pub(crate) caption: Option<Name>,
}

/// Labels have room for so much, in ems.
pub(crate) const LABEL: f64 = 3.9;
/// Beyond this, differences of two values would not be finite.
const LIMIT: f64 = 1e300;
/// A span narrower than this share of its values can't be divided without ticks falling together.
const NARROWEST: f64 = 1e-9;
/// Seconds to minutes to days: where 1, 2, 5 is not round.
const LONG_STEPS_MS: [f64; 15] = [
    10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1_800e3, 3_600e3, 7_200e3, 10_800e3, 21_600e3, 43_200e3,
    86_400e3,
];

impl Scale {
    /// A scale that holds all values, and zero unless they lie far from it. Values that aren't finite are left out.
    #[must_use]
    pub fn fit(values: impl IntoIterator<Item = f64>, unit: Unit) -> Self {
        let mut finite = values.into_iter().filter(|v| v.is_finite());
        let first = finite.next().unwrap_or(0.0);
        let (low, high) = finite.fold((first, first), |(low, high), v| (low.min(v), high.max(v)));
        let near_zero = |near: f64, far: f64| near <= far * 0.7;
        if low >= 0.0 && (near_zero(low, high) || !is_any_number(unit) || low >= high) {
            Self::new(0.0, high, unit)
        } else if high <= 0.0 && (near_zero(-high, -low) || low >= high) {
            Self::new(low, 0.0, unit)
        } else {
            Self::new(low, high, unit)
        }
    }

    /// A scale from at most `low` to at least `high`, with three to seven ticks or so.
    #[must_use]
    pub fn new(low: f64, high: f64, unit: Unit) -> Self {
        let (low, high) = (low.clamp(-LIMIT, LIMIT), high.clamp(-LIMIT, LIMIT));
        let (low, high) = widen(low.min(high), low.max(high));
        let step = step(high - low, unit);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // A step is a fifth of the span or more, so this ends long before its bound.
        let mut ticks: Vec<Tick> = (0..64)
            .map(|n| first + f64::from(n))
            .take_while(|k| *k <= last)
            .map(|k| Tick {
                value: k * step,
                label: label(k * step, step, (first * step).abs().max((last * step).abs()), unit),
            })
            .collect();
        let caption = name_ticks(&mut ticks, unit);
        Self {
            low: first * step,
            high: last * step,
            ticks,
            caption,
        }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let share = (value.clamp(-LIMIT, LIMIT) - self.low) / (self.high - self.low);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn is_any_number(unit: Unit) -> bool {
    matches!(unit, Unit::Number | Unit::Named(_))
}

/// Puts the unit's name after each number, if there is room for that after all of them; else gives it back.
fn name_ticks(ticks: &mut [Tick], unit: Unit) -> Option<Name> {
    let Unit::Named(name) = unit else { return None };
    let labels: Vec<String> = ticks.iter().map(|tick| name.after(&tick.label)).collect();
    if labels.iter().any(|label| ems(label) > LABEL) {
        return Some(name);
    }
    for (tick, label) in ticks.iter_mut().zip(labels) {
        tick.label = label;
    }
    None
}

/// A span that can be divided.
fn widen(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if size < 1e-290 {
        (0.0, 1.0)
    } else if high - low < size * NARROWEST {
        (low - size * 0.1, high + size * 0.1)
    } else {
        (low, high)
    }
}

/// The distance between ticks: 1, 2 or 5 times a power of ten, or what is round among minutes and hours.
fn step(span: f64, unit: Unit) -> f64 {
    let rough = span / 5.0;
    if unit == Unit::Milliseconds && rough > 5e3 && rough <= 86_400e3 {
        return LONG_STEPS_MS
            .into_iter()
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(86_400e3);
    }
    let base = if unit == Unit::Milliseconds && rough > 86_400e3 {
        86_400e3
    } else {
        1.0
    };
    let power = 10_f64.powi(exponent(rough / base));
    let nice = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|m| m * power * base >= rough * 0.999)
        .unwrap_or(10.0);
    let step = nice * power * base;
    if unit == Unit::Count { step.max(1.0) } else { step }
}

fn label(value: f64, step: f64, largest: f64, unit: Unit) -> String {
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    if unit != Unit::Milliseconds {
        let (divisor, suffix) = suffix(step, largest);
        return if (1e-6..1e15).contains(&largest) {
            let digits = trimmed(value / divisor, -exponent(step / divisor * 1.000_001));
            format!("{}{suffix}", number::separate(&digits))
        } else {
            number::scientific(value)
        };
    }
    let (divisor, name) = match step {
        s if s >= 86_400e3 => (86_400e3, "d"),
        s if s >= 3_600e3 => (3_600e3, "h"),
        s if s >= 60e3 => (60e3, "min"),
        _ if largest >= 1_000.0 => (1e3, "s"),
        _ => (1.0, "ms"),
    };
    format!(
        "{} {name}",
        trimmed(value / divisor, -exponent(step / divisor * 1.000_001))
    )
}

/// All ticks of an axis share their suffix, and four digits need none: `500, 1,000` reads better than `0.5k, 1k`.
fn suffix(step: f64, largest: f64) -> (f64, &'static str) {
    SUFFIXES
        .into_iter()
        .find(|(divisor, _)| largest >= divisor * 10.0 && step >= divisor / 1_000.0)
        .unwrap_or((1.0, ""))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "ends of a scale are its outermost ticks to the bit")]
mod tests {
    use proptest::prelude::*;

    use super::Scale;
    use crate::unit::Unit;

    fn labels(low: f64, high: f64, unit: Unit) -> Vec<String> {
        Scale::new(low, high, unit).ticks.into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_round_and_say_so() {
        assert_eq!(labels(0.0, 0.0, Unit::Count), ["0", "1"]);
        assert_eq!(labels(0.0, 3.0, Unit::Count), ["0", "1", "2", "3"]);
        assert_eq!(
            labels(0.0, 1_730.0, Unit::Count),
            ["0", "500", "1,000", "1,500", "2,000"]
        );
        assert_eq!(labels(0.0, 0.9, Unit::Number), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(-3.0, 4.0, Unit::Number), ["-4", "-2", "0", "2", "4"]);
        assert_eq!(
            labels(0.0, 430.0, Unit::Milliseconds),
            ["0", "100 ms", "200 ms", "300 ms", "400 ms", "500 ms"]
        );
        assert_eq!(
            labels(0.0, 1_900.0, Unit::Milliseconds),
            ["0", "0.5 s", "1 s", "1.5 s", "2 s"]
        );
        assert_eq!(labels(0.0, 170e3, Unit::Milliseconds), ["0", "1 min", "2 min", "3 min"]);
    }

    #[test]
    fn a_scale_reaches_to_zero_unless_values_lie_far_from_it() {
        assert_eq!(Scale::fit([10.0, 40.0], Unit::Number).low, 0.0);
        assert_eq!(Scale::fit([1_010.0, 1_020.0], Unit::Number).low, 1_010.0);
        assert_eq!(Scale::fit([1_010.0, 1_020.0], Unit::Milliseconds).low, 0.0);
        assert_eq!(Scale::fit([42.0], Unit::Number).low, 0.0);
        assert_eq!(
            Scale::fit([f64::NAN, f64::INFINITY], Unit::Number),
            Scale::fit([], Unit::Number)
        );
    }

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![any::<f64>(), -1e6..1e6_f64, Just(0.0)].prop_filter("finite", |v| v.is_finite())
    }

    fn any_unit() -> impl Strategy<Value = Unit> {
        prop_oneof![Just(Unit::Count), Just(Unit::Number), Just(Unit::Milliseconds)]
    }

    proptest! {
        #[test]
        fn ticks_rise_evenly_from_end_to_end_and_hold_the_values(a in any_value(), b in any_value(), unit in any_unit()) {
            let scale = Scale::new(a, b, unit);
            prop_assert!(scale.low < scale.high);
            prop_assert!((2..=8).contains(&scale.ticks.len()), "{} ticks", scale.ticks.len());
            prop_assert_eq!(scale.ticks[0].value, scale.low);
            prop_assert_eq!(scale.ticks[scale.ticks.len() - 1].value, scale.high);
            prop_assert!(scale.ticks.windows(2).all(|pair| pair[0].value < pair[1].value));
            let (low, high) = (a.min(b).clamp(-1e300, 1e300), a.max(b).clamp(-1e300, 1e300));
            let slack = (scale.high - scale.low) * 1e-9;
            prop_assert!(scale.low <= low + slack && high - slack <= scale.high);
        }

        #[test]
        fn every_label_differs_from_its_neighbour(a in -1e9..1e9_f64, b in -1e9..1e9_f64, unit in any_unit()) {
            let labels = labels(a, b, unit);
            prop_assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", labels);
        }

        #[test]
        fn steps_of_numbers_are_one_two_or_five(a in -1e9..1e9_f64, b in -1e9..1e9_f64) {
            let scale = Scale::new(a, b, Unit::Number);
            let step = scale.ticks[1].value - scale.ticks[0].value;
            let digit = step / 10_f64.powf((step * 1.000_001).log10().floor());
            prop_assert!([1.0, 2.0, 5.0].iter().any(|nice| (digit - nice).abs() < 1e-3), "{step}");
        }

        #[test]
        fn shares_stay_on_the_axis(a in any_value(), b in any_value(), v in any::<f64>()) {
            let share = Scale::new(a, b, Unit::Number).share(v);
            prop_assert!((0.0..=1.0).contains(&share));
        }
    }
}
