//! "Search".

use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::role::Role;
use serde_json::{Value, json};

use super::{Shop, says, words};
use crate::harness::Browser;

/// What the palette is told: kind, title, detail and address of each.
async fn found(browser: &mut Browser, query: &[(&str, &str)]) -> Vec<[String; 4]> {
    let query = serde_urlencoded::to_string(query).unwrap();
    let request = Request::get(format!("/search?{query}")).header("accept", "application/json");
    let answer = browser.send(request, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
    let one = |of: &Value| ["kind", "title", "detail", "url"].map(|name| text(of, name));
    answer.json()["found"].as_array().unwrap().iter().map(one).collect()
}

fn titles(found: &[[String; 4]]) -> Vec<&str> {
    found.iter().map(|one| one[1].as_str()).collect()
}

#[tokio::test]
async fn a_metric_is_found_by_roughly_what_it_is_called() {
    let mut shop = Shop::new().await;
    let names = ["Checkout time", "Basket checkout", "Page views", "طلبات اليوم"];
    shop.publish(json!(names.map(|name| json!({"name": name, "type": "Hit Counter"}))))
        .await;
    let path = shop.path_of("Page views").await;
    let all = found(&mut shop.ada, &[("q", "pgv")]).await;
    let expected = [
        "Hit Counter",
        "Page views",
        "My First Project, Ada's Organisation",
        &path,
    ];
    assert_eq!(all[0], expected.map(str::to_owned));
    assert_eq!(
        titles(&found(&mut shop.ada, &[("q", "CHECK")]).await)[..2],
        ["Checkout time", "Basket checkout"]
    );
    assert_eq!(titles(&found(&mut shop.ada, &[("q", "طلب")]).await), ["طلبات اليوم"]);
    assert_eq!(
        titles(&found(&mut shop.ada, &[("q", "views first")]).await)[0],
        "Page views"
    );
    assert_eq!(
        found(&mut shop.ada, &[("q", "qqqq")]).await,
        [[""; 4]; 0].map(|one| one.map(str::to_owned))
    );
}

#[tokio::test]
async fn places_settings_and_help_are_found_too() {
    let mut shop = Shop::new().await;
    let project = shop.path.trim_start_matches("/projects/").to_owned();
    let organisation = shop.site.organisation_of("ada@example.com").await;
    for (q, kind, title, url) in [
        ("first project", "Project", "My First Project", shop.path.clone()),
        (
            "ada",
            "Organisation",
            "Ada's Organisation",
            format!("/organisations/{organisation}"),
        ),
        (
            "your org",
            "Settings",
            "Your Organisation",
            format!("/organisations/{organisation}/settings"),
        ),
        ("your proj", "Page", "Your Project", format!("{}/settings", shop.path)),
        (
            "account",
            "Settings",
            "Your Account",
            format!("/account?project={project}"),
        ),
        (
            "percentiles",
            "Help",
            "Percentiles",
            "/help/metric-types#percentiles".to_owned(),
        ),
    ] {
        let all = found(&mut shop.ada, &[("q", q), ("project", &project)]).await;
        assert!(
            all.iter().any(|one| one[0] == kind && one[1] == title && one[3] == url),
            "{q}: {all:?}"
        );
    }
    let offered = found(&mut shop.ada, &[("project", &project)]).await;
    assert_eq!(
        titles(&offered)[..4],
        ["Dashboard", "Metrics", "Tutorial", "Your Project"]
    );
}

#[tokio::test]
async fn nothing_of_others_is_found() {
    let shop = Shop::new().await;
    shop.publish(json!({"name": "Secret orders", "type": "Hit Counter"}))
        .await;
    let secret = shop.path_of("Secret orders").await;
    let mut eve = shop.site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    let project = shop.path.trim_start_matches("/projects/").to_owned();
    let recent = format!("{secret},{}", shop.path);
    for q in ["secret", "ada", ""] {
        let all = found(&mut eve, &[("q", q), ("project", &project), ("recent", &recent)]).await;
        let said = format!("{all:?}");
        assert!(
            !said.contains("Secret") && !said.contains("Ada") && !said.contains(&project),
            "{q}: {said}"
        );
    }
    let mut vic = shop.member("Vic", Role::Viewer).await;
    assert_eq!(titles(&found(&mut vic, &[("q", "secret")]).await)[0], "Secret orders");
    let answer = vic.open(&format!("{secret}/deletion")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        shop.site.browser().fetch("/search?q=secret").await.location(),
        "/sign-in?return=%2Fsearch%3Fq%3Dsecret"
    );
}

#[tokio::test]
async fn where_one_has_been_comes_first() {
    let mut shop = Shop::new().await;
    shop.publish(json!(
        ["Order a", "Order b"].map(|name| json!({"name": name, "type": "Hit Counter"}))
    ))
    .await;
    let (a, b) = (shop.path_of("Order a").await, shop.path_of("Order b").await);
    assert_eq!(
        titles(&found(&mut shop.ada, &[("q", "order")]).await)[..2],
        ["Order a", "Order b"]
    );
    let recent = format!("{b},/nowhere");
    assert_eq!(
        titles(&found(&mut shop.ada, &[("q", "order"), ("recent", &recent)]).await)[..2],
        ["Order b", "Order a"]
    );
    let recent = format!("{b},{a}");
    assert_eq!(
        titles(&found(&mut shop.ada, &[("recent", &recent)]).await)[..3],
        ["Order b", "Order a", "Overview"]
    );
}

#[tokio::test]
async fn without_script_it_is_a_page() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "<i>Order</i>", "type": "Hit Counter"}))
        .await;
    let text = words(&shop.ada.open("/search?q=order").await.text);
    says(
        &text,
        &[
            "Search",
            "<i>Order</i> Hit Counter My First Project, Ada's Organisation",
        ],
    );
    assert!(!shop.ada.page.contains("<i>Order"), "{text}");
    says(
        &words(&shop.ada.open("/search?q=%3Cqqqq%3E").await.text),
        &["Nothing matches", "“ <qqqq> ”"],
    );
    let long = "x".repeat(5_000);
    assert_eq!(shop.ada.open(&format!("/search?q={long}")).await.status, StatusCode::OK);
}
