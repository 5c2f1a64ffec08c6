//! What a metric adds up to on either side: how it is seen that everything has arrived.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};

use crate::rollup::Hour;

/// How far sums of doubles may be apart that were added in another order, as a part of what was added.
const ROUNDING: f64 = 1e-9;

/// What all there is of a metric adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Total {
    pub(crate) sum: Hour,
    /// Data points of days that have all of theirs.
    pub(crate) kept: u64,
}

pub(crate) type Totals = BTreeMap<(ProjectId, MetricId), Total>;

/// A metric that doesn't add up to the same on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its project.
    pub project: ProjectId,
    /// The metric.
    pub metric: MetricId,
    /// Data points, and what their values add up to, where they come from.
    pub from: (u64, f64),
    /// Likewise where they go.
    pub to: (u64, f64),
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is compared is rounded anyway, what is said is for people"
)]
impl Total {
    fn is_like(&self, other: &Self) -> bool {
        let (a, b) = (self.sum, other.sum);
        let widest = [a.min, a.max, b.min, b.max].map(|end| if end.is_finite() { end.abs() } else { 0.0 });
        let added = a.count.max(1) as f64 * widest.into_iter().fold(0.0, f64::max);
        let bits = |of: Hour| (of.count, of.amount, (of.min + 0.0).to_bits(), (of.max + 0.0).to_bits());
        bits(a) == bits(b) && self.kept == other.kept && (a.sum - b.sum).abs() <= added * ROUNDING
    }

    fn said(&self) -> (u64, f64) {
        let sum = if self.sum.min.is_finite() {
            self.sum.sum
        } else {
            self.sum.amount as f64
        };
        (self.sum.count, sum)
    }
}

/// Metrics that don't add up to the same.
pub(crate) fn differences(from: &Totals, to: &Totals) -> Vec<Difference> {
    let mut keys: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let of = |totals: &Totals, key| totals.get(key).copied().unwrap_or_default();
    keys.iter()
        .map(|key| (key, of(from, key), of(to, key)))
        .filter(|(_, from, to)| !from.is_like(to))
        .map(|((project, metric), from, to)| Difference {
            project: *project,
            metric: *metric,
            from: from.said(),
            to: to.said(),
        })
        .collect()
}
