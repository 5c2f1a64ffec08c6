//! Bins of values, as people read them.

use crate::frame::NARROW;
use crate::svg::float_len;
use crate::text::ems;
use crate::unit::Unit;

/// How wide text is, and how far labels are apart at least, in pixels.
const FONT: f64 = 12.0;
const APART: f64 = 10.0;

/// The edges of bins, rising; one more than bins. If all of them lie halfway between whole numbers, values are whole, and
/// a bin is named by the numbers in it.
#[derive(Clone, Copy)]
pub(crate) struct Bins<'a> {
    pub(crate) edges: &'a [f64],
    pub(crate) unit: Unit,
}

/// A label on an axis of values.
pub(crate) struct Label {
    /// In percent of the axis.
    pub(crate) at: f64,
    pub(crate) text: String,
}

impl Bins<'_> {
    pub(crate) fn count(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    fn is_whole(&self) -> bool {
        self.edges
            .iter()
            .all(|edge| (edge - edge.floor() - 0.5).abs() < 1e-9 && edge.abs() < 1e15)
    }

    /// Whether each bin is one whole number.
    fn is_single(&self) -> bool {
        self.is_whole() && self.edges.windows(2).all(|bin| bin[1] - bin[0] < 1.5)
    }

    /// What is in a bin: `4`, `5–9`, `200 – 300 ms`.
    pub(crate) fn words(&self, bin: usize) -> String {
        let (from, to) = (self.edges[bin], self.edges[bin + 1]);
        if self.is_whole() {
            let (first, last) = (from.ceil(), to.floor());
            return if first >= last {
                self.unit.show(first)
            } else {
                format!("{} – {}", self.bare(first), self.unit.show(last))
            };
        }
        format!("{} – {}", self.unit.show(from), self.unit.show(to))
    }

    /// The first of two numbers whose unit is said after the second.
    fn bare(&self, value: f64) -> String {
        match self.unit {
            Unit::Milliseconds => self.unit.show(value),
            _ => Unit::Number.show(value),
        }
    }

    /// Where a value lies on an axis on which all bins are equally wide, in percent.
    pub(crate) fn percent(&self, value: f64) -> f64 {
        let bins = self.count();
        if bins == 0 || !value.is_finite() {
            return 0.0;
        }
        let bin = self
            .edges
            .partition_point(|edge| *edge <= value)
            .saturating_sub(1)
            .min(bins - 1);
        let within = (value - self.edges[bin]) / (self.edges[bin + 1] - self.edges[bin]);
        let within = if within.is_finite() {
            within.clamp(0.0, 1.0)
        } else {
            0.0
        };
        (float_len(bin) + within) / float_len(bins) * 100.0
    }

    /// Up to `most` labels, evenly chosen: of single whole numbers at the bins' middles, else at edges.
    pub(crate) fn labels(&self, most: usize) -> Vec<Label> {
        let all = self.all_labels();
        let every = all.len().div_ceil(most.max(1)).max(1);
        all.into_iter().step_by(every).collect()
    }

    /// Labels of a horizontal axis, with the class that hides each where there is no room for it. The last edge has
    /// none: it would stand in the way of the one before.
    pub(crate) fn labels_below(&self) -> Vec<(Label, &'static str)> {
        let mut all = self.all_labels();
        all.truncate(self.count());
        let widest = all.iter().map(|label| ems(&label.text)).fold(0.0, f64::max) * FONT + APART;
        // Each set of labels that fits where it is narrower is some of the one before.
        let mut every = 1;
        let steps = NARROW.map(|(class, pixels)| {
            while float_len(all.len().div_ceil(every)) * widest > f64::from(pixels) && every < all.len() {
                every *= 2;
            }
            (class, every)
        });
        let [(minor, widely), (medial, narrowly), (major, hardly)] = steps;
        let nearest = usize::midpoint(all.len(), hardly) / hardly * hardly;
        let middle = if nearest < all.len() { nearest } else { 0 };
        let class = |place: usize| {
            if place == middle {
                ""
            } else if !place.is_multiple_of(narrowly) {
                minor
            } else if !place.is_multiple_of(hardly) {
                medial
            } else {
                major
            }
        };
        let shown = all
            .into_iter()
            .enumerate()
            .filter(|(place, _)| place.is_multiple_of(widely));
        shown.map(|(place, label)| (label, class(place))).collect()
    }

    fn all_labels(&self) -> Vec<Label> {
        let bins = self.count();
        if bins == 0 {
            return Vec::new();
        }
        let single = self.is_single();
        let label = |place: usize| {
            let edge = self.edges[place];
            let (off, value) = match (single, self.is_whole()) {
                (true, _) => (0.5, edge.ceil()),
                // The bin to the right of the edge begins with this number.
                (false, true) => (0.0, edge.ceil()),
                (false, false) => (0.0, edge),
            };
            Label {
                at: (float_len(place) + off) / float_len(bins) * 100.0,
                text: if value == 0.0 {
                    "0".to_owned()
                } else {
                    self.unit.brief(value)
                },
            }
        };
        (0..if single { bins } else { bins + 1 }).map(label).collect()
    }
}
