//! Which time a metric's page shows, and what it is compared with.

use charts::TimeAxis;
use domain::metric::MetricType;
use domain::period::{self, BadPeriod, Preset};
use domain::range::{Buckets, Range};
use domain::retention::{Level, Retention};
use domain::time::{MINUTE, Micros};
use serde::Deserialize;

use super::InMetric;
use crate::error::AppError;
use crate::pages::chart::axis;
use crate::state::Shared;

/// `?range=24h`, or `?from=…&to=…` from the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    range: String,
    from: Option<String>,
    to: Option<String>,
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Preset(Preset),
    Between(Range),
}

/// The fields of the form for a range of one's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) is_open: bool,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) from_error: Option<&'static str>,
    pub(super) to_error: Option<&'static str>,
}

impl Asked {
    /// What was chosen, 24 hours if nothing was.
    ///
    /// # Errors
    /// If what was typed is no range.
    pub(super) fn chosen(&self) -> Result<Chosen, BadPeriod> {
        match (&self.from, &self.to) {
            (None, None) => Ok(Chosen::Preset(Preset::from_code(&self.range).unwrap_or_default())),
            (from, to) => {
                let typed = |text: &Option<String>| text.clone().unwrap_or_default();
                period::between(&typed(from), &typed(to)).map(Chosen::Between)
            }
        }
    }

    /// The query that leads to the same again.
    pub(super) fn query(&self) -> String {
        let mut pairs = Vec::new();
        for (name, value) in [("from", &self.from), ("to", &self.to)] {
            pairs.extend(value.as_ref().map(|value| (name, value.as_str())));
        }
        if pairs.is_empty() && !self.range.is_empty() {
            pairs.push(("range", &self.range));
        }
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    /// The form: what was typed if that is no range, else the range that is shown.
    pub(super) fn typed(&self, shown: Range, error: Option<BadPeriod>) -> Typed {
        // What could be read is written as browsers' fields take it.
        let kept = |typed: &Option<String>| typed.clone().filter(|_| error.is_some());
        let field = |at: Micros| at.timestamp().strftime("%Y-%m-%dT%H:%M").to_string();
        let (from_error, to_error) = match error {
            None => (None, None),
            Some(BadPeriod::From) => (Some("Enter a day and a time, like 2026-11-24T14:00."), None),
            Some(BadPeriod::To) => (None, Some("Enter a day and a time, like 2026-11-24T14:00.")),
            Some(BadPeriod::Empty) => (None, Some("Enter a time after the first.")),
            Some(BadPeriod::TooLong) => (
                Some("Enter a later time: at most ten years can be shown at once."),
                None,
            ),
        };
        Typed {
            is_open: self.from.is_some() || self.to.is_some(),
            from: kept(&self.from).unwrap_or_else(|| field(shown.from())),
            to: kept(&self.to).unwrap_or_else(|| field(shown.to() + (MINUTE - 1))),
            from_error,
            to_error,
        }
    }
}

/// The time before, if there is something to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// There is, nearly all of it at least.
    There(Range),
    /// The metric is newer than that.
    TooNew,
    /// So long ago nothing is kept.
    NotKept,
}

/// The time a page shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// To the microsecond: what figures are of.
    pub(super) range: Range,
    /// Whole buckets that cover it: what pictures are of.
    pub(super) buckets: Buckets,
    pub(super) axis: TimeAxis,
    pub(super) before: Before,
    pub(super) chosen: Chosen,
    /// Hits of a Hit Counter, data points of anything else.
    pub(super) count: u64,
    /// The first and the last time of the metric's data points, whenever that was.
    pub(super) seen: Option<(Micros, Micros)>,
    /// Since when anything is kept, if the range begins earlier and there was something.
    pub(super) kept_since: Option<Micros>,
    /// What alone is kept of times before this one, if the range begins earlier.
    pub(super) coarse: Option<(Level, Micros)>,
}

/// The range, begun and ended where what is still known of that time begins and ends; and the level it begins in.
fn known(range: Range, keeps: &Retention, now: Micros) -> (Range, Level) {
    let level = |at| keeps.finest(at, now).unwrap_or(Level::Days);
    let (first, last) = (level(range.from()), level(range.to() - 1));
    let from = range.from().floor(first.length());
    let to = (range.to() + (last.length() - 1)).floor(last.length());
    (Range::new(from, to).unwrap_or(range), first)
}

