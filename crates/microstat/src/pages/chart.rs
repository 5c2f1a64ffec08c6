//! A chart on a page: the picture, what its strokes mean, and the same as a table. `chart.html` shows it.

use charts::{Svg, Table, TimeAxis};
use domain::range::Buckets;
use domain::time::Micros;
use jiff::tz::TimeZone;

/// What `chart.html` is given, under the name `chart`.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// The picture.
    pub(crate) svg: Svg,
    /// What its strokes mean, where that needs saying.
    pub(crate) legend: Option<Svg>,
    /// The same as words.
    pub(crate) table: Table,
}

/// The time axis of these buckets, as a clock in UTC shows it.
pub(crate) fn axis(buckets: &Buckets, now: Micros) -> TimeAxis {
    let range = buckets.range();
    TimeAxis {
        from: range.from(),
        to: range.to(),
        now,
        zone: TimeZone::UTC,
    }
}
