//! The whole store over a journal on a disk that forgets, tears and fails.

use std::sync::Arc;

use domain::time::DAY;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{METRIC, NOW, PROJECT, batch, buckets, number};
use crate::journal::simulated::{Fail, Simulated};
use crate::{Batch, Error, Inner, Options, Points};

fn on(dir: &TempDir, disk: &Simulated) -> Points {
    let options = Options {
        generation: 400,
        dense: 50,
        ..Options::default()
    };
    let inner: Inner = crate::open::open(dir.path(), options, Some(Arc::new(disk.clone())), None).unwrap();
    Points { inner: Arc::new(inner) }
}

async fn stored(points: &Points) -> u64 {
    let totals = points
        .totals(PROJECT, &buckets(NOW - DAY, NOW + 1, "1h"))
        .await
        .unwrap();
    let series = points
        .series(METRIC, &buckets(NOW - DAY, NOW + 1, "7m"), false)
        .await
        .unwrap();
    let counted = totals.into_iter().sum();
    assert_eq!(series.into_iter().map(|bucket| bucket.count).sum::<u64>(), counted);
    counted
}

/// Batches of 10, each with a key; says how many data points were acknowledged, and how many more there may be.
async fn tried(seed: u64, steps: Vec<Option<Fail>>) {
    let (dir, disk) = (TempDir::new().unwrap(), Simulated::new(seed));
    let mut points = on(&dir, &disk);
    let (mut kept, mut perhaps) = (0, None);
    for (n, step) in steps.into_iter().enumerate() {
        let keyed = Batch {
            key: Some(n.to_string()),
            ..batch((0..10).map(|k| number(NOW - k * 1_000_003, 1.0)).collect())
        };
        let power = step == Some(Fail::Power);
        disk.state().fail = step;
        match points.append(keyed.clone(), NOW).await {
            Ok(outcome) => kept += outcome.stored,
            Err(Error::Unavailable(_)) if power => perhaps = Some(keyed),
            Err(Error::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
        if n % 7 == 0 && !power {
            disk.state().fail = None;
            points.seal().await.unwrap();
        }
        if power {
            drop(points);
            disk.crash();
            points = on(&dir, &disk);
            // Who got no answer asks again, with the same key.
            if let Some(unanswered) = perhaps.take() {
                kept += points.append(unanswered, NOW).await.unwrap().stored;
            }
        }
        assert_eq!(stored(&points).await, kept, "after step {n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_acknowledged_data_point_is_there_once_and_no_refused_one(
        seed in any::<u64>(),
        steps in prop::collection::vec(prop_oneof![
            6 => Just(None),
            1 => Just(Some(Fail::Sync)),
            1 => Just(Some(Fail::Write)),
            1 => Just(Some(Fail::Create)),
            2 => Just(Some(Fail::Power)),
        ], 1..40),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(tried(seed, steps));
    }
}
