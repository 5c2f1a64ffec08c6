//! Which time a picture shows, and what it is compared with.

use charts::TimeAxis;
use domain::comparison::{Compare, Shift};
use domain::metric::MetricType;
use domain::period::{self, Preset};
use domain::range::{Buckets, Range};
use domain::retention::{Level, Retention};
use domain::time::{MINUTE, Micros};
use domain::zone::Zone;

use super::Subject;
use crate::error::AppError;
use crate::pages::view::{Chosen, View};
use crate::state::Shared;

/// The time before, if there is something to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// There is, nearly all of it at least: its range, and the counterparts of the buckets.
    There(Range, Buckets),
    /// The metric is newer than that.
    TooNew,
    /// So long ago nothing is kept.
    NotKept,
    /// Nobody wants it.
    Off,
}

/// The time a picture shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// To the microsecond: what figures are of.
    pub(crate) range: Range,
    /// Whole buckets that cover it: what charts are of.
    pub(crate) buckets: Buckets,
    pub(crate) axis: TimeAxis,
    pub(crate) zone: Zone,
    pub(crate) before: Before,
    pub(crate) chosen: Chosen,
    /// How far back that is.
    shift: Option<Shift>,
    /// Hits of a Hit Counter, data points of anything else.
    pub(crate) count: u64,
    /// The first and the last time of the metric's data points, whenever that was.
    pub(crate) seen: Option<(Micros, Micros)>,
    /// Since when anything is kept, if the range begins earlier and there was something.
    pub(crate) kept_since: Option<Micros>,
    /// What alone is kept of times before this one, if the range begins earlier.
    pub(crate) coarse: Option<(Level, Micros)>,
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
    pub(crate) async fn new(
        app: &Shared,
        of: &Subject<'_>,
        chosen: Chosen,
        compare: Compare,
    ) -> Result<Self, AppError> {
        let (seen, now) = (app.points.seen(&of.sources).await?, app.now());
        // An app's clock may be ahead: what was just published shows all the same.
        let end = seen.map_or(now, |(_, last)| last.max(now)) + 1;
        let range = match chosen {
            Chosen::Preset(preset) => preset.ending(end),
            // What is yet to come would count as nothing against a whole time before.
            Chosen::Between(range) => Range::new(range.from(), range.to().min(end)).unwrap_or(range),
        };
        let (range, level) = known(range, &of.keeps, now);
        let count = app.points.whole(&of.sources, range, false).await?.count;
        // Words share a bucket's data points.
        let each = if of.metric.kind == MetricType::WordWeb { 80 } else { 10 };
        // Of days that are kept alone nobody knows more than they come to in UTC.
        let zone = if level == Level::Days {
            Zone::default()
        } else {
            of.zone.clone()
        };
        let buckets = period::buckets(range, count, each, level.length(), zone.zone())?;
        let kept_since = of.keeps.since(Level::Days, now).unwrap_or_default();
        let first = seen.map_or(now, |(first, _)| first);
        let whole = buckets.range();
        let mut shown = Self {
            axis: TimeAxis {
                from: whole.from(),
                to: whole.to(),
                now,
                zone: zone.zone().clone(),
            },
            kept_since: (range.from() < kept_since && first < kept_since).then_some(kept_since),
            coarse: alone(level, &of.keeps, now).map(|since| (level, since)),
            shift: compare.shift(range, buckets.step()),
            before: Before::Off,
            range,
            buckets,
            zone,
            chosen,
            seen,
            count,
        };
        shown.before = shown.find_before(&of.keeps, first, kept_since, now);
        Ok(shown)
    }

    fn find_before(&self, keeps: &Retention, first: Micros, kept_since: Micros, now: Micros) -> Before {
        let Some(shift) = self.shift else {
            return Before::Off;
        };
        let range = shift.range(self.range, self.zone.zone());
        // What is missing of it, a tenth at most, doesn't mislead.
        let missing = range.length() / 10;
        if range.from() + missing >= first.max(kept_since) {
            if is_told_apart(range, missing, keeps, now) {
                Before::There(range, shift.buckets(&self.buckets, self.zone.zone()))
            } else {
                Before::NotKept
            }
        } else if first >= kept_since {
            Before::TooNew
        } else {
            Before::NotKept
        }
    }

    /// The time before, if there is something to compare with.
    pub(crate) const fn previous(&self) -> Option<Range> {
        match &self.before {
            Before::There(range, _) => Some(*range),
            Before::TooNew | Before::NotKept | Before::Off => None,
        }
    }

    /// The counterparts of the buckets in it.
    pub(crate) const fn previous_buckets(&self) -> Option<&Buckets> {
        match &self.before {
            Before::There(_, buckets) => Some(buckets),
            Before::TooNew | Before::NotKept | Before::Off => None,
        }
    }

    /// When it is: `Mon 23 Nov, 10:20 – Tue 24 Nov, 10:20`.
    pub(crate) fn when(&self) -> String {
        self.axis
            .words(self.range.from().floor(MINUTE), self.range.to().floor(MINUTE))
    }

    /// What it is called within a sentence.
    pub(crate) const fn name(&self) -> &'static str {
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
    pub(crate) fn compared(&self) -> String {
        match (&self.before, self.shift) {
            (Before::Off, _) | (_, None) => "not compared".to_owned(),
            (Before::TooNew, _) => "not compared: there is no such time before it yet".to_owned(),
            (Before::NotKept, _) => "not compared: data points from before it are no longer kept".to_owned(),
            (Before::There(..), Some(Shift::Micros(_))) => match self.chosen {
                Chosen::Preset(Preset::Hour) => "compared with the hour before".to_owned(),
                Chosen::Preset(_) => "compared with the 24 hours before".to_owned(),
                Chosen::Between(_) => "compared with as long a time before it".to_owned(),
            },
            (Before::There(..), Some(Shift::Days(days))) => match (days / 7, days % 7, self.chosen) {
                (1, 0, Chosen::Preset(Preset::Week)) => "compared with the 7 days before".to_owned(),
                (1, 0, _) => "compared with the same time a week earlier".to_owned(),
                (weeks, 0, _) => format!("compared with the same weekdays {weeks} weeks earlier"),
                (..) => "compared with as many days before it".to_owned(),
            },
        }
    }
}

