//! The one time range that everything on a Dashboard is of.

use charts::TimeAxis;
use domain::period::Preset;
use domain::range::{Buckets, Range};
use domain::retention::{Level, Retention};
use domain::step::{Asked, Step};
use domain::time::{HOUR, MINUTE, Micros};
use domain::zone::Zone;

use crate::error::AppError;

/// A range that ends now, and what it is compared with.
pub(super) struct Window {
    pub(super) preset: Preset,
    /// To the microsecond: what figures are of.
    pub(super) range: Range,
    /// Whole buckets that cover it: what pictures are of.
    pub(super) buckets: Buckets,
    pub(super) axis: TimeAxis,
    /// Whose clock and calendar that is.
    pub(super) zone: Zone,
    /// Since when anything is kept.
    kept_since: Micros,
}

impl Window {
    /// An app's clock may be ahead of `now`; then it ends with the last data point.
    pub(super) fn new(
        preset: Preset,
        end: Micros,
        keeps: &Retention,
        zone: Zone,
        now: Micros,
    ) -> Result<Self, AppError> {
        let range = preset.ending(end);
        let finest = keeps.finest(range.from(), now).unwrap_or(Level::DataPoints);
        let step = step(preset);
        let step = if step.micros() < finest.length() {
            Step::fitting(range.length(), range.length() / finest.length())
        } else {
            step
        };
        // Where only days are known, they are those of UTC.
        let zone = if finest == Level::Days { Zone::default() } else { zone };
        let step = step.by_the_clock(zone.zone());
        let buckets = range.buckets(Asked::Step(step), zone.zone())?;
        let whole = buckets.range();
        Ok(Self {
            preset,
            axis: TimeAxis {
                from: whole.from(),
                to: whole.to(),
                now,
                zone: zone.zone().clone(),
            },
            range,
            buckets,
            zone,
            kept_since: keeps.since(Level::Days, now).unwrap_or(Micros(i64::MIN)),
        })
    }

    /// The time before it, if what began at `first` was there for all of that but a tenth, and it is kept.
    pub(super) fn before(&self, first: Micros) -> Option<Range> {
        let previous = self.range.previous();
        (previous.from() + previous.length() / 10 >= first.max(self.kept_since)).then_some(previous)
    }

    /// The buckets before its own, as many of them.
    pub(super) fn buckets_before(&self) -> Result<Buckets, AppError> {
        let (own, step) = (self.buckets.starts(), self.buckets.step());
        let to = self.buckets.range().from();
        let ago = i64::try_from(own.len()).unwrap_or(1) * step.micros();
        // Half a step more or less makes no difference to where whole ones begin and end.
        Ok(Range::ending(to, ago - step.micros() / 2).buckets(Asked::Step(step), self.zone.zone())?)
    }

    /// What it is called within a sentence.
    pub(super) const fn name(&self) -> &'static str {
        match self.preset {
            Preset::Hour => "the last hour",
            Preset::Day => "the last 24 hours",
            Preset::Week => "the last 7 days",
            Preset::Month => "the last 30 days",
            Preset::Quarter => "the last 90 days",
            Preset::Year => "the last year",
        }
    }

    /// What it is compared with.
    pub(super) const fn name_before(&self) -> &'static str {
        match self.preset {
            Preset::Hour => "the hour before",
            Preset::Day => "the 24 hours before",
            Preset::Week => "the 7 days before",
            Preset::Month => "the 30 days before",
            Preset::Quarter => "the 90 days before",
            Preset::Year => "the year before",
        }
    }

    /// What time a bar of its picture is of: "one bar …".
    pub(super) fn bar(&self) -> String {
        match self.buckets.step() {
            Step::Fixed(MINUTE) => "a minute".to_owned(),
            Step::Fixed(HOUR) => "an hour".to_owned(),
            Step::Days(1) => "a day".to_owned(),
            Step::Weeks(1) => "a week".to_owned(),
            Step::Fixed(length) if length % HOUR == 0 => format!("for {} hours", length / HOUR),
            Step::Hours(hours) => format!("for {hours} hours"),
            other => format!("for {other}"),
        }
    }

    /// `?range=7d`, to take along to other pages; nothing if it goes without saying.
    pub(super) fn query(&self) -> String {
        if self.preset == Preset::default() {
            String::new()
        } else {
            format!("?range={}", self.preset.code())
        }
    }
}

/// Bars that can be told apart, and whose length is easily said.
const fn step(preset: Preset) -> Step {
    match preset {
        Preset::Hour => Step::Fixed(MINUTE),
        Preset::Day => Step::Fixed(HOUR),
        Preset::Week => Step::Fixed(6 * HOUR),
        Preset::Month | Preset::Quarter => Step::Days(1),
        Preset::Year => Step::Weeks(1),
    }
}
