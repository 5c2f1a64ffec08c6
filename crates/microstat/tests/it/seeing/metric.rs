//! A metric's page.

use axum::http::{StatusCode, header};
use domain::time::{DAY, HOUR, MINUTE, Micros};
use serde_json::{Value, json};
use store::db::sql;

use super::{Shop, point, says, words};
use crate::harness::NOW;

/// Each type with data of seventy-five days, a point every six hours.
async fn shop() -> Shop {
    let shop = Shop::new().await;
    for (name, kind) in [
        ("Order", "Hit Counter"),
        ("Basket", "Counter"),
        ("Checkout", "Timer"),
        ("Browser", "Word Web"),
    ] {
        let value = |n: i64| match kind {
            "Hit Counter" => Value::from(2),
            "Word Web" => Value::from(["chrome", "firefox", "chrome", "safari"][usize::try_from(n % 4).unwrap()]),
            _ => Value::from(n % 10 * 100),
        };
        let points: Vec<Value> = (0..300)
            .map(|n| point(name, kind, value(n), n * 6 * HOUR + MINUTE))
            .collect();
        shop.publish(json!(points)).await;
    }
    shop
}

async fn read(shop: &mut Shop, name: &str, under: &str) -> String {
    let answer = shop.open(name, under).await;
    assert_eq!(answer.status, StatusCode::OK, "{name} {under}: {}", answer.text);
    words(&answer.text)
}

#[tokio::test]
async fn a_hit_counter_says_how_many_how_often_and_when_most() {
    let mut shop = shop().await;
    shop.publish(json!([point("Order", "Hit Counter", 30, 3 * HOUR + 10 * MINUTE)]))
        .await;
    let text = read(&mut shop, "Order", "").await;
    says(
        &text,
        &[
            "Hits 38 +375%, from 8",
            "Per hour 1.58 on average",
            "Busiest moment 30 Tue 24 Nov, 06:00–07:00",
        ],
    );
    says(
        &text,
        &["Mon 23 Nov, 10:00 – Tue 24 Nov, 10:00 UTC, compared with the 24 hours before"],
    );
    says(
        &text,
        &[
            "Latest data points",
            "24 Nov, 06:50 UTC 30 hits",
            "24 Nov, 09:59 UTC 2 hits",
        ],
    );
    assert!(shop.ada.page.contains("<svg class=\"picture bars\""));
    says(
        &read(&mut shop, "Order", "?range=7d").await,
        &["Hits 86", "Per day 12.29"],
    );
    says(
        &read(&mut shop, "Order", "?range=1h").await,
        &["Hits 2", "Per minute 0.03"],
    );
}

#[tokio::test]
async fn a_counter_and_a_timer_say_their_spread_and_their_percentiles() {
    let mut shop = shop().await;
    // Of the last 30 days: 120 values, each of 0, 100 … 900 twelve times.
    let text = read(&mut shop, "Checkout", "?range=30d").await;
    for figure in [
        "Average 450 ms 0%, from 450 ms",
        "Median (p50) 400 ms",
        "p75 700 ms",
        "p95 900 ms",
        "p99 900 ms",
        "Minimum 0 ms no change",
        "Maximum 900 ms",
        "Data points 120 0%, from 120",
    ] {
        says(&text, &[figure]);
    }
    assert!(shop.ada.page.contains("<svg class=\"picture band-chart\""));
    for class in [
        "class=\"band\"",
        "class=\"average\"",
        "class=\"q1\"",
        "class=\"q2\"",
        "class=\"q3\"",
        "class=\"q4\"",
    ] {
        assert!(shop.ada.page.contains(class), "{class}");
    }
    let text = read(&mut shop, "Basket", "?range=30d").await;
    says(
        &text,
        &["Average 450", "p99 900", "Minimum 0", "Sum 54,000", "Data points 120"],
    );
    // A table says the same to who can't see the picture.
    says(
        &text,
        &["Show as a table Time Data points Minimum Average Maximum p50 p75 p95 p99"],
    );
}

#[tokio::test]
async fn a_word_web_ranks_its_words_and_says_how_each_moved() {
    let mut shop = Shop::new().await;
    let word = |word: &str, ago: i64| point("Browser", "Word Web", word, ago);
    let mut points = vec![word("lynx", 60 * HOUR), word("safari", HOUR), word("new one", HOUR + 1)];
    points.extend((0..3).map(|n| word("firefox", HOUR + n)));
    points.extend((0..3).map(|n| word("chrome", 26 * HOUR + n)));
    points.extend((0..2).map(|n| word("firefox", 26 * HOUR + n)));
    points.push(word("safari", 26 * HOUR));
    points.extend((0..5).map(|n| word("<i>", HOUR + n)));
    shop.publish(json!(points)).await;
    let text = read(&mut shop, "Browser", "").await;
    says(
        &text,
        &[
            "Data points 10 +67%, from 6",
            "Distinct words 4 +33%, from 3",
            "Most popular <i> 50% of all",
        ],
    );
    says(
        &text,
        &["1 <i> 5 50% new 2 firefox 3 30% +50% = 3 new one 1 10% new 4 safari 1 10% 0% down 1"],
    );
    assert!(shop.ada.page.contains("<svg class=\"picture stack\"") && shop.ada.page.contains("class=\"legend\""));
    let text = read(&mut shop, "Browser", "?range=1h").await;
    says(&text, &["Nothing in the last hour"]);
}

