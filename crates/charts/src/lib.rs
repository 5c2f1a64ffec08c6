//! Series in, SVG out. Pure: the same picture for a page, a mail or an embed.
//!
//! **One picture for every width.** A chart has no `viewBox`: x runs in percent of whatever width the page gives it,
//! while heights, text and strokes are pixels. So labels are as readable at 300 px as at 1400 px, without a second
//! copy for phones and without script. Paths, which can't hold percentages, lie in a nested `<svg>` that is stretched
//! sideways with `vector-effect: non-scaling-stroke`. The labels of the y axis stand left of the picture, in the room
//! `.chart` keeps for them, and minor time labels are hidden by a container query where there is no room.
//!
//! Colours, strokes and dashes are classes (`web/css/charts.css`), so one picture serves light and dark.
//! What people typed is escaped; values that aren't finite count as missing.

mod band;
mod bars;
mod bucket;
mod frame;
mod lines;
pub mod number;
mod rank;
mod scale;
mod sparkline;
mod svg;
mod table;
mod time_axis;

pub use band::Band;
pub use bars::Bars;
pub use bucket::{Bucket, Percentiles};
pub use lines::{Lines, SERIES, Series, key};
pub use number::Unit;
pub use rank::rank;
pub use scale::{Scale, Tick};
pub use sparkline::sparkline;
pub use svg::Svg;
pub use table::Table;
pub use time_axis::{TimeAxis, TimeTick};

/// A good height for a page's main chart, in pixels.
pub const HEIGHT: u32 = 260;
