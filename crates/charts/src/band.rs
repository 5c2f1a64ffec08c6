//! Minimum to maximum as a band, the average as a line in it, percentiles as lines of their own.

use domain::time::Micros;

use crate::Bucket;
use crate::frame::{Frame, Span, spans};
use crate::number::{self, Unit};
use crate::scale::Scale;
use crate::svg::{At, Svg};
use crate::table::Table;
use crate::time_axis::TimeAxis;

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
    /// Whether percentiles are drawn where buckets have them.
    pub percentiles: bool,
    /// In pixels, axis included.
    pub height: u32,
}

const PERCENTILES: [&str; 4] = ["p50", "p75", "p95", "p99"];

impl Band<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let spreads = self.buckets.iter().filter_map(Bucket::spread).flatten();
        let lines = self.buckets.iter().flat_map(|bucket| self.lines_of(bucket)).flatten();
        let scale = Scale::fit(spreads.chain(lines), self.unit);
        let frame = Frame::new(self.axis, &scale, self.height);
        let spans = self.spans();
        let mut svg = frame.begin("band-chart", self.title, &self.sentence());
        let runs = runs(self.buckets);
        frame.begin_paths(&mut svg);
        for run in runs.iter().filter(|run| run.len() > 1) {
            self.band(&mut svg, &frame, &spans, run.clone());
        }
        svg.put(format_args!("</svg>"));
        for run in runs.iter().filter(|run| run.len() == 1) {
            self.alone(&mut svg, &frame, spans[run.start], &self.buckets[run.start]);
        }
        if runs.is_empty() {
            frame.nothing(&mut svg);
        }
        frame.hits(&mut svg, &spans, |index| self.values(&self.buckets[index]));
        svg.put(format_args!("</svg>"));
        svg
    }

    fn band(&self, svg: &mut Svg, frame: &Frame<'_>, spans: &[Span], run: std::ops::Range<usize>) {
        let place = |index: usize, value: f64| format!("{} {}", At(spans[index].middle() * 10.0), At(frame.y(value)));
        let spread = |index: usize| self.buckets[index].spread().unwrap_or_default();
        let upper = run.clone().map(|index| place(index, spread(index)[2]));
        let lower = run.clone().rev().map(|index| place(index, spread(index)[0]));
        let outline: Vec<String> = upper.chain(lower).collect();
        svg.put(format_args!("<path class=\"band\" d=\"M{}Z\"/>", outline.join("L")));
        let mut line = |class: &str, value: &dyn Fn(usize) -> Option<f64>| {
            let points: Vec<String> = run
                .clone()
                .filter_map(|index| Some(place(index, value(index)?)))
                .collect();
            if !points.is_empty() {
                svg.put(format_args!("<path class=\"{class}\" d=\"M{}\"/>", points.join("L")));
            }
        };
        for (nth, name) in PERCENTILES.into_iter().enumerate() {
            line(name, &|index| self.lines_of(&self.buckets[index])[nth]);
        }
        line("average", &|index| Some(spread(index)[1]));
    }

    /// A bucket with gaps on both sides has no line to be seen by.
    fn alone(&self, svg: &mut Svg, frame: &Frame<'_>, span: Span, bucket: &Bucket) {
        let Some([min, avg, max]) = bucket.spread() else { return };
        let x = At(span.middle());
        if min < max {
            svg.put(format_args!(
                "<line class=\"range\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>",
                At(frame.outer_y(max)),
                At(frame.outer_y(min))
            ));
        }
        let mut dot = |class: &str, value: f64, r: f64| {
            svg.put(format_args!(
                "<circle class=\"dot {class}\" cx=\"{x}%\" cy=\"{}\" r=\"{}\"/>",
                At(frame.outer_y(value)),
                At(r)
            ));
        };
        for (name, value) in PERCENTILES.into_iter().zip(self.lines_of(bucket)) {
            if let Some(value) = value {
                dot(name, value, 3.0);
            }
        }
        dot("average", avg, 4.5);
    }

    /// What the percentiles' lines go through.
    fn lines_of(&self, bucket: &Bucket) -> [Option<f64>; 4] {
        match bucket
            .percentiles
            .filter(|_| self.percentiles && bucket.spread().is_some())
        {
            Some(percentiles) => percentiles
                .named()
                .map(|(_, value)| Some(value).filter(|v| v.is_finite())),
            None => [None; 4],
        }
    }

    fn spans(&self) -> Vec<Span> {
        let starts: Vec<Micros> = self.buckets.iter().map(|bucket| bucket.start).collect();
        spans(self.axis, &starts)
    }

    fn values(&self, bucket: &Bucket) -> Vec<(String, String)> {
        let Some([min, avg, max]) = bucket.spread() else {
            return Vec::new();
        };
        let mut values = vec![("Maximum".to_owned(), self.unit.show(max))];
        for (name, value) in PERCENTILES.into_iter().zip(self.lines_of(bucket)).rev() {
            values.extend(value.map(|value| (name.to_owned(), self.unit.show(value))));
        }
        values.push(("Average".to_owned(), self.unit.show(avg)));
        values.push(("Minimum".to_owned(), self.unit.show(min)));
        values.push(("Data points".to_owned(), number::count(bucket.count)));
        values
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
        let drawn = self.percentiles && self.buckets.iter().any(|bucket| bucket.percentiles.is_some());
        let mut headers = vec!["Time", "Data points", "Minimum", "Average", "Maximum"];
        headers.extend(PERCENTILES.into_iter().filter(|_| drawn));
        let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| self.unit.show(value));
        let row = |(bucket, span): (&Bucket, &Span)| {
            let mut row = vec![self.axis.words(span.start, span.end), number::count(bucket.count)];
            let spread = bucket.spread();
            row.extend((0..3).map(|nth| shown(spread.map(|spread| spread[nth]))));
            row.extend(self.lines_of(bucket).into_iter().filter(|_| drawn).map(shown));
            row
        };
        Table {
            headers: headers.into_iter().map(str::to_owned).collect(),
            rows: self.buckets.iter().zip(&self.spans()).map(row).collect(),
        }
    }

    /// What the picture's strokes mean, as a list for below it.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let mut svg = Svg::default();
        svg.put(format_args!("<ul class=\"legend\">"));
        let mut entry = |sample: &str, name: &str| {
            svg.put(format_args!(
                "<li><svg class=\"key\" viewBox=\"0 0 28 14\" width=\"28\" height=\"14\" aria-hidden=\"true\">{sample}</svg>\
                 <span>{name}</span></li>"
            ));
        };
        entry(
            "<rect class=\"swatch\" width=\"28\" height=\"14\" rx=\"3\"/>",
            "Minimum to maximum",
        );
        entry("<line class=\"average\" x2=\"28\" y1=\"7\" y2=\"7\"/>", "Average");
        let drawn = self
            .buckets
            .iter()
            .any(|bucket| self.lines_of(bucket).iter().any(Option::is_some));
        for name in PERCENTILES.into_iter().filter(|_| drawn) {
            entry(&format!("<line class=\"{name}\" x2=\"28\" y1=\"7\" y2=\"7\"/>"), name);
        }
        svg.put(format_args!("</ul>"));
        svg
    }
}

/// Stretches of buckets with data.
fn runs(buckets: &[Bucket]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, _) in buckets
        .iter()
        .enumerate()
        .filter(|(_, bucket)| bucket.spread().is_some())
    {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}