fn spelt(range: &str) -> &'static str {
    domain::period::Preset::from_code(range).expect("a preset").name()
}

#[tokio::test]
async fn every_range_opens_for_every_type() {
    let mut shop = shop().await;
    for name in ["Order", "Basket", "Checkout", "Browser"] {
        for range in ["1h", "24h", "7d", "30d", "90d", "1y"] {
            let answer = shop.open(name, &format!("?range={range}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{name} {range}");
            let query = if range == "24h" {
                String::new()
            } else {
                format!("?range={range}")
            };
            assert!(
                answer
                    .text
                    .contains(&format!("{query}\" aria-current=\"true\">{}", spelt(range))),
                "{name} {range}"
            );
            assert!(answer.text.contains("<svg class=\"picture"), "{name} {range}");
        }
        let text = read(&mut shop, name, "?from=2026-11-20T00:00&to=2026-11-22").await;
        says(&text, &["20–22 Nov UTC, compared with as long a time before it"]);
        for shown in [" open>", "value=\"2026-11-20T00:00\"", "value=\"2026-11-23T00:00\""] {
            assert!(shop.ada.page.contains(shown), "{shown}");
        }
    }
}

#[tokio::test]
async fn what_is_no_range_is_told_beside_its_field_with_what_was_typed() {
    let mut shop = shop().await;
    for (query, field, error) in [
        ("from=junk&to=2026-11-24T10:00", "from", "Enter a day and a time"),
        ("from=&to=2026-11-24T10:00", "from", "Enter a day and a time"),
        ("from=2026-11-24T10:00&to=", "to", "Enter a day and a time"),
        ("from=2026-11-24T10:00", "to", "Enter a day and a time"),
        (
            "from=2026-11-24T10:00&to=2026-11-24T10:00",
            "to",
            "Enter a time after the first",
        ),
        ("from=2026-11-25&to=2026-11-20", "to", "Enter a time after the first"),
        ("from=1900-01-01&to=2026-11-24", "from", "at most ten years"),
        (
            "from=%22%3E%3Cscript%3E&to=2026-11-24",
            "from",
            "Enter a day and a time",
        ),
    ] {
        let answer = shop.open("Checkout", &format!("?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        says(&words(&answer.text), &[error, "Average"]);
        let invalid = format!("aria-invalid=\"true\" aria-describedby=\"{field}-error\"");
        assert!(answer.text.contains(&invalid), "{query}");
        assert!(!answer.text.contains("\"><script>"), "{query}");
    }
    assert!(
        shop.open("Checkout", "?from=junk&to=2026-11-24T10:00")
            .await
            .text
            .contains("value=\"junk\"")
    );
    for range in ["?range=junk", "?range=", "?range=99y"] {
        says(
            &read(&mut shop, "Checkout", range).await,
            &["compared with the 24 hours before"],
        );
    }
    let text = read(&mut shop, "Checkout", "?from=2027-01-01T00:00&to=2027-01-02T00:00").await;
    says(&text, &["Nothing in this time", "The last data point came"]);
    read(
        &mut shop,
        "Checkout",
        "?from=2026-11-24T10:00:00.000001Z&to=2026-11-24T10:00:00.000002Z",
    )
    .await;
}

#[tokio::test]
async fn one_data_point_is_shown_as_one_and_its_spread_is_not_made_up() {
    let mut shop = Shop::new().await;
    for (name, kind, value) in [
        ("One Hit", "Hit Counter", Value::from(1)),
        ("One Number", "Counter", Value::from(-2.5)),
        ("One Time", "Timer", Value::from(812)),
        ("One Word", "Word Web", Value::from("שלום")),
    ] {
        shop.publish(json!({"name": name, "type": kind, "value": value})).await;
    }
    says(
        &read(&mut shop, "One Hit", "").await,
        &["Hits 1", "Busiest moment 1", "there is no such time before it yet"],
    );
    for (name, value) in [("One Number", "Value -2.5"), ("One Time", "Value 812 ms")] {
        let text = read(&mut shop, name, "").await;
        says(&text, &[value, "One data point in this time"]);
        assert!(!text.contains("p99") && !text.contains("Median"), "{text}");
        assert!(shop.ada.page.contains("<circle class=\"dot average"));
    }
    says(
        &read(&mut shop, "One Word", "").await,
        &["Most popular שלום 100% of all", "שלום 1 100%"],
    );
}

#[tokio::test]
async fn a_few_data_points_are_said_to_be_few() {
    let mut shop = Shop::new().await;
    let points: Vec<Value> = (0..5).map(|n| point("Checkout", "Timer", n * 100, n * HOUR)).collect();
    shop.publish(json!(points)).await;
    let text = read(&mut shop, "Checkout", "").await;
    says(
        &text,
        &["These are 5 data points. With fewer than 100, p99 is the same as the maximum."],
    );
}

#[tokio::test]
async fn a_range_without_data_says_when_the_last_came_and_offers_a_range_that_has_it() {
    let mut shop = Shop::new().await;
    shop.publish(json!([point("Checkout", "Timer", 5, 3 * DAY)])).await;
    let text = read(&mut shop, "Checkout", "").await;
    says(
        &text,
        &[
            "Nothing in the last 24 hours",
            "The last data point came 3 days ago",
            "Show 7 days",
        ],
    );
    assert!(!shop.ada.page.contains("<svg class=\"picture"));
    says(&read(&mut shop, "Checkout", "?range=7d").await, &["Value 5 ms"]);
}

#[tokio::test]
async fn a_metric_whose_data_points_are_all_forgotten_says_so() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let id = shop.metric("Order").await.id;
    shop.site.app.points.delete_metric(id).await.unwrap();
    says(&read(&mut shop, "Order", "").await, &["This metric has no data points"]);
}

#[tokio::test]
async fn what_was_just_published_is_there_whatever_the_app_s_clock_says() {
    let mut shop = Shop::new().await;
    let ahead = NOW + 9 * MINUTE;
    shop.publish(json!({"name": "Order", "type": "Hit Counter", "timestamp": ahead.to_string()}))
        .await;
    for range in ["1h", "24h", "1y"] {
        says(
            &read(&mut shop, "Order", &format!("?range={range}")).await,
            &["Hits 1", "24 Nov, 10:09 UTC 1 hit"],
        );
    }
}

#[tokio::test]
async fn what_is_no_longer_kept_is_not_compared_with() {
    let mut shop = shop().await;
    let mut tx = shop.site.app.db.begin().await.unwrap();
    sql("update projects set retention_days = 30, minutes_days = 30, hours_days = 30, days_days = 30 where id = $1")
        .bind(shop.id)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let text = read(&mut shop, "Order", "?range=30d").await;
    says(&text, &["not compared: data points from before it are no longer kept"]);
    assert!(!text.contains("there are none from before"), "{text}");
    let text = read(&mut shop, "Order", "?range=90d").await;
    says(&text, &["there are none from before 25 Oct 2026"]);
    says(
        &read(&mut shop, "Order", "?range=7d").await,
        &["compared with the 7 days before"],
    );
}

#[tokio::test]
async fn what_is_shown_can_be_had_as_csv() {
    let mut shop = shop().await;
    let answer = shop.open("Checkout", "/series.csv?range=30d").await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!(lines[0], "start,data_points,sum,min,avg,max,p50,p75,p95,p99");
    assert_eq!(
        (lines.len(), lines[31]),
        (32, "2026-11-24T00:00:00Z,2,100,0,50,100,0,100,100,100")
    );
    let answer = shop
        .open("Order", "/series.csv?from=2026-11-24T00:00Z&to=2026-11-24T10:00Z")
        .await;
    assert!(
        answer.text.starts_with("start,hits\r\n2026-11-24T00:00:00Z,0\r\n"),
        "{}",
        answer.text
    );
    let answer = shop.open("Browser", "/series.csv?range=30d").await;
    assert_eq!(answer.text.lines().nth(1), Some("\"chrome\",60,0.5"));
    let answer = shop.open("Browser", "/series.csv?from=junk&to=x").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn data_points_are_paged_newest_first() {
    let mut shop = shop().await;
    let text = read(&mut shop, "Browser", "/data-points").await;
    says(
        &text,
        &["When Value 24 Nov, 09:59 UTC chrome 24 Nov, 03:59 UTC firefox"],
    );
    let mut seen = 0;
    let mut next = Some("/data-points".to_owned());
    while let Some(under) = next {
        let answer = shop.open("Browser", &under).await;
        seen += answer.text.matches("<th scope=\"row\"").count();
        next = answer
            .text
            .split("?before=")
            .nth(1)
            .map(|rest| format!("/data-points?before={}", rest.split('"').next().unwrap()));
    }
    assert_eq!(seen, 300);
    let answer = shop.open("Browser", "/data-points?before=junk").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = read(&mut shop, "Browser", "/data-points?before=1.1").await;
    says(&text, &["There are none that are older.", "Newest"]);
}

#[tokio::test]
async fn times_of_a_hundred_years_do_no_harm() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    for (from, to) in [
        ("0001-01-01", "0001-01-02"),
        ("9999-12-01", "9999-12-30"),
        ("-000500-01-01", "-000499-01-01"),
    ] {
        read(&mut shop, "Order", &format!("?from={from}&to={to}")).await;
    }
    assert_eq!(shop.metric("Order").await.first_seen, Micros(NOW.0));
}
