//! A badge: a name and a value in a small picture that stands anywhere, a README or somebody else's page.

use crate::svg::{At, Svg, Text};
use crate::text::{ems, fitting};

const HEIGHT: f64 = 20.0;
/// The text's size, in pixels, and what it keeps from the edges.
const SIZE: f64 = 11.0;
const PADDING: f64 = 7.0;
/// Most ems of a label, and of a value.
const LONGEST: f64 = 24.0;

/// A badge, 20 pixels high and as wide as its text: the label on dark, the value on the product's purple. It carries
/// its own colours, which can be read in light and in dark surroundings alike. Without a label there is the value alone.
#[must_use]
pub fn badge(label: &str, value: &str) -> Svg {
    let parts = [fitting(label.trim(), LONGEST), fitting(value.trim(), LONGEST)];
    let [left, right] = parts.each_ref().map(|part| {
        let width = (ems(part) * SIZE).round();
        if part.is_empty() { 0.0 } else { width + 2.0 * PADDING }
    });
    let whole = (left + right).max(HEIGHT);
    let title = [label.trim(), value.trim()].into_iter().filter(|part| !part.is_empty());
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {HEIGHT}\" \
         role=\"img\"><title>{}</title>\
         <rect width=\"{width}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#6947d1\"/>",
        Text(&title.collect::<Vec<_>>().join(": ")),
        width = At(whole),
    ));
    if left > 0.0 {
        // The left shoulders are round, the right edge is straight.
        svg.put(format_args!(
            "<path d=\"M4 0H{0}V20H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4Z\" fill=\"#3a3057\"/>",
            At(left)
        ));
    }
    // On a dark page the dark half would have no edge.
    svg.put(format_args!(
        "<rect x=\".5\" y=\".5\" width=\"{}\" height=\"19\" rx=\"3.5\" fill=\"none\" stroke=\"#fff\" stroke-opacity=\".22\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"{SIZE}\" text-anchor=\"middle\">",
        At(whole - 1.0)
    ));
    for (part, (from, width)) in parts.iter().zip([(0.0, left), (left, right)]) {
        if width > 0.0 {
            // Whatever font there is, the text is made to fit.
            svg.put(format_args!(
                "<text x=\"{}\" y=\"14\" textLength=\"{}\" unicode-bidi=\"plaintext\">{}</text>",
                At(from + width / 2.0),
                At(width - 2.0 * PADDING),
                Text(part)
            ));
        }
    }
    svg.put(format_args!("</g></svg>"));
    svg
}
