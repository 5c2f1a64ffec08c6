//! Deleted metrics: gone at once, restorable for 48 hours, then erased.

use std::sync::Arc;

use domain::id::{MetricId, ProjectId, UserId};
use domain::metric::MetricType;
use domain::time::Micros;
use store::db::sql;
use store::metrics::{self, RESTORABLE_FOR, Restored};
use store::testing::Scratch;

use crate::merged_metrics::{merge, seen, several, sources};
use crate::metrics::{NOW, PROJECT, ensure, project};

const KIND: MetricType = MetricType::Counter;

async fn delete(scratch: &Scratch, id: i64, now: Micros) -> bool {
    let mut tx = scratch.db.begin().await.unwrap();
    let deleted = metrics::delete(&mut tx, PROJECT, MetricId(id), now).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}

/// As the page does: what isn't wholly restored isn't at all.
async fn restore(scratch: &Scratch, id: i64, now: Micros) -> Restored {
    let mut tx = scratch.db.begin().await.unwrap();
    let restored = metrics::restore(&mut tx, PROJECT, MetricId(id), now).await.unwrap();
    if matches!(restored, Restored::Back(_)) {
        tx.commit().await.unwrap();
    }
    restored
}

async fn restorable(scratch: &Scratch, now: Micros) -> Vec<(i64, String, bool)> {
    let all = metrics::restorable(&scratch.db, PROJECT, now).await.unwrap();
    all.into_iter()
        .map(|deleted| (deleted.metric.id.0, deleted.metric.name.to_string(), deleted.again))
        .collect()
}

#[tokio::test]
async fn a_deleted_metric_comes_back_as_it_was_with_what_was_merged_into_it() {
    let scratch = project(3).await;
    several(&scratch, 3).await;
    merge(&scratch, 1, 2).await;
    assert!(!delete(&scratch, 1, NOW).await, "a part isn't deleted on its own");
    assert!(delete(&scratch, 2, NOW).await);
    assert!(!delete(&scratch, 2, NOW).await);
    assert_eq!(seen(&scratch).await, [3]);
    assert_eq!(metrics::count(&scratch.db, PROJECT).await.unwrap(), 1);
    for id in [1, 2] {
        let found = metrics::find(&scratch.db, PROJECT, MetricId(id)).await.unwrap();
        assert_eq!(found, None);
    }
    let apart = metrics::apart(&scratch.db, PROJECT).await.unwrap();
    assert_eq!((apart.shown(MetricId(1)), apart.shown(MetricId(2))), (None, None));
    let later = NOW + RESTORABLE_FOR - 1;
    assert_eq!(restorable(&scratch, later).await, [(2, "m2".to_owned(), false)]);
    assert!(matches!(restore(&scratch, 1, later).await, Restored::NotFound));
    assert!(matches!(restore(&scratch, 2, later).await, Restored::Back(metric) if metric.name.as_str() == "m2"));
    assert!(matches!(restore(&scratch, 2, later).await, Restored::NotFound));
    assert_eq!(
        (seen(&scratch).await, sources(&scratch, 2).await),
        (vec![2, 3], vec![2, 1])
    );
    assert_eq!(ensure(&scratch, 9, "m1", KIND).await, Some(MetricId(1)));
    assert_eq!(ensure(&scratch, 9, "m2", KIND).await, Some(MetricId(2)));
}

#[tokio::test]
async fn after_48_hours_it_is_erased_and_no_longer_restored() {
    let scratch = project(10).await;
    several(&scratch, 3).await;
    merge(&scratch, 1, 2).await;
    delete(&scratch, 2, NOW).await;
    let due = async |now| metrics::due_for_erasure(&scratch.db, now).await.unwrap();
    assert_eq!(due(NOW + RESTORABLE_FOR - 1).await, []);
    let end = NOW + RESTORABLE_FOR;
    assert_eq!(due(end).await, [MetricId(1), MetricId(2)]);
    assert_eq!(restorable(&scratch, end).await, []);
    assert!(matches!(restore(&scratch, 2, end).await, Restored::NotFound));
    let mut tx = scratch.db.begin().await.unwrap();
    for id in [1, 2] {
        assert!(!metrics::erase(&mut tx, MetricId(id), end - 1).await.unwrap());
        assert!(metrics::erase(&mut tx, MetricId(id), end).await.unwrap());
    }
    assert!(
        !metrics::erase(&mut tx, MetricId(3), end).await.unwrap(),
        "it isn't deleted"
    );
    tx.commit().await.unwrap();
    let left = metrics::everywhere(&scratch.db).await.unwrap();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(PROJECT, MetricId(3))]);
}

