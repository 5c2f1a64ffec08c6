//! Annotations on a chart: what was deployed, what somebody noted.

use domain::time::Micros;

use crate::frame::Span;
use crate::plot::Plot;
use crate::svg::{At, Svg, Text, float_len};
use crate::text::{ems, fitting};
use crate::time_axis::TimeAxis;

/// Room for flags above the plot, in pixels.
const FLAGS: f64 = 16.0;
/// Flags closer than this, in percent of the width, are one flag with a number.
const CROWDED: f64 = 3.5;
/// Most ems of a label where it is read.
const LONGEST: f64 = 26.0;
/// A label stands beside its flag in pictures at least so wide: as wide as where minor labels of time are.
const WIDE: f64 = 672.0;
const FONT: f64 = 12.0;

/// What an annotation is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Something was deployed: a flag.
    Deploy,
    /// Somebody noted something: a dot.
    Note,
}

/// An annotation: a thin line at a moment, or a soft stretch of time.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// When, or from when on.
    pub at: Micros,
    /// Up to when, if it is a stretch.
    pub until: Option<Micros>,
    /// A few words.
    pub label: &'a str,
    /// What it is of.
    pub kind: MarkKind,
}

impl MarkKind {
    /// Its name, as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deploy => "Deploy",
            Self::Note => "Note",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Note => "note",
        }
    }

    /// Around the middle of the flags' room.
    const fn shape(self) -> &'static str {
        match self {
            Self::Deploy => "<path d=\"M0 -6H11L8 -1.5L11 3H0Z\"/>",
            Self::Note => "<circle cx=\"0\" cy=\"-1.5\" r=\"4.5\"/>",
        }
    }
}

impl Mark<'_> {
    fn end(&self) -> Micros {
        self.until.map_or(self.at + 1, |until| until.max(self.at + 1))
    }

    fn touches(&self, from: Micros, to: Micros) -> bool {
        self.at < to && from < self.end()
    }

    /// As a line of a read-out: not `name: value`, for a label may have colons itself.
    fn line(&self) -> String {
        let label = fitting(self.label.trim(), LONGEST).replace(": ", ":\u{a0}");
        format!("{} – {label}", self.kind.name())
    }
}

/// The marks that are seen on an axis, earliest first.
pub(crate) fn seen<'m>(marks: &'m [Mark<'m>], axis: &TimeAxis) -> Vec<&'m Mark<'m>> {
    let mut seen: Vec<&Mark<'_>> = marks.iter().filter(|mark| mark.touches(axis.from, axis.to)).collect();
    seen.sort_by_key(|mark| mark.at);
    seen
}

/// The room they need above the plot.
pub(crate) fn room(marks: &[Mark<'_>], axis: &TimeAxis) -> f64 {
    if seen(marks, axis).is_empty() { 0.0 } else { FLAGS }
}

/// What is to be said of them in a bucket.
pub(crate) fn said(marks: &[Mark<'_>], span: &Span) -> Vec<String> {
    let there = marks.iter().filter(|mark| mark.touches(span.start, span.end));
    there.map(Mark::line).collect()
}

/// Draws them, for what is measured to lie on top.
pub(crate) fn draw(svg: &mut Svg, plot: &Plot, axis: &TimeAxis, marks: &[Mark<'_>]) {
    let seen = seen(marks, axis);
    for mark in &seen {
        let (x, end) = (axis.percent(mark.at), axis.percent(mark.end()));
        let class = mark.kind.class();
        if mark.until.is_some() {
            svg.put(format_args!(
                "<rect class=\"mark-stretch {class}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"{}\"/>",
                At(x),
                At(plot.top),
                At((end - x).max(0.1)),
                At(plot.height())
            ));
        }
        svg.put(format_args!(
            "<line class=\"mark-line {class}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>",
            At(plot.top - 6.0),
            At(plot.floor()),
            x = At(x)
        ));
    }
    let at = |mark: &Mark<'_>| axis.percent(mark.at);
    let mut groups: Vec<Vec<&Mark<'_>>> = Vec::new();
    for mark in seen {
        match groups.last_mut() {
            Some(group) if at(mark) - at(group[0]) < CROWDED => group.push(mark),
            _ => groups.push(vec![mark]),
        }
    }
    for (nth, group) in groups.iter().enumerate() {
        let next = groups.get(nth + 1).map_or(100.0, |next| at(next[0]));
        flag(svg, plot, at(group[0]), next, group);
    }
}

fn flag(svg: &mut Svg, plot: &Plot, x: f64, next: f64, group: &[&Mark<'_>]) {
    let mark = group[0];
    // A flag at the right end waves to the left, so that it isn't cut off.
    let back = x > 97.0 && mark.kind == MarkKind::Deploy;
    svg.put(format_args!(
        "<svg class=\"mark {}\" x=\"{}%\" y=\"{}\" overflow=\"visible\"><g{}>{}</g>",
        mark.kind.class(),
        At(x),
        At(plot.top - 7.0),
        if back { " transform=\"scale(-1 1)\"" } else { "" },
        mark.kind.shape()
    ));
    let room = (next - x) / 100.0 * WIDE - 22.0;
    if group.len() > 1 {
        svg.put(format_args!(
            "<text class=\"is-major\" x=\"{}\" y=\"2\">{}</text>",
            if back { "-30" } else { "14" },
            group.len()
        ));
    } else if !back && room > 30.0 {
        let label = fitting(mark.label.trim(), (room / FONT).min(LONGEST));
        if ems(&label) > 1.5 && float_len(label.chars().count()) > 1.0 {
            svg.put(format_args!(
                "<text class=\"is-minor\" x=\"14\" y=\"2\">{}</text>",
                Text(&label)
            ));
        }
    }
    svg.put(format_args!("</svg>"));
}
