//! One figure of a metric's page, and how it moved against the time before.

use crate::pages::change::Change;
use charts::{Unit, number};

/// What a value was in the time before, if there was any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Then(pub(super) Option<f64>);

/// A figure, large, with its change below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) change: Option<Change>,
    /// What else there is to say of it.
    pub(crate) detail: String,
}

impl Figure {
    /// A figure that is compared with nothing.
    pub(super) fn plain(label: &str, value: String, detail: String) -> Self {
        Self {
            label: label.to_owned(),
            value,
            change: None,
            detail,
        }
    }

    /// A count. `before` is the count of the time before, if that can be compared with.
    pub(super) fn count(label: &str, now: u64, before: Option<u64>) -> Self {
        let change = before.map(|before| {
            let change = Change::of_counts(before, now);
            from(change, &number::count(before), before == 0)
        });
        Self {
            change,
            ..Self::plain(label, number::count(now), String::new())
        }
    }

    /// A value of the data points shown, if there are any. `before` is that of the time before, if that can be compared
    /// with.
    pub(super) fn value(label: &str, unit: Unit, now: Option<f64>, before: Option<Then>) -> Self {
        let change = before.map(|Then(before)| match (before, now) {
            (Some(before), Some(now)) => from(Change::percent(before, now), &unit.show(before), before == 0.0),
            _ => Change::words("none before"),
        });
        Self {
            change,
            ..Self::plain(label, unit.show(now.unwrap_or(f64::NAN)), String::new())
        }
    }
}

/// "+12%, from 1,204": a change in percent says little without what it is of.
fn from(change: Change, before: &str, is_zero: bool) -> Change {
    if is_zero {
        return change;
    }
    Change {
        text: format!("{}, from {before}", change.text),
        ..change
    }
}

#[cfg(test)]
mod tests {
    use charts::Unit;

    use super::{Figure, Then};

    #[test]
    fn a_figure_says_what_it_came_from() {
        let change = |figure: Figure| figure.change.map(|change| change.text);
        assert_eq!(
            change(Figure::count("Hits", 112, Some(100))).as_deref(),
            Some("+12%, from 100")
        );
        assert_eq!(
            change(Figure::count("Hits", 112, Some(0))).as_deref(),
            Some("none before")
        );
        assert_eq!(change(Figure::count("Hits", 112, None)), None);
        let average = |now, before| Figure::value("Average", Unit::Milliseconds, now, before);
        let figure = average(Some(500.0), Some(Then(Some(1_000.0))));
        assert_eq!(change(figure).as_deref(), Some("-50%, from 1 s"));
        let figure = average(Some(5.0), Some(Then(None)));
        assert_eq!(change(figure).as_deref(), Some("none before"));
        assert_eq!(average(None, None).value, "–");
    }
}
