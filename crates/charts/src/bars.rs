//! Counts over time.

use crate::Bucket;
use crate::curve;
use crate::frame::{Frame, Span, spans, table};
use crate::legend::Legend;
use crate::mark::Mark;
use crate::number;
use crate::scale::Scale;
use crate::svg::{At, Svg, float, float_len};
use crate::table::Table;
use crate::time_axis::TimeAxis;
use crate::unit::Unit;

/// Up to so many bars have round shoulders; of more than twice as many there is but the outline.
const FEW: usize = 100;
/// A bar is at most this wide, in percent.
const WIDEST: f64 = 9.0;
/// What is there at all is seen, in pixels.
const LEAST: f64 = 2.0;

/// A bar a bucket, as high as its count.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// What is counted, as a label: `Hits`, `Data points`.
    pub measure: &'a str,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// Rising, all within the axis; only `start` and `count` matter.
    pub buckets: &'a [Bucket],
    /// The counts of the period before, bucket by bucket, as a dashed line; empty for none.
    pub before: &'a [u64],
    /// Annotations; those outside the time shown are left out.
    pub marks: &'a [Mark<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl Bars<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let counts = self.buckets.iter().map(|bucket| bucket.count);
        let scale = Scale::fit(counts.chain(self.before.iter().copied()).map(float), Unit::Count);
        let frame = Frame::new(self.axis, self.marks, self.height, scale.caption.is_some());
        let spans = self.spans();
        let mut svg = frame.begin("bars", self.title, &self.sentence(&spans), &[&scale]);
        if self.buckets.len() > 2 * FEW {
            self.outline(&mut svg, &frame, &scale, &spans);
        } else {
            frame.plot.begin_inside(&mut svg);
            for (bucket, span) in self.buckets.iter().zip(&spans).filter(|(bucket, _)| bucket.count > 0) {
                self.bar(&mut svg, &frame, &scale, bucket.count, *span);
            }
            svg.put(format_args!("</svg>"));
        }
        if !self.before.is_empty() {
            frame.plot.begin_paths(&mut svg);
            let dense = self.buckets.len() > FEW;
            // A dark line on a bar would be hard to see.
            for class in if dense { &["dense"][..] } else { &["ground", "on-top"] } {
                svg.put(format_args!("<g class=\"{class}\">"));
                curve::before(&mut svg, &frame.plot, &scale, &spans, |place| {
                    self.before(place).map(float)
                });
                svg.put(format_args!("</g>"));
            }
            svg.put(format_args!("</svg>"));
        }
        if self.buckets.iter().all(|bucket| bucket.count == 0) {
            frame.plot.nothing(&mut svg);
        }
        let named = |name: &str, count: u64| (name.to_owned(), number::count(count));
        let values = |place: usize| {
            let before = self.before(place).map(|before| named("Before", before));
            [named(self.measure, self.buckets[place].count)]
                .into_iter()
                .chain(before)
                .collect()
        };
        frame.hits(&mut svg, &spans, values, |_| None);
        svg.put(format_args!("</svg>"));
        svg
    }

    fn bar(&self, svg: &mut Svg, frame: &Frame<'_>, scale: &Scale, count: u64, span: Span) {
        let bars = self.buckets.len();
        let share = if bars <= FEW { 0.8 } else { 0.9 };
        let width = (span.width * share).min(WIDEST);
        let round = if bars <= FEW { 3.0 - float_len(bars) / 50.0 } else { 0.0 };
        let height = (frame.plot.height() - frame.plot.y(scale, float(count))).max(LEAST);
        svg.put(format_args!(
            "<rect class=\"bar{}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"{}\" rx=\"{}\"/>",
            if span.open { " is-open" } else { "" },
            At(span.middle() - width / 2.0),
            At(frame.plot.height() - height),
            At(width),
            // The lower shoulders lie below the edge, cut off.
            At(height + round),
            At(round)
        ));
    }

    /// So many that there are no gaps between them, which is less to send as one path.
    fn outline(&self, svg: &mut Svg, frame: &Frame<'_>, scale: &Scale, spans: &[Span]) {
        frame.plot.begin_paths(svg);
        for (class, open) in [("bar", false), ("bar is-open", true)] {
            let path = curve::steps(&frame.plot, spans, |place| {
                let count = self.buckets[place].count;
                let top = frame.plot.y(scale, float(count)).min(frame.plot.height() - LEAST);
                (count > 0 && spans[place].open == open).then_some(top)
            });
            if !path.is_empty() {
                svg.put(format_args!(
                    "<path class=\"{class}\" shape-rendering=\"crispEdges\" d=\"{path}\"/>"
                ));
            }
        }
        svg.put(format_args!("</svg>"));
    }

    fn before(&self, place: usize) -> Option<u64> {
        self.before.get(place).copied()
    }

    fn spans(&self) -> Vec<Span> {
        spans(self.axis, self.buckets.iter().map(|bucket| bucket.start))
    }

    /// Not how many in all: where a bar is only partly in the range that is asked about, the bars' sum is another one.
    fn sentence(&self, spans: &[Span]) -> String {
        let most = self
            .buckets
            .iter()
            .zip(spans)
            .rev()
            .max_by_key(|(bucket, _)| bucket.count);
        match most {
            Some((bucket, span)) if bucket.count > 0 => format!(
                "{}: at most {}, {}.",
                self.measure,
                number::count(bucket.count),
                self.axis.words(span.start, span.end)
            ),
            _ => format!("{}: none.", self.measure),
        }
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let compared = !self.before.is_empty();
        let headers = [self.measure.to_owned()]
            .into_iter()
            .chain(compared.then(|| "Before".to_owned()));
        table(self.axis, self.marks, &self.spans(), headers, |place| {
            let before = self.before(place).map_or_else(|| "–".to_owned(), number::count);
            let count = number::count(self.buckets[place].count);
            [count].into_iter().chain(compared.then_some(before)).collect()
        })
    }

    /// What the picture's strokes mean, as a list for below it; where nothing is compared, nothing needs saying.
    #[must_use]
    pub fn legend(&self) -> Option<Svg> {
        if self.before.is_empty() {
            return None;
        }
        let mut legend = Legend::new();
        legend.entry(
            "<rect class=\"bar\" x=\"7\" width=\"14\" height=\"14\" rx=\"3\"/>",
            self.measure,
        );
        legend.before();
        Some(legend.end())
    }
}
