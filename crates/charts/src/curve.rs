//! Lines through values, with gaps where there are none.

use std::fmt::Write as _;
use std::ops::Range;

use crate::frame::Span;
use crate::plot::Plot;
use crate::scale::Scale;
use crate::svg::{Svg, Tenth, spot};

/// Stretches of places where there is something.
pub(crate) fn runs(places: usize, there: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for place in (0..places).filter(|place| there(*place)) {
        match runs.last_mut() {
            Some(run) if run.end == place => run.end += 1,
            _ => runs.push(place..place + 1),
        }
    }
    runs
}

/// Parts of a run that are alike: each shares its ends with its neighbours, so that lines don't break between them.
/// What lies between two places is special if either is.
pub(crate) fn parts(run: Range<usize>, special: impl Fn(usize) -> bool) -> Vec<(Range<usize>, bool)> {
    let mut parts: Vec<(Range<usize>, bool)> = Vec::new();
    for place in run.start..run.end.saturating_sub(1) {
        let is_special = special(place) || special(place + 1);
        match parts.last_mut() {
            Some((part, was)) if *was == is_special => part.end += 1,
            _ => parts.push((place..place + 2, is_special)),
        }
    }
    parts
}

/// A path through points.
pub(crate) fn through(svg: &mut Svg, class: &str, points: impl IntoIterator<Item = String>) {
    let points: Vec<String> = points.into_iter().collect();
    if points.len() > 1 {
        svg.put(format_args!("<path class=\"{class}\" d=\"M{}\"/>", points.join("L")));
    }
}

/// Bars without gaps between them, as one path: as high as each value's distance from the plot's upper edge says.
pub(crate) fn steps(plot: &Plot, spans: &[Span], y: impl Fn(usize) -> Option<f64>) -> String {
    let floor = Tenth(plot.height());
    let mut path = String::new();
    for run in runs(spans.len(), |place| y(place).is_some()) {
        // Writing into a String can't fail.
        let _ = write!(path, "M{} {floor}", Tenth(spans[run.start].left * 10.0));
        for place in run {
            let top = Tenth(y(place).unwrap_or_default());
            let _ = write!(path, "V{top}H{}", Tenth(spans[place].right() * 10.0));
        }
        let _ = write!(path, "V{floor}Z");
    }
    path
}

/// The values of the time before, among paths. What stands alone is a short stroke.
pub(crate) fn before(svg: &mut Svg, plot: &Plot, scale: &Scale, spans: &[Span], value: impl Fn(usize) -> Option<f64>) {
    let value = |place: usize| value(place).filter(|value| value.is_finite());
    for run in runs(spans.len(), |place| value(place).is_some()) {
        let spot = |x: f64, place: usize| spot(x, plot.y(scale, value(place).unwrap_or_default()));
        if run.len() == 1 {
            let span = spans[run.start];
            through(
                svg,
                "before",
                [spot(span.left, run.start), spot(span.right(), run.start)],
            );
        } else {
            through(svg, "before", run.map(|place| spot(spans[place].middle(), place)));
        }
    }
}
