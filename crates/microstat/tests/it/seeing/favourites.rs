//! Favourites.

use axum::http::StatusCode;
use domain::role::Role;
use domain::time::{DAY, HOUR};
use serde_json::json;

use super::{Shop, point, says, words};
use crate::harness::Browser;

/// Presses the star of a metric.
async fn press(browser: &mut Browser, metric: &str, favourite: &str) {
    browser.open(metric).await;
    let fields = [("favourite", favourite), ("return", metric)];
    let answer = browser.submit(&format!("{metric}/favourite"), &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, metric));
}

#[tokio::test]
async fn favourites_are_each_person_s_own_and_stand_on_the_dashboard() {
    let mut shop = Shop::new().await;
    let points = [
        point("Order", "Hit Counter", 6, 50 * HOUR),
        point("Order", "Hit Counter", 4, DAY + HOUR),
        point("Order", "Hit Counter", 3, HOUR),
        point("Basket", "Counter", 3, HOUR),
    ];
    shop.publish(json!(points)).await;
    let (order, path) = (shop.path_of("Order").await, shop.path.clone());
    let mut vic = shop.member("Vic", Role::Member).await;
    says(
        &shop.read("").await,
        &["No favourites yet", "Press the star beside a metric"],
    );

    press(&mut vic, &order, "yes").await;
    press(&mut vic, &order, "yes").await;
    assert!(vic.page.contains("aria-pressed=\"true\""));
    let text = words(&vic.open(&path).await.text);
    says(&text, &["Favourites Last 24 hours against the 24 before Order 3 -25%"]);
    says(&shop.read("").await, &["No favourites yet"]);

    press(&mut vic, &order, "no").await;
    assert!(!vic.page.contains("aria-pressed=\"true\""));
    says(&words(&vic.open(&path).await.text), &["No favourites yet"]);
}

#[tokio::test]
async fn the_star_leads_back_to_where_it_was_pressed_and_never_elsewhere() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let order = shop.path_of("Order").await;
    let list = format!("{}/metrics?sort=last#m-1", shop.path);
    shop.ada.open(&list).await;
    let star = format!("{order}/favourite");
    for (back, to) in [
        (list.as_str(), list.as_str()),
        ("https://evil.example", &order),
        ("//evil.example", &order),
    ] {
        let answer = shop.ada.post(&star, &[("favourite", "yes"), ("return", back)]).await;
        assert_eq!(answer.location(), to);
    }
    let body = "favourite=no&return=/";
    let answer = shop.ada.send(axum::http::Request::post(&star), body).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a form needs its token");
}

#[tokio::test]
async fn whoever_leaves_has_no_favourites_there_when_they_come_back() {
    let shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let order = shop.path_of("Order").await;
    let mut vic = shop.member("Vic", Role::Member).await;
    press(&mut vic, &order, "yes").await;
    let (app, user) = (&shop.site.app, shop.site.user("vic@example.com").await);
    let organisation = shop.site.organisation_of("ada@example.com").await;
    let mut tx = app.db.begin().await.unwrap();
    store::memberships::leave(&mut tx, organisation, user, "Ada's Organisation", app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let answer = vic.post(&format!("{order}/favourite"), &[("favourite", "yes")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let mut tx = app.db.begin().await.unwrap();
    let how = store::memberships::How::Founded;
    store::memberships::add(&mut tx, organisation, user, Role::Member, how, app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    says(&words(&vic.open(&shop.path).await.text), &["No favourites yet"]);
}
