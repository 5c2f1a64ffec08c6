//! What the past looks like: 100 metrics of all four types over 30 days, like those of real apps. Every run makes the
//! same data points, but for when they end.

use std::fmt::Write;

use crate::data_points::{METRICS, type_of};
use crate::table::float;

/// How far back they go.
pub(crate) const SPAN_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Different words of a metric.
const WORDS: f64 = 50.0;

/// A small generator (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.roll() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// So many data points, evenly spread over the 30 days before `end_ms`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub(crate) end_ms: u64,
    pub(crate) points: usize,
    /// How many share a millisecond, as those of one batch of an app do.
    pub(crate) together: usize,
}

impl Past {
    /// The data points from one place to another, as a batch.
    pub(crate) fn json(&self, places: std::ops::Range<usize>) -> String {
        let mut json = String::with_capacity(places.len() * 90);
        json.push('[');
        for place in places {
            if json.len() > 1 {
                json.push(',');
            }
            self.write(place, &mut json);
        }
        json.push(']');
        json
    }

    fn write(&self, place: usize, json: &mut String) {
        let mut dice = Dice(place as u64);
        let metric = usize::try_from(dice.below(METRICS as u64)).unwrap_or(0);
        let type_name = type_of(metric);
        let _ = write!(json, r#"{{"name":"Metric {metric}","type":"{type_name}","value":"#);
        let _ = match metric % 4 {
            0 => write!(json, "1"),
            1 => write!(json, "{:.0}", (20.0 + 8.0 * dice.normal()).max(0.0)),
            2 => write!(json, "{:.1}", 120.0 * (0.6 * dice.normal()).exp()),
            // few are frequent
            _ => write!(json, r#""/page/{:.0}""#, WORDS.powf(dice.unit()).floor()),
        };
        let _ = write!(json, r#","timestamp":{}}}"#, self.at_ms(place));
    }

    fn at_ms(&self, place: usize) -> u64 {
        let first = place / self.together * self.together;
        let gap = float(usize::try_from(SPAN_MS).unwrap_or(usize::MAX)) / float(self.points);
        // not like clockwork: anywhere between its own place and that of the next
        let ahead = (float(first) + Dice(first as u64 ^ 0x5eed).unit()) * gap;
        let ahead = std::time::Duration::from_secs_f64(ahead / 1e3);
        self.end_ms - SPAN_MS + u64::try_from(ahead.as_millis()).unwrap_or(SPAN_MS).min(SPAN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::{Past, SPAN_MS};

    #[test]
    fn it_is_spread_over_thirty_days_in_the_order_of_time() {
        let past = Past {
            end_ms: 1_790_000_000_000,
            points: 10_000,
            together: 1,
        };
        let times: Vec<u64> = (0..10_000).map(|place| past.at_ms(place)).collect();
        assert!(times.is_sorted());
        assert!(times[0] >= past.end_ms - SPAN_MS && times[9_999] <= past.end_ms);
        assert!(past.end_ms - times[9_999] < SPAN_MS / 5_000);
        let read: serde_json::Value = serde_json::from_str(&past.json(0..1_000)).unwrap();
        assert_eq!(read.as_array().unwrap().len(), 1_000);
    }

    #[test]
    fn those_of_one_batch_share_a_millisecond() {
        let past = Past {
            end_ms: 1_790_000_000_000,
            points: 10_000,
            together: 20,
        };
        assert_eq!(past.at_ms(20), past.at_ms(39));
        assert!(past.at_ms(19) < past.at_ms(20));
    }
}
