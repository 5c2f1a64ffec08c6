//! What a picture's strokes mean, as a list for below it.

use crate::svg::{Svg, Text};

/// A list that is being written.
pub(crate) struct Legend(Svg);

impl Legend {
    pub(crate) fn new() -> Self {
        let mut svg = Svg::default();
        svg.put(format_args!("<ul class=\"legend\">"));
        Self(svg)
    }

    /// A sample, drawn in 28 by 14 pixels, and its name.
    pub(crate) fn entry(&mut self, sample: &str, name: &str) {
        let key = format!(
            "<svg class=\"key\" viewBox=\"0 0 28 14\" width=\"28\" height=\"14\" aria-hidden=\"true\">{sample}</svg>"
        );
        self.keyed(&key, name);
    }

    /// A finished sample, and its name.
    pub(crate) fn keyed(&mut self, key: &str, name: &str) {
        self.0
            .put(format_args!("<li>{key}<span dir=\"auto\">{}</span></li>", Text(name)));
    }

    /// The line of the time before.
    pub(crate) fn before(&mut self) {
        self.entry("<line class=\"before\" x2=\"28\" y1=\"7\" y2=\"7\"/>", "Period before");
    }

    pub(crate) fn end(mut self) -> Svg {
        self.0.put(format_args!("</ul>"));
        self.0
    }
}
