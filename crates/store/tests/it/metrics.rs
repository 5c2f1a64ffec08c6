use std::collections::BTreeSet;

use domain::id::{MetricId, ProjectId};
use domain::metric::{MetricName, MetricType};
use domain::time::Micros;
use store::db::sql;
use store::metrics;
use store::testing::Scratch;

pub(crate) const PROJECT: ProjectId = ProjectId(7);
pub(crate) const NOW: Micros = Micros(1_000_000_000_000_000);

/// A project that may have so many metrics.
pub(crate) async fn project(metric_limit: i64) -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    sql("insert into organisations (id, name, created_at) values (1, 'o', 0)")
        .execute(&mut tx)
        .await
        .unwrap();
    sql("insert into projects (id, organisation_id, name, created_at, metric_limit) values ($1, 1, 'p', 0, $2)")
        .bind(PROJECT)
        .bind(metric_limit)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scratch
}

/// The id of a metric that is published, made if it is new.
pub(crate) async fn ensure(scratch: &Scratch, candidate: i64, name: &str, kind: MetricType) -> Option<MetricId> {
    let mut tx = scratch.db.begin().await.unwrap();
    let wanted = metrics::Wanted {
        candidate: MetricId(candidate),
        name: &MetricName::new(name).unwrap(),
        kind,
    };
    let ids = metrics::ensure(&mut tx, PROJECT, &[wanted], Micros(5)).await.unwrap();
    tx.commit().await.unwrap();
    ids[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_data_points_of_one_metric_at_once_make_one_metric() {
    let scratch = std::sync::Arc::new(project(2_000).await);
    let tasks: Vec<_> = (1..=50)
        .map(|n| {
            let scratch = scratch.clone();
            tokio::spawn(async move { ensure(&scratch, n, "Cart", MetricType::Counter).await.unwrap() })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(metrics::of_project(&scratch.db, PROJECT).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_never_has_more_metrics_than_its_limit_however_many_arrive_at_once() {
    let scratch = std::sync::Arc::new(project(10).await);
    let tasks: Vec<_> = (1..=50)
        .map(|n| {
            let scratch = scratch.clone();
            tokio::spawn(async move { ensure(&scratch, n, &format!("m{n}"), MetricType::Timer).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(
        (made, metrics::of_project(&scratch.db, PROJECT).await.unwrap().len()),
        (10, 10)
    );
}

#[tokio::test]
async fn a_name_with_another_type_is_another_metric() {
    let scratch = project(10).await;
    let timer = ensure(&scratch, 1, "Load", MetricType::Timer).await;
    let counter = ensure(&scratch, 2, "Load", MetricType::Counter).await;
    assert_ne!(timer, counter);
    assert_eq!(ensure(&scratch, 3, "Load", MetricType::Timer).await, timer);
}

#[tokio::test]
async fn a_deleted_metric_that_is_published_again_is_a_new_one() {
    let scratch = project(1).await;
    let first = ensure(&scratch, 1, "Load", MetricType::Timer).await.unwrap();
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(metrics::delete(&mut tx, PROJECT, first, NOW).await.unwrap());
    assert!(!metrics::delete(&mut tx, PROJECT, first, NOW).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(ensure(&scratch, 2, "Load", MetricType::Timer).await, Some(MetricId(2)));
}

#[tokio::test]
async fn a_batch_of_metrics_is_made_up_to_the_limit_and_those_known_are_found_past_it() {
    let scratch = project(3).await;
    let old = ensure(&scratch, 1, "old", MetricType::Timer).await;
    let names: Vec<_> = ["a", "old", "b", "a", "c"]
        .map(|name| MetricName::new(name).unwrap())
        .into();
    let wanted: Vec<_> = names
        .iter()
        .zip(10..)
        .map(|(name, candidate)| metrics::Wanted {
            candidate: MetricId(candidate),
            name,
            kind: MetricType::Timer,
        })
        .collect();
    let mut tx = scratch.db.begin().await.unwrap();
    let ids = metrics::ensure(&mut tx, PROJECT, &wanted, Micros(5)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        ids,
        [Some(MetricId(10)), old, Some(MetricId(12)), Some(MetricId(10)), None]
    );
    assert_eq!(metrics::count(&scratch.db, PROJECT).await.unwrap(), 3);
}

#[tokio::test]
async fn deleting_a_metric_tells_whoever_remembers_ids() {
    let scratch = project(10).await;
    let version = async || {
        let row = sql("select metrics_version from projects where id = $1").bind(PROJECT);
        let row = row.one(&scratch.db).await.unwrap();
        row.get::<i64>("metrics_version").unwrap()
    };
    let id = ensure(&scratch, 1, "Load", MetricType::Timer).await.unwrap();
    assert_eq!(version().await, 0);
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(metrics::delete(&mut tx, PROJECT, id, NOW).await.unwrap());
    assert!(!metrics::delete(&mut tx, PROJECT, id, NOW).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(version().await, 1);
}
