//! Statistics: the one number that the data points of a stretch of time come to.

use crate::metric::MetricType;

/// Which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// How many: hits of a Hit Counter, data points of anything else.
    Count,
    /// All values added up.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// The sum by the number.
    Average,
    /// The value that half of them stay at or below.
    P50,
    /// The same of three quarters.
    P75,
    /// The same of 95 of a hundred.
    P95,
    /// The same of 99 of a hundred.
    P99,
}

impl Statistic {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Count,
        Self::Sum,
        Self::Minimum,
        Self::Maximum,
        Self::Average,
        Self::P50,
        Self::P75,
        Self::P95,
        Self::P99,
    ];

    /// What it is called in a link.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Average => "average",
            Self::P50 => "p50",
            Self::P75 => "p75",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "Number",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Average => "Average",
            Self::P50 => "Median (p50)",
            Self::P75 => "p75",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// The one called so in a link.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|statistic| statistic.code() == code)
    }

    /// Whether it can be told of a metric of this type: of hits and words there is only how many.
    #[must_use]
    pub const fn is_of(self, kind: MetricType) -> bool {
        match kind {
            MetricType::HitCounter | MetricType::WordWeb => matches!(self, Self::Count),
            MetricType::Counter => true,
            MetricType::Timer => !matches!(self, Self::Sum),
        }
    }

    /// The one that says most of a metric of this type.
    #[must_use]
    pub const fn main_of(kind: MetricType) -> Self {
        match kind {
            MetricType::HitCounter | MetricType::WordWeb => Self::Count,
            MetricType::Counter => Self::Average,
            MetricType::Timer => Self::P95,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Statistic;
    use crate::metric::MetricType;

    #[test]
    fn statistics_are_found_by_their_codes_and_the_main_one_can_be_told() {
        for statistic in Statistic::ALL {
            assert_eq!(Statistic::from_code(statistic.code()), Some(statistic));
        }
        for kind in MetricType::ALL {
            assert!(Statistic::main_of(kind).is_of(kind), "{kind}");
        }
        assert!(!Statistic::P95.is_of(MetricType::WordWeb));
        assert_eq!(Statistic::from_code("mode"), None);
    }
}
