//! "Rejected data points": what apps lose is counted by reason and shown on their project's settings.

use std::sync::Arc;

use axum::http::header;
use domain::reason::Reason;
use domain::role::Role;
use domain::time::DAY;
use store::db::sql;
use store::memberships::How;
use tokio::task::JoinSet;

use super::{DSN, OPEN, ORGANISATION, PROJECT, Publisher, STRICT, hit, list};
use crate::harness::{Browser, NOW};

const SETTINGS: &str = "/projects/0000000002/settings";

/// Reason, how many, and the last one, as the settings show them.
async fn counted(publisher: &Publisher) -> Vec<(Reason, i64, String)> {
    let app = &publisher.site.app;
    app.tally.flush(&app.db, app.now()).await.unwrap();
    let found = store::rejections::of_project(&app.db, PROJECT, app.now())
        .await
        .unwrap();
    let mut found: Vec<_> = found.into_iter().map(|r| (r.reason, r.data_points, r.sample)).collect();
    found.sort();
    found
}

/// A browser signed in as a member of the project's organisation.
async fn member(publisher: &Publisher) -> Browser {
    let site = &publisher.site;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let user = site.user("ada@example.com").await;
    let mut tx = site.app.db.begin().await.unwrap();
    store::memberships::add(&mut tx, ORGANISATION, user, Role::Viewer, How::Founded, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    ada
}

#[tokio::test]
async fn what_is_rejected_is_counted_by_reason_with_a_sample() {
    let publisher = Publisher::new().await;
    let late = r#"{"name":"c","type":"Timer","value":1,"timestamp":1}"#;
    let body = list([
        &hit("a"),
        r#"{"name":"b","type":"Timer","value":-1}"#,
        late,
        "{}",
        r#"{"name":7}"#,
    ]);
    publisher.post(OPEN, body.clone()).await;
    publisher.post(STRICT, body).await;
    publisher.post(OPEN, "not\0 JSON").await;
    publisher.post(STRICT, "x".repeat(3_000_000)).await;
    let text = |text: &str| text.to_owned();
    assert_eq!(
        counted(&publisher).await,
        [
            (Reason::InvalidJson, 1, text("not\u{fffd} JSON")),
            (Reason::MissingName, 4, text("{}")),
            (
                Reason::InvalidValue,
                2,
                text(r#"{"name":"b","type":"Timer","value":-1}"#)
            ),
            (Reason::TimestampTooOld, 2, text(late)),
            (Reason::TooManyDataPoints, 1, text("")),
        ]
    );
}

#[tokio::test]
async fn what_is_dropped_for_the_project_s_sake_is_counted_too() {
    let publisher = Publisher::new().await;
    let change = async |query: &'static str, value: Option<i64>| {
        publisher.change(sql(query).bind(value).bind(PROJECT)).await;
    };
    change("update projects set metric_limit = $1 where id = $2", Some(0)).await;
    publisher.post(OPEN, list([hit("a"), hit("b")])).await;
    change("update projects set paused_at = $1 where id = $2", Some(1)).await;
    publisher.post(OPEN, list([hit("a"), hit("b"), hit("c")])).await;
    change("update dsns set disabled_at = $1 where project_id = $2", Some(1)).await;
    publisher.post(STRICT, hit("a")).await;
    change("update dsns set disabled_at = $1 where project_id = $2", None).await;
    change("update projects set paused_at = $1 where id = $2", None).await;
    let query = sql("update projects set allowed_origins = 'https://shop.example' where id = $1");
    publisher.change(query.bind(PROJECT)).await;
    let elsewhere = Publisher::request(OPEN).header(header::ORIGIN, "https://evil.example");
    publisher.send(elsewhere, hit("a")).await;
    let sample = hit("a");
    assert_eq!(
        counted(&publisher).await,
        [
            (
                Reason::MetricLimit,
                2,
                r#"{"name":"a","type":"Hit Counter"}"#.to_owned()
            ),
            (Reason::ProjectPaused, 3, sample.clone()),
            (Reason::ProjectDeleted, 1, sample.clone()),
            (Reason::OriginNotAllowed, 1, sample),
        ]
    );
}

#[tokio::test]
async fn what_is_accepted_known_already_or_answered_before_is_not() {
    let publisher = Publisher::new().await;
    publisher.post(OPEN, hit("a")).await;
    publisher.post(OPEN, "[]").await;
    for _ in 0..3 {
        publisher
            .post(OPEN, r#"{"name":"a","type":"Hit Counter","id":"x"}"#)
            .await;
        let keyed = Publisher::request(STRICT).header("Idempotency-Key", "k");
        publisher.send(keyed, "{}").await;
    }
    assert_eq!(counted(&publisher).await, [(Reason::MissingName, 1, "{}".to_owned())]);
    publisher
        .send(
            axum::http::Request::post(format!("{OPEN}?dsn={}", DSN.replace('0', "1"))),
            "{}",
        )
        .await;
    assert_eq!(counted(&publisher).await.len(), 1, "nobody's loss");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_stay_exact_while_they_are_written() {
    let publisher = Arc::new(Publisher::new().await);
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let publisher = Arc::clone(&publisher);
        tasks.spawn(async move {
            publisher.post(OPEN, list(["{}", "{}", "5"])).await;
            if n % 5 == 0 {
                let app = &publisher.site.app;
                app.tally.flush(&app.db, app.now()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let counts: Vec<_> = counted(&publisher)
        .await
        .into_iter()
        .map(|(reason, n, _)| (reason, n))
        .collect();
    assert_eq!(counts, [(Reason::InvalidJson, 50), (Reason::MissingName, 100)]);
}

#[tokio::test]
async fn counts_that_can_t_be_written_are_kept() {
    let publisher = Publisher::new().await;
    publisher.post(OPEN, "{}").await;
    let app = &publisher.site.app;
    let closed = store::testing::Scratch::new().await;
    closed.db.close().await;
    assert!(app.tally.flush(&closed.db, NOW).await.is_err());
    publisher.post(OPEN, "{}").await;
    assert_eq!(counted(&publisher).await, [(Reason::MissingName, 2, "{}".to_owned())]);
}

#[tokio::test]
async fn the_project_s_settings_say_what_was_rejected_and_what_to_do() {
    let publisher = Publisher::new().await;
    let mut ada = member(&publisher).await;
    ada.open(SETTINGS).await;
    assert!(ada.page.contains("<h2>Rejected data points</h2>"));
    assert!(ada.page.contains("Nothing was rejected."));
    let evil = r#"{"name":"<script>alert(1)</script>","type":"Timer","value":null}"#;
    publisher.post(OPEN, list(vec![evil; 1_234])).await;
    ada.open(SETTINGS).await;
    assert!(ada.page.contains("<code>invalid_value</code>"));
    assert!(ada.page.contains("1,234"));
    assert!(ada.page.contains("&#60;script&#62;alert(1)"));
    assert!(!ada.page.contains("<script>alert"));
    assert!(!ada.page.contains("Nothing was rejected."));
    publisher.site.app.clock.advance(30 * DAY - 1);
    ada.page.clear();
    let mut later = publisher.site.browser();
    later.open("/sign-in").await;
    let fields = [("email", "ada@example.com"), ("password", crate::harness::PASSWORD)];
    later.submit("/sign-in", &fields).await;
    later.open(SETTINGS).await;
    assert!(later.page.contains("Nothing was rejected."), "30 days are shown");
}

#[tokio::test]
async fn the_project_s_settings_say_that_it_has_all_the_metrics_it_may_have() {
    let publisher = Publisher::new().await;
    let mut ada = member(&publisher).await;
    let query = sql("update projects set metric_limit = 2 where id = $1").bind(PROJECT);
    publisher.change(query).await;
    publisher.post(OPEN, hit("a")).await;
    ada.open(SETTINGS).await;
    assert!(!ada.page.contains("metrics it may have"));
    publisher.post(OPEN, hit("b")).await;
    ada.open(SETTINGS).await;
    assert!(ada.page.contains("has all the 2 metrics it may have"));
}
