//! Pages of other origins: what their browsers ask first, and what they may read.

use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use serde_json::json;
use store::db::sql;

use super::{DSN, OPEN, OPEN_TOO, PROJECT, Publisher, STRICT, hit};

const SHOP: &str = "https://shop.example";

async fn only(publisher: &Publisher, origins: &str) {
    let query = sql("update projects set allowed_origins = $1 where id = $2");
    publisher.change(query.bind(origins).bind(PROJECT)).await;
}

/// What a browser wants to see before it lets a page read an answer.
fn may_read(headers: &HeaderMap, origin: &str) -> bool {
    headers[header::ACCESS_CONTROL_ALLOW_ORIGIN] == origin
        && headers[header::VARY] == "origin"
        // sendBeacon asks with credentials
        && headers[header::ACCESS_CONTROL_ALLOW_CREDENTIALS] == "true"
}

#[tokio::test]
async fn a_preflight_is_answered_204_for_any_dsn() {
    let publisher = Publisher::new().await;
    only(&publisher, "https://other.example").await;
    for door in [OPEN, OPEN_TOO, STRICT] {
        for query in ["", "?dsn=x", &format!("?dsn={DSN}")] {
            let request = Request::options(format!("{door}{query}"))
                .header(header::ORIGIN, SHOP)
                .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
                .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,x-requested-with");
            let answer = publisher.send(request, Body::empty()).await;
            assert_eq!(answer.status.as_u16(), 204);
            assert!(may_read(&answer.headers, SHOP));
            assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS], "POST");
            assert_eq!(
                answer.headers[header::ACCESS_CONTROL_ALLOW_HEADERS],
                "content-type,x-requested-with"
            );
            assert!(answer.text.is_empty());
        }
    }
}

#[tokio::test]
async fn every_answer_can_be_read_by_the_page_that_asked() {
    let publisher = Publisher::new().await;
    for (door, query, body, status) in [
        (OPEN, DSN, hit("a"), 201),
        (STRICT, DSN, hit("a"), 201),
        (OPEN, DSN, "nope".to_owned(), 400),
        (STRICT, "", hit("a"), 401),
        (STRICT, DSN, "x".repeat(3_000_000), 413),
        (STRICT, DSN, "{}".to_owned(), 400),
    ] {
        let request = Request::post(format!("{door}?dsn={query}")).header(header::ORIGIN, SHOP);
        let answer = publisher.send(request, body).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(may_read(&answer.headers, SHOP), "{status}");
        let exposed = answer.headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
        assert!(exposed.contains("x-microstat-dropped") && exposed.contains("idempotent-replayed"));
    }
    let request = Request::get(OPEN).header(header::ORIGIN, SHOP);
    let answer = publisher.send(request, Body::empty()).await;
    assert!(answer.status.as_u16() == 405 && may_read(&answer.headers, SHOP));
    let answer = publisher.post(OPEN, hit("a")).await;
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

#[tokio::test]
async fn a_project_that_lists_its_origins_takes_data_points_from_no_other_page() {
    let publisher = Publisher::new().await;
    only(&publisher, "https://other.example\nhttps://shop.example").await;
    let from = async |door: &str, origin: &str| {
        let request = Publisher::request(door).header(header::ORIGIN, origin);
        publisher.send(request, hit("a")).await
    };
    for door in [OPEN, STRICT] {
        for origin in [SHOP, "https://other.example", "HTTPS://Shop.Example"] {
            assert_eq!(from(door, origin).await.status.as_u16(), 201, "{origin}");
        }
        // A server has no origin, and does have the DSN.
        assert_eq!(publisher.post(door, hit("a")).await.status.as_u16(), 201);
    }
    let stored = publisher.stored().await;
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "null",
    ] {
        let open = from(OPEN, origin).await;
        assert_eq!(open.status.as_u16(), 202, "{origin}");
        assert_eq!(open.headers["x-microstat-dropped"], "1");
        assert_eq!(open.json()["errors"][0]["code"], "origin_not_allowed");
        let strict = from(STRICT, origin).await;
        assert_eq!(strict.status.as_u16(), 400, "{origin}");
        assert_eq!(strict.json(), open.json());
        assert!(may_read(&strict.headers, origin), "the page is told why");
    }
    assert_eq!(publisher.stored().await, stored);
    only(&publisher, "").await;
    assert_eq!(from(STRICT, "https://evil.example").await.json()["accepted"], json!(1));
}