#[tokio::test]
async fn restored_over_a_new_metric_of_its_name_both_are_one_for_good() {
    let scratch = project(10).await;
    several(&scratch, 3).await;
    merge(&scratch, 1, 2).await;
    delete(&scratch, 2, NOW).await;
    assert_eq!(ensure(&scratch, 12, "m2", KIND).await, Some(MetricId(12)));
    assert_eq!(ensure(&scratch, 11, "m1", KIND).await, Some(MetricId(11)));
    assert_eq!(
        ensure(&scratch, 13, "m2", MetricType::Timer).await,
        Some(MetricId(13)),
        "another type"
    );
    merge(&scratch, 3, 12).await;
    assert_eq!(restorable(&scratch, NOW).await, [(2, "m2".to_owned(), true)]);
    assert!(matches!(restore(&scratch, 2, NOW).await, Restored::Back(_)));
    assert_eq!(seen(&scratch).await, [2, 13]);
    let mut parts = sources(&scratch, 2).await;
    parts.sort_unstable();
    assert_eq!(parts, [1, 2, 3, 11, 12]);
    assert_eq!(
        ensure(&scratch, 99, "m2", KIND).await,
        Some(MetricId(2)),
        "its name is its own again"
    );
    assert_eq!(ensure(&scratch, 99, "m1", KIND).await, Some(MetricId(1)));
    let mut tx = scratch.db.begin().await.unwrap();
    for id in [11, 12] {
        let separate = metrics::separate(&mut tx, PROJECT, MetricId(id)).await.unwrap();
        assert_eq!(separate, None, "it has no name to be shown by");
    }
    drop(tx);
    // once more, now that two parts have one name
    delete(&scratch, 2, NOW).await;
    assert_eq!(metrics::count(&scratch.db, PROJECT).await.unwrap(), 1);
    assert!(matches!(restore(&scratch, 2, NOW).await, Restored::Back(_)));
    assert_eq!(sources(&scratch, 2).await.len(), 5);
    assert_eq!(ensure(&scratch, 99, "m2", KIND).await, Some(MetricId(2)));
    assert_eq!(ensure(&scratch, 99, "m1", KIND).await, Some(MetricId(1)));
}

#[tokio::test]
async fn it_is_not_restored_into_two_metrics_at_once_or_past_the_limit() {
    let scratch = project(3).await;
    several(&scratch, 2).await;
    delete(&scratch, 1, NOW).await;
    ensure(&scratch, 11, "m1", KIND).await;
    merge(&scratch, 11, 2).await;
    assert!(matches!(restore(&scratch, 1, NOW).await, Restored::MergedElsewhere(name) if name.as_str() == "m1"));
    assert_eq!(
        (seen(&scratch).await, restorable(&scratch, NOW).await.len()),
        (vec![2], 1)
    );

    delete(&scratch, 2, NOW).await;
    for id in 21..=23 {
        ensure(&scratch, id, &format!("new{id}"), KIND).await.unwrap();
    }
    assert!(matches!(restore(&scratch, 1, NOW).await, Restored::Full));
    assert_eq!(restorable(&scratch, NOW).await.len(), 2);
}

#[tokio::test]
async fn favourites_are_gone_with_it_and_back_with_it_and_follow_what_is_merged() {
    let scratch = project(10).await;
    several(&scratch, 2).await;
    let ada = UserId(1);
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into users (id, name, email, email_canonical, password_hash, created_at) values (1, 'a', 'a', 'a', '', 0)",
        "insert into memberships (organisation_id, user_id, role, joined_at) values (1, 1, 1, 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    for id in [1, 2] {
        let added = store::favourites::add(&mut tx, ada, PROJECT, MetricId(id), Micros(id)).await;
        assert!(added.unwrap());
    }
    tx.commit().await.unwrap();
    let mine = async || store::favourites::of_project(&scratch.db, ada, PROJECT).await.unwrap();
    delete(&scratch, 1, NOW).await;
    assert_eq!(mine().await, [MetricId(2)]);
    restore(&scratch, 1, NOW).await;
    assert_eq!(mine().await, [MetricId(1), MetricId(2)]);
    merge(&scratch, 1, 2).await;
    assert_eq!(mine().await, [MetricId(2)]);
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(
        !store::favourites::add(&mut tx, ada, PROJECT, MetricId(1), NOW)
            .await
            .unwrap()
    );
    assert!(store::favourites::remove(&mut tx, ada, MetricId(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(mine().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_restoring_and_publishing_at_once_never_lose_a_metric_or_give_a_name_two_ids() {
    let scratch = Arc::new(project(1_000).await);
    several(&scratch, 1).await;
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let scratch = scratch.clone();
            tokio::spawn(async move {
                match n % 3 {
                    0 => {
                        for id in seen(&scratch).await {
                            delete(&scratch, id, NOW).await;
                        }
                    }
                    1 => {
                        for (id, ..) in restorable(&scratch, NOW).await {
                            restore(&scratch, id, NOW).await;
                        }
                    }
                    _ => assert!(ensure(&scratch, 100 + n, "m1", KIND).await.is_some()),
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for (id, ..) in restorable(&scratch, NOW).await {
        assert!(matches!(restore(&scratch, id, NOW).await, Restored::Back(_)));
    }
    let all = metrics::everywhere(&scratch.db).await.unwrap();
    let all: Vec<(ProjectId, MetricId)> = all.into_iter().collect();
    let [one] = seen(&scratch).await[..] else {
        panic!("one metric has the name")
    };
    assert_eq!(
        sources(&scratch, one).await.len(),
        all.len(),
        "and every data point there is"
    );
    assert_eq!(ensure(&scratch, 999, "m1", KIND).await, Some(MetricId(one)));
}
