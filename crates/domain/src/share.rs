//! Public links: a board or a chart that anybody with the link sees, without an account.

use crate::board::choices;
use crate::time::DAY;

/// Most links of an organisation that hold.
pub const MAX_ACTIVE: i64 = 200;
/// How long one that is over is still listed.
pub const LISTED_FOR: i64 = 30 * DAY;

choices! {
    /// How long a link holds.
    Holds {
        /// A day.
        Day = 1, "1", "1 day";
        /// A week.
        Week = 7, "7", "7 days";
        /// A month: what is offered first.
        Month = 30, "30", "30 days";
        /// A quarter.
        Quarter = 90, "90", "90 days";
        /// A year.
        Year = 365, "365", "1 year";
        /// Until it is revoked.
        Always = 0, "never", "Never: until it is revoked";
    }
}

impl Holds {
    /// How long that is, in microseconds; none: until it is revoked.
    #[must_use]
    pub const fn length(self) -> Option<i64> {
        match self {
            Self::Always => None,
            other => Some(other.code() * DAY),
        }
    }
}

choices! {
    /// The number that a badge shows.
    Number {
        /// What the metric's page shows first: hits, the average, the most popular word.
        First = 1, "first", "What stands first on its page";
        /// How many data points; hits of a Hit Counter.
        Total = 2, "total", "Total";
        /// The average of a Counter or Timer.
        Average = 3, "average", "Average";
        /// Their 95th percentile.
        P95 = 4, "p95", "p95";
    }
}

#[cfg(test)]
mod tests {
    use super::Holds;
    use crate::time::DAY;

    #[test]
    fn a_link_holds_from_a_day_to_a_year_or_until_it_is_revoked() {
        assert_eq!(Holds::Day.length(), Some(DAY));
        assert_eq!(Holds::Year.length(), Some(365 * DAY));
        assert_eq!(Holds::Always.length(), None);
        assert_eq!(Holds::from_word("30"), Some(Holds::Month));
        assert_eq!(Holds::from_word("31"), None);
    }
}
