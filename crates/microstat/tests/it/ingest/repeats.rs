//! What is sent again: by a batch's key, by a data point's id.

use std::sync::Arc;

use domain::dsn::PublicKey;
use domain::id::{DsnId, ProjectId};
use domain::name::Name;
use domain::time::{DAY, SECOND};
use serde_json::json;
use store::db::sql;
use tokio::task::JoinSet;

use super::{DSN, OPEN, ORGANISATION, PROJECT, Publisher, STRICT, hit, list};
use crate::harness::{Answer, NOW};

const REPLAYED: &str = "idempotent-replayed";

async fn keyed(publisher: &Publisher, door: &str, key: &str, body: &str) -> Answer {
    let request = Publisher::request(door).header("Idempotency-Key", key);
    publisher.send(request, body.to_owned()).await
}

fn with_id(id: &str) -> String {
    format!(r#"{{"name":"a","type":"Hit Counter","id":{id}}}"#)
}

#[tokio::test]
async fn a_batch_with_a_key_is_stored_once_and_the_first_answer_is_given_again() {
    let publisher = Publisher::new().await;
    let long = format!(r#"{{"name":"w","type":"Word Web","value":"{}"}}"#, "x".repeat(300));
    let body = list([&hit("a"), "{}", &long]);
    for door in [OPEN, STRICT] {
        let key = format!("key of {door}");
        let first = keyed(&publisher, door, &key, &body).await;
        assert_eq!(first.status.as_u16(), 200);
        assert!(!first.headers.contains_key(REPLAYED));
        // Whatever comes with the key the second time.
        for again in [&body, "[]"] {
            let again = keyed(&publisher, door, &key, again).await;
            assert_eq!(again.status, first.status);
            assert_eq!(again.json(), first.json());
            assert_eq!(again.headers[REPLAYED], "true");
        }
        assert_eq!(first.json()["warnings"].as_array().unwrap().len(), 1);
    }
    assert_eq!(publisher.stored().await, 4);
}

#[tokio::test]
async fn an_answer_that_accepted_nothing_is_given_again_too() {
    let publisher = Publisher::new().await;
    let first = keyed(&publisher, STRICT, "k", "{}").await;
    let again = keyed(&publisher, STRICT, "k", &hit("a")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (400, 400));
    assert_eq!(first.json(), again.json());
    assert_eq!(again.headers[REPLAYED], "true");
    let again = keyed(&publisher, OPEN, "k", &hit("a")).await;
    assert_eq!(again.status.as_u16(), 202);
    assert_eq!(again.headers["x-microstat-dropped"], "1");
    assert_eq!(publisher.stored().await, 0);
}

#[tokio::test]
async fn what_was_refused_whole_leaves_its_key_free() {
    let publisher = Publisher::new().await;
    for column in [
        "update projects set paused_at = $1 where id = $2",
        "update projects set deleted_at = $1 where id = $2",
    ] {
        publisher.change(sql(column).bind(NOW).bind(PROJECT)).await;
        assert_eq!(keyed(&publisher, STRICT, "k", &hit("a")).await.status.as_u16(), 410);
        publisher.change(sql(column).bind(None::<i64>).bind(PROJECT)).await;
    }
    assert_eq!(keyed(&publisher, STRICT, "k", "nope").await.status.as_u16(), 400);
    let answer = keyed(&publisher, STRICT, "k", &hit("a")).await;
    assert_eq!(answer.status.as_u16(), 201);
    assert!(!answer.headers.contains_key(REPLAYED));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_with_one_key_one_is_stored() {
    let publisher = Arc::new(Publisher::new().await);
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let publisher = Arc::clone(&publisher);
        let door = if n % 2 == 0 { OPEN } else { STRICT };
        tasks.spawn(async move { keyed(&publisher, door, "k", &list([hit("a"), hit("b")])).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 201));
    let first: Vec<_> = answers.iter().filter(|a| !a.headers.contains_key(REPLAYED)).collect();
    assert_eq!(first.len(), 1);
    assert!(answers.iter().all(|answer| answer.text == first[0].text));
    assert_eq!(publisher.stored().await, 2);
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours_and_in_its_project_alone() {
    let publisher = Publisher::new().await;
    let app = &publisher.site.app;
    let other: PublicKey = DSN.replace('0', "1").parse().unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let name = Name::new("Other").unwrap();
    store::projects::create(&mut tx, ProjectId(20), ORGANISATION, &name, NOW)
        .await
        .unwrap();
    store::dsns::create(&mut tx, DsnId(30), ProjectId(20), other, &name, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let replayed = async || {
        let answer = keyed(&publisher, STRICT, "k", &hit("a")).await;
        assert_eq!(answer.status.as_u16(), 201);
        answer.headers.contains_key(REPLAYED)
    };
    assert!(!replayed().await);
    let elsewhere = axum::http::Request::post(format!("{STRICT}?dsn={other}")).header("Idempotency-Key", "k");
    let elsewhere = publisher.send(elsewhere, hit("a")).await;
    assert!(!elsewhere.headers.contains_key(REPLAYED));
    app.clock.advance(DAY - SECOND);
    assert!(replayed().await);
    app.clock.advance(SECOND);
    assert!(!replayed().await);
}

#[tokio::test]
async fn a_key_has_1_to_128_characters() {
    let publisher = Publisher::new().await;
    let good = "ü".repeat(128);
    assert_eq!(keyed(&publisher, STRICT, &good, &hit("a")).await.status.as_u16(), 201);
    for bad in ["x".repeat(129), String::new()] {
        let answer = keyed(&publisher, STRICT, &bad, &hit("a")).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert_eq!(
            answer.json()["message"],
            "Idempotency-Key must have 1 to 128 characters"
        );
        for _ in 0..2 {
            let answer = keyed(&publisher, OPEN, &bad, &hit("a")).await;
            assert_eq!(answer.status.as_u16(), 201);
            assert!(!answer.headers.contains_key(REPLAYED), "ignored");
            let warnings = answer.json()["warnings"].clone();
            assert_eq!(
                warnings,
                json!([{"message": "Idempotency-Key must have 1 to 128 characters"}])
            );
        }
    }
    assert_eq!(publisher.stored().await, 5);
}

#[tokio::test]
async fn a_data_point_with_an_id_is_stored_once() {
    let publisher = Publisher::new().await;
    let answer = publisher
        .post(STRICT, list(["\"x\"", "\"y\"", "\"x\""].map(with_id)))
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["duplicates"]), (&json!(2), &json!(1)));
    assert_eq!(json["message"], "2 data points accepted, 1 known already");
    let answer = publisher.post(OPEN, list(["\"y\"", "\"z\""].map(with_id))).await;
    assert_eq!(
        (&answer.json()["accepted"], &answer.json()["duplicates"]),
        (&json!(1), &json!(1))
    );
    // All known: nothing is wrong with it, nothing was lost.
    for door in [OPEN, STRICT] {
        let answer = publisher.post(door, with_id("\"x\"")).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(
            (&answer.json()["accepted"], &answer.json()["duplicates"]),
            (&json!(0), &json!(1))
        );
    }
    assert_eq!(publisher.stored().await, 3);
    publisher.site.app.clock.advance(DAY);
    assert_eq!(publisher.post(STRICT, with_id("\"x\"")).await.status.as_u16(), 201);
}

#[tokio::test]
async fn an_id_that_can_t_be_used_is_ignored_with_a_warning() {
    let publisher = Publisher::new().await;
    for id in [format!("\"{}\"", "x".repeat(129)), "{}".to_owned()] {
        let answer = publisher.post(STRICT, with_id(&id)).await;
        assert_eq!(answer.status.as_u16(), 201);
        assert_eq!(answer.json()["warnings"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_batch_sent_again_makes_no_metric() {
    let publisher = Publisher::new().await;
    let app = &publisher.site.app;
    keyed(&publisher, STRICT, "k", &hit("a")).await;
    let mut tx = app.db.begin().await.unwrap();
    let id = store::metrics::of_project(&mut tx, PROJECT).await.unwrap()[0].id;
    store::metrics::delete(&mut tx, PROJECT, id, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    let again = keyed(&publisher, STRICT, "k", &list([hit("a"), hit("b")])).await;
    assert_eq!(
        (again.status.as_u16(), &again.headers[REPLAYED]),
        (201, &"true".parse().unwrap())
    );
    assert_eq!(store::metrics::count(&app.db, PROJECT).await.unwrap(), 0);
}
