//! Chance that falls the same way every time, from a seed.

/// A stream of random numbers: `SplitMix64`, which is small and good enough to look at.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 up to but without 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around 0, two thirds of it within 1: Box and Muller's transform.
    pub(super) fn normal(&mut self) -> f64 {
        let (a, b) = (1.0 - self.share(), self.share());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    /// How often something happens that happens `mean` times on average (Poisson).
    pub(super) fn times(&mut self, mean: f64) -> u32 {
        let (mut times, mut product) = (0, self.share());
        let least = (-mean).exp();
        while product > least {
            times += 1;
            product *= self.share();
        }
        times
    }

    /// Around `median`, never below 0, now and then far above it: as durations and prices are (log-normal).
    pub(super) fn skewed(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }

    /// One of these, the greater its weight the more often.
    pub(super) fn pick<'t>(&mut self, weighted: &[(&'t str, f64)]) -> &'t str {
        let all: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut left = self.share() * all;
        for (one, weight) in weighted {
            left -= weight;
            if left < 0.0 {
                return one;
            }
        }
        weighted.last().map_or("", |(one, _)| one)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn it_falls_as_it_should_and_the_same_way_every_time() {
        let mut dice = Dice::new(7);
        let rolls = 20_000;
        let times: u32 = (0..rolls).map(|_| dice.times(3.0)).sum();
        assert!((f64::from(times) / f64::from(rolls) - 3.0).abs() < 0.05);
        let above = (0..rolls).filter(|_| dice.skewed(100.0, 0.5) > 100.0).count();
        assert!(above.abs_diff(10_000) < 300, "{above}");
        let first = (0..rolls)
            .filter(|_| dice.pick(&[("a", 3.0), ("b", 1.0)]) == "a")
            .count();
        assert!(first.abs_diff(15_000) < 300, "{first}");
        assert_eq!(Dice::new(7).bits(), Dice::new(7).bits());
        assert_ne!(Dice::new(7).bits(), Dice::new(8).bits());
    }
}
