//! A series at the size of a word.

use crate::svg::{At, Svg, Text, float_len};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
/// How wide one is that is stretched.
const STRETCHED: f64 = 300.0;
/// Room for the stroke and the last point.
const EDGE: f64 = 3.0;

/// A line over an area, 120 by 28 pixels. Missing and not finite values are gaps. If the last value is still filling,
/// the way to it is faint, for it says little yet. Without a label it is decoration, for a row that says the same in
/// words.
#[must_use]
pub fn sparkline(values: &[Option<f64>], is_filling: bool, label: &str) -> Svg {
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"sparkline\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\""
    ));
    if label.is_empty() {
        svg.put(format_args!(" aria-hidden=\"true\">"));
    } else {
        svg.put(format_args!(" role=\"img\" aria-label=\"{}\">", Text(label)));
    }
    let points = places(values, WIDTH, HEIGHT);
    let base = At(HEIGHT - EDGE + 0.5);
    svg.put(format_args!(
        "<line class=\"rest\" x1=\"{EDGE}\" x2=\"{}\" y1=\"{base}\" y2=\"{base}\"/>",
        WIDTH - EDGE
    ));
    for (run, is_last) in runs(&points) {
        if let [(x, y)] = run[..] {
            svg.put(format_args!(
                "<circle class=\"point\" cx=\"{}\" cy=\"{}\" r=\"1.5\"/>",
                At(x),
                At(y)
            ));
        }
        draw(&mut svg, &run, HEIGHT, is_filling && is_last);
    }
    if let Some((x, y)) = points.iter().flatten().next_back() {
        svg.put(format_args!(
            "<circle class=\"point\" cx=\"{}\" cy=\"{}\" r=\"2.25\"/>",
            At(*x),
            At(*y)
        ));
    }
    svg.put(format_args!("</svg>"));
    svg
}

/// The same as wide as what it stands in, from 80 to 300 pixels or so, and so many pixels high: for cards.
#[must_use]
pub fn wide_sparkline(values: &[Option<f64>], is_filling: bool, label: &str, height: u32) -> Svg {
    let height = f64::from(height.max(16));
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"sparkline is-wide\" width=\"100%\" height=\"{height}\" overflow=\"visible\""
    ));
    if label.is_empty() {
        svg.put(format_args!(" aria-hidden=\"true\">"));
    } else {
        svg.put(format_args!(" role=\"img\" aria-label=\"{}\">", Text(label)));
    }
    let points = places(values, STRETCHED, height);
    svg.put(format_args!(
        "<line class=\"rest\" x2=\"100%\" y1=\"{base}\" y2=\"{base}\"/>\
         <svg width=\"100%\" height=\"{height}\" viewBox=\"0 0 {STRETCHED} {height}\" preserveAspectRatio=\"none\" \
         overflow=\"visible\">",
        base = At(height - EDGE + 0.5)
    ));
    for (run, is_last) in runs(&points) {
        draw(&mut svg, &run, height, is_filling && is_last);
    }
    svg.put(format_args!("</svg>"));
    // Circles would be stretched.
    let alone = runs(&points).into_iter().filter_map(|(run, _)| match run[..] {
        [point] => Some((point, 1.5)),
        _ => None,
    });
    let last = points.iter().copied().flatten().next_back().map(|point| (point, 2.25));
    for ((x, y), r) in alone.chain(last) {
        svg.put(format_args!(
            "<circle class=\"point\" cx=\"{}%\" cy=\"{}\" r=\"{r}\"/>",
            At(x / STRETCHED * 100.0),
            At(y)
        ));
    }
    svg.put(format_args!("</svg>"));
    svg
}

/// Points without a gap, and whether they are the last ones.
fn runs(points: &[Option<(f64, f64)>]) -> Vec<(Vec<(f64, f64)>, bool)> {
    let runs = points.split(Option::is_none);
    let last = runs.clone().count() - 1;
    let run = |(nth, run): (usize, &[Option<(f64, f64)>])| (run.iter().copied().flatten().collect(), nth == last);
    runs.enumerate()
        .map(run)
        .filter(|(run, _): &(Vec<_>, bool)| !run.is_empty())
        .collect()
}

fn draw(svg: &mut Svg, run: &[(f64, f64)], height: f64, is_filling: bool) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return;
    };
    if run.len() == 1 {
        return;
    }
    let line: Vec<String> = run.iter().map(|(x, y)| format!("{} {}", At(*x), At(*y))).collect();
    let base = At(height - EDGE);
    svg.put(format_args!(
        "<path class=\"area\" d=\"M{}L{} {base}L{} {base}Z\"/>",
        line.join("L"),
        At(last.0),
        At(first.0)
    ));
    let settled = line.len() - usize::from(is_filling);
    if settled > 1 {
        svg.put(format_args!(
            "<path class=\"line\" d=\"M{}\"/>",
            line[..settled].join("L")
        ));
    }
    if is_filling {
        let open = line[settled - 1..].join("L");
        svg.put(format_args!("<path class=\"line is-open\" d=\"M{open}\"/>"));
    }
}

/// Where values lie; all the same lie in the middle, all zero at the bottom.
fn places(values: &[Option<f64>], width: f64, height: f64) -> Vec<Option<(f64, f64)>> {
    let finite = |value: &Option<f64>| value.filter(|v| v.is_finite()).map(|v| v.clamp(-1e300, 1e300));
    let seen = || values.iter().filter_map(finite);
    let low = seen().fold(f64::INFINITY, f64::min);
    let high = seen().fold(f64::NEG_INFINITY, f64::max);
    // From zero, unless all values lie far from it: then their movement is what matters.
    let low = if low > 0.0 && low < high * 0.7 { 0.0 } else { low };
    let stride = (width - 2.0 * EDGE) / float_len(values.len().max(2) - 1);
    let share = |value: f64| {
        if high > low {
            (value - low) / (high - low)
        } else if value == 0.0 {
            0.0
        } else {
            0.5
        }
    };
    let place = |(index, value): (usize, &Option<f64>)| {
        let x = if values.len() == 1 {
            width / 2.0
        } else {
            EDGE + stride * float_len(index)
        };
        finite(value).map(|value| (x, height - EDGE - share(value) * (height - 2.0 * EDGE)))
    };
    values.iter().enumerate().map(place).collect()
}
