//! Every row of the contract's table, at both doors.

use axum::body::Body;
use axum::http::{Method, Request, header};
use domain::time::DAY;
use serde_json::json;
use store::db::sql;

use super::{DSN, OPEN, OPEN_TOO, ORGANISATION, PROJECT, Publisher, STRICT, hit, list};
use crate::harness::NOW;

const INVALID: &str = r#"{"name":"Load","type":"Timer","value":-1}"#;

/// Sends a body to both open paths and the strict one, and tells the statuses that come back.
async fn statuses(publisher: &Publisher, body: &str) -> (u16, u16) {
    let open = publisher.post(OPEN, body.to_owned()).await.status;
    let open_too = publisher.post(OPEN_TOO, body.to_owned()).await.status;
    assert_eq!(open, open_too, "one door, two paths");
    (
        open.as_u16(),
        publisher.post(STRICT, body.to_owned()).await.status.as_u16(),
    )
}

#[tokio::test]
async fn all_accepted_some_accepted_and_an_empty_array() {
    let publisher = Publisher::new().await;
    assert_eq!(statuses(&publisher, &list([hit("a"), hit("b")])).await, (201, 201));
    assert_eq!(statuses(&publisher, &hit("a")).await, (201, 201));
    assert_eq!(statuses(&publisher, &list([&hit("a"), INVALID])).await, (200, 200));
    assert_eq!(statuses(&publisher, "[]").await, (200, 200));
    assert_eq!(publisher.stored().await, 3 * (2 + 1 + 1));
}

#[tokio::test]
async fn the_answer_says_what_became_of_every_data_point() {
    let publisher = Publisher::new().await;
    let cart = r#"{"name":"Cart","type":"Counter","value":"many"}"#;
    let answer = publisher.post(STRICT, list([&hit("a"), cart, &hit("b")])).await;
    assert_eq!(
        answer.json(),
        json!({
            "message": "2 data points accepted, 1 rejected",
            "accepted": 2,
            "rejected": 1,
            "duplicates": 0,
            "errors": [{"index": 1, "name": "Cart", "code": "invalid_value", "message": "value must be a number"}],
            "warnings": [],
        })
    );
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn none_accepted_because_all_are_invalid() {
    let publisher = Publisher::new().await;
    let body = list([INVALID, "5", "{}"]);
    assert_eq!(statuses(&publisher, &body).await, (202, 400));
    let answer = publisher.post(OPEN, body.clone()).await;
    assert_eq!(answer.headers["x-microstat-dropped"], "3");
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(0), &json!(3)));
    assert_eq!(json["errors"].as_array().unwrap().len(), 3);
    let answer = publisher.post(STRICT, body).await;
    assert!(!answer.headers.contains_key("x-microstat-dropped"));
    assert_eq!(answer.json()["errors"], json["errors"]);
}

#[tokio::test]
async fn what_is_not_json() {
    let publisher = Publisher::new().await;
    for body in ["", "nope", "{", "[1,]", "5", "null", "name=a&type=Timer"] {
        assert_eq!(statuses(&publisher, body).await, (400, 400), "{body}");
    }
    let json = publisher.post(OPEN, "nope").await.json();
    assert!(
        json["message"].as_str().unwrap().starts_with("body is not valid JSON"),
        "{json}"
    );
    assert_eq!(json["errors"][0]["code"], "invalid_json");
}

#[tokio::test]
async fn a_dsn_that_is_missing_malformed_or_never_existed() {
    let publisher = Publisher::new().await;
    let unknown = DSN.replace('0', "1");
    for query in [
        "",
        "?dsn=",
        "?dsn=x",
        &format!("?dsn={unknown}"),
        &format!("?key={DSN}"),
    ] {
        for (door, status) in [(OPEN, 400), (OPEN_TOO, 400), (STRICT, 401)] {
            let answer = publisher.send(Request::post(format!("{door}{query}")), hit("a")).await;
            assert_eq!(answer.status.as_u16(), status, "{door}{query}");
            let json = answer.json();
            assert!(!json["message"].as_str().unwrap().is_empty());
            assert_eq!(json["errors"][0]["code"], "invalid_dsn");
            assert_eq!(answer.headers.contains_key(header::WWW_AUTHENTICATE), door == STRICT);
        }
    }
    assert_eq!(publisher.stored().await, 0);
}

