//! How a metric is looked at: comparison, percentiles, several metrics, words, and the link that leads to the same again.

use axum::http::StatusCode;
use domain::role::Role;
use domain::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};

use super::{Shop, point, says, words};
use crate::harness::Browser;

/// Four weeks of a Timer of 0 to 990 ms, a value an hour, and of another metric of each type.
async fn shop() -> Shop {
    let shop = Shop::new().await;
    let values: Vec<Value> = (0..28 * 24)
        .map(|n| point("Checkout", "Timer", n % 100 * 10, n * HOUR + MINUTE))
        .collect();
    shop.publish(json!(values)).await;
    shop.publish(json!([
        point("Order", "Hit Counter", 3, 2 * HOUR),
        point("Basket", "Counter", 7, 2 * HOUR),
        point("Browser", "Word Web", "chrome", 2 * HOUR),
        point("Payment", "Timer", 40, 2 * HOUR),
    ]))
    .await;
    shop
}

async fn read(shop: &mut Shop, name: &str, query: &str) -> String {
    let answer = shop.open(name, query).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    words(&answer.text)
}

/// The link to exactly this view, from the page that is shown.
fn link(page: &str) -> String {
    let start = page.find("id=\"link\"").expect("a link");
    let text = words(&format!("<main{}</main>", &page[start..start + 400]));
    let path = text.split_whitespace().find_map(|word| word.split_once("/projects/"));
    format!("/projects/{}", path.expect("a path").1.replace("&amp;", "&"))
}

#[tokio::test]
async fn a_time_is_compared_with_the_one_before_or_a_week_earlier_or_not_at_all() {
    let mut shop = shop().await;
    let text = read(&mut shop, "Checkout", "").await;
    says(
        &text,
        &["compared with the 24 hours before", "Data points 24 0%, from 24"],
    );
    let text = read(&mut shop, "Checkout", "?compare=week").await;
    says(
        &text,
        &[
            "compared with the same time a week earlier",
            "Data points 24 0%, from 24",
        ],
    );
    let text = read(&mut shop, "Checkout", "?compare=off").await;
    says(&text, &["not compared", "Data points 24"]);
    assert!(!text.contains("from 24"));
    let text = read(&mut shop, "Checkout", "?range=7d").await;
    says(
        &text,
        &["compared with the 7 days before", "Data points 168 0%, from 168"],
    );
    let text = read(&mut shop, "Checkout", "?from=2026-11-14&to=2026-11-22").await;
    says(&text, &["compared with the same weekdays 2 weeks earlier"]);
}