/// The fields of the form for a time of one's own: what was typed if that is no range, else the range that is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) is_open: bool,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) from_error: Option<&'static str>,
    pub(crate) to_error: Option<&'static str>,
}

impl Fields {
    pub(crate) fn new(view: &View, shown: Range, zone: &Zone, error: Option<period::BadPeriod>) -> Self {
        use crate::pages::view::Span;
        use period::BadPeriod;

        const NO_TIME: &str = "Enter a day and a time, like 2026-11-24T14:00.";
        let field = |at: Micros| {
            let clock = zone.zone().to_datetime(at.timestamp());
            clock.strftime("%Y-%m-%dT%H:%M").to_string()
        };
        let shown = (field(shown.from()), field(shown.to() + (MINUTE - 1)));
        let (from, to) = match (&view.span, error) {
            (Span::Typed { from, to }, Some(_)) => (from.clone(), to.clone()),
            _ => shown,
        };
        let (from_error, to_error) = match error {
            None => (None, None),
            Some(BadPeriod::From) => (Some(NO_TIME), None),
            Some(BadPeriod::To) => (None, Some(NO_TIME)),
            Some(BadPeriod::Empty) => (None, Some("Enter a time after the first.")),
            Some(BadPeriod::TooLong) => (
                Some("Enter a later time: at most ten years can be shown at once."),
                None,
            ),
        };
        Self {
            is_open: matches!(view.span, Span::Typed { .. }),
            from,
            to,
            from_error,
            to_error,
        }
    }
}
