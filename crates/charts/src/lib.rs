//! Series in, SVG out. Pure: the same picture for a page, a mail or an embed.
//!
//! **One picture for every width.** A chart has no `viewBox`: x runs in percent of whatever width the page gives it,
//! while heights, text and strokes are pixels. So labels are as readable at 300 px as at 1400 px, without a second
//! copy for phones and without script. Paths, which can't hold percentages, lie in a nested `<svg>` that is stretched
//! sideways with `vector-effect: non-scaling-stroke`. The labels of the y axis stand left of the picture, in the room
//! `.chart` keeps for them, and minor time labels are hidden by a container query where there is no room.
//!
//! Colours, strokes and dashes are classes (`web/css/pictures.css`), so one picture serves light and dark; where there is
//! no page around it, [`Svg::standalone`] puts them in.
//! What people typed is escaped; values that aren't finite count as missing.

mod badge;
mod band;
mod bars;
mod bins;
mod bucket;
mod curve;
mod frame;
mod heat_map;
mod histogram;
mod legend;
mod lines;
mod mark;
pub mod number;
mod plot;
mod rank;
mod scale;
mod sparkline;
mod stack;
mod standalone;
mod svg;
mod table;
mod text;
mod time_axis;
mod unit;

pub use badge::badge;
pub use band::{Band, PERCENTILES, Percentile};
pub use bars::Bars;
pub use bucket::Bucket;
pub use heat_map::{HeatMap, STEPS};
pub use histogram::{Histogram, Limit, Pointed};
pub use lines::{Lines, SERIES, Series, key};
pub use mark::{Mark, MarkKind};
pub use rank::rank;
pub use scale::{Scale, Tick};
pub use sparkline::{sparkline, wide_sparkline};
pub use stack::{Layer, Stack, layer_key};
pub use standalone::Theme;
pub use svg::Svg;
pub use table::Table;
pub use time_axis::{TimeAxis, TimeTick};
pub use unit::{Name, Unit};

/// A good height for a page's main chart, in pixels.
pub const HEIGHT: u32 = 260;
