use axum::http::StatusCode;

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
