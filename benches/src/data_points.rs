//! What is published: 100 metrics of all four types, the same for every server, each in its own words.

use std::fmt::Write;

/// Metrics that are published to.
pub(crate) const METRICS: usize = 100;

/// A data point, before it is put into any server's words.
#[derive(Clone, Debug)]
pub(crate) struct DataPoint {
    pub(crate) metric: usize,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Hit,
    Counter(usize),
    /// Milliseconds, with one decimal.
    Timer(usize, usize),
    Word(usize),
}

impl DataPoint {
    /// The data point made from a number: always the same one.
    pub(crate) fn of(seed: usize) -> Self {
        let metric = seed % METRICS;
        let value = match metric % 4 {
            0 => Value::Hit,
            1 => Value::Counter(seed % 1_009),
            2 => Value::Timer(seed % 503, seed % 10),
            _ => Value::Word(seed % 200),
        };
        Self { metric, value }
    }

    /// As micro stat's JavaScript client sends it; with the time, in Unix milliseconds, if there is one.
    pub(crate) fn write_json(&self, at_ms: Option<u64>, json: &mut String) {
        let metric = self.metric;
        let type_name = type_of(metric);
        let _ = write!(json, r#"{{"name":"Metric {metric}","type":"{type_name}","value":"#);
        let _ = match self.value {
            Value::Word(word) => write!(json, r#""word {word}""#),
            _ => write!(json, "{}", self.number()),
        };
        if let Some(at_ms) = at_ms {
            let _ = write!(json, r#","timestamp":{at_ms}"#);
        }
        json.push('}');
    }

    /// Its value as every other server takes it; 1 where it is a word.
    pub(crate) fn number(&self) -> String {
        match self.value {
            Value::Hit | Value::Word(_) => "1".to_owned(),
            Value::Counter(value) => value.to_string(),
            Value::Timer(whole, tenths) => format!("{whole}.{tenths}"),
        }
    }

    /// Its word, if it is one.
    pub(crate) fn word(&self) -> Option<String> {
        match self.value {
            Value::Word(word) => Some(format!("word {word}")),
            _ => None,
        }
    }
}

/// The type of a metric, as it is called on the wire.
pub(crate) fn type_of(metric: usize) -> &'static str {
    ["Hit Counter", "Counter", "Timer", "Word Web"][metric % 4]
}

/// A batch; with another `n`, another one.
pub(crate) fn batch(size: usize, n: usize) -> Vec<DataPoint> {
    (0..size).map(|k| DataPoint::of(n * 7_919 + k)).collect()
}

/// A batch as micro stat reads it.
pub(crate) fn json(points: &[DataPoint]) -> String {
    let mut json = String::from("[");
    for (place, point) in points.iter().enumerate() {
        if place > 0 {
            json.push(',');
        }
        point.write_json(None, &mut json);
    }
    json.push(']');
    json
}

#[cfg(test)]
mod tests {
    use super::{batch, json, type_of};

    #[test]
    fn a_batch_is_json_of_all_four_types() {
        let read: serde_json::Value = serde_json::from_str(&json(&batch(20, 3))).unwrap();
        let read = read.as_array().unwrap();
        assert_eq!(read.len(), 20);
        for kind in (0..4).map(type_of) {
            assert!(read.iter().any(|point| point["type"] == kind), "{kind}");
        }
    }
}
