use domain::id::{MetricId, ProjectId};
use domain::time::DAY;
use domain::value::Value;

use super::{NOW, PROJECT, batch, buckets, fresh, number, point, range, store};
use crate::{Batch, Error, Options, Points};

const THEIRS: ProjectId = ProjectId(8);

fn theirs(n: i64) -> Batch {
    let of = (0..n).map(|k| point(MetricId(80), NOW - k, Value::Word(format!("w{}", k % 3))));
    Batch {
        project: THEIRS,
        key: Some(format!("key {n}")),
        ..batch(of.collect())
    }
}

async fn total(points: &Points, project: ProjectId) -> u64 {
    let totals = points
        .totals(project, &buckets(NOW - DAY, NOW + 1, "1h"))
        .await
        .unwrap();
    let counts = points.busiest(project, range(NOW - DAY, NOW + 1), 9).await.unwrap();
    let total = totals.into_iter().sum();
    assert_eq!(counts.into_iter().map(|(_, count)| count).sum::<u64>(), total);
    total
}

#[tokio::test]
async fn what_a_guest_stores_both_see_at_once_and_after_a_restart() {
    let (dir, points) = fresh().await;
    store(&points, vec![number(NOW, 1.0)]).await;
    let guest = Points::open_beside(dir.path(), Options::default()).await.unwrap();
    assert!(!points.any(THEIRS).await.unwrap());
    assert_eq!(guest.append(theirs(10), NOW).await.unwrap().stored, 10);
    assert!(points.any(THEIRS).await.unwrap());
    assert_eq!((total(&points, THEIRS).await, total(&guest, THEIRS).await), (10, 10));
    assert!(guest.append(theirs(10), NOW).await.unwrap().replayed.is_some());
    points.seal().await.unwrap();
    guest.append(theirs(20), NOW).await.unwrap();
    store(&points, vec![number(NOW, 2.0)]).await;
    points.seal().await.unwrap();
    for both in [&points, &guest] {
        assert_eq!((total(both, THEIRS).await, total(both, PROJECT).await), (30, 2));
        assert_eq!(both.summaries(THEIRS, NOW).await.unwrap()[0].last_24h, 30);
    }
    assert!(matches!(guest.delete_project(THEIRS).await, Err(Error::Locked)));
    assert_eq!(points.delete_project(THEIRS).await.unwrap(), 30);
    assert_eq!(total(&points, THEIRS).await, 0);
    drop((points, guest));
    let alone = Points::open_beside(dir.path(), Options::default()).await.unwrap();
    assert_eq!((total(&alone, THEIRS).await, total(&alone, PROJECT).await), (0, 2));
    assert_eq!(
        alone.delete_project(PROJECT).await.unwrap(),
        2,
        "who is alone is no guest"
    );
}
