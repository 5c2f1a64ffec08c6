//! "Overview".

use axum::http::StatusCode;
use domain::role::Role;
use domain::time::{DAY, HOUR};
use serde_json::json;

use super::{Shop, point, says, words};

#[tokio::test]
async fn every_project_i_can_open_is_in_it_and_no_other() {
    let mut shop = Shop::new().await;
    let points = [HOUR, 2 * HOUR, 3 * HOUR, 30 * HOUR, 31 * HOUR, 60 * HOUR];
    shop.publish(json!(points.map(|ago| point("Order", "Hit Counter", 5, ago))))
        .await;
    let mut bob = shop.site.browser();
    let bobs = bob.sign_up("Bob", "bob@example.com").await;
    let text = words(&bob.open("/overview").await.text);
    says(
        &text,
        &[
            "Bob's Organisation Administrator",
            "My First Project No data points yet. Publish one 0 never 0",
        ],
    );
    assert!(!text.contains("Ada"), "{text}");

    let mut vic = shop.member("Vic", Role::Viewer).await;
    let text = words(&vic.open("/overview").await.text);
    says(
        &text,
        &[
            "Ada's Organisation Viewer",
            "My First Project 3 +50% 1 hour ago 1",
            "Vic's Organisation Administrator",
        ],
    );
    assert!(!vic.page.contains(&bobs), "{text}");
    // By activity the busy one comes first, by name as they are called.
    assert!(text.find("Ada's Organisation") < text.find("Vic's Organisation"));
    let text = words(&shop.ada.open("/overview?sort=name").await.text);
    says(&text, &["Ada's Organisation Administrator"]);
}

#[tokio::test]
async fn it_can_be_searched_and_sorted() {
    let shop = Shop::new().await;
    let mut zoe = shop.member("Zoe", Role::Member).await;
    let own = zoe.fetch("/").await.location().to_owned();
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let names = |text: &str| {
        let mut found: Vec<_> = ["Ada's Organisation", "Zoe's Organisation"]
            .into_iter()
            .filter_map(|name| Some((text.find(name)?, name)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let settings = format!("{own}/settings");
    zoe.open(&settings).await;
    zoe.post(&format!("{own}/name"), &[("name", "Aardvark")]).await;
    for (query, expected) in [
        ("", vec!["Ada's Organisation", "Zoe's Organisation"]),
        ("?sort=name", vec!["Ada's Organisation", "Zoe's Organisation"]),
        ("?q=zoe", vec!["Zoe's Organisation"]),
        ("?q=AARD", vec!["Zoe's Organisation"]),
        ("?q=first", vec!["Ada's Organisation"]),
        ("?q=%3Cb%3E", vec![]),
    ] {
        let text = words(&zoe.open(&format!("/overview{query}")).await.text);
        assert_eq!(names(&text), expected, "{query}: {text}");
    }
    assert!(zoe.says("Nothing matches") && !zoe.page.contains("<b>"), "{}", zoe.page);
}

#[tokio::test]
async fn who_was_removed_sees_it_no_longer_and_a_paused_project_says_so() {
    let mut shop = Shop::new().await;
    shop.publish(json!([point("Order", "Hit Counter", 1, 3 * DAY)])).await;
    shop.ada.open(&format!("{}/settings", shop.path)).await;
    shop.ada
        .post(&format!("{}/pause", shop.path), &[("paused", "true")])
        .await;
    says(
        &words(&shop.ada.open("/overview").await.text),
        &["My First Project Paused 0 – 3 days ago 1"],
    );

    let mut vic = shop.member("Vic", Role::Viewer).await;
    assert!(words(&vic.open("/overview").await.text).contains("Ada's Organisation"));
    let organisation = shop.site.organisation_of("ada@example.com").await;
    let user = shop.site.user("vic@example.com").await;
    let removal = format!("/organisations/{organisation}/members/{user}/removal");
    shop.ada.open(&removal).await;
    assert_eq!(shop.ada.post(&removal, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!words(&vic.open("/overview").await.text).contains("Ada's Organisation"));
}

#[tokio::test]
async fn whoever_has_several_projects_finds_it_in_the_switcher_and_under_the_product_s_name() {
    let mut shop = Shop::new().await;
    shop.ada.open(&shop.path.clone()).await;
    assert!(!shop.ada.page.contains("href=\"/overview\""));
    let mut vic = shop.member("Vic", Role::Viewer).await;
    vic.open("/account").await;
    assert!(vic.page.contains("class=\"brand\" href=\"/overview\"") && vic.says("Overview of all projects"));
}
