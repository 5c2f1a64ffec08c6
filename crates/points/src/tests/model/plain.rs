//! What a plain list of data points comes to.

use domain::id::MetricId;
use domain::range::{Buckets, Range};
use domain::value::Value;

use super::NUMBERS;
use crate::tests::range;
use crate::{Bucket, DataPoint};

pub(super) fn of(points: &[DataPoint], metric: MetricId, range: Range) -> impl Iterator<Item = &DataPoint> {
    points
        .iter()
        .filter(move |point| point.metric == metric && range.contains(point.at))
}

pub(super) fn each(buckets: &Buckets) -> Vec<Range> {
    let ends = buckets.starts().iter().skip(1).copied().chain([buckets.end()]);
    buckets
        .starts()
        .iter()
        .zip(ends)
        .map(|(start, end)| range(*start, end))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
pub(super) fn bucket(points: &[DataPoint], range: Range) -> Bucket {
    let mut values: Vec<f64> = of(points, NUMBERS, range)
        .map(|point| {
            if let Value::Number(number) = point.value {
                number
            } else {
                unreachable!()
            }
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let rank = |quantile: f64| {
        values
            .get((quantile * values.len() as f64).ceil() as usize - 1)
            .copied()
    };
    let mut bucket = Bucket {
        start: range.from(),
        count: values.len() as u64,
        ..Bucket::default()
    };
    if !values.is_empty() {
        let sum: f64 = values.iter().sum();
        bucket.sum = Some(sum);
        bucket.avg = Some(sum / values.len() as f64);
        (bucket.min, bucket.max) = (values.first().copied(), values.last().copied());
        (bucket.p50, bucket.p75, bucket.p95, bucket.p99) = (rank(0.5), rank(0.75), rank(0.95), rank(0.99));
    }
    bucket
}

/// Sums depend on the order they are added in, a little. Quantiles may be off by so much of themselves.
pub(in crate::tests) fn nearly(found: &Bucket, expected: &Bucket, off: f64) -> bool {
    let close = |a: Option<f64>, b: Option<f64>, by: f64| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= by.max(b.abs() * off),
        (a, b) => a == b,
    };
    let quantiles = |bucket: &Bucket| [bucket.p50, bucket.p75, bucket.p95, bucket.p99];
    let rounded = Bucket {
        sum: expected.sum,
        avg: expected.avg,
        p50: expected.p50,
        p75: expected.p75,
        p95: expected.p95,
        p99: expected.p99,
        ..*found
    };
    let mut pairs = quantiles(found).into_iter().zip(quantiles(expected));
    close(found.sum, expected.sum, 1e-6)
        && close(found.avg, expected.avg, 1e-6)
        && pairs.all(|(found, expected)| close(found, expected, 0.0))
        && rounded == *expected
}

pub(super) fn hits_of(point: &DataPoint) -> u64 {
    if let Value::Hits(hits) = point.value {
        u64::from(hits)
    } else {
        0
    }
}

pub(super) fn text(point: &DataPoint) -> String {
    if let Value::Word(word) = &point.value {
        word.clone()
    } else {
        unreachable!()
    }
}
