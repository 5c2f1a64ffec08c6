//! What all charts share: the outer picture, the y grid, the time axis, the places that answer to a pointer.

use domain::time::Micros;

use crate::scale::Scale;
use crate::svg::{At, Svg, Text};
use crate::time_axis::TimeAxis;

/// Room above the plot, for half a label.
const TOP: f64 = 8.0;
/// Room below it, for the time labels.
const BOTTOM: f64 = 28.0;
/// A chart lower than this would have no plot.
const LOWEST: u32 = 80;

/// Where things go in one chart.
pub(crate) struct Frame<'a> {
    pub(crate) axis: &'a TimeAxis,
    pub(crate) scale: &'a Scale,
    height: u32,
}

/// One bucket's stretch of the axis.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: Micros,
    pub(crate) end: Micros,
    /// Left edge and width, in percent.
    pub(crate) left: f64,
    pub(crate) width: f64,
    /// Still filling.
    pub(crate) open: bool,
}

impl Span {
    /// In percent.
    pub(crate) fn middle(self) -> f64 {
        self.left + self.width / 2.0
    }
}

/// Where buckets lie: each ends where the next begins, the last where the axis does.
pub(crate) fn spans(axis: &TimeAxis, starts: &[Micros]) -> Vec<Span> {
    let ends = starts.iter().skip(1).copied().chain([axis.to]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let left = axis.percent(start);
            Span {
                start,
                end,
                left,
                width: (axis.percent(end) - left).max(0.0),
                open: start <= axis.now && axis.now < end,
            }
        })
        .collect()
}

impl<'a> Frame<'a> {
    pub(crate) fn new(axis: &'a TimeAxis, scale: &'a Scale, height: u32) -> Self {
        Self {
            axis,
            scale,
            height: height.max(LOWEST),
        }
    }

    /// The plot's height in pixels.
    pub(crate) fn plot(&self) -> f64 {
        f64::from(self.height) - TOP - BOTTOM
    }

    /// A value's distance from the plot's upper edge, in pixels.
    pub(crate) fn y(&self, value: f64) -> f64 {
        (1.0 - self.scale.share(value)) * self.plot()
    }

    /// A value's y in the whole picture, in pixels.
    pub(crate) fn outer_y(&self, value: f64) -> f64 {
        self.y(value) + TOP
    }

    pub(crate) fn begin(&self, kind: &str, title: &str, sentence: &str) -> Svg {
        let mut svg = Svg::default();
        svg.put(format_args!(
            "<svg class=\"picture {kind}\" role=\"img\" width=\"100%\" height=\"{}\" xmlns=\"http://www.w3.org/2000/svg\">\
             <title>{}</title><desc>{}</desc>",
            self.height,
            Text(title),
            Text(sentence)
        ));
        self.grid(&mut svg);
        self.times(&mut svg);
        svg
    }

    /// A nested picture for paths: a thousand wide whatever the width, pixels in height.
    pub(crate) fn begin_paths(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<svg y=\"{TOP}\" width=\"100%\" height=\"{plot}\" viewBox=\"0 0 1000 {plot}\" \
             preserveAspectRatio=\"none\" overflow=\"visible\">",
            plot = At(self.plot())
        ));
    }

    /// A nested picture for bars, which cuts off what would stick out below the base line.
    pub(crate) fn begin_bars(&self, svg: &mut Svg, crisp: bool) {
        svg.put(format_args!(
            "<svg y=\"{TOP}\" width=\"100%\" height=\"{}\"{}>",
            At(self.plot()),
            if crisp { " shape-rendering=\"crispEdges\"" } else { "" }
        ));
    }

    fn grid(&self, svg: &mut Svg) {
        for tick in &self.scale.ticks {
            // Half a pixel in, a line of one pixel is drawn as one pixel.
            let y = self.outer_y(tick.value).round() + 0.5;
            let class = if tick.value == 0.0 { "base-line" } else { "grid-line" };
            svg.put(format_args!(
                "<line class=\"{class}\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text x=\"-8\" y=\"{}\" text-anchor=\"end\">{}</text>",
                At(y + 4.0),
                Text(&tick.label),
                y = At(y)
            ));
        }
    }

    fn times(&self, svg: &mut Svg) {
        let floor = TOP + self.plot();
        for tick in self.axis.ticks() {
            let x = self.axis.percent(tick.at);
            let class = match (tick.major, tick.turn) {
                (true, true) => " class=\"is-day\"",
                (true, false) => "",
                (false, true) => " class=\"is-minor is-day\"",
                (false, false) => " class=\"is-minor\"",
            };
            let anchor = if x > 98.5 { "end" } else { "middle" };
            svg.put(format_args!(
                "<line class=\"tick-mark{}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>\
                 <text{class} x=\"{x}%\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                if tick.major { "" } else { " is-minor" },
                At(floor),
                At(floor + 5.0),
                At(floor + 19.0),
                Text(&tick.label),
                x = At(x)
            ));
        }
    }

    /// Says that there is nothing, in the middle of the plot.
    pub(crate) fn nothing(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<text class=\"nothing\" x=\"50%\" y=\"{}\" text-anchor=\"middle\">Nothing in this time</text>",
            At(TOP + self.plot() / 2.0)
        ));
    }

    /// One place a bucket, over its whole height. Its title is the read-out: when, then `name: value` a line.
    pub(crate) fn hits(&self, svg: &mut Svg, spans: &[Span], values: impl Fn(usize) -> Vec<(String, String)>) {
        for (index, span) in spans.iter().enumerate() {
            svg.put(format_args!(
                "<rect class=\"hit\" x=\"{}%\" y=\"{TOP}\" width=\"{}%\" height=\"{}\"><title>{}",
                At(span.left),
                At(span.width),
                At(self.plot()),
                Text(&self.axis.words(span.start, span.end))
            ));
            let values = values(index);
            if values.is_empty() {
                svg.put(format_args!("\nNo data"));
            }
            for (name, value) in values {
                svg.put(format_args!("\n{}: {}", Text(&name), Text(&value)));
            }
            if span.open {
                svg.put(format_args!("\nStill filling"));
            }
            svg.put(format_args!("</title></rect>"));
        }
    }
}
