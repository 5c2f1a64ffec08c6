//! Metrics come into being by being published to, up to a limit, and may go again.

use std::sync::Arc;
use std::time::Duration;

use domain::metric::MetricType;
use microstat::state::App;
use serde_json::json;
use store::db::sql;
use tokio::task::JoinSet;

use super::{OPEN, PROJECT, Publisher, STRICT, hit, list};

async fn limit(publisher: &Publisher, limit: i64) {
    let query = sql("update projects set metric_limit = $1 where id = $2");
    publisher.change(query.bind(limit).bind(PROJECT)).await;
}

async fn metrics(publisher: &Publisher) -> i64 {
    store::metrics::count(&publisher.site.app.db, PROJECT).await.unwrap()
}

#[tokio::test]
async fn a_project_takes_new_metrics_up_to_its_limit_and_known_ones_ever_after() {
    let publisher = Publisher::new().await;
    limit(&publisher, 3).await;
    let answer = publisher.post(STRICT, list(["a", "b", "c", "d", "a"].map(hit))).await;
    assert_eq!(answer.status.as_u16(), 200);
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(4), &json!(1)));
    assert_eq!(
        json["errors"],
        json!([{"index": 3, "name": "d", "code": "metric_limit",
                "message": "the project has as many metrics as it may have"}])
    );
    assert_eq!(publisher.post(STRICT, hit("e")).await.status.as_u16(), 400);
    assert_eq!(publisher.post(OPEN, hit("e")).await.headers["x-microstat-dropped"], "1");
    assert_eq!(publisher.post(STRICT, hit("a")).await.status.as_u16(), 201);
    assert_eq!(metrics(&publisher).await, 3);
    limit(&publisher, 4).await;
    assert_eq!(publisher.post(STRICT, hit("e")).await.status.as_u16(), 201);
    assert_eq!(publisher.post(STRICT, hit("f")).await.status.as_u16(), 400);
}

#[tokio::test]
async fn a_data_point_that_is_rejected_makes_no_metric() {
    let publisher = Publisher::new().await;
    let bad = [
        r#"{"name":"a","type":"Timer","value":-1}"#,
        r#"{"name":"b","type":"Timer","value":1,"timestamp":1}"#,
    ];
    assert_eq!(publisher.post(STRICT, list(bad)).await.status.as_u16(), 400);
    assert_eq!(metrics(&publisher).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_when_fifty_new_metrics_arrive_at_once() {
    let publisher = Arc::new(Publisher::new().await);
    limit(&publisher, 10).await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let publisher = Arc::clone(&publisher);
        // Two new ones each, one of them wanted by another too.
        let body = list([hit(&format!("m{n}")), hit(&format!("m{}", (n + 1) % 50))]);
        tasks.spawn(async move { publisher.post(OPEN, body).await.json() });
    }
    let mut accepted = 0;
    for json in tasks.join_all().await {
        accepted += json["accepted"].as_u64().unwrap();
        assert_eq!(
            json["accepted"].as_u64().unwrap() + json["rejected"].as_u64().unwrap(),
            2
        );
    }
    assert_eq!(metrics(&publisher).await, 10);
    assert_eq!(publisher.stored().await, accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_data_points_of_one_metric_at_once_make_one_metric() {
    let publisher = Arc::new(Publisher::new().await);
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let publisher = Arc::clone(&publisher);
        tasks.spawn(async move { publisher.post(STRICT, hit("a")).await.status.as_u16() });
    }
    assert!(tasks.join_all().await.iter().all(|&status| status == 201));
    assert_eq!(metrics(&publisher).await, 1);
    assert_eq!(publisher.count("a", MetricType::HitCounter).await, 50);
}

/// As the page that deletes a metric does; nothing if somebody was faster.
async fn delete(publisher: &Publisher, name: &str) {
    let app = &publisher.site.app;
    let all = store::metrics::of_project(&app.db, PROJECT).await.unwrap();
    let Some(metric) = all.iter().find(|metric| metric.name.as_str() == name) else {
        return;
    };
    let mut tx = app.db.begin().await.unwrap();
    store::metrics::delete(&mut tx, PROJECT, metric.id, app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.catalog.forget(PROJECT).await;
}

#[tokio::test]
async fn a_deleted_metric_that_is_published_again_is_a_new_one() {
    let publisher = Publisher::new().await;
    publisher.post(STRICT, list([hit("a"), hit("a"), hit("b")])).await;
    delete(&publisher, "a").await;
    assert_eq!(publisher.post(STRICT, hit("a")).await.status.as_u16(), 201);
    assert_eq!(publisher.count("a", MetricType::HitCounter).await, 1);
    assert_eq!(
        (publisher.stored().await, metrics(&publisher).await),
        (4, 2),
        "two can be restored"
    );
}

#[tokio::test]
async fn a_metric_deleted_by_another_process_is_not_published_to_either() {
    let publisher = Publisher::new().await;
    publisher.post(STRICT, hit("a")).await;
    let app = &publisher.site.app;
    let old = store::metrics::of_project(&app.db, PROJECT).await.unwrap()[0].id;
    let mut tx = app.db.begin().await.unwrap();
    store::metrics::delete(&mut tx, PROJECT, old, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(publisher.post(STRICT, hit("a")).await.status.as_u16(), 201);
    let new = store::metrics::of_project(&app.db, PROJECT).await.unwrap();
    assert_eq!(new.len(), 1);
    assert_ne!(new[0].id, old);
    assert_eq!(publisher.count("a", MetricType::HitCounter).await, 1);
}

#[tokio::test]
async fn a_deleted_metric_makes_room_for_another() {
    let publisher = Publisher::new().await;
    limit(&publisher, 2).await;
    publisher.post(STRICT, list([hit("a"), hit("b")])).await;
    assert_eq!(publisher.post(STRICT, hit("c")).await.status.as_u16(), 400);
    delete(&publisher, "a").await;
    assert_eq!(publisher.post(STRICT, hit("c")).await.status.as_u16(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_published_while_a_metric_is_deleted_can_be_found() {
    // With so short a queue batches wait before they are in it, where a deletion overtakes them.
    let change = async |app: &mut App| {
        let options = points::Options {
            queue: 1,
            wait: Duration::from_mins(1),
            ..points::Options::default()
        };
        app.points = points::Points::open(&app.config.data.join("points"), options)
            .await
            .unwrap();
    };
    let publisher = Arc::new(Publisher::changed(change).await);
    publisher.post(STRICT, hit("a")).await;
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let publisher = Arc::clone(&publisher);
        tasks.spawn(async move {
            if n % 30 == 29 {
                delete(&publisher, "a").await;
            } else {
                assert_eq!(publisher.post(STRICT, hit("a")).await.status.as_u16(), 201);
            }
        });
    }
    tasks.join_all().await;
    // Whatever is counted for the project belongs to a metric that is there, or that can be restored.
    let app = &publisher.site.app;
    let all: Vec<_> = store::metrics::everywhere(&app.db).await.unwrap().into_iter().collect();
    let ids: Vec<_> = all.iter().map(|(_, id)| *id).collect();
    let counts = app.points.counts(&ids, &super::days()).await.unwrap();
    assert_eq!(publisher.stored().await, counts.iter().sum::<u64>());
}
