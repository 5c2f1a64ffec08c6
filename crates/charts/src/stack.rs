//! Counts on top of each other: what the words of a Word Web make up, and how that changes.

use std::fmt::Write as _;

use domain::time::Micros;

use crate::curve;
use crate::frame::{Frame, Span, spans, table};
use crate::legend::Legend;
use crate::lines::SERIES;
use crate::mark::Mark;
use crate::number;
use crate::plot::Plot;
use crate::scale::Scale;
use crate::svg::{Svg, Tenth, float};
use crate::table::Table;
use crate::time_axis::TimeAxis;
use crate::unit::Unit;

/// Up to so many buckets have gaps between them.
const APART: usize = 100;
/// A bar's share of its bucket's width then.
const SHARE: f64 = 0.84;

/// A layer: a name people typed, and its count in each bucket.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// As published.
    pub name: &'a str,
    /// As many as the chart has starts; missing ones are zero.
    pub counts: &'a [u64],
}

/// A stacked bar a bucket: what there is most of at the bottom, all others on top.
#[derive(Clone, Copy, Debug)]
pub struct Stack<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// When each bucket starts, rising.
    pub starts: &'a [Micros],
    /// The most important first; from the ninth on, they count among the others.
    pub layers: &'a [Layer<'a>],
    /// How many others there are in each bucket; empty for none.
    pub others: &'a [u64],
    /// Annotations; those outside the time shown are left out.
    pub marks: &'a [Mark<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl Stack<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let totals = (0..self.starts.len()).map(|place| float(self.total(place)));
        let scale = Scale::fit(totals, Unit::Count);
        let frame = Frame::new(self.axis, self.marks, self.height, scale.caption.is_some());
        let spans = self.spans();
        let mut svg = frame.begin("stack", self.title, &self.sentence(), &[&scale]);
        frame.plot.begin_paths(&mut svg);
        // Each reaches down to the base line and is covered by those below it: one edge is half as much to send as two.
        if self.has_others() {
            svg.put(format_args!("<g class=\"others\">"));
            slab(&mut svg, &frame, &scale, &spans, |place| self.total(place));
            svg.put(format_args!("</g>"));
        }
        for nth in (0..self.drawn().len()).rev() {
            svg.put(format_args!("<g class=\"s{}\">", nth + 1));
            slab(&mut svg, &frame, &scale, &spans, |place| self.up_to(nth, place));
            svg.put(format_args!("</g>"));
        }
        svg.put(format_args!("</svg>"));
        if (0..self.starts.len()).all(|place| self.total(place) == 0) {
            frame.plot.nothing(&mut svg);
        }
        frame.hits(&mut svg, &spans, |place| self.values(place), |_| None);
        svg.put(format_args!("</svg>"));
        svg
    }

    fn drawn(&self) -> &[Layer<'_>] {
        &self.layers[..self.layers.len().min(SERIES)]
    }

    fn rest(&self, place: usize) -> u64 {
        let beyond = self.layers.iter().skip(SERIES).map(|layer| layer.at(place));
        let others = self.others.get(place).copied().unwrap_or(0);
        beyond.fold(others, u64::saturating_add)
    }

    fn has_others(&self) -> bool {
        (0..self.starts.len()).any(|place| self.rest(place) > 0)
    }

    fn up_to(&self, nth: usize, place: usize) -> u64 {
        let layers = self.drawn()[..=nth].iter();
        layers.fold(0, |sum, layer| sum.saturating_add(layer.at(place)))
    }

    fn total(&self, place: usize) -> u64 {
        let layers = self.drawn().iter();
        layers.fold(self.rest(place), |sum, layer| sum.saturating_add(layer.at(place)))
    }

    fn values(&self, place: usize) -> Vec<(String, String)> {
        let total = self.total(place);
        if total == 0 {
            return Vec::new();
        }
        let shown = |count: u64| {
            format!(
                "{} ({})",
                number::count(count),
                number::percent(float(count) / float(total))
            )
        };
        // From the top down, as they lie.
        let mut values = Vec::new();
        if self.has_others() {
            values.push(("Others".to_owned(), shown(self.rest(place))));
        }
        let layers = self.drawn().iter().rev();
        values.extend(layers.map(|layer| (layer.name.to_owned(), shown(layer.at(place)))));
        values.push(("All".to_owned(), number::count(total)));
        values
    }

    fn spans(&self) -> Vec<Span> {
        spans(self.axis, self.starts.iter().copied())
    }

    fn sentence(&self) -> String {
        let sum = |counts: &dyn Fn(usize) -> u64| {
            (0..self.starts.len()).fold(0_u64, |sum, place| sum.saturating_add(counts(place)))
        };
        let all = sum(&|place| self.total(place));
        if all == 0 {
            return "Nothing in this time.".to_owned();
        }
        let named = self.drawn().iter().map(|layer| {
            let share = float(sum(&|place| layer.at(place))) / float(all);
            format!("{} {}", layer.name, number::percent(share))
        });
        format!("Of all: {}.", named.collect::<Vec<_>>().join(", "))
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let has_others = self.has_others();
        let names = self.drawn().iter().map(|layer| layer.name.to_owned());
        let headers = names
            .chain(has_others.then(|| "Others".to_owned()))
            .chain(["All".to_owned()]);
        table(self.axis, self.marks, &self.spans(), headers, |place| {
            let counts = self.drawn().iter().map(|layer| layer.at(place));
            let counts = counts
                .chain(has_others.then(|| self.rest(place)))
                .chain([self.total(place)]);
            counts.map(number::count).collect()
        })
    }

    /// Which layer is which, from the bottom up, as a list for below the picture.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let mut legend = Legend::new();
        for (nth, layer) in self.drawn().iter().enumerate() {
            legend.keyed(layer_key(nth).as_str(), layer.name);
        }
        if self.has_others() {
            legend.entry(&format!("<g class=\"others\">{SWATCH}</g>"), "Others");
        }
        legend.end()
    }
}

