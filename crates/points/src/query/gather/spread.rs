//! How the values of a bucket are spread.

use domain::time::Micros;

use crate::Distribution;
use crate::quantile::{exact, sketched};
use crate::rollup::Hour;
use crate::sketch::Sketch;

/// Values looked at one by one, and sketches of others.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    values: Vec<f64>,
    sketch: Sketch,
}

impl Spread {
    /// Adds a value. Of more than `most` values nobody needs each of them.
    pub(super) fn add(&mut self, value: f64, most: usize) {
        if self.values.len() >= most {
            self.sketch.merge(&Sketch::of(&self.values));
            self.values.clear();
        }
        self.values.push(value);
    }

    /// Adds a value.
    pub(crate) fn value(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Adds values that are sketched.
    pub(crate) fn merge(&mut self, sketch: Sketch) {
        if self.sketch.count() == 0 {
            self.sketch = sketch;
        } else {
            self.sketch.merge(&sketch);
        }
    }

    /// How they are spread, of data points that add up to `sum`.
    pub(in crate::query) fn into_distribution(self, start: Micros, sum: Hour) -> Distribution {
        if self.sketch.count() == 0 {
            return Distribution::of_values(start, sum, self.values);
        }
        let mut sketch = self.sketch;
        sketch.merge(&Sketch::of(&self.values));
        Distribution::of_sketch(start, sum, sketch)
    }

    /// The values at some quantiles, ascending. Exact if every value was looked at, else within 1 % of themselves and
    /// within the extremes.
    pub(in crate::query) fn quantiles<const N: usize>(&mut self, quantiles: [f64; N], sum: &Hour) -> Option<[f64; N]> {
        if self.sketch.count() == 0 {
            return exact(&mut self.values, quantiles);
        }
        if !self.values.is_empty() {
            self.sketch.merge(&Sketch::of(&self.values));
            self.values.clear();
        }
        sketched(&self.sketch, quantiles, sum)
    }
}
