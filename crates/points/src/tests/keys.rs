use domain::id::{MetricId, ProjectId};
use domain::time::DAY;
use tokio::task::JoinSet;

use super::{METRIC, NOW, PROJECT, batch, buckets, fresh, number, open};
use crate::{Batch, DataPoint, Outcome, Points};

fn keyed(key: &str, note: &str) -> Batch {
    Batch {
        key: Some(key.to_owned()),
        note: note.as_bytes().to_vec(),
        ..batch(vec![number(NOW, 1.0), number(NOW, 2.0)])
    }
}

fn with_id(id: &str) -> DataPoint {
    DataPoint {
        id: Some(id.to_owned()),
        ..number(NOW, 1.0)
    }
}

async fn stored(points: &Points) -> u64 {
    points
        .totals(PROJECT, &buckets(NOW - DAY, NOW + DAY, "1d"))
        .await
        .unwrap()
        .iter()
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_with_one_key_one_is_stored() {
    let (_dir, points) = fresh().await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let points = points.clone();
        tasks.spawn(async move { points.append(keyed("k", &format!("note {n}")), NOW).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.stored == 2 && outcome.duplicates == 0)
    );
    let notes: Vec<_> = outcomes.into_iter().filter_map(|outcome| outcome.replayed).collect();
    assert_eq!(notes.len(), 49);
    assert!(
        notes.iter().all(|note| note == &notes[0]),
        "every replay gives the first answer"
    );
    assert_eq!(stored(&points).await, 2);
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day_in_its_project_and_through_restarts() {
    let (dir, points) = fresh().await;
    let first = points.append(keyed("k", "first"), NOW).await.unwrap();
    assert_eq!(
        first,
        Outcome {
            stored: 2,
            duplicates: 0,
            replayed: None
        }
    );
    drop(points);
    let points = open(&dir).await;
    let again = points.append(keyed("k", "second"), NOW + (DAY - 1)).await.unwrap();
    assert_eq!(
        again,
        Outcome {
            stored: 2,
            duplicates: 0,
            replayed: Some(b"first".to_vec())
        }
    );
    let elsewhere = Batch {
        project: ProjectId(8),
        points: vec![DataPoint {
            metric: MetricId(80),
            ..number(NOW, 1.0)
        }],
        ..keyed("k", "")
    };
    assert_eq!(points.append(elsewhere, NOW).await.unwrap().replayed, None);
    assert_eq!(
        points.append(keyed("k", "third"), NOW + DAY).await.unwrap().replayed,
        None
    );
    let later = points.append(keyed("k", ""), NOW + DAY + 1).await.unwrap();
    assert_eq!(later.replayed, Some(b"third".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_stored_once_however_many_send_it() {
    let (dir, points) = fresh().await;
    let first = points
        .append(
            batch(vec![with_id("a"), with_id("a"), with_id("b"), number(NOW, 1.0)]),
            NOW,
        )
        .await;
    assert_eq!(
        first.unwrap(),
        Outcome {
            stored: 3,
            duplicates: 1,
            replayed: None
        }
    );
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let points = points.clone();
        tasks.spawn(async move {
            points
                .append(batch(vec![with_id("b"), with_id("c")]), NOW)
                .await
                .unwrap()
                .stored
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 1);
    drop(points);
    let points = open(&dir).await;
    assert_eq!(
        points
            .append(batch(vec![with_id("c")]), NOW + (DAY - 1))
            .await
            .unwrap()
            .duplicates,
        1
    );
    assert_eq!(
        points
            .append(batch(vec![with_id("c")]), NOW + DAY)
            .await
            .unwrap()
            .stored,
        1
    );
    assert_eq!(
        points
            .append(batch(vec![with_id("c")]), NOW + DAY)
            .await
            .unwrap()
            .stored,
        0
    );
    let series = points
        .series(METRIC, &buckets(NOW, NOW + 1, "1m"), false)
        .await
        .unwrap();
    assert_eq!(series[0].count, 5);
}

#[tokio::test]
async fn what_is_forgotten_is_swept_away_by_what_comes() {
    let (dir, points) = fresh().await;
    for n in 0..30 {
        points
            .append(
                Batch {
                    points: vec![with_id(&format!("id {n}"))],
                    ..keyed(&format!("key {n}"), "")
                },
                NOW,
            )
            .await
            .unwrap();
    }
    for n in 0..20 {
        let later = Batch {
            points: vec![with_id(&format!("new {n}"))],
            ..keyed(&format!("new {n}"), "")
        };
        points.append(later, NOW + DAY).await.unwrap();
    }
    points.seal().await.unwrap();
    let connection = crate::schema::reading(&dir.path().join("points.db")).unwrap();
    for table in ["select count(*) from batch_keys", "select count(*) from point_ids"] {
        let left: i64 = connection.query_row(table, (), |row| row.get(0)).unwrap();
        assert_eq!(left, 20, "{table}");
    }
}
