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
async fn what_shows_or_holds_a_secret_goes_as_it_is_whoever_asks() {
    let site = Site::with(&["--url", "https://stats.example.com"]).await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    // a link's token is in the address; the page says no more than that it is none
    let link = format!("/invitations/{}", "x".repeat(43));
    let request = Request::get(&link)
        .header(header::ACCEPT_ENCODING, "gzip")
        .header("sec-fetch-site", "none");
    let answer = ada.send(request, Body::empty()).await;
    assert!(answer.text.contains("<h1>") && !is_packed(&answer), "{}", answer.text);
    // an API token is shown once, in the answer to the form
    ada.open("/account/tokens").await;
    let fields = [
        ("csrf", ada.csrf()),
        ("name", "Report".to_owned()),
        ("role", "Viewer".to_owned()),
    ];
    let request = Request::post("/account/tokens")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header("sec-fetch-site", "same-origin");
    let answer = ada.send(request, serde_urlencoded::to_string(fields).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(
        answer.text.contains("API token") && !is_packed(&answer),
        "{}",
        answer.text
    );
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
