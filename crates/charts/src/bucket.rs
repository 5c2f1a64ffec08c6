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
        }
    }

    /// Smallest, average and largest, if the bucket has data.
    pub(crate) fn spread(&self) -> Option<[f64; 3]> {
        let avg = self.avg.filter(|v| v.is_finite())?;
        let or_avg = |value: Option<f64>| value.filter(|v| v.is_finite()).unwrap_or(avg);
        Some([or_avg(self.min), avg, or_avg(self.max)])
    }
}
