//! How the numbers of a stretch of time are spread: one read, from which come percentiles, histograms, heat maps and
//! "how many lie above".

mod edges;
#[cfg(test)]
mod tests;

use domain::time::Micros;

use crate::quantile;
use crate::rollup::Hour;
use crate::sketch::{Beside, Sketch};

/// Values that are kept one by one when distributions are put together; 8 bytes each.
const VALUES: usize = 1 << 20;

/// How the numbers of a Counter or Timer are spread in a bucket: the values themselves where they were looked at one by
/// one, else a sketch of them. Empty for other types, and where there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    start: Micros,
    sum: Hour,
    kept: Kept,
}

#[derive(Clone, Debug, PartialEq)]
enum Kept {
    /// Sorted.
    Values(Vec<f64>),
    Sketch(Sketch),
}

/// How many data points lie above a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Above {
    /// How many, as well as can be told: never less than `least`, never more than `most`.
    pub count: u64,
    /// So many surely do.
    pub least: u64,
    /// No more than so many can: the others are within 2 % of the value, on either side of it.
    pub most: u64,
}

impl Above {
    /// Whether the count is exact.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.least == self.most
    }
}

impl Distribution {
    pub(crate) fn of_values(start: Micros, sum: Hour, mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let kept = Kept::Values(values);
        Self { start, sum, kept }
    }

    pub(crate) fn of_sketch(start: Micros, sum: Hour, sketch: Sketch) -> Self {
        let kept = Kept::Sketch(sketch);
        Self { start, sum, kept }
    }

    /// One of no data points.
    #[must_use]
    pub fn empty(start: Micros) -> Self {
        Self::of_values(start, Hour::default(), Vec::new())
    }

    /// Where its bucket starts.
    #[must_use]
    pub const fn start(&self) -> Micros {
        self.start
    }

    /// How many data points there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match &self.kept {
            Kept::Values(values) => values.len() as u64,
            Kept::Sketch(sketch) => sketch.count(),
        }
    }

    /// Whether everything it says is exact.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        matches!(self.kept, Kept::Values(_))
    }

    /// The least value.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.sum.min)
    }

    /// The greatest value.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.sum.max)
    }

    /// The sum of all values, unless it is past the greatest number there is.
    #[must_use]
    pub fn sum(&self) -> Option<f64> {
        Some(self.sum.sum).filter(|sum| self.count() > 0 && sum.is_finite())
    }

    /// The arithmetic mean.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no metric has 2^53 data points in a bucket")]
    pub fn avg(&self) -> Option<f64> {
        self.sum().map(|sum| sum / self.count() as f64)
    }

    /// The value at a quantile (0 to 1, nearest-rank, as [`Bucket`](crate::Bucket) has them): exact, or within 1 % of
    /// itself and within the extremes.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let quantile = if quantile.is_finite() {
            quantile.clamp(0.0, 1.0)
        } else {
            0.0
        };
        match &self.kept {
            Kept::Values(values) => quantile::sorted(values, quantile),
            Kept::Sketch(sketch) => quantile::sketched(sketch, [quantile], &self.sum).map(|[value]| value),
        }
    }

    /// How many data points lie above a value.
    #[must_use]
    pub fn above(&self, value: f64) -> Above {
        let all = self.count();
        let exactly = |count| Above {
            count,
            least: count,
            most: count,
        };
        match &self.kept {
            Kept::Values(values) => exactly(all - values.partition_point(|v| *v <= value) as u64),
            _ if value >= self.sum.max => exactly(0),
            _ if value < self.sum.min => exactly(all),
            Kept::Sketch(sketch) => {
                let beside = sketch.beside(value);
                let least = all - beside.below - beside.within;
                if value == 0.0 {
                    return exactly(least);
                }
                Above {
                    count: least + (beside.within - self.below_within(&beside, value)),
                    least,
                    most: least + beside.within,
                }
            }
        }
    }

    /// How many data points there are from each edge up to, but without, the next; the last bin has its upper edge too.
    /// Edges must not fall. One bin fewer than edges; what lies outside of all is not counted. Exact, or else as if each
    /// data point lay up to 2 % of itself from where it does.
    #[must_use]
    pub fn bins(&self, edges: &[f64]) -> Vec<u64> {
        let last = edges.len().saturating_sub(1);
        let below: Vec<u64> = edges
            .iter()
            .enumerate()
            .map(|(place, edge)| {
                if place == last {
                    self.up_to(*edge)
                } else {
                    self.below(*edge)
                }
            })
            .collect();
        below.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
    }

    fn below(&self, edge: f64) -> u64 {
        match &self.kept {
            Kept::Values(values) => values.partition_point(|v| *v < edge) as u64,
            _ if edge <= self.sum.min => 0,
            _ if edge > self.sum.max => self.count(),
            Kept::Sketch(sketch) => {
                let beside = sketch.beside(edge);
                beside.below + self.below_within(&beside, edge)
            }
        }
    }

    fn up_to(&self, edge: f64) -> u64 {
        self.count() - self.above(edge).count
    }

    /// How many of a sketch's bin lie below a value that is in it, if they are evenly spread in it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count far below 2^53"
    )]
    fn below_within(&self, beside: &Beside, value: f64) -> u64 {
        let (low, high) = (beside.low.max(self.sum.min), beside.high.min(self.sum.max));
        let share = (value - low) / (high - low);
        if share.is_finite() {
            (share.clamp(0.0, 1.0) * beside.within as f64).round() as u64
        } else if low < value {
            beside.within
        } else {
            0
        }
    }

    /// Adds another's data points: what several buckets, or several metrics, come to together. It starts where the
    /// earlier one does.
    pub fn merge(&mut self, other: &Self) {
        self.start = self.start.min(other.start);
        self.sum.merge(&other.sum);
        self.kept = match (std::mem::replace(&mut self.kept, Kept::Values(Vec::new())), &other.kept) {
            (Kept::Values(mut ours), Kept::Values(theirs)) if ours.len() + theirs.len() <= VALUES => {
                ours.extend(theirs);
                // Two sorted runs: this sort finds and merges them.
                ours.sort_by(f64::total_cmp);
                Kept::Values(ours)
            }
            (ours, theirs) => {
                let mut sketch = ours.into_sketch();
                match theirs {
                    Kept::Values(values) => sketch.merge(&Sketch::of(values)),
                    Kept::Sketch(theirs) => sketch.merge(theirs),
                }
                Kept::Sketch(sketch)
            }
        };
    }

    /// Readable edges for about so many bins that hold all there is, rising; none if there is nothing. Round numbers,
    /// evenly apart, or, where the values are of very different sizes, each so many times the one before. Of whole
    /// numbers they lie between (`4.5`, `5.5`), so that each is in one bin and none on an edge.
    #[must_use]
    pub fn edges(&self, about: usize) -> Vec<f64> {
        edges::propose(self, about)
    }

    /// Whether all values are whole numbers, as far as can be told.
    fn is_whole(&self) -> bool {
        match &self.kept {
            Kept::Values(values) => values.iter().all(|value| value.fract() == 0.0),
            Kept::Sketch(sketch) => sketch.seems_whole(),
        }
    }
}

impl Kept {
    fn into_sketch(self) -> Sketch {
        match self {
            Self::Values(values) => Sketch::of(&values),
            Self::Sketch(sketch) => sketch,
        }
    }
}
