//! What holds of every body of a request, whatever bytes it is made of. Panics if it doesn't.

use domain::batch::{Batch, Limits};
use domain::reason::{Reason, Rejections};
use domain::time::{DAY, MINUTE, Micros};
use domain::value::Value;

/// 2026-11-24T10:20:30Z.
const NOW: Micros = Micros(1_795_515_630_000_000);

pub(crate) fn check(body: &[u8]) {
    let limits = Limits {
        now: NOW,
        oldest: NOW - 90 * DAY,
        max_elements: 20,
    };
    let refused = Batch::refuse(body, Reason::ProjectPaused);
    let Ok(batch) = Batch::parse(body, &limits) else {
        assert!(refused.is_err(), "what can't be read can't be refused one by one");
        return;
    };
    assert_eq!(batch.points.len() + batch.rejections.total(), batch.elements);
    assert_eq!(refused.expect("it can be read").total(), batch.elements);
    assert!(batch.points.len() <= limits.max_elements);
    assert!(batch.warnings.len() <= Rejections::LISTED);
    let listed = batch.rejections.listed();
    assert_eq!(listed.len(), batch.rejections.total().min(Rejections::LISTED));
    assert!(listed.windows(2).all(|pair| pair[0].index < pair[1].index));
    let counts = batch.rejections.counts();
    let counted: usize = counts.values().map(|count| count.data_points).sum();
    assert_eq!(counted, batch.rejections.total());
    let samples = counts.values().flat_map(|count| &count.samples);
    let samples = samples.map(|sample| sample.text.chars().count());
    assert!(samples.max().unwrap_or(0) <= Rejections::SAMPLE_CHARS);
    for (place, metric) in batch.metrics.iter().enumerate() {
        let name = metric.name.as_str();
        assert!((1..=255).contains(&name.chars().count()) && !name.chars().any(char::is_control));
        assert!(batch.metrics[..place].iter().all(|other| other != metric));
    }
    for point in &batch.points {
        assert!(point.index < batch.elements && point.metric < batch.metrics.len());
        assert!(
            limits.oldest <= point.at && point.at <= NOW + 10 * MINUTE,
            "{}",
            point.at
        );
        match &point.value {
            Value::Hits(hits) => assert!((1..=1_000_000).contains(hits)),
            Value::Number(number) => assert!(number.is_finite()),
            Value::Word(word) => assert!((1..=256).contains(&word.chars().count())),
        }
    }
}
