//! How a figure moved against the time before.

use charts::number;

/// Which way, and by how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// A class that shows the way: `is-up`, `is-down` or nothing.
    pub(crate) way: &'static str,
    /// In words.
    pub(crate) text: String,
}

impl Change {
    /// From one value to another, in percent: `+12%`.
    pub(crate) fn percent(before: f64, now: f64) -> Self {
        let Some(text) = number::change(before, now) else {
            return Self::words(if now - before == 0.0 {
                "no change"
            } else {
                "none before"
            });
        };
        let way = if text.starts_with('+') {
            "is-up"
        } else if text.starts_with('-') {
            "is-down"
        } else {
            ""
        };
        Self { way, text }
    }

    /// The same of counts.
    pub(crate) fn of_counts(before: u64, now: u64) -> Self {
        Self::percent(float(before), float(now))
    }

    /// Where there is no way to show.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self {
            way: "",
            text: text.into(),
        }
    }
}

/// A count as a number to reckon shares with.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share in percent needs no more than a double holds"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// What part of a whole a count is; nothing of nothing is 0.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

#[cfg(test)]
mod tests {
    use super::Change;

    #[test]
    fn a_change_shows_its_way() {
        let seen = [(100, 112), (100, 97), (5, 5), (0, 3), (0, 0)].map(|(before, now)| {
            let change = Change::of_counts(before, now);
            (change.way, change.text)
        });
        let expected = [
            ("is-up", "+12%"),
            ("is-down", "-3%"),
            ("", "0%"),
            ("", "none before"),
            ("", "no change"),
        ];
        assert_eq!(seen, expected.map(|(way, text)| (way, text.to_owned())));
    }
}
