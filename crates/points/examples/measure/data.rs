//! What is stored: a quarter each of the four types, the same at every run.

use domain::id::{MetricId, ProjectId};
use domain::time::Micros;
use domain::value::Value;
use points::{Batch, DataPoint};

/// 2026-11-24T10:20:30.5Z, so that no window begins on the hour.
pub(crate) const NOW: Micros = Micros(1_795_515_630_500_000);
pub(crate) const PROJECT: ProjectId = ProjectId(7);
pub(crate) const METRICS: u64 = 100;
const WORDS: u64 = 50;

/// A small generator (splitmix64), so that every run is the same.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

pub(crate) fn id(metric: u64) -> MetricId {
    MetricId((metric + 1).wrapping_mul(0x5_1234_5678_9abd).cast_signed() & ((1 << 50) - 1))
}

/// A quarter each: items (Counter), milliseconds to a tenth, log-normal (Timer), hits, words of which few are frequent.
fn value(metric: u64, dice: &mut Dice) -> Value {
    match metric % 4 {
        0 => Value::Number((20.0 + 8.0 * dice.normal()).round().max(0.0)),
        1 => Value::Number((1_200.0 * (0.6 * dice.normal()).exp()).round() / 10.0),
        2 => Value::Hits(1),
        _ => {
            let word = (WORDS as f64).powf(dice.unit()) as u64 - 1;
            Value::Word(format!("/page/{word}"))
        }
    }
}

pub(crate) fn point(metric: u64, at: Micros, dice: &mut Dice) -> DataPoint {
    DataPoint {
        metric: id(metric),
        at,
        value: value(metric, dice),
        id: None,
    }
}

pub(crate) fn batch(points: Vec<DataPoint>) -> Batch {
    Batch {
        project: PROJECT,
        key: None,
        points,
        note: Vec::new(),
    }
}
