//! Minimum to maximum as a band, the average as a line in it, percentiles as lines of their own.

use std::ops::Range;

use crate::Bucket;
use crate::curve::{self, parts, runs, through};
use crate::frame::{Frame, Span, spans, table};
use crate::legend::Legend;
use crate::mark::Mark;
use crate::number;
use crate::scale::Scale;
use crate::svg::{At, Svg};
use crate::table::Table;
use crate::time_axis::TimeAxis;
use crate::unit::Unit;

/// So many percentiles can be told apart; more aren't drawn.
pub const PERCENTILES: usize = 5;

/// A percentile over time.
#[derive(Clone, Copy, Debug)]
pub struct Percentile<'a> {
    /// `p95`.
    pub label: &'a str,
    /// Its value in each bucket, where it is known.
    pub values: &'a [Option<f64>],
}

/// Values over time: how low, how high, on average. Where a bucket has no data, there is a gap.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// What the values are.
    pub unit: Unit,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// Rising, all within the axis.
    pub buckets: &'a [Bucket],
    /// Lines of their own, lowest first; the first [`PERCENTILES`] are drawn.
    pub percentiles: &'a [Percentile<'a>],
    /// The averages of the period before, bucket by bucket, as a dashed line; empty for none.
    pub before: &'a [Option<f64>],
    /// Buckets of fewer data points than this are drawn paler and say how few they are; 0 for none.
    pub few: u64,
    /// Annotations; those outside the time shown are left out.
    pub marks: &'a [Mark<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl Band<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let scale = self.scale();
        let frame = Frame::new(self.axis, self.marks, self.height, scale.caption.is_some());
        let spans = self.spans();
        let mut svg = frame.begin("band-chart", self.title, &self.sentence(), &[&scale]);
        let runs = runs(self.buckets.len(), |place| self.buckets[place].spread().is_some());
        frame.plot.begin_paths(&mut svg);
        let drawing = Drawing {
            frame: &frame,
            scale: &scale,
            spans: &spans,
        };
        for run in runs.iter().filter(|run| run.len() > 1) {
            self.band(&mut svg, &drawing, run);
        }
        curve::before(&mut svg, &frame.plot, &scale, &spans, |place| self.before(place));
        for run in runs.iter().filter(|run| run.len() > 1) {
            self.lines(&mut svg, &drawing, run);
        }
        svg.put(format_args!("</svg>"));
        for run in runs.iter().filter(|run| run.len() == 1) {
            self.alone(&mut svg, &drawing, run.start);
        }
        if runs.is_empty() {
            frame.plot.nothing(&mut svg);
        }
        frame.hits(
            &mut svg,
            &spans,
            |place| self.values(place),
            |place| self.few_note(place),
        );
        svg.put(format_args!("</svg>"));
        svg
    }

    fn scale(&self) -> Scale {
        let spreads = self.buckets.iter().filter_map(Bucket::spread).flatten();
        let lines = self.drawn().flat_map(|line| line.values.iter().copied().flatten());
        let before = self.before.iter().copied().flatten();
        Scale::fit(spreads.chain(lines).chain(before), self.unit)
    }

    fn drawn(&self) -> impl DoubleEndedIterator<Item = &Percentile<'_>> + ExactSizeIterator {
        self.percentiles.iter().take(PERCENTILES)
    }

    fn is_few(&self, place: usize) -> bool {
        self.buckets[place].count < self.few
    }

    fn spread(&self, place: usize) -> [f64; 3] {
        self.buckets[place].spread().unwrap_or_default()
    }

    fn before(&self, place: usize) -> Option<f64> {
        self.before
            .get(place)
            .copied()
            .flatten()
            .filter(|value| value.is_finite())
    }

    fn band(&self, svg: &mut Svg, drawing: &Drawing<'_>, run: &Range<usize>) {
        for (part, few) in parts(run.clone(), |place| self.is_few(place)) {
            let upper = part.clone().map(|place| drawing.spot(place, self.spread(place)[2]));
            let lower = part
                .clone()
                .rev()
                .map(|place| drawing.spot(place, self.spread(place)[0]));
            let outline: Vec<String> = upper.chain(lower).collect();
            svg.put(format_args!(
                "<path class=\"band{}\" d=\"M{}Z\"/>",
                if few { " is-few" } else { "" },
                outline.join("L")
            ));
        }
    }

    fn lines(&self, svg: &mut Svg, drawing: &Drawing<'_>, run: &Range<usize>) {
        let mut line = |class: &str, value: &dyn Fn(usize) -> Option<f64>| {
            for (part, few) in parts(run.clone(), |place| self.is_few(place)) {
                let class = if few {
                    format!("{class} is-few")
                } else {
                    class.to_owned()
                };
                for known in runs(part.len(), |place| value(part.start + place).is_some()) {
                    let places = known.map(|place| part.start + place);
                    through(
                        svg,
                        &class,
                        places.filter_map(|place| Some(drawing.spot(place, value(place)?))),
                    );
                }
            }
        };
        for (nth, percentile) in self.drawn().enumerate() {
            line(&format!("q{}", nth + 1), &|place| percentile.at(place));
        }
        line("average", &|place| Some(self.spread(place)[1]));
    }

    /// A bucket with gaps on both sides has no line to be seen by.
    fn alone(&self, svg: &mut Svg, drawing: &Drawing<'_>, place: usize) {
        let [min, avg, max] = self.spread(place);
        let x = At(drawing.spans[place].middle());
        let few = if self.is_few(place) { " is-few" } else { "" };
        let y = |value: f64| At(drawing.frame.plot.outer_y(drawing.scale, value));
        if min < max {
            svg.put(format_args!(
                "<line class=\"range{few}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>",
                y(max),
                y(min)
            ));
        }
        let mut dot = |class: &str, value: f64, r: f64| {
            svg.put(format_args!(
                "<circle class=\"dot {class}{few}\" cx=\"{x}%\" cy=\"{}\" r=\"{}\"/>",
                y(value),
                At(r)
            ));
        };
        for (nth, percentile) in self.drawn().enumerate() {
            if let Some(value) = percentile.at(place) {
                dot(&format!("q{}", nth + 1), value, 3.0);
            }
        }
        dot("average", avg, 4.5);
    }

    fn spans(&self) -> Vec<Span> {
        spans(self.axis, self.buckets.iter().map(|bucket| bucket.start))
    }

    fn values(&self, place: usize) -> Vec<(String, String)> {
        let before = self
            .before(place)
            .map(|before| ("Before".to_owned(), self.unit.show(before)));
        let Some([min, avg, max]) = self.buckets[place].spread() else {
            return before.into_iter().collect();
        };
        let named = |name: &str, value: f64| (name.to_owned(), self.unit.show(value));
        let mut values = vec![named("Maximum", max)];
        let known = self
            .drawn()
            .rev()
            .filter_map(|line| Some(named(line.label, line.at(place)?)));
        values.extend(known);
        values.push(named("Average", avg));
        values.extend(before);
        values.push(named("Minimum", min));
        values.push(("Data points".to_owned(), number::count(self.buckets[place].count)));
        values
    }

    fn few_note(&self, place: usize) -> Option<String> {
        match self.buckets[place].count {
            1 if self.is_few(place) => Some("Only 1 data point".to_owned()),
            count if count > 0 && self.is_few(place) => Some(format!("Only {count} data points")),
            _ => None,
        }
    }

    fn sentence(&self) -> String {
        let spreads: Vec<[f64; 3]> = self.buckets.iter().filter_map(Bucket::spread).collect();
        let Some(first) = spreads.first() else {
            return "No data points.".to_owned();
        };
        let (low, high) = spreads.iter().fold((first[0], first[2]), |(low, high), [min, _, max]| {
            (low.min(*min), high.max(*max))
        });
        format!("Values from {} to {}.", self.unit.show(low), self.unit.show(high))
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let compared = !self.before.is_empty();
        let headers = ["Data points", "Minimum", "Average", "Maximum"].into_iter();
        let headers = headers.chain(self.drawn().map(|line| line.label));
        let headers = headers.chain(compared.then_some("Average before")).map(str::to_owned);
        let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| self.unit.show(value));
        table(self.axis, self.marks, &self.spans(), headers, |place| {
            let spread = self.buckets[place].spread();
            let mut row = vec![number::count(self.buckets[place].count)];
            row.extend((0..3).map(|nth| shown(spread.map(|spread| spread[nth]))));
            row.extend(self.drawn().map(|line| shown(line.at(place))));
            row.extend(compared.then(|| shown(self.before(place))));
            row
        })
    }

    /// What the picture's strokes mean, as a list for below it.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let mut legend = Legend::new();
        legend.entry(
            "<rect class=\"band\" width=\"28\" height=\"14\" rx=\"3\"/>",
            "Minimum to maximum",
        );
        let line = |class: &str| format!("<line class=\"{class}\" x2=\"28\" y1=\"7\" y2=\"7\"/>");
        legend.entry(&line("average"), "Average");
        for (nth, percentile) in self.drawn().enumerate() {
            legend.entry(&line(&format!("q{}", nth + 1)), percentile.label);
        }
        if !self.before.is_empty() {
            legend.before();
        }
        let few = (0..self.buckets.len()).any(|place| self.buckets[place].count > 0 && self.is_few(place));
        if few {
            let name = format!("Fewer than {} data points", self.few);
            legend.entry(
                "<rect class=\"band is-few\" width=\"28\" height=\"14\" rx=\"3\"/>",
                &name,
            );
        }
        legend.end()
    }
}

impl Percentile<'_> {
    fn at(&self, place: usize) -> Option<f64> {
        self.values
            .get(place)
            .copied()
            .flatten()
            .filter(|value| value.is_finite())
    }
}

struct Drawing<'d> {
    frame: &'d Frame<'d>,
    scale: &'d Scale,
    spans: &'d [Span],
}

impl Drawing<'_> {
    fn spot(&self, place: usize, value: f64) -> String {
        self.frame.plot.spot(self.spans[place].middle(), self.scale, value)
    }
}