impl Layer<'_> {
    fn at(&self, place: usize) -> u64 {
        self.counts.get(place).copied().unwrap_or(0)
    }
}

fn slab(svg: &mut Svg, frame: &Frame<'_>, scale: &Scale, spans: &[Span], count: impl Fn(usize) -> u64) {
    let top = |place: usize| {
        let count = Some(count(place)).filter(|count| *count > 0)?;
        Some(frame.plot.y(scale, float(count)))
    };
    let tight = spans.len() > APART;
    let path = if tight {
        curve::steps(&frame.plot, spans, top)
    } else {
        apart(&frame.plot, spans, top)
    };
    if !path.is_empty() {
        let tight = if tight { " is-tight" } else { "" };
        svg.put(format_args!("<path class=\"slab{tight}\" d=\"{path}\"/>"));
    }
}

fn apart(plot: &Plot, spans: &[Span], top: impl Fn(usize) -> Option<f64>) -> String {
    let floor = Tenth(plot.height());
    let mut path = String::new();
    for (place, span) in spans.iter().enumerate() {
        let Some(top) = top(place) else { continue };
        let half = span.width * SHARE / 2.0;
        let (from, to) = (
            Tenth((span.middle() - half) * 10.0),
            Tenth((span.middle() + half) * 10.0),
        );
        // Writing into a String can't fail.
        let _ = write!(path, "M{from} {floor}V{}H{to}V{floor}Z", Tenth(top));
    }
    path
}

const SWATCH: &str = "<rect class=\"slab\" x=\"7\" width=\"14\" height=\"14\" rx=\"3\"/>";

/// A sample of the nth layer of a [`Stack`], counted from 0: beside a ranking's row.
#[must_use]
pub fn layer_key(nth: usize) -> Svg {
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"key s{}\" viewBox=\"0 0 28 14\" width=\"28\" height=\"14\" aria-hidden=\"true\">{SWATCH}</svg>",
        nth % SERIES + 1
    ));
    svg
}
