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
        let said = format!(
            "All Data Points One bar an hour, UTC. How to read this {count} in the last 24 hours; there is no time \
             before it yet to compare with"
        );
        says(&text, &[&said, &format!("Order Hit Counter {count} 100%")]);
    }
    // An app whose clock is ahead is seen all the same.
    let ahead = json!({"name": "Ahead", "type": "Hit Counter", "timestamp": time(NOW + 9 * MINUTE)});
    shop.publish(ahead).await;
    says(
        &shop.read("").await,
        &["How to read this 4 in the last 24 hours", "Ahead Hit Counter 1 25%"],
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
            "Order Hit Counter 3 100%",
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
    says(
        &text,
        &["Often Word Web 4 57% Sometimes Hit Counter 2 29% Rare Timer 1 14%"],
    );
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
        &["Nothing in the last 24 hours", "The last data point came 3 days ago"],
    );
    says(&text, &["No metric was busy in the last 24 hours."]);
    assert!(!shop.ada.page.contains("<svg class=\"picture"));
    assert!(shop.ada.page.contains("?range=7d\">Show 7 days"));
}

#[tokio::test]
async fn one_range_holds_for_the_whole_page_and_goes_along_to_metrics() {
    let mut shop = Shop::new().await;
    let ages = [HOUR, 5 * DAY, 9 * DAY, 13 * DAY, 15 * DAY];
    let points: Vec<_> = ages.iter().map(|ago| point("Order", "Hit Counter", 1, *ago)).collect();
    shop.publish(json!(points)).await;
    let order = shop.path_of("Order").await;
    let text = shop.read("?range=7d").await;
    says(
        &text,
        &[
            "One bar for 6 hours, UTC. How to read this 2 0% against the 7 days before",
            "Order Hit Counter 2 100%",
            "No metric began in the last 7 days.",
        ],
    );
    assert!(shop.ada.page.contains(&format!("href=\"{order}?range=7d\"")));
    says(
        &shop.read("?range=30d").await,
        &["How to read this 5 in the last 30 days; there is no time before it"],
    );
    says(&shop.read("?range=1y").await, &["One bar a week"]);
    says(&shop.read("?range=1h").await, &["Nothing in the last hour"]);
    says(
        &shop.read("?range=nonsense").await,
        &["One bar an hour", "in the last 24 hours"],
    );
    assert!(
        shop.ada.page.contains(&format!("href=\"{order}\"")),
        "24 hours go without saying"
    );
}

#[tokio::test]
async fn metrics_that_began_in_the_range_are_new() {
    let mut shop = Shop::new().await;
    let points = [
        point("Old", "Counter", 1, 30 * HOUR),
        point("Young", "Timer", 1, 2 * HOUR),
        point("Old", "Counter", 1, HOUR),
    ];
    shop.publish(json!(points)).await;
    let new = |text: &str| text[text.find("New First seen").unwrap()..text.find("Fallen silent").unwrap()].to_owned();
    let text = new(&shop.read("").await);
    assert_eq!(
        text.trim(),
        "New First seen in the last 24 hours Young Timer 2 hours ago"
    );
    let text = new(&shop.read("?range=7d").await);
    says(&text, &["Young Timer 2 hours ago Old Counter yesterday"]);
}

#[tokio::test]
async fn what_came_regularly_and_has_stopped_has_fallen_silent() {
    let mut shop = Shop::new().await;
    let hourly = |name: &str, until: i64| -> Vec<_> {
        (0..5 * 24)
            .map(|n| point(name, "Hit Counter", 1, until + n * HOUR))
            .collect()
    };
    shop.publish(json!(hourly("Heartbeat", 3 * HOUR))).await;
    shop.publish(json!(hourly("Alive", HOUR))).await;
    shop.publish(json!(hourly("Long gone", 10 * DAY))).await;
    shop.publish(json!(
        (0..5)
            .map(|n| point("Nightly", "Counter", 1, HOUR + DAY + n * DAY))
            .collect::<Vec<_>>()
    ))
    .await;
    shop.publish(json!([
        point("Once", "Counter", 1, 5 * HOUR),
        point("Once", "Counter", 1, 4 * DAY)
    ]))
    .await;
    let silent = |text: &str| text[text.find("Fallen silent").unwrap()..].to_owned();
    let text = silent(&shop.read("").await);
    says(
        &text,
        &["Heartbeat Hit Counter last seen 3 hours ago , paused 1 hour at most"],
    );
    for quiet in ["Alive", "Nightly", "Once", "Long gone"] {
        assert!(!text.contains(quiet), "{quiet}: {text}");
    }
    says(
        &silent(&shop.read("?range=30d").await),
        &["Heartbeat", "Long gone Hit Counter last seen 10 days ago"],
    );
    // It comes again, and so it is no longer silent.
    shop.publish(json!({"name": "Heartbeat", "type": "Hit Counter"})).await;
    says(
        &silent(&shop.read("").await),
        &["None. Whatever came regularly still does."],
    );
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
