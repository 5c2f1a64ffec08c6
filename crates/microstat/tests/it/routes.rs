use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tracing_subscriber::EnvFilter;

use crate::harness::Site;

#[tokio::test]
async fn it_says_that_it_serves() {
    let site = Site::new().await;
    let answer = site.browser().fetch("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "ok\n"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so_with_every_security_header() {
    let site = Site::new().await;
    let answer = site.browser().fetch("/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("<h1>Not found</h1>"));
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "x-frame-options",
        "referrer-policy",
        "x-request-id",
    ] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn in_the_api_it_is_json() {
    let site = Site::new().await;
    let answer = site.browser().fetch("/api/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["code"], "not_found");
}

#[tokio::test]
async fn each_request_is_a_line_in_the_log_with_its_route_and_never_its_query_if_that_is_asked_for() {
    let site = Site::new().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("microstat=debug"))
        .with_ansi(false)
        .with_writer(Mutex::new(log.reopen().unwrap()))
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    site.browser().fetch("/invitations/secret").await;
    let batch = Request::post("/api/v1/ingest?dsn=secret");
    site.browser().send(batch, Body::empty()).await;
    drop(logging);
    let log = std::fs::read_to_string(log.path()).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("method=GET route=\"/invitations/{token}\" status=410"),
        "{log}"
    );
    assert!(
        lines[1].contains("method=POST route=\"/api/v1/ingest\" status=401"),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}
