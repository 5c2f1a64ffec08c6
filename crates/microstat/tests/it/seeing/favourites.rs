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
    says(
        &text,
        &["Favourites Order Hit Counter 3 hits -25% All of the last 24 hours, against the 24 hours before."],
    );
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

#[tokio::test]
async fn each_type_has_the_figure_it_is_about() {
    let mut shop = Shop::new().await;
    let mut points = vec![
        point("Words", "Word Web", "b", 30 * HOUR),
        point("Words", "Word Web", "b", 50 * HOUR),
    ];
    points.extend([1, 2, 6].map(|value| point("Size", "Counter", value, HOUR)));
    points.extend([30, 50].map(|hours| point("Size", "Counter", 4, hours * HOUR)));
    points.extend((1..=20).map(|value| point("Wait", "Timer", value * 100, HOUR)));
    points.extend(["a", "a", "b"].map(|word| point("Words", "Word Web", word, HOUR)));
    points.push(point("Rest", "Counter", 1, 30 * HOUR));
    points.push(point("Rest", "Counter", 1, 50 * HOUR));
    shop.publish(json!(points)).await;
    for name in ["Size", "Wait", "Words", "Rest"] {
        let path = shop.path_of(name).await;
        press(&mut shop.ada, &path, "yes").await;
    }
    let text = shop.read("").await;
    says(
        &text,
        &[
            "Size Counter 3 average -25%",
            "Wait Timer 1.9 s 95th percentile new",
            "Words Word Web a top word, 67% of 3 b before",
            "Rest Counter – average none now",
        ],
    );
}

#[tokio::test]
async fn favourites_stand_in_an_order_of_ones_own() {
    let mut shop = Shop::new().await;
    let names = ["One", "Two", "Three"];
    shop.publish(json!(names.map(|name| point(name, "Hit Counter", 1, HOUR))))
        .await;
    let mut vic = shop.member("Vic", Role::Member).await;
    let mut ids = Vec::new();
    for name in names {
        let path = shop.path_of(name).await;
        press(&mut shop.ada, &path, "yes").await;
        press(&mut vic, &path, "yes").await;
        ids.push(shop.metric(name).await.id.to_string());
    }
    let order = |text: &str| {
        let text = &text[text.find("Favourites").unwrap()..text.find("Busy Metrics").unwrap()];
        let mut places = names.map(|name| (text.find(name).unwrap(), name));
        places.sort_unstable();
        places.map(|(_, name)| name)
    };
    let text = shop.read("?range=7d&arrange=yes").await;
    assert_eq!(order(&text), ["One", "Two", "Three"]);
    assert_eq!(
        (text.matches("Forward").count(), text.matches("Back →").count()),
        (2, 2)
    );
    let (path, back) = (
        format!("{}/favourites/order", shop.path),
        format!("{}?range=7d&arrange=yes#f-1", shop.path),
    );
    let (one, two, three) = (ids[0].as_str(), ids[1].as_str(), ids[2].as_str());
    for (metric, before, expected) in [
        (three, two, ["One", "Three", "Two"]),
        (one, "", ["Three", "Two", "One"]),
        (one, one, ["Three", "Two", "One"]),
        (two, three, ["Two", "Three", "One"]),
    ] {
        let fields = [("metric", metric), ("before", before), ("return", back.as_str())];
        let answer = shop.ada.post(&path, &fields).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, back.as_str())
        );
        assert_eq!(order(&shop.read("").await), expected);
    }
    assert_eq!(
        order(&words(&vic.open(&shop.path).await.text)),
        names,
        "others have their own"
    );

    let mut eye = shop.member("Eye", Role::Viewer).await;
    eye.open(&shop.path).await;
    let answer = eye.post(&path, &[("metric", one), ("before", two)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for metric in ["", "x", "123456"] {
        assert_eq!(
            shop.ada.post(&path, &[("metric", metric)]).await.status,
            StatusCode::NOT_FOUND,
            "{metric}"
        );
    }
    assert_eq!(order(&shop.read("").await), ["Two", "Three", "One"]);
}