/// Whether what is known of a range's time tells it apart from what was before, but for this much.
fn is_told_apart(range: Range, missing: i64, keeps: &Retention, now: Micros) -> bool {
    let length = keeps.finest(range.from(), now).map_or(i64::MAX, Level::length);
    length <= missing || range.from().floor(length) == range.from()
}

/// The time before which a level is kept and nothing finer is.
fn alone(level: Level, keeps: &Retention, now: Micros) -> Option<Micros> {
    let finer = match level {
        Level::DataPoints => return None,
        Level::Minutes => Level::DataPoints,
        Level::Hours => Level::Minutes,
        Level::Days => Level::Hours,
    };
    keeps
        .since(finer, now)
        .filter(|since| keeps.since(level, now) < Some(*since))
}

impl Shown {
    /// What was chosen, of this metric: the buckets depend on how much of it there is.
    pub(super) async fn new(app: &Shared, of: &InMetric, chosen: Chosen) -> Result<Self, AppError> {
        let (seen, now) = (app.points.seen(of.metric.id).await?, app.now());
        // An app's clock may be ahead: what was just published shows all the same.
        let end = seen.map_or(now, |(_, last)| last.max(now)) + 1;
        let range = match chosen {
            Chosen::Preset(preset) => preset.ending(end),
            // What is yet to come would count as nothing against a whole time before.
            Chosen::Between(range) => Range::new(range.from(), range.to().min(end)).unwrap_or(range),
        };
        let keeps = of.at.project.retention;
        let (range, level) = known(range, &keeps, now);
        let count = app.points.whole(of.metric.id, range, false).await?.count;
        // Words share a bucket's data points.
        let each = if of.metric.kind == MetricType::WordWeb { 80 } else { 10 };
        let buckets = period::buckets(range, count, each, level.length())?;
        let kept_since = keeps.since(Level::Days, now).unwrap_or_default();
        let first = seen.map_or(now, |(first, _)| first);
        let previous = range.previous();
        // What is missing of it, a tenth at most, doesn't mislead.
        let missing = previous.length() / 10;
        let before = if previous.from() + missing >= first.max(kept_since) {
            if is_told_apart(previous, missing, &keeps, now) {
                Before::There(previous)
            } else {
                Before::NotKept
            }
        } else if first >= kept_since {
            Before::TooNew
        } else {
            Before::NotKept
        };
        Ok(Self {
            axis: axis(&buckets, now),
            kept_since: (range.from() < kept_since && first < kept_since).then_some(kept_since),
            coarse: alone(level, &keeps, now).map(|since| (level, since)),
            range,
            buckets,
            before,
            chosen,
            seen,
            count,
        })
    }

    /// The time before, if there is something to compare with.
    pub(super) const fn previous(&self) -> Option<Range> {
        match self.before {
            Before::There(range) => Some(range),
            Before::TooNew | Before::NotKept => None,
        }
    }

    /// When it is: `Mon 23 Nov, 10:20 – Tue 24 Nov, 10:20`.
    pub(super) fn when(&self) -> String {
        self.axis
            .words(self.range.from().floor(MINUTE), self.range.to().floor(MINUTE))
    }

    /// What it is called within a sentence.
    pub(super) const fn name(&self) -> &'static str {
        match self.chosen {
            Chosen::Preset(Preset::Hour) => "the last hour",
            Chosen::Preset(Preset::Day) => "the last 24 hours",
            Chosen::Preset(Preset::Week) => "the last 7 days",
            Chosen::Preset(Preset::Month) => "the last 30 days",
            Chosen::Preset(Preset::Quarter) => "the last 90 days",
            Chosen::Preset(Preset::Year) => "the last year",
            Chosen::Between(_) => "this time",
        }
    }

    /// What it is compared with, as the end of a sentence.
    pub(super) const fn compared(&self) -> &'static str {
        match (self.before, self.chosen) {
            (Before::TooNew, _) => "not compared: there is no such time before it yet",
            (Before::NotKept, _) => "not compared: data points from before it are no longer kept",
            (_, Chosen::Preset(Preset::Hour)) => "compared with the hour before",
            (_, Chosen::Preset(Preset::Day)) => "compared with the 24 hours before",
            (_, Chosen::Preset(Preset::Week)) => "compared with the 7 days before",
            (_, Chosen::Preset(Preset::Month)) => "compared with the 30 days before",
            (_, Chosen::Preset(Preset::Quarter)) => "compared with the 90 days before",
            (_, Chosen::Preset(Preset::Year)) => "compared with the year before",
            (_, Chosen::Between(_)) => "compared with as long a time before it",
        }
    }
}
