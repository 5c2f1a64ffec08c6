use std::time::Duration;

use domain::time::DAY;
use tempfile::TempDir;

use super::{METRIC, NOW, batch, buckets, number, total};
use crate::{Batch, Error, Options, Points};

fn small(max_pages: u32) -> Options {
    Options {
        max_pages: Some(max_pages),
        journal: 3 << 21,
        generation: 20_000,
        wait: Duration::from_mins(1),
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_whole_batches_and_recovers() {
    let dir = TempDir::new().unwrap();
    let points = Points::open(dir.path(), small(60)).await.unwrap();
    // Nothing of it can be packed: 16 random bytes each, nearly.
    let some = |key: u64| {
        let noise = |n: u64| (key + n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 12;
        let point = |n| {
            let bits = noise(n) | 0x3ff0_0000_0000_0000;
            number(NOW - (noise(n) % 80_000_000_000).cast_signed(), f64::from_bits(bits))
        };
        Batch {
            key: Some(format!("key {key}")),
            ..batch((0..2_000).map(point).collect())
        }
    };
    let mut stored = 0;
    let refused = loop {
        match points.append(some(stored), NOW).await {
            Ok(outcome) => stored += outcome.stored,
            Err(error) => break error,
        }
        assert!(stored < 1_000_000, "the disk never was full");
    };
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    assert!(stored > 0);
    assert_eq!(
        total(&points, "1h").await,
        stored,
        "nothing of the refused batch was kept"
    );
    let series = points
        .series(METRIC, &buckets(NOW - DAY, NOW + 1, "5m"), false)
        .await
        .unwrap();
    assert_eq!(series.iter().map(|bucket| bucket.count).sum::<u64>(), stored);
    let again = points.append(some(stored), NOW).await;
    assert!(
        matches!(again, Err(Error::Unavailable(_))),
        "its key was not remembered either: {refused}, {again:?}"
    );

    assert_eq!(points.delete_metric(METRIC).await.unwrap(), stored);
    points.seal().await.unwrap();
    let after = points.append(some(stored), NOW).await.unwrap();
    assert_eq!((after.stored, after.replayed), (2_000, None));
    assert_eq!(total(&points, "1h").await, 2_000);
}

#[tokio::test]
async fn who_finds_the_queue_full_is_refused_after_a_while() {
    let dir = TempDir::new().unwrap();
    let options = Options {
        queue: 1_000,
        wait: Duration::from_millis(20),
        ..Options::default()
    };
    let points = Points::open(dir.path(), options).await.unwrap();
    let taken = points.inner.room.clone().acquire_many_owned(1_000).await.unwrap();
    let refused = points.append(batch(vec![number(NOW, 1.0)]), NOW).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    drop(taken);
    // More than the queue holds: it takes the whole queue rather than waiting for ever.
    let big = batch((0..50).map(|n| number(NOW - n, 1.0)).collect());
    assert_eq!(points.append(big, NOW).await.unwrap().stored, 50);
}
