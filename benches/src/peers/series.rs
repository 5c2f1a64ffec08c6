//! A batch by series, for those who send one name and many values.

use std::collections::BTreeMap;

use crate::data_points::DataPoint;

/// A metric's values, or a word's.
pub(super) struct Series {
    pub(super) metric: usize,
    pub(super) word: Option<String>,
    /// In the order they were published.
    pub(super) values: Vec<String>,
}

pub(super) fn of(points: &[DataPoint]) -> Vec<Series> {
    let mut all = BTreeMap::<_, Vec<String>>::new();
    for point in points {
        all.entry((point.metric, point.word()))
            .or_default()
            .push(point.number());
    }
    let series = |((metric, word), values)| Series { metric, word, values };
    all.into_iter().map(series).collect()
}
