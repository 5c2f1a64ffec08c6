//! A chart on a page: the picture, what its strokes mean, and the same as a table. `chart.html` shows it.

use charts::{Svg, Table};

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
