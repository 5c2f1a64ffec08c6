use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, MINUTE};
use domain::value::Value;

use super::{METRIC, NOW, PROJECT, fresh, number, point, store};

#[tokio::test]
async fn a_metric_in_a_line() {
    let (_dir, points) = fresh().await;
    assert!(!points.any(PROJECT).await.unwrap());
    assert_eq!(points.summaries(PROJECT, NOW).await.unwrap(), []);
    let hits = MetricId(71);
    let ages = [-5 * MINUTE, 0, HOUR, DAY, DAY + 1, DAY + HOUR, 2 * DAY, 2 * DAY + 1];
    store(&points, ages.iter().map(|age| number(NOW - *age, 1.0)).collect()).await;
    store(
        &points,
        vec![
            point(hits, NOW - DAY, Value::Hits(5)),
            point(hits, NOW - DAY - 1, Value::Hits(7)),
        ],
    )
    .await;

    let lines = points.summaries(PROJECT, NOW).await.unwrap();
    assert_eq!((lines[0].metric, lines[1].metric), (METRIC, hits));
    assert_eq!(
        (lines[0].first_seen, lines[0].last_seen),
        (NOW - 2 * DAY - 1, NOW + 5 * MINUTE)
    );
    assert_eq!(
        (lines[0].data_points_24h, lines[0].last_24h, lines[0].previous_24h),
        (4, 4, 3)
    );
    let lifespans = points.lifespans(PROJECT).await.unwrap();
    let expected = lines.iter().map(|line| (line.metric, line.first_seen, line.last_seen));
    assert_eq!(lifespans, expected.collect::<Vec<_>>());
    let hours = points.sparklines(&[hits, MetricId(5), METRIC], NOW).await.unwrap();
    assert_eq!((hours[2][23], hours[2][22], hours[2][0]), (2, 1, 0));
    assert_eq!((hours[0], hours[1]), ([0; 24], [0; 24]));
    assert_eq!(
        (lines[1].data_points_24h, lines[1].last_24h, lines[1].previous_24h),
        (1, 5, 7)
    );

    // On the hour, to the microsecond.
    let sharp = NOW.floor(HOUR);
    let project = ProjectId(9);
    let at = |ago| point(MetricId(90), sharp - ago, Value::Number(1.0));
    let batch = crate::Batch {
        project,
        ..super::batch(vec![at(0), at(DAY), at(DAY + 1), at(2 * DAY), at(2 * DAY + 1)])
    };
    points.append(batch, NOW).await.unwrap();
    let line = points.summaries(project, sharp).await.unwrap()[0];
    assert_eq!((line.last_24h, line.previous_24h), (2, 2));
    assert_eq!(
        points.first_data_point(project).await.unwrap(),
        Some(sharp - 2 * DAY - 1)
    );
    assert!(points.any(project).await.unwrap());
    assert_eq!(points.last_data_point(project).await.unwrap(), Some(sharp));
    assert_eq!(
        points.seen(MetricId(90)).await.unwrap(),
        Some((sharp - 2 * DAY - 1, sharp))
    );
}

#[tokio::test]
async fn what_never_had_a_data_point_was_never_seen() {
    let (_dir, points) = fresh().await;
    assert_eq!(points.last_data_point(PROJECT).await.unwrap(), None);
    assert_eq!(points.seen(METRIC).await.unwrap(), None);
}
