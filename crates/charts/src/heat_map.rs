//! How values are spread, over time: the darker a cell, the more data points had such values then.

use std::fmt::Write as _;

use domain::time::Micros;

use crate::bins::{Bins, Label};
use crate::frame::{Frame, Span, spans, table};
use crate::mark::Mark;
use crate::number;
use crate::plot::{caption_left, grid};
use crate::scale::LABEL;
use crate::svg::{Svg, Tenth, Text, float, float_len};
use crate::table::Table;
use crate::text::ems;
use crate::time_axis::TimeAxis;
use crate::unit::{Name, Unit};

/// So many steps of intensity.
pub const STEPS: usize = 8;
/// Labels of values beside the picture.
const LABELS: usize = 8;
/// A read-out names so many bins.
const NAMED: usize = 6;

/// Time from left to right, values from bottom to top.
#[derive(Clone, Copy, Debug)]
pub struct HeatMap<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// What the values are.
    pub unit: Unit,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// When each bucket starts, rising. Up to a hundred read best.
    pub starts: &'a [Micros],
    /// The bins' edges, rising; about twenty read best. All are drawn equally high. If each lies halfway between two
    /// whole numbers, values are whole.
    pub edges: &'a [f64],
    /// For each bucket, how many data points are in each bin.
    pub counts: &'a [Vec<u64>],
    /// Annotations; those outside the time shown are left out.
    pub marks: &'a [Mark<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl HeatMap<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let (labels, caption) = self.labels();
        let frame = Frame::new(self.axis, self.marks, self.height, caption.is_some());
        let spans = self.spans();
        let mut svg = frame.begin("heat-map", self.title, &self.sentence(&spans), &[]);
        caption_left(&mut svg, caption);
        for label in labels {
            let y = frame.plot.top + (1.0 - label.at / 100.0) * frame.plot.height();
            grid(&mut svg, y, label.at == 0.0, &label.text);
        }
        if self.bins().count() == 0 {
            grid(&mut svg, frame.plot.floor(), true, "");
        }
        frame.plot.begin_paths(&mut svg);
        let steps = self.steps();
        for step in 1..=STEPS {
            let path = self.cells(&frame, &spans, |place, bin| steps[bin][place] == step);
            if !path.is_empty() {
                svg.put(format_args!("<path class=\"h{step}\" d=\"{path}\"/>"));
            }
        }
        svg.put(format_args!("</svg>"));
        if steps.iter().flatten().all(|step| *step == 0) {
            frame.plot.nothing(&mut svg);
        }
        frame.hits(
            &mut svg,
            &spans,
            |place| self.values(place),
            |place| self.left_out(place),
        );
        svg.put(format_args!("</svg>"));
        svg
    }

    /// Labels of values, and the unit if it has no room after them.
    fn labels(&self) -> (Vec<Label>, Option<Name>) {
        let labels = self.bins().labels(LABELS);
        match self.unit {
            Unit::Named(name) if labels.iter().any(|label| ems(&label.text) > LABEL) => {
                let unit = Unit::Number;
                (Bins { unit, ..self.bins() }.labels(LABELS), Some(name))
            }
            _ => (labels, None),
        }
    }

    /// Some cells, by bucket and bin, as one path; neighbours in a row are one cell.
    fn cells(&self, frame: &Frame<'_>, spans: &[Span], is_one: impl Fn(usize, usize) -> bool) -> String {
        let bins = self.bins().count();
        let high = frame.plot.height() / float_len(bins.max(1));
        let mut path = String::new();
        for bin in 0..bins {
            for run in crate::curve::runs(spans.len(), |place| is_one(place, bin)) {
                let (from, to) = (spans[run.start].left, spans[run.end - 1].right());
                let top = Tenth(high * float_len(bins - 1 - bin));
                // Writing into a String can't fail.
                let _ = write!(
                    path,
                    "M{} {top}H{}v{}H{}Z",
                    Tenth(from * 10.0),
                    Tenth(to * 10.0),
                    Tenth(high),
                    Tenth(from * 10.0)
                );
            }
        }
        path
    }

    fn at(&self, place: usize, bin: usize) -> u64 {
        self.counts
            .get(place)
            .and_then(|counts| counts.get(bin))
            .copied()
            .unwrap_or(0)
    }

    fn most(&self) -> u64 {
        let bins = self.bins().count();
        let counts = self.counts.iter().flat_map(|counts| counts.iter().take(bins));
        counts.copied().max().unwrap_or(0)
    }

    /// How intense each cell is, a row a bin: from 1; 0 for none. By the count's square root: else a few cells would be
    /// all there is to see.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of eight steps"
    )]
    fn steps(&self) -> Vec<Vec<usize>> {
        let most = float(self.most().max(1));
        let step = |count: u64| match count {
            0 => 0,
            _ => (((float(count) / most).sqrt() * float_len(STEPS)).ceil() as usize).clamp(1, STEPS),
        };
        let row = |bin| (0..self.starts.len()).map(|place| step(self.at(place, bin))).collect();
        (0..self.bins().count()).map(row).collect()
    }

    /// The greatest count of a step.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no more than the greatest count"
    )]
    fn limit(&self, step: usize) -> u64 {
        let share = float_len(step) / float_len(STEPS);
        (float(self.most()) * share * share).floor() as u64
    }

    fn bins(&self) -> Bins<'_> {
        Bins {
            edges: self.edges,
            unit: self.unit,
        }
    }

    fn spans(&self) -> Vec<Span> {
        spans(self.axis, self.starts.iter().copied())
    }

    fn total(&self, place: usize) -> u64 {
        let counts = (0..self.bins().count()).map(|bin| self.at(place, bin));
        counts.fold(0, u64::saturating_add)
    }

    /// The bins that have something, highest first.
    fn filled(&self, place: usize) -> Vec<usize> {
        (0..self.bins().count())
            .rev()
            .filter(|bin| self.at(place, *bin) > 0)
            .collect()
    }

    /// The fullest bins of a bucket, highest first.
    fn fullest(&self, place: usize) -> Vec<usize> {
        let mut bins = self.filled(place);
        bins.sort_by_key(|bin| std::cmp::Reverse(self.at(place, *bin)));
        bins.truncate(NAMED);
        bins.sort_unstable_by(|a, b| b.cmp(a));
        bins
    }

    fn values(&self, place: usize) -> Vec<(String, String)> {
        let total = self.total(place);
        if total == 0 {
            return Vec::new();
        }
        let named = |bin: usize| {
            let count = self.at(place, bin);
            let share = number::percent(float(count) / float(total));
            (self.bins().words(bin), format!("{} ({share})", number::count(count)))
        };
        let mut values: Vec<(String, String)> = self.fullest(place).into_iter().map(named).collect();
        values.push(("Data points".to_owned(), number::count(total)));
        values
    }

    fn left_out(&self, place: usize) -> Option<String> {
        let more = self.filled(place).len().saturating_sub(NAMED);
        match more {
            0 => None,
            1 => Some("And one smaller group".to_owned()),
            more => Some(format!("And {more} smaller groups")),
        }
    }

    fn sentence(&self, spans: &[Span]) -> String {
        let bins = self.bins().count();
        let cells = (0..spans.len()).flat_map(|place| (0..bins).map(move |bin| (place, bin)));
        let most = cells.max_by_key(|(place, bin)| (self.at(*place, *bin), std::cmp::Reverse(*place)));
        match most.filter(|_| self.most() > 0) {
            Some((place, bin)) => format!(
                "Most data points in one cell: {}, {}, {}.",
                number::count(self.at(place, bin)),
                self.bins().words(bin),
                self.axis.words(spans[place].start, spans[place].end)
            ),
            None => "No data points.".to_owned(),
        }
    }

    /// The same as words: how many there were, and where most of them lay.
    #[must_use]
    pub fn table(&self) -> Table {
        let headers = ["Data points", "Most of them"].map(str::to_owned);
        table(self.axis, self.marks, &self.spans(), headers, |place| {
            let bins = self.filled(place).into_iter();
            let most = bins.max_by_key(|bin| self.at(place, *bin)).map(|bin| {
                let count = number::count(self.at(place, bin));
                format!("{}: {count}", self.bins().words(bin))
            });
            vec![number::count(self.total(place)), most.unwrap_or_else(|| "–".to_owned())]
        })
    }

    /// What the steps of intensity stand for, as a list for below the picture.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let mut svg = Svg::default();
        svg.put(format_args!(
            "<ul class=\"legend\"><li><span>Data points in a cell: 1</span><svg class=\"ramp\" \
                              viewBox=\"0 0 144 14\" width=\"144\" height=\"14\" aria-hidden=\"true\">"
        ));
        for step in 1..=STEPS {
            let above = if step == 1 { 1 } else { self.limit(step - 1) + 1 };
            svg.put(format_args!(
                "<rect class=\"h{step}\" x=\"{}\" width=\"18\" height=\"14\"><title>{} – {}</title></rect>",
                (step - 1) * 18,
                number::count(above),
                number::count(self.limit(step).max(above))
            ));
        }
        svg.put(format_args!(
            "</svg><span>{}</span></li></ul>",
            Text(&number::count(self.most().max(1)))
        ));
        svg
    }
}
