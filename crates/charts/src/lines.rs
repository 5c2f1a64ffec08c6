//! Several things counted side by side: the words of a Word Web over time.

use domain::time::Micros;

use crate::frame::{Frame, Span, spans};
use crate::number::{self, Unit};
use crate::scale::Scale;
use crate::svg::{At, Svg, Text, float};
use crate::table::Table;
use crate::time_axis::TimeAxis;

/// So many series can be told apart; more aren't drawn.
pub const SERIES: usize = 8;
/// About so many markers a line, so that dashes and markers are both seen.
const MARKERS: usize = 10;

/// One line: a name people typed, and its count in each bucket.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// As published.
    pub name: &'a str,
    /// As many as the chart has starts; missing ones are zero.
    pub counts: &'a [u64],
}

/// A line a series. Colour, dash and marker tell them apart.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// When each bucket starts, rising.
    pub starts: &'a [Micros],
    /// The most important first; the first [`SERIES`] are drawn.
    pub series: &'a [Series<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl Lines<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let counts = self
            .drawn()
            .flat_map(|series| series.counts.iter().map(|count| float(*count)));
        let scale = Scale::fit(counts, Unit::Count);
        let frame = Frame::new(self.axis, &scale, self.height);
        let spans = spans(self.axis, self.starts);
        let mut svg = frame.begin("lines", self.title, &self.sentence());
        // The first lies on top of the others.
        for (nth, series) in self.drawn().enumerate().collect::<Vec<_>>().into_iter().rev() {
            svg.put(format_args!("<g class=\"s{}\">", nth + 1));
            frame.begin_paths(&mut svg);
            line(&mut svg, &frame, &spans, *series);
            svg.put(format_args!("</svg>"));
            markers(&mut svg, &frame, &spans, *series, nth);
            svg.put(format_args!("</g>"));
        }
        if self.drawn().all(|series| series.counts.iter().all(|count| *count == 0)) {
            frame.nothing(&mut svg);
        }
        frame.hits(&mut svg, &spans, |index| {
            let value = |series: &Series<'_>| (series.name.to_owned(), number::count(series.at(index)));
            self.drawn().map(value).collect()
        });
        svg.put(format_args!("</svg>"));
        svg
    }

    fn drawn(&self) -> impl Iterator<Item = &Series<'_>> {
        self.series.iter().take(SERIES)
    }

    fn sentence(&self) -> String {
        let total = |series: &Series<'_>| series.counts.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
        let named: Vec<String> = self
            .drawn()
            .map(|series| format!("{} {}", series.name, number::count(total(series))))
            .collect();
        if named.is_empty() {
            "Nothing in this time.".to_owned()
        } else {
            format!("In all: {}.", named.join(", "))
        }
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let names = self.drawn().map(|series| series.name.to_owned());
        let row = |(index, span): (usize, &Span)| {
            let counts = self.drawn().map(|series| number::count(series.at(index)));
            [self.axis.words(span.start, span.end)]
                .into_iter()
                .chain(counts)
                .collect()
        };
        Table {
            headers: ["Time".to_owned()].into_iter().chain(names).collect(),
            rows: spans(self.axis, self.starts).iter().enumerate().map(row).collect(),
        }
    }

    /// Which line is which, as a list for below the picture.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let mut svg = Svg::default();
        svg.put(format_args!("<ul class=\"legend\">"));
        for (nth, series) in self.drawn().enumerate() {
            svg.put(format_args!("<li>{}<span>{}</span></li>", key(nth), Text(series.name)));
        }
        svg.put(format_args!("</ul>"));
        svg
    }
}

impl Series<'_> {
    fn at(&self, index: usize) -> u64 {
        self.counts.get(index).copied().unwrap_or(0)
    }
}

/// A sample of the line of the nth series, counted from 0: for a legend, or beside a ranking's row.
#[must_use]
pub fn key(nth: usize) -> Svg {
    let nth = nth % SERIES;
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"key s{}\" viewBox=\"0 0 28 14\" width=\"28\" height=\"14\" aria-hidden=\"true\">\
         <line class=\"line\" x2=\"28\" y1=\"7\" y2=\"7\"/>\
         <svg x=\"14\" y=\"7\" overflow=\"visible\">{}</svg></svg>",
        nth + 1,
        shape(nth)
    ));
    svg
}

fn line(svg: &mut Svg, frame: &Frame<'_>, spans: &[Span], series: Series<'_>) {
    let place = |(index, span): (usize, &Span)| {
        format!("{} {}", At(span.middle() * 10.0), At(frame.y(float(series.at(index)))))
    };
    let points: Vec<String> = spans.iter().enumerate().map(place).collect();
    // The way to a bucket that is still filling says little yet.
    let open = spans.iter().position(|span| span.open).unwrap_or(spans.len());
    if let Some(settled) = points.get(..open).filter(|points| points.len() > 1) {
        svg.put(format_args!("<path class=\"line\" d=\"M{}\"/>", settled.join("L")));
    }
    if let Some(last) = points
        .get(open.saturating_sub(1)..)
        .filter(|points| points.len() > 1 && open > 0)
    {
        svg.put(format_args!("<path class=\"line is-open\" d=\"M{}\"/>", last.join("L")));
    }
}

fn markers(svg: &mut Svg, frame: &Frame<'_>, spans: &[Span], series: Series<'_>, nth: usize) {
    let every = spans.len().div_ceil(MARKERS).max(1);
    // Each series marks other buckets, so that markers of equal values don't hide each other.
    let marked = |index: &usize| index % every == nth * every / SERIES || spans.len() == 1;
    for (index, span) in spans.iter().enumerate().filter(|(index, _)| marked(index)) {
        svg.put(format_args!(
            "<svg x=\"{}%\" y=\"{}\" overflow=\"visible\">{}</svg>",
            At(span.middle()),
            At(frame.outer_y(float(series.at(index)))),
            shape(nth)
        ));
    }
}

/// Around the point 0, 0.
const fn shape(nth: usize) -> &'static str {
    match nth % 4 {
        0 => "<circle class=\"marker\" r=\"4\"/>",
        1 => "<rect class=\"marker\" x=\"-3.5\" y=\"-3.5\" width=\"7\" height=\"7\"/>",
        2 => "<polygon class=\"marker\" points=\"0,-5 4.5,3.5 -4.5,3.5\"/>",
        _ => "<polygon class=\"marker\" points=\"0,-5 5,0 0,5 -5,0\"/>",
    }
}
