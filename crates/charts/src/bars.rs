//! Counts over time.

use domain::time::Micros;

use crate::Bucket;
use crate::frame::{Frame, Span, spans};
use crate::number::{self, Unit};
use crate::scale::Scale;
use crate::svg::{At, Svg, float, float_len};
use crate::table::Table;
use crate::time_axis::TimeAxis;

/// Up to so many bars have round shoulders; beyond twice as many there is no gap to spare.
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
    /// In pixels, axis included.
    pub height: u32,
}

impl Bars<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let scale = Scale::fit(self.buckets.iter().map(|b| float(b.count)), Unit::Count);
        let frame = Frame::new(self.axis, &scale, self.height);
        let spans = self.spans();
        let mut svg = frame.begin("bars", self.title, &self.sentence(&spans));
        frame.begin_bars(&mut svg, self.buckets.len() > 2 * FEW);
        for (bucket, span) in self.buckets.iter().zip(&spans).filter(|(bucket, _)| bucket.count > 0) {
            self.bar(&mut svg, &frame, bucket.count, *span);
        }
        svg.put(format_args!("</svg>"));
        if self.buckets.iter().all(|bucket| bucket.count == 0) {
            frame.nothing(&mut svg);
        }
        frame.hits(&mut svg, &spans, |index| {
            vec![(self.measure.to_owned(), number::count(self.buckets[index].count))]
        });
        svg.put(format_args!("</svg>"));
        svg
    }

    fn bar(&self, svg: &mut Svg, frame: &Frame<'_>, count: u64, span: Span) {
        let bars = self.buckets.len();
        let share = if bars <= FEW {
            0.8
        } else if bars <= 2 * FEW {
            0.9
        } else {
            1.0
        };
        let width = (span.width * share).min(WIDEST);
        let round = if bars <= FEW { 3.0 - float_len(bars) / 50.0 } else { 0.0 };
        let height = (frame.plot() - frame.y(float(count))).max(LEAST);
        svg.put(format_args!(
            "<rect class=\"bar{}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"{}\" rx=\"{}\"/>",
            if span.open { " is-open" } else { "" },
            At(span.middle() - width / 2.0),
            At(frame.plot() - height),
            At(width),
            // The lower shoulders lie below the edge, cut off.
            At(height + round),
            At(round)
        ));
    }

    fn spans(&self) -> Vec<Span> {
        let starts: Vec<Micros> = self.buckets.iter().map(|bucket| bucket.start).collect();
        spans(self.axis, &starts)
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
        let row =
            |(bucket, span): (&Bucket, &Span)| vec![self.axis.words(span.start, span.end), number::count(bucket.count)];
        Table {
            headers: vec!["Time".to_owned(), self.measure.to_owned()],
            rows: self.buckets.iter().zip(&self.spans()).map(row).collect(),
        }
    }
}
