//! What all charts over time share: the plot, the time axis, marks on it, the places that answer to a pointer.

use domain::time::Micros;

use crate::mark::{self, Mark};
use crate::plot::{Head, Plot, hit};
use crate::scale::Scale;
use crate::svg::Svg;
use crate::table::Table;
use crate::time_axis::{TimeAxis, TimeTick};

/// Which labels go where a plot is narrower than so many pixels; charts.css says the same.
pub(crate) const NARROW: [(&str, u32); 3] = [("is-minor", 672), ("is-medial", 320), ("is-major", 192)];

/// Where things go in one chart over time.
pub(crate) struct Frame<'a> {
    pub(crate) axis: &'a TimeAxis,
    marks: &'a [Mark<'a>],
    pub(crate) plot: Plot,
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

    pub(crate) fn right(self) -> f64 {
        self.left + self.width
    }
}

/// Where buckets lie: each ends where the next begins, the last where the axis does.
pub(crate) fn spans(axis: &TimeAxis, starts: impl IntoIterator<Item = Micros>) -> Vec<Span> {
    let starts: Vec<Micros> = starts.into_iter().collect();
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
    pub(crate) fn new(axis: &'a TimeAxis, marks: &'a [Mark<'a>], height: u32, captioned: bool) -> Self {
        Self {
            axis,
            marks,
            plot: Plot::new(height, mark::room(marks, axis), captioned),
        }
    }

    pub(crate) fn begin(&self, kind: &str, title: &str, sentence: &str, axes: &[&Scale]) -> Svg {
        let mut svg = self.plot.begin(
            &Head {
                kind,
                title,
                sentence,
                data: format!(" data-from=\"{}\" data-to=\"{}\"", self.axis.from.0, self.axis.to.0),
            },
            axes,
        );
        let ticks = self.axis.ticks();
        for (tick, rank) in ticks.iter().zip(self.ranks(&ticks)) {
            let class = [rank, if tick.turn { "is-day" } else { "" }].join(" ");
            self.plot
                .below(&mut svg, self.axis.percent(tick.at), class.trim(), &tick.label);
        }
        mark::draw(&mut svg, &self.plot, self.axis, self.marks);
        svg
    }

    /// From which width on each tick's label is there: the one nearest to the middle always is, every second major one
    /// beside it before the others.
    fn ranks(&self, ticks: &[TimeTick]) -> Vec<&'static str> {
        let any_major = ticks.iter().any(|tick| tick.major);
        let off = |tick: &TimeTick| (self.axis.percent(tick.at) - 50.0).abs();
        let candidates = ticks.iter().enumerate().filter(|(_, tick)| tick.major || !any_major);
        let middle = candidates.min_by(|a, b| off(a.1).total_cmp(&off(b.1)));
        let middle = middle.map_or(0, |(index, _)| index);
        let few = ticks.iter().filter(|tick| tick.major).count() <= 4;
        let majors_before = |index: usize| ticks[..index].iter().filter(|tick| tick.major).count();
        let rank = |(index, tick): (usize, &TimeTick)| {
            let away = majors_before(index).abs_diff(majors_before(middle));
            if index == middle {
                ""
            } else if !tick.major {
                "is-minor"
            } else if few || away.is_multiple_of(2) {
                "is-major"
            } else {
                "is-medial"
            }
        };
        ticks.iter().enumerate().map(rank).collect()
    }

    /// One place a bucket. What `values` gives is named; what `notes` gives stands below it.
    pub(crate) fn hits(
        &self,
        svg: &mut Svg,
        spans: &[Span],
        values: impl Fn(usize) -> Vec<(String, String)>,
        notes: impl Fn(usize) -> Option<String>,
    ) {
        self.plot.begin_inside(svg);
        for (index, span) in spans.iter().enumerate() {
            let mut lines = vec![self.axis.words(span.start, span.end)];
            let values = values(index);
            if values.is_empty() {
                lines.push("No data".to_owned());
            }
            lines.extend(values.into_iter().map(|(name, value)| format!("{name}: {value}")));
            lines.extend(notes(index));
            if span.open {
                lines.push("Still filling".to_owned());
            }
            lines.extend(mark::said(self.marks, span));
            hit(svg, (span.left, span.width), &lines);
        }
        svg.put(format_args!("</svg>"));
    }
}

/// A table of buckets, with a column of marks if there are any.
pub(crate) fn table(
    axis: &TimeAxis,
    marks: &[Mark<'_>],
    spans: &[Span],
    headers: impl IntoIterator<Item = String>,
    row: impl Fn(usize) -> Vec<String>,
) -> Table {
    let marked = !mark::seen(marks, axis).is_empty();
    let rows = spans.iter().enumerate().map(|(index, span)| {
        let mut cells = vec![axis.words(span.start, span.end)];
        cells.extend(row(index));
        if marked {
            cells.push(mark::said(marks, span).join("; "));
        }
        cells
    });
    Table {
        headers: ["Time".to_owned()]
            .into_iter()
            .chain(headers)
            .chain(marked.then(|| "Annotations".to_owned()))
            .collect(),
        rows: rows.collect(),
    }
}
