//! What a data point may be, through the door and back out of the store.

use axum::http::header;
use domain::metric::MetricType;
use domain::range::Range;
use domain::time::{DAY, MINUTE, Micros};
use domain::value::OTHER;
use serde_json::json;
use store::db::sql;

use super::{OPEN, PROJECT, Publisher, STRICT, hit, list};
use crate::harness::NOW;

#[tokio::test]
async fn types_match_whatever_the_case_spaces_dashes_and_underscores() {
    let publisher = Publisher::new().await;
    let points = ["Hit Counter", "hitcounter", "HIT-COUNTER", "hit_counter"]
        .map(|kind| format!(r#"{{"name":"a","type":"{kind}"}}"#));
    assert_eq!(publisher.post(STRICT, list(points)).await.status.as_u16(), 201);
    assert_eq!(publisher.count("a", MetricType::HitCounter).await, 4);
}

#[tokio::test]
async fn counters_and_timers_take_numbers_and_numeric_strings() {
    let publisher = Publisher::new().await;
    for (kind, name) in [(MetricType::Counter, "Counter"), (MetricType::Timer, "Timer")] {
        let points = ["3", "\"4.5\"", "1e1", "\" 2 \"", "0"]
            .map(|value| format!(r#"{{"name":"a","type":"{name}","value":{value}}}"#));
        assert_eq!(publisher.post(STRICT, list(points)).await.status.as_u16(), 201);
        assert_eq!(publisher.count("a", kind).await, 5);
        let sums = publisher
            .series("a", kind)
            .await
            .into_iter()
            .filter_map(|bucket| bucket.sum);
        assert_eq!(sums.collect::<Vec<_>>(), [19.5]);
    }
}

#[tokio::test]
async fn values_no_type_takes() {
    let publisher = Publisher::new().await;
    let values = [
        "null",
        "true",
        "false",
        "\"\"",
        "\"three\"",
        "[]",
        "[3]",
        "{}",
        "1e999",
        "\"NaN\"",
    ];
    for kind in ["Counter", "Timer"] {
        let mut points: Vec<_> = values
            .map(|value| format!(r#"{{"name":"a","type":"{kind}","value":{value}}}"#))
            .into();
        points.push(format!(r#"{{"name":"a","type":"{kind}"}}"#));
        let count = points.len();
        let answer = publisher.post(STRICT, list(points)).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert_eq!(answer.json()["rejected"], count, "{}", answer.text);
    }
    let below = r#"{"name":"a","type":"Timer","value":-0.5}"#;
    assert_eq!(publisher.post(STRICT, below).await.status.as_u16(), 400);
    let below = r#"{"name":"a","type":"Counter","value":-0.5}"#;
    assert_eq!(publisher.post(STRICT, below).await.status.as_u16(), 201);
    assert_eq!(publisher.stored().await, 1);
}

#[tokio::test]
async fn a_hit_counter_counts_one_hit_or_as_many_as_it_says() {
    let publisher = Publisher::new().await;
    let point = |value: &str| format!(r#"{{"name":"a","type":"Hit Counter","value":{value}}}"#);
    let good = [hit("a"), point("1"), point("\"1\""), point("1000000")];
    assert_eq!(publisher.post(STRICT, list(good)).await.status.as_u16(), 201);
    let bad = ["0", "-1", "1.5", "1000001", "true"].map(point);
    assert_eq!(publisher.post(STRICT, list(bad)).await.json()["rejected"], 5);
    assert_eq!(publisher.count("a", MetricType::HitCounter).await, 1_000_003);
    assert_eq!(publisher.stored().await, 4, "data points, whatever they say");
}

#[tokio::test]
async fn times_in_five_ways() {
    let publisher = Publisher::new().await;
    let times = [
        "\"2026-11-24T09:30:00Z\"",
        "1795512600",
        "1795512600000",
        "1795512600000000",
        "1795512600000000000",
        "\"1795512600\"",
        "\"2026-11-24T10:30:00+01:00\"",
    ];
    let points = times.map(|time| format!(r#"{{"name":"a","type":"Hit Counter","timestamp":{time}}}"#));
    assert_eq!(publisher.post(STRICT, list(&points)).await.status.as_u16(), 201);
    let at = NOW - 30 * MINUTE;
    assert_eq!(
        kept(&publisher, Range::new(at, at + 1).unwrap()).await.len(),
        points.len()
    );
    publisher.post(STRICT, hit("a")).await;
    let arrived = kept(&publisher, Range::new(NOW, NOW + 1).unwrap()).await;
    assert_eq!(arrived.len(), 1, "without one, the time of arrival");
}

/// The data points of metric "a" in a range.
async fn kept(publisher: &Publisher, range: Range) -> Vec<points::Kept> {
    let app = &publisher.site.app;
    let metric = store::metrics::of_project(&app.db, PROJECT).await.unwrap()[0].id;
    app.points
        .data_points(metric, range, 10_000, None)
        .await
        .unwrap()
        .data_points
}

#[tokio::test]
async fn too_far_ahead_and_too_old_are_rejected_and_late_ones_correct_the_past() {
    let publisher = Publisher::new().await;
    let at = |time: Micros| format!(r#"{{"name":"a","type":"Hit Counter","timestamp":"{time}"}}"#);
    let body = list([
        at(NOW + 10 * MINUTE),
        at(NOW + 10 * MINUTE + 1),
        at(NOW - 90 * DAY),
        at(NOW - 90 * DAY - 1),
    ]);
    let json = publisher.post(STRICT, body.clone()).await.json();
    let codes: Vec<_> = json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (&e["index"], &e["code"]))
        .collect();
    assert_eq!(
        codes,
        [
            (&json!(1), &json!("timestamp_in_future")),
            (&json!(3), &json!("timestamp_too_old"))
        ]
    );
    let past = Range::new(NOW - 91 * DAY, NOW - 89 * DAY).unwrap();
    assert_eq!(kept(&publisher, past).await.len(), 1);
    // What the project keeps is its own setting, from the next batch on.
    let query = sql("update projects set retention_days = 7 where id = $1").bind(PROJECT);
    publisher.change(query).await;
    assert_eq!(publisher.post(STRICT, body).await.json()["rejected"], 3);
}

#[tokio::test]
async fn names_are_trimmed_and_composed_and_a_name_with_another_type_is_another_metric() {
    let publisher = Publisher::new().await;
    let points = [
        hit("  Caf\u{e9} "),
        hit("Cafe\u{301}"),
        r#"{"name":"Café","type":"Timer","value":1}"#.to_owned(),
    ];
    assert_eq!(publisher.post(STRICT, list(points)).await.status.as_u16(), 201);
    assert_eq!(publisher.count("Caf\u{e9}", MetricType::HitCounter).await, 2);
    assert_eq!(publisher.count("Caf\u{e9}", MetricType::Timer).await, 1);
    let bad = [
        hit(""),
        hit("  "),
        hit(r"a\nb"),
        hit(&"é".repeat(256)),
        r#"{"type":"Hit Counter"}"#.to_owned(),
    ];
    let json = publisher.post(STRICT, list(bad)).await.json();
    let codes: Vec<_> = json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "missing_name",
            "missing_name",
            "missing_name",
            "name_too_long",
            "missing_name"
        ]
    );
    assert_eq!(publisher.post(STRICT, hit(&"é".repeat(255))).await.status.as_u16(), 201);
}

#[tokio::test]
async fn any_content_type_and_a_byte_order_mark() {
    let publisher = Publisher::new().await;
    for door in [OPEN, STRICT] {
        for kind in [
            "text/plain;charset=UTF-8",
            "application/json",
            "application/x-www-form-urlencoded",
            "nonsense",
        ] {
            let request = Publisher::request(door).header(header::CONTENT_TYPE, kind);
            let answer = publisher.send(request, format!("\u{feff}{}", list([hit("a")]))).await;
            assert_eq!(answer.status.as_u16(), 201, "{kind}");
        }
    }
    assert_eq!(publisher.stored().await, 8);
}

#[tokio::test]
async fn words_are_trimmed_numbers_are_words_and_long_ones_are_cut_with_a_warning() {
    let publisher = Publisher::new().await;
    let point = |value: &str| format!(r#"{{"name":"a","type":"Word Web","value":{value}}}"#);
    let long = format!("\"{}\"", "é".repeat(257));
    let good = [point("1"), point("1.0"), point("\"1\""), point("\" 1 \""), point(&long)];
    let answer = publisher.post(STRICT, list(good)).await;
    assert_eq!(answer.status.as_u16(), 201);
    assert_eq!(
        answer.json()["warnings"],
        json!([{"index": 4, "name": "a", "message": "value was cut to 256 characters"}])
    );
    let bad = ["\"\"", "\"  \"", "null", "true", "[]"].map(point);
    assert_eq!(publisher.post(STRICT, list(bad)).await.json()["rejected"], 5);
    let words = words(&publisher).await;
    assert_eq!((words.total, words.distinct), (5, 2));
    assert_eq!((words.words[0].word.as_str(), words.words[0].count), ("1", 4));
    assert_eq!(words.words[1].word, "é".repeat(256));
}

#[tokio::test]
async fn two_thousand_distinct_words_a_day_and_the_rest_are_other() {
    let publisher = Publisher::new().await;
    let point = |n: u32| format!(r#"{{"name":"a","type":"Word Web","value":"w{n}"}}"#);
    assert_eq!(
        publisher.post(OPEN, list((0..1_999).map(point))).await.status.as_u16(),
        201
    );
    // The two-thousandth is itself, those after it are not, and those known stay known.
    let answer = publisher.post(OPEN, list((1_998..2_010).map(point))).await;
    assert_eq!(answer.json()["accepted"], 12);
    let words = words(&publisher).await;
    assert_eq!((words.total, words.distinct), (2_011, 2_000));
    assert_eq!((words.words[0].word.as_str(), words.words[0].count), (OTHER, 10));
    assert_eq!((words.words[1].word.as_str(), words.words[1].count), ("w1998", 2));
}

async fn words(publisher: &Publisher) -> points::Words {
    let app = &publisher.site.app;
    let metric = store::metrics::of_project(&app.db, PROJECT).await.unwrap()[0].id;
    let day = Range::new(NOW.floor(DAY), NOW.floor(DAY) + DAY).unwrap();
    app.points.words(metric, day, 3).await.unwrap()
}

#[tokio::test]
async fn one_bad_data_point_never_costs_the_others_and_100_are_listed_while_all_are_counted() {
    let publisher = Publisher::new().await;
    let body = list((0..500).map(|n| if n % 2 == 0 { hit("a") } else { "{}".to_owned() }));
    for door in [OPEN, STRICT] {
        let json = publisher.post(door, body.clone()).await.json();
        assert_eq!((&json["accepted"], &json["rejected"]), (&json!(250), &json!(250)));
        let errors = json["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 100);
        assert_eq!(errors[99]["index"], 199);
    }
    assert_eq!(publisher.stored().await, 500);
}

#[tokio::test]
async fn a_thousand_data_points_at_the_strict_door_and_any_number_at_the_open_one() {
    let publisher = Publisher::new().await;
    let body = |n: usize| list(std::iter::repeat_n(hit("a"), n));
    assert_eq!(publisher.post(STRICT, body(1_000)).await.status.as_u16(), 201);
    let answer = publisher.post(STRICT, body(1_001)).await;
    assert_eq!(answer.status.as_u16(), 200);
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(1_000), &json!(1)));
    assert_eq!(
        (&json["errors"][0]["index"], &json["errors"][0]["code"]),
        (&json!(1_000), &json!("too_many_data_points"))
    );
    let answer = publisher.post(OPEN, body(20_000)).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["accepted"]),
        (201, &json!(20_000))
    );
    assert_eq!(publisher.stored().await, 22_000);
}
