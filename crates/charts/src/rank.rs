//! The bar behind a row of a ranking.

use crate::svg::{At, Svg};

/// A bar over `share` of the row's width, 0 to 1: usually the row's value by the largest. The row says the value in words.
#[must_use]
pub fn rank(share: f64) -> Svg {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    // What is there at all is seen.
    let width = if share > 0.0 { (share * 100.0).max(0.75) } else { 0.0 };
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"rank\" width=\"100%\" height=\"100%\" aria-hidden=\"true\">\
         <rect class=\"rank-bar\" width=\"{}%\" height=\"100%\" rx=\"5\"/></svg>",
        At(width)
    ));
    svg
}