#[tokio::test]
async fn percentiles_are_the_readers_choice() {
    let mut shop = shop().await;
    let text = read(&mut shop, "Checkout", "?range=7d&p=90,99.9").await;
    says(&text, &["p90 ", "p99.9 ", "Minimum Average Maximum p90 p99.9"]);
    assert!(!text.contains("p75 ms") && !shop.ada.page.contains("class=\"p75\""));
    let text = read(&mut shop, "Checkout", "?p=").await;
    assert!(!text.contains("Median"), "none may be chosen");
    for (typed, error) in [
        ("101", "Percentiles are numbers between 0 and 100, like 50, 95 or 99.9."),
        ("1,2,3,4,5,6", "At most five percentiles can be told apart."),
    ] {
        let answer = shop.open("Checkout", &format!("?p={typed}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        says(&words(&answer.text), &[error, "Median (p50)"]);
        assert!(answer.text.contains(&format!("value=\"{typed}\"")));
    }
}

#[tokio::test]
async fn the_share_of_data_points_above_any_value_is_told() {
    let mut shop = shop().await;
    // Of 168: 100 of each of 0 to 990, and the first 68 again.
    let text = read(&mut shop, "Checkout", "?range=7d&above=500").await;
    let above = (0..168).filter(|n| n % 100 * 10 > 500).count();
    says(
        &text,
        &[&format!("of these data points lie above 500 ms: {above} of 168.")],
    );
    let answer = shop.open("Checkout", "?above=much").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    says(&words(&answer.text), &["Enter a number, like 500 or 0.25."]);
}

#[tokio::test]
async fn up_to_four_metrics_stand_in_one_chart() {
    let mut shop = shop().await;
    let path = shop.path_of("Checkout").await;
    let mut here = path.clone();
    for (nth, name) in ["Order", "Payment", "Browser"].into_iter().enumerate() {
        let sign = if here.contains('?') { '&' } else { '?' };
        let answer = shop.ada.fetch(&format!("{here}{sign}add={name}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.text);
        answer.location().clone_into(&mut here);
        let page = shop.ada.open(&here).await;
        says(&words(&page.text), &["Side by side", &format!("{name} ×")]);
        assert_eq!(page.text.contains("name=\"add\""), nth < 2, "there is room for four");
    }
    let answer = shop.ada.fetch(&format!("{here}&add=Basket")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (name, error) in [
        ("Nothing", "No metric of this project has this name."),
        ("Checkout", "This metric is in the chart already."),
    ] {
        let answer = shop.ada.fetch(&format!("{path}?add={name}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        says(&words(&answer.text), &[error]);
    }
}

#[tokio::test]
async fn no_link_brings_another_projects_metric_into_the_chart() {
    let mut shop = shop().await;
    let mut eve = shop.site.browser();
    let theirs = eve.sign_up("Eve", "eve@example.com").await;
    let project = theirs.trim_start_matches("/projects/").parse().unwrap();
    shop.site.publish(project, crate::harness::NOW).await;
    let secret = store::metrics::of_project(&shop.site.app.db, project).await.unwrap()[0].id;
    let text = read(&mut shop, "Checkout", &format!("?with={secret}")).await;
    assert!(!text.contains("Cart"), "{text}");
}

#[tokio::test]
async fn the_link_to_a_view_shows_the_same_to_another_member_by_another_clock_later() {
    let mut shop = shop().await;
    shop.ada.jar.insert("zone".to_owned(), "Europe/Berlin".to_owned());
    let first = read(&mut shop, "Checkout", "?range=7d&compare=week&p=50,90&above=500").await;
    let link = link(&shop.ada.page);
    says(
        &link,
        &["zone=Europe%2FBerlin", "compare=week", "p=50%2C90", "above=500"],
    );
    let mut bob: Browser = shop.member("Bob", Role::Viewer).await;
    bob.jar.insert("zone".to_owned(), "Asia/Tokyo".to_owned());
    shop.publish(point("Checkout", "Timer", 5_000, -5 * MINUTE)).await;
    let second = words(&bob.open(&link).await.text);
    let figures = |text: &str| {
        let start = text.find("Europe/Berlin, compared").expect("when");
        let end = text.find("Values over time").expect("a chart");
        text[start..end].replace("compared with the 7 days before", "")
    };
    let sameness = |text: &str| figures(text).split("How to read this").last().unwrap().to_owned();
    assert_eq!(sameness(&first), sameness(&second));
}

#[tokio::test]
async fn words_are_searched_and_new_and_vanished_ones_named() {
    let mut shop = Shop::new().await;
    let word = |word: &str, ago: i64| point("Browser", "Word Web", word, ago);
    let mut points = vec![word("lynx", 3 * DAY), word("lynx", 26 * HOUR), word("opera", HOUR)];
    points.extend((0..3).map(|n| word("chrome", HOUR + n)));
    points.push(word("chrome", 26 * HOUR));
    shop.publish(json!(points)).await;
    let text = read(&mut shop, "Browser", "").await;
    says(&text, &["New words opera 1", "Vanished words lynx 1 before"]);
    let text = read(&mut shop, "Browser", "?q=OPER").await;
    says(&text, &["1 of 2 words has “ OPER ” in them.", "2 opera"]);
    let text = read(&mut shop, "Browser", "?q=nothing").await;
    says(&text, &["No word matches."]);
}

#[tokio::test]
async fn one_can_step_earlier_later_and_out() {
    let mut shop = shop().await;
    read(
        &mut shop,
        "Checkout",
        "?from=2026-11-20T10:00&to=2026-11-20T12:00&compare=off",
    )
    .await;
    let page = shop.ada.page.clone();
    let step = |name: &str| {
        let before = page.split(&format!("aria-label=\"{name}\"")).next().unwrap();
        let href = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
        href.replace("&#38;", "&").replace("&amp;", "&")
    };
    for (name, when) in [
        ("Earlier", "Fri 20 Nov, 08:00–10:00"),
        ("Later", "Fri 20 Nov, 12:00–14:00"),
        ("Zoom out", "Fri 20 Nov, 09:00–13:00"),
    ] {
        let answer = shop.ada.open(&step(name)).await;
        says(&words(&answer.text), &[when, "not compared"]);
    }
    read(&mut shop, "Checkout", "").await;
    assert!(
        !shop.ada.page.contains("aria-label=\"Later\""),
        "nothing is later than now"
    );
}
