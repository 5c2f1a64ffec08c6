use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, Micros};
use domain::value::Value;

use super::{METRIC, NOW, PROJECT, batch, buckets, fresh, number, open, point, range, store};
use crate::{Batch, Points};

const OTHER: MetricId = MetricId(71);

async fn total(points: &Points, project: ProjectId, step: &str) -> u64 {
    points
        .totals(project, &buckets(NOW - 3 * DAY, NOW + HOUR, step))
        .await
        .unwrap()
        .into_iter()
        .sum()
}

#[tokio::test]
async fn a_deleted_metric_is_out_of_everything() {
    let (_dir, points) = fresh().await;
    store(&points, (0..12_000).map(|n| number(NOW - n, 1.0)).collect()).await;
    store(
        &points,
        vec![
            point(OTHER, NOW, Value::Word("kept".into())),
            point(OTHER, NOW - DAY, Value::Word("kept".into())),
        ],
    )
    .await;
    assert_eq!(points.delete_metric(METRIC).await.unwrap(), 12_000);
    for step in ["5m", "1h"] {
        assert_eq!(total(&points, PROJECT, step).await, 2);
    }
    assert_eq!(
        points.busiest(PROJECT, range(NOW - 2 * DAY, NOW + 1), 9).await.unwrap(),
        [(OTHER, 2)]
    );
    assert_eq!(points.summaries(PROJECT, NOW).await.unwrap().len(), 1);
    assert_eq!(
        points
            .data_points(METRIC, range(NOW - DAY, NOW + 1), 9, None)
            .await
            .unwrap()
            .data_points,
        []
    );
    assert_eq!(points.delete_metric(METRIC).await.unwrap(), 0, "again does no harm");
    store(&points, vec![number(NOW, 1.0)]).await;
    assert_eq!(
        points.summaries(PROJECT, NOW).await.unwrap()[0].last_24h,
        1,
        "the name may be used again"
    );
}

#[tokio::test]
async fn a_deleted_project_takes_its_keys_along_and_nothing_of_others() {
    let (_dir, points) = fresh().await;
    let mine = Batch {
        key: Some("k".into()),
        ..batch(vec![number(NOW, 1.0), point(OTHER, NOW, Value::Hits(3))])
    };
    let others = Batch {
        project: ProjectId(8),
        points: vec![point(MetricId(80), NOW, Value::Hits(1))],
        ..mine.clone()
    };
    points.append(mine.clone(), NOW).await.unwrap();
    points.append(others.clone(), NOW).await.unwrap();
    assert_eq!(points.delete_project(PROJECT).await.unwrap(), 2);
    assert!(!points.any(PROJECT).await.unwrap());
    assert_eq!(total(&points, PROJECT, "1h").await, 0);
    assert_eq!(total(&points, ProjectId(8), "1h").await, 1);
    assert!(points.append(others, NOW).await.unwrap().replayed.is_some());
    assert!(points.append(mine, NOW).await.unwrap().replayed.is_none());
}

#[tokio::test]
async fn retention_forgets_whole_days() {
    let (_dir, points) = fresh().await;
    let midnight = NOW.floor(DAY);
    let at = |at: Micros| point(METRIC, at, Value::Word("w".into()));
    store(
        &points,
        vec![at(midnight - DAY - 1), at(midnight - 1), at(midnight), at(NOW)],
    )
    .await;
    let others = Batch {
        project: ProjectId(8),
        points: vec![point(OTHER, midnight - DAY, Value::Hits(1))],
        ..batch(vec![])
    };
    points.append(others, NOW).await.unwrap();
    assert_eq!(points.forget_before(PROJECT, NOW).await.unwrap(), 2);
    for step in ["5m", "1h", "1d"] {
        assert_eq!(total(&points, PROJECT, step).await, 2, "{step}");
        assert_eq!(total(&points, ProjectId(8), step).await, 1, "{step}");
    }
    let words = points
        .words(METRIC, range(midnight - 2 * DAY, midnight + DAY), 9)
        .await
        .unwrap();
    assert_eq!(words.total, 2);
}

#[tokio::test]
async fn a_copy_is_a_store_of_its_own() {
    let (dir, points) = fresh().await;
    store(&points, vec![number(NOW, 1.0)]).await;
    let copy = tempfile::TempDir::new().unwrap();
    Points::copy(dir.path(), copy.path()).unwrap();
    store(&points, vec![number(NOW, 2.0)]).await;
    assert_eq!(total(&open(&copy).await, PROJECT, "1h").await, 1);
    assert!(Points::copy(dir.path(), copy.path()).is_err(), "never over a file");
    drop(points);
    assert_eq!(total(&open(&dir).await, PROJECT, "1h").await, 2);
}
