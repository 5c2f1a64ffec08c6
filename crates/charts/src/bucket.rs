//! What a chart is drawn from.

use domain::time::Micros;

/// What the data points of one stretch of time come to. It ends where the next begins, the last one where the axis does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// When it starts.
    pub start: Micros,
    /// How many: hits of a Hit Counter, data points of anything else.
    pub count: u64,
    /// The smallest value; none in an empty bucket.
    pub min: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
    /// The average value.
    pub avg: Option<f64>,
    /// Percentiles, where they are known.
    pub percentiles: Option<Percentiles>,
}

/// Values below which 50, 75, 95 and 99 of a hundred data points lie.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// Three quarters lie below.
    pub p75: f64,
    /// Nineteen of twenty lie below.
    pub p95: f64,
    /// All but one of a hundred lie below.
    pub p99: f64,
}

impl Percentiles {
    /// In the order people see them, with their names, which are their classes too.
    pub(crate) const fn named(self) -> [(&'static str, f64); 4] {
        [
            ("p50", self.p50),
            ("p75", self.p75),
            ("p95", self.p95),
            ("p99", self.p99),
        ]
    }
}

impl Bucket {
    /// A bucket that only counts.
    #[must_use]
    pub const fn counting(start: Micros, count: u64) -> Self {
        Self {
            start,
            count,
            min: None,
            max: None,
            avg: None,
            percentiles: None,
        }
    }

    /// Smallest, average and largest, if the bucket has data.
    pub(crate) fn spread(&self) -> Option<[f64; 3]> {
        let avg = self.avg.filter(|v| v.is_finite())?;
        let or_avg = |value: Option<f64>| value.filter(|v| v.is_finite()).unwrap_or(avg);
        Some([or_avg(self.min), avg, or_avg(self.max)])
    }
}
