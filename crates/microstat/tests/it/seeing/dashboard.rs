//! "Dashboard".

use axum::http::StatusCode;
use domain::time::{DAY, HOUR, MINUTE};
use serde_json::json;

use super::{Shop, point, says, time};
use crate::harness::{NOW, PASSWORD};

#[tokio::test]
async fn a_project_without_data_shows_the_tutorial_instead_of_empty_charts() {
    let mut shop = Shop::new().await;
    let dsn = shop.dsn.clone();
    let text = shop.read("").await;
    says(&text, &["Tutorial", "Install", "Connect", "Publish", &dsn]);
    assert!(!text.contains("All Data Points"));
}

#[tokio::test]
async fn what_was_just_published_is_on_the_next_load() {
    let mut shop = Shop::new().await;
    for count in 1..=3 {
        shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
        let text = shop.read("").await;
        says(
            &text,
            &[&format!(
                "All Data Points Last 24 hours, one bar an hour, UTC. How to read this {count} none before"
            )],
        );
        says(&text, &[&format!("Order Hit Counter {count}")]);
    }
    // An app whose clock is ahead is seen all the same.
    let ahead = json!({"name": "Ahead", "type": "Hit Counter", "timestamp": time(NOW + 9 * MINUTE)});
    shop.publish(ahead).await;
    says(
        &shop.read("").await,
        &["How to read this 4 none before", "Ahead Hit Counter 1"],
    );
}

#[tokio::test]
async fn the_last_24_hours_stand_against_the_24_before() {
    let mut shop = Shop::new().await;
    let ages = [0, HOUR, DAY - MINUTE, DAY + MINUTE, 2 * DAY - MINUTE, 2 * DAY + MINUTE];
    let points: Vec<_> = ages.iter().map(|ago| point("Order", "Hit Counter", 5, *ago)).collect();
    shop.publish(json!(points)).await;
    let text = shop.read("").await;
    says(
        &text,
        &[
            "How to read this 3 +50% against the 24 hours before",
            "Order Hit Counter 3",
        ],
    );
}

#[tokio::test]
async fn the_busiest_metrics_come_first_and_open_their_pages() {
    let mut shop = Shop::new().await;
    let mut points = vec![point("Rare", "Timer", 5, HOUR), point("Old", "Counter", 1, 30 * HOUR)];
    points.extend((0..4).map(|n| point("Often", "Word Web", "a", n * HOUR)));
    points.extend((0..2).map(|n| point("Sometimes", "Hit Counter", 100, n * HOUR)));
    shop.publish(json!(points)).await;
    let text = shop.read("").await;
    says(&text, &["Often Word Web 4 Sometimes Hit Counter 2 Rare Timer 1"]);
    assert!(!text.contains("Old"), "{text}");
    let path = shop.path_of("Often").await;
    assert!(shop.ada.page.contains(&format!("href=\"{path}\"")));
}

#[tokio::test]
async fn where_nothing_came_for_a_day_it_says_when_the_last_data_point_came() {
    let mut shop = Shop::new().await;
    shop.publish(json!([point("Order", "Hit Counter", 1, 3 * DAY)])).await;
    let text = shop.read("").await;
    says(
        &text,
        &[
            "Nothing in the last 24 hours",
            "The last data point came 21 Nov 2026, 10:00 UTC",
        ],
    );
    says(&text, &["No metric was busy in the last 24 hours."]);
    assert!(!shop.ada.page.contains("<svg class=\"picture"));
}

#[tokio::test]
async fn names_are_shown_as_they_are_and_never_as_markup() {
    let mut shop = Shop::new().await;
    let long = "ü".repeat(255);
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "طلبات",
        &long,
        "a & b's",
    ];
    let points: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "type": "Hit Counter"}))
        .collect();
    shop.publish(json!(points)).await;
    for under in ["", "/metrics"] {
        says(&shop.read(under).await, &names);
        assert!(
            !shop.ada.page.contains("<script>alert") && !shop.ada.page.contains("<img"),
            "{under}"
        );
    }
    for name in names {
        let answer = shop.open(name, "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            !answer.text.contains("<script>alert") && !answer.text.contains("<img"),
            "{name}"
        );
        says(&super::words(&answer.text), &[name]);
    }
}

#[tokio::test]
async fn the_session_remembers_where_it_was_for_what_the_start_page_opens() {
    let mut shop = Shop::new().await;
    let mut bob = shop.site.browser();
    let bobs = bob.sign_up("Bob", "bob@example.com").await;
    let organisation = shop.site.organisation_of("bob@example.com").await;
    let ada = shop.site.user("ada@example.com").await;
    let mut tx = shop.site.app.db.begin().await.unwrap();
    let how = store::memberships::How::Founded;
    let role = domain::role::Role::Viewer;
    store::memberships::add(&mut tx, organisation, ada, role, how, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for path in [bobs, shop.path.clone()] {
        shop.ada.open(&format!("{path}/metrics")).await;
        assert_eq!(shop.ada.fetch("/").await.location(), path);
    }
    // Another device has its own memory.
    let mut phone = shop.site.browser();
    phone.open("/sign-in").await;
    phone
        .post("/sign-in", &[("email", "ada@example.com"), ("password", PASSWORD)])
        .await;
    assert!(phone.fetch("/").await.location().starts_with("/projects/"));
}
