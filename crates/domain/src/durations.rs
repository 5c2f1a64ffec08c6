//! How long things took: counted in few buckets, by whoever does them, and read by whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets, in microseconds; what took longer is in one more.
pub const BOUNDS: [i64; 7] = [1_000, 5_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Durations, counted. Adding one costs two numbers added, without waiting for anybody.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// What was counted up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many took at most as long as each of the [`BOUNDS`] says, shorter ones included; last of all, how many there were.
    pub at_most: [u64; BOUNDS.len() + 1],
    /// Microseconds that all of them took.
    pub micros: u64,
}

impl Durations {
    /// Counts one. A clock that was set back makes none negative.
    pub fn add(&self, micros: i64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(micros).unwrap_or(0);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far. What is just being added may be in one part of it and not yet in another.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let mut sum = 0;
        let at_most = std::array::from_fn(|bucket| {
            sum += self.buckets[bucket].load(Ordering::Relaxed);
            sum
        });
        let micros = self.micros.load(Ordering::Relaxed);
        Counted { at_most, micros }
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS, Durations};

    #[test]
    fn each_duration_is_in_the_first_bucket_it_fits_and_in_all_above() {
        let durations = Durations::default();
        for micros in [-5, 0, BOUNDS[0], BOUNDS[0] + 1, BOUNDS[6], BOUNDS[6] + 1] {
            durations.add(micros);
        }
        let counted = durations.counted();
        assert_eq!(counted.at_most, [3, 4, 4, 4, 4, 4, 5, 6]);
        assert_eq!(counted.micros, 2 * 1_000 + 1 + 2 * 10_000_000 + 1);
    }
}