#[tokio::test]
async fn the_strict_door_takes_the_dsn_as_a_bearer_too() {
    let publisher = Publisher::new().await;
    let with = async |door: &str, authorization: String| {
        let request = Request::post(door).header(header::AUTHORIZATION, authorization);
        publisher.send(request, hit("a")).await.status.as_u16()
    };
    assert_eq!(with(STRICT, format!("Bearer {DSN}")).await, 201);
    assert_eq!(with(STRICT, format!("bearer {}", DSN.to_uppercase())).await, 201);
    assert_eq!(with(STRICT, format!("Basic {DSN}")).await, 401);
    assert_eq!(with(STRICT, DSN.to_owned()).await, 401);
    assert_eq!(with(OPEN, format!("Bearer {DSN}")).await, 400);
}

#[tokio::test]
async fn a_dsn_turned_off_a_project_or_organisation_deleted_or_paused() {
    let cases = [
        (
            "update dsns set disabled_at = $1 where project_id = $2",
            "project_deleted",
        ),
        ("update projects set paused_at = $1 where id = $2", "project_paused"),
        ("update projects set deleted_at = $1 where id = $2", "project_deleted"),
    ];
    for (query, code) in cases {
        let publisher = Publisher::new().await;
        assert_eq!(statuses(&publisher, &hit("a")).await, (201, 201));
        publisher.change(sql(query).bind(NOW).bind(PROJECT)).await;
        closed(&publisher, code).await;
    }
    let publisher = Publisher::new().await;
    let query = sql("update organisations set deleted_at = $1 where id = $2");
    publisher.change(query.bind(NOW).bind(ORGANISATION)).await;
    closed(&publisher, "project_deleted").await;
}

/// It holds from the very next request on.
async fn closed(publisher: &Publisher, code: &str) {
    let stored = publisher.stored().await;
    let body = list([&hit("a"), INVALID]);
    assert_eq!(statuses(publisher, &body).await, (202, 410), "{code}");
    let answer = publisher.post(OPEN, body.clone()).await;
    assert_eq!(answer.headers["x-microstat-dropped"], "2");
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(0), &json!(2)));
    assert_eq!(
        json["errors"][0],
        json!({"index": 0, "name": "a", "code": code, "message": json["message"]})
    );
    assert_eq!(publisher.post(STRICT, body).await.json(), json);
    assert_eq!(publisher.stored().await, stored);
}

#[tokio::test]
async fn a_dsn_that_is_rotated_out_takes_data_points_until_its_day() {
    let publisher = Publisher::new().await;
    let query = sql("update dsns set disabled_at = $1 where project_id = $2");
    publisher.change(query.bind(NOW + DAY).bind(PROJECT)).await;
    assert_eq!(statuses(&publisher, &hit("a")).await, (201, 201));
    publisher.site.app.clock.advance(DAY);
    assert_eq!(statuses(&publisher, &hit("a")).await, (202, 410));
}

#[tokio::test]
async fn what_was_paused_or_deleted_and_comes_back_takes_data_points_at_once() {
    let publisher = Publisher::new().await;
    for column in [
        "update projects set paused_at = $1 where id = $2",
        "update projects set deleted_at = $1 where id = $2",
    ] {
        publisher.change(sql(column).bind(NOW).bind(PROJECT)).await;
        assert_eq!(statuses(&publisher, &hit("a")).await, (202, 410));
        publisher.change(sql(column).bind(None::<i64>).bind(PROJECT)).await;
        assert_eq!(statuses(&publisher, &hit("a")).await, (201, 201));
    }
}

#[tokio::test]
async fn too_large() {
    let publisher = Publisher::new().await;
    let body = |bytes: usize| {
        let mut body = list([hit("a")]);
        body.extend(std::iter::repeat_n(' ', bytes - body.len()));
        body
    };
    let mib = 1024 * 1024;
    for (door, most) in [(OPEN, 10 * mib), (OPEN_TOO, 10 * mib), (STRICT, 2 * mib)] {
        assert_eq!(publisher.post(door, body(most)).await.status.as_u16(), 201, "{door}");
        let answer = publisher.post(door, body(most + 1)).await;
        assert_eq!(answer.status.as_u16(), 413, "{door}");
        assert_eq!(answer.json()["accepted"], 0);
    }
    assert_eq!(publisher.stored().await, 3);
}

#[tokio::test]
async fn not_post() {
    let publisher = Publisher::new().await;
    for door in [OPEN, OPEN_TOO, STRICT] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE] {
            let request = Request::builder().method(&method).uri(format!("{door}?dsn={DSN}"));
            let answer = publisher.send(request, Body::empty()).await;
            assert_eq!(answer.status.as_u16(), 405, "{method} {door}");
            assert_eq!(answer.headers[header::ALLOW], "POST, OPTIONS");
            if method != Method::HEAD {
                assert!(!answer.json()["message"].as_str().unwrap().is_empty());
            }
        }
    }
}
