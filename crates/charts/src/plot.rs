//! The outer picture, where things go in it from top to bottom, and the y axes beside it.

use crate::scale::Scale;
use crate::svg::{At, Room, Svg, Text, spot};
use crate::unit::Name;

/// Room beside the picture: for the labels of a y axis, and for half a label of time.
const BESIDE: u32 = 54;
const SHORT: u32 = 22;
/// Room above the plot, for half a label.
const TOP: f64 = 8.0;
/// More of it, for a unit that has no room after the numbers.
const CAPTION: f64 = 14.0;
/// Room below it, for the labels of the x axis.
const BOTTOM: f64 = 28.0;
/// A chart lower than this would have no plot.
const LOWEST: u32 = 80;

/// Where things go in one chart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    height: u32,
    /// Where the plot begins.
    pub(crate) top: f64,
}

/// What a picture says before anything is drawn in it.
pub(crate) struct Head<'a> {
    /// Its class.
    pub(crate) kind: &'a str,
    pub(crate) title: &'a str,
    pub(crate) sentence: &'a str,
    /// Attributes, for scripts.
    pub(crate) data: String,
}

impl Plot {
    /// With so much room for what stands above the plot, and for captions of the axes.
    pub(crate) fn new(height: u32, above: f64, captioned: bool) -> Self {
        Self {
            height: height.max(LOWEST),
            top: TOP + above + if captioned { CAPTION } else { 0.0 },
        }
    }

    /// The plot's height in pixels.
    pub(crate) fn height(&self) -> f64 {
        f64::from(self.height) - self.top - BOTTOM
    }

    /// Where it ends: the base line.
    pub(crate) fn floor(&self) -> f64 {
        self.top + self.height()
    }

    /// A value's distance from the plot's upper edge, in pixels.
    pub(crate) fn y(&self, scale: &Scale, value: f64) -> f64 {
        (1.0 - scale.share(value)) * self.height()
    }

    /// A value's y in the whole picture, in pixels.
    pub(crate) fn outer_y(&self, scale: &Scale, value: f64) -> f64 {
        self.y(scale, value) + self.top
    }

    /// A point of a path.
    pub(crate) fn spot(&self, percent: f64, scale: &Scale, value: f64) -> String {
        spot(percent, self.y(scale, value))
    }

    /// Opens the picture and draws its y axes: one, or one on each side.
    pub(crate) fn begin(&self, head: &Head<'_>, axes: &[&Scale]) -> Svg {
        let two = axes.len() > 1;
        let mut svg = Svg::default();
        svg.room = Room {
            height: self.height,
            left: BESIDE,
            right: if two { BESIDE } else { SHORT },
        };
        svg.put(format_args!(
            "<svg class=\"picture {}{}\" role=\"img\" width=\"100%\" height=\"{}\" overflow=\"visible\"{} \
             xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title><desc>{}</desc>",
            head.kind,
            if two { " has-right" } else { "" },
            self.height,
            head.data,
            Text(head.title),
            Text(head.sentence)
        ));
        if let Some(left) = axes.first() {
            self.left(&mut svg, left);
        }
        if let Some(right) = axes.get(1) {
            self.right(&mut svg, right);
        }
        svg
    }

    fn left(&self, svg: &mut Svg, scale: &Scale) {
        for tick in &scale.ticks {
            grid(svg, self.outer_y(scale, tick.value), tick.value == 0.0, &tick.label);
        }
        caption_left(svg, scale.caption);
    }

    /// Its ticks lie where they lie: a second grid would be read as the first.
    fn right(&self, svg: &mut Svg, scale: &Scale) {
        for tick in &scale.ticks {
            let y = self.outer_y(scale, tick.value).round() + 0.5;
            svg.put(format_args!(
                "<text class=\"value\" x=\"100%\" dx=\"8\" y=\"{}\">{}</text>",
                At(y + 4.0),
                Text(&tick.label)
            ));
        }
        caption(svg, scale.caption, "x=\"100%\" dx=\"46\" text-anchor=\"end\"");
    }

    /// A tick and its label on the x axis, at so many percent.
    pub(crate) fn below(&self, svg: &mut Svg, percent: f64, class: &str, label: &str) {
        let floor = self.floor();
        let anchor = if percent > 98.5 { "end" } else { "middle" };
        let tick = if class.contains("is-minor") { " is-minor" } else { "" };
        let class = if class.is_empty() {
            String::new()
        } else {
            format!(" class=\"{class}\"")
        };
        svg.put(format_args!(
            "<line class=\"tick-mark{tick}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>\
             <text{class} x=\"{x}%\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            At(floor),
            At(floor + 5.0),
            At(floor + 19.0),
            Text(label),
            x = At(percent)
        ));
    }

    /// A nested picture for paths: a thousand wide whatever the width, pixels in height.
    pub(crate) fn begin_paths(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<svg y=\"{}\" width=\"100%\" height=\"{plot}\" viewBox=\"0 0 1000 {plot}\" \
             preserveAspectRatio=\"none\" overflow=\"visible\">",
            At(self.top),
            plot = At(self.height())
        ));
    }

    /// A nested picture that is the plot, and cuts off what would stick out of it.
    pub(crate) fn begin_inside(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<svg y=\"{}\" width=\"100%\" height=\"{}\">",
            At(self.top),
            At(self.height())
        ));
    }

    /// Says that there is nothing, in the middle of the plot.
    pub(crate) fn nothing(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<text class=\"nothing\" x=\"50%\" y=\"{}\" text-anchor=\"middle\">Nothing\
             <tspan class=\"is-major\"> in this time</tspan></text>",
            At(self.top + self.height() / 2.0 + 4.0)
        ));
    }
}

/// A line across, with its label on the left.
pub(crate) fn grid(svg: &mut Svg, y: f64, is_base: bool, label: &str) {
    // Half a pixel in, a line of one pixel is drawn as one pixel.
    let y = y.round() + 0.5;
    let class = if is_base { "base-line" } else { "grid-line" };
    svg.put(format_args!(
        "<line class=\"{class}\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\
         <text class=\"value\" x=\"-8\" y=\"{}\" text-anchor=\"end\">{}</text>",
        At(y + 4.0),
        Text(label),
        y = At(y)
    ));
}

/// The unit above the left axis.
pub(crate) fn caption_left(svg: &mut Svg, name: Option<Name>) {
    caption(svg, name, "x=\"-46\"");
}

fn caption(svg: &mut Svg, name: Option<Name>, place: &str) {
    if let Some(name) = name {
        svg.put(format_args!(
            "<text class=\"value unit\" {place} y=\"10\">{}</text>",
            Text(name.as_str())
        ));
    }
}

/// A place that answers to a pointer, from so many percent on and so many wide. Its title is the read-out: what it is,
/// then `name: value` a line, or a note.
pub(crate) fn hit(svg: &mut Svg, (left, width): (f64, f64), lines: &[String]) {
    svg.put(format_args!(
        "<rect class=\"hit\" x=\"{}%\" width=\"{}%\" height=\"100%\"><title>",
        At(left),
        At(width)
    ));
    for (nth, line) in lines.iter().enumerate() {
        svg.put(format_args!("{}{}", if nth > 0 { "\n" } else { "" }, Text(line)));
    }
    svg.put(format_args!("</title></rect>"));
}
