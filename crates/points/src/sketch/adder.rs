//! Adding up many sketches, by one count for every bin between the lowest and the highest: no search, no shifting.

use super::{Bins, Sketch, decode};
use crate::bytes::{Damaged, Reader};

/// What sketches add up to so far. It is used again for the next ones: [`Adder::take`] leaves it empty.
#[derive(Debug, Default)]
pub(crate) struct Adder {
    negative: Side,
    zeros: u64,
    positive: Side,
    /// Of the run that is being read.
    counts: Vec<u64>,
}

/// Bins from `first` on. Those of all doubles there are take half a megabyte, so it need not be bounded.
#[derive(Debug, Default)]
struct Side {
    first: i32,
    counts: Vec<u64>,
}

impl Adder {
    /// Adds a sketch as it was written.
    pub(crate) fn add(&mut self, from: &mut Reader<'_>) -> Result<(), Damaged> {
        decode(from, &mut self.counts, |first, counts| self.negative.add(first, counts))?;
        self.zeros += from.u64()?;
        decode(from, &mut self.counts, |first, counts| self.positive.add(first, counts))
    }

    /// What they add up to.
    pub(crate) fn take(&mut self) -> Sketch {
        Sketch {
            negative: self.negative.take(),
            zeros: std::mem::take(&mut self.zeros),
            positive: self.positive.take(),
        }
    }
}

impl Side {
    fn add(&mut self, first: i32, counts: &[u64]) {
        if self.counts.is_empty() {
            self.first = first;
        } else if first < self.first {
            let more = self.first.abs_diff(first) as usize;
            self.counts.splice(..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let from = self.first.abs_diff(first) as usize;
        let end = from + counts.len();
        if self.counts.len() < end {
            self.counts.resize(end, 0);
        }
        for (sum, count) in self.counts[from..end].iter_mut().zip(counts) {
            *sum += count;
        }
    }

    fn take(&mut self) -> Bins {
        let bins = (self.first..).zip(self.counts.drain(..));
        bins.filter(|(_, count)| *count > 0).collect()
    }
}
