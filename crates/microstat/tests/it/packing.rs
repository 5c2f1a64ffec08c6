//! Which pages go packed, and that nothing secret can be told from how well they pack.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::harness::{Answer, Browser, Site};

async fn fetch(browser: &mut Browser, path: &str, site: Option<&str>) -> Answer {
    let mut request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, deflate, br");
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    let answer = browser.send(request, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer
}

fn is_packed(answer: &Answer) -> bool {
    answer
        .headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip")
}

#[tokio::test]
async fn a_page_goes_packed_to_whoever_asks_for_it_and_as_it_is_if_another_site_does() {
    let site = Site::with(&["--url", "https://stats.example.com"]).await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    for (from, packs) in [
        (Some("same-origin"), true),
        (Some("none"), true),
        (Some("cross-site"), false),
        (Some("same-site"), false),
        (None, false),
    ] {
        let answer = fetch(&mut ada, &project, from).await;
        assert_eq!(is_packed(&answer), packs, "{from:?}");
    }
    assert!(
        ada.fetch(&project).await.text.ends_with("</html>"),
        "nobody must take it"
    );
}

#[tokio::test]
async fn without_encryption_packing_tells_nothing_new() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    assert!(is_packed(&fetch(&mut ada, &project, None).await));
    assert!(!is_packed(&fetch(&mut ada, &project, Some("cross-site")).await));
}

#[tokio::test]
async fn the_token_of_forms_is_never_written_the_same_way_twice_and_each_is_good() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let settings = format!("{project}/settings");
    ada.open(&settings).await;
    let first = ada.csrf();
    ada.open(&settings).await;
    let second = ada.csrf();
    assert!(first.len() > 80 && first.len() == second.len(), "{first}");
    let alike = first.bytes().zip(second.bytes()).filter(|(a, b)| a == b).count();
    assert!(alike < 16, "{first} {second}");
    for token in [&second, &first, &first] {
        let fields = serde_urlencoded::to_string([("csrf", token.as_str()), ("name", "Shop")]).unwrap();
        let request =
            Request::post(format!("{project}/name")).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(ada.send(request, fields).await.status, StatusCode::SEE_OTHER);
    }
}
