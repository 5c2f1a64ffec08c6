use proptest::prelude::*;

use super::{Batch, Limits};
use crate::metric::MetricType;
use crate::reason::Reason::{self, *};
use crate::time::{DAY, Micros};
use crate::value::Value;

const NOW: Micros = Micros(1_795_514_400_000_000); // 2026-11-24T10:00:00Z
const LIMITS: Limits = Limits {
    now: NOW,
    oldest: Micros(NOW.0 - 30 * DAY),
    max_elements: 1_000,
};

fn parse(body: &str) -> Batch {
    Batch::parse(body.as_bytes(), &LIMITS).unwrap()
}

fn reasons(batch: &Batch) -> Vec<(usize, Reason)> {
    batch
        .rejections
        .listed()
        .iter()
        .map(|rejection| (rejection.index, rejection.refusal.reason))
        .collect()
}

#[test]
fn the_contract_s_own_example() {
    let batch = parse(
        r#"[{"name": "Basket Items", "type": "Counter", "value": 3, "timestamp": "2026-11-24T09:59:00Z", "id": "a"}]"#,
    );
    assert_eq!(batch.elements, 1);
    assert_eq!(batch.metrics[0].name.as_str(), "Basket Items");
    assert_eq!(batch.metrics[0].kind, MetricType::Counter);
    let point = &batch.points[0];
    assert_eq!(
        (point.at.0, &point.value, point.id.as_deref()),
        (NOW.0 - 60_000_000, &Value::Number(3.0), Some("a"))
    );
}

#[test]
fn one_data_point_needs_no_list_and_a_byte_order_mark_is_tolerated() {
    let batch = parse("\u{feff} {\"name\":\"a\",\"type\":\"hitcounter\"} \n");
    assert_eq!((batch.elements, batch.points.len()), (1, 1));
    assert_eq!((batch.points[0].at, &batch.points[0].value), (NOW, &Value::Hits(1)));
    assert_eq!(parse("\u{feff}[]"), Batch::default());
}

#[test]
fn one_bad_data_point_never_costs_the_others() {
    let batch = parse(
        r#"[{"name":"a","type":"Timer","value":1}, 5, "x", null, true, [[]], {}, {"name":"b"},
            {"name":"b","type":"Gauge","value":1}, {"name":"b","type":"Timer"}, {"name":"b","type":"Timer","value":1e400},
            {"name":"b","type":"Timer","value":"\ud800"}, {"\ud800":1,"name":"","type":"Timer","value":1},
            {"name":"a\nb","type":"Timer","value":1}, {"name":7,"type":"Timer","value":1},
            {"name":"b","type":"Timer","value":1,"timestamp":"2026-11-24T10:10:01Z"},
            {"name":"b","type":"Timer","value":1,"timestamp":1},
            {"name":"b","type":"Timer","value":1,"timestamp":"soon"},
            {"name":"a","type":"timer","value":"2","extra":{"deep":[1,2,{"x":null}]}}]"#,
    );
    assert_eq!(batch.elements, 19);
    assert_eq!(
        batch.points.iter().map(|point| point.index).collect::<Vec<_>>(),
        [0, 18]
    );
    assert_eq!(batch.metrics.len(), 1);
    assert_eq!(
        reasons(&batch)
            .into_iter()
            .map(|(_, reason)| reason)
            .collect::<Vec<_>>(),
        [
            InvalidJson,
            InvalidJson,
            InvalidJson,
            InvalidJson,
            InvalidJson,
            MissingName,
            UnknownType,
            UnknownType,
            MissingValue,
            InvalidValue,
            InvalidValue,
            MissingName,
            MissingName,
            MissingName,
            TimestampInFuture,
            TimestampTooOld,
            InvalidValue
        ]
    );
    assert_eq!(
        batch.rejections.counts()[&UnknownType].samples[0].text,
        r#"{"name":"b"}"#
    );
}

#[test]
fn text_that_is_broken_anywhere_is_no_batch() {
    let point = r#"{"name":"a","type":"Timer","value":1}"#;
    for body in [
        "",
        " ",
        "[",
        "nope",
        "5",
        "\"text\"",
        "null",
        "[1,]",
        "{} {}",
        "[]]",
        "{\"a\":}",
        "[{\"name\":\"\t\"}]",
        &format!("[{point}"),
        &format!("[{point}] x"),
        &format!("[{point},{{]"),
        &format!("[{point},01]"),
        &format!("[{point}\u{feff}]"),
    ] {
        assert!(Batch::parse(body.as_bytes(), &LIMITS).is_err(), "{body}");
    }
    assert!(Batch::parse(b"[\"\xff\"]", &LIMITS).is_err());
}

#[test]
fn no_nesting_is_too_deep() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(200_000), "}".repeat(200_000));
    let body = format!(
        r#"[{{"name":"a","type":"Timer","value":{deep}}},{{"name":"a","type":"Timer","value":1,"x":{objects}}},{deep}]"#
    );
    let batch = parse(&body);
    assert_eq!(batch.points.len(), 1);
    assert_eq!(reasons(&batch), [(0, InvalidValue), (2, InvalidJson)]);
    assert!(Batch::parse("[".repeat(1_000_000).as_bytes(), &LIMITS).is_err());
    assert!(Batch::parse("{\"a\":".repeat(1_000_000).as_bytes(), &LIMITS).is_err());
}

#[test]
fn elements_past_the_limit_are_rejected_and_still_have_to_be_json() {
    let body = |n: usize| format!("[{}]", vec![r#"{"name":"a","type":"hit-counter"}"#; n].join(","));
    let limits = Limits {
        max_elements: 3,
        ..LIMITS
    };
    let batch = Batch::parse(body(5).as_bytes(), &limits).unwrap();
    assert_eq!((batch.elements, batch.points.len()), (5, 3));
    assert_eq!(reasons(&batch), [(3, TooManyDataPoints), (4, TooManyDataPoints)]);
    assert_eq!(Batch::parse(body(3).as_bytes(), &limits).unwrap().rejections.total(), 0);
    assert!(Batch::parse(b"[1,2,3,4,}]", &limits).is_err());
}

#[test]
fn a_batch_that_nothing_can_be_stored_of_is_counted_all_the_same() {
    let elements = format!(
        "[{}]",
        [r#"{"name":"a","type":"timer","value":1}"#, "5"].repeat(600).join(",")
    );
    let rejections = Batch::refuse(elements.as_bytes(), ProjectPaused).unwrap();
    let count = &rejections.counts()[&ProjectPaused];
    assert_eq!((rejections.total(), count.data_points), (1_200, 1_200));
    assert_eq!(count.samples[0].text, r#"{"name":"a","type":"timer","value":1}"#);
    assert_eq!(rejections.listed()[0].name.as_deref(), Some("a"));
    assert!(Batch::refuse(b"[1,", ProjectPaused).is_err());
}

#[test]
fn accepted_data_points_can_be_rejected_after_all() {
    let mut batch = parse(r#"[{"name":"a \"b\"","type":"timer","value":1},{"name":"c","type":"timer","value":-1}]"#);
    let points = std::mem::take(&mut batch.points);
    batch.reject(MetricLimit, points.iter().map(|point| (point.index, point.metric)));
    assert_eq!(reasons(&batch), [(1, InvalidValue), (0, MetricLimit)]);
    let count = &batch.rejections.counts()[&MetricLimit];
    assert_eq!(count.samples[0].text, r#"{"name":"a \"b\"","type":"Timer"}"#);
}

#[test]
fn names_and_keys() {
    let long = "n".repeat(256);
    let batch = parse(&format!(
        r#"[{{"name":"{long}","type":"Timer","value":1}},
            {{"name":" Cafe\u0301 ","type":"Timer","value":1,"value":2}},
            {{"name":"Café","type":"TIMER","value":1,"id":12}},
            {{"name":"Café","type":"Counter","value":1,"id":""}},
            {{"name":"Café","type":"Counter","value":1,"id":"{long}"}}]"#
    ));
    assert_eq!(reasons(&batch), [(0, NameTooLong)]);
    assert_eq!(batch.rejections.listed()[0].name.as_ref().unwrap().len(), 255);
    assert_eq!(batch.metrics.len(), 2);
    assert_eq!(
        batch.points[0].value,
        Value::Number(2.0),
        "a key given twice counts as given last"
    );
    let ids: Vec<_> = batch.points.iter().map(|point| point.id.as_deref()).collect();
    assert_eq!(ids, [None, Some("12"), None, None]);
    assert_eq!(batch.warnings.len(), 1);
    assert_eq!(batch.warnings[0].index, 4);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
        prop_oneof![Just("Timer"), Just("Counter"), Just("hit_counter"), Just("word web")].prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        let key = prop_oneof![
            Just("name"),
            Just("type"),
            Just("value"),
            Just("timestamp"),
            Just("id"),
            Just("other")
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Bodies of the pieces that bodies are made of, put together rightly most of the time.
fn pieces() -> impl Strategy<Value = String> {
    let odd = [
        r#""Counter""#,
        r#""hit-counter""#,
        r#""Word Web""#,
        r#""Timer""#,
        r#""é""#,
        r#""a\u0062""#,
        r#""\ud800""#,
        "\"a\tb\"",
        "\"\u{7f}\"",
        "1",
        "-0",
        "1.50",
        "1e3",
        "1e999",
        "01",
        "1.",
        "-",
        "12345678901234567890",
        "null",
        "true",
        "nul",
        "[1]",
        "{}",
        "\"",
    ];
    let value = prop_oneof![
        1 => "[a-c]{0,12}".prop_map(|text| format!("{text:?}")),
        2 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
    ];
    let keys = ["name", "type", "value", "timestamp", "id", "x", r"na\u006de"];
    let key = prop::sample::select(keys.to_vec());
    let space = || prop::sample::select(vec!["", "", "", "", " ", "\n\t", "\u{a0}"]);
    let field = (space(), key, space(), value).prop_map(|(a, key, b, value)| format!("{a}\"{key}\"{a}:{b}{value}{b}"));
    let object = prop::collection::vec(field, 0..6).prop_map(|fields| format!("{{{}}}", fields.join(",")));
    let end = prop::sample::select(vec!["]", "]", "]", "] ", ",]", "", "]]", "] x"]);
    (space(), prop::collection::vec(object, 0..5), end)
        .prop_map(|(space, objects, end)| format!("{space}[{space}{}{end}", objects.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_the_plain_way_reads_the_same_any_way(body in pieces(), max_elements in 0_usize..6) {
        let limits = Limits { max_elements, ..LIMITS };
        if let Some(plain) = Batch::read_plain(&body, &limits, None) {
            prop_assert_eq!(Ok(plain), Batch::read_any(&body, &limits, None));
        }
    }
}

#[test]
fn what_apps_send_is_read_the_plain_way() {
    let body = r#"[{"name":"Süd 1","type":"Timer","value":"12.5"}, {"name":"a","type":"Hit Counter","at":null}]"#;
    assert_eq!(Batch::read_plain(body, &LIMITS, None).unwrap().points.len(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Batch::parse(&body, &LIMITS);
    }

    #[test]
    fn every_element_is_accepted_or_rejected(elements in prop::collection::vec(json(), 0..150)) {
        let body = serde_json::to_vec(&elements).unwrap();
        let batch = Batch::parse(&body, &LIMITS).unwrap();
        prop_assert_eq!(batch.elements, elements.len());
        prop_assert_eq!(batch.points.len() + batch.rejections.total(), elements.len());
        let counted: usize = batch.rejections.counts().values().map(|count| count.data_points).sum();
        prop_assert_eq!(counted, batch.rejections.total());
        prop_assert_eq!(batch.rejections.listed().len(), batch.rejections.total().min(100));
        prop_assert!(batch.points.iter().all(|point| point.metric < batch.metrics.len()));
    }

    #[test]
    fn a_data_point_reads_back_as_it_was_written(
        name in "[a-z]{1,9}", number in -1e300_f64..1e300, word in "[a-z]{1,20}", hits in 1_u32..=1_000_000, back in 0..30 * DAY
    ) {
        let at = NOW - back;
        let body = serde_json::json!([
            {"name": name, "type": "Counter", "value": number, "timestamp": at.to_string()},
            {"name": name, "type": "Counter", "value": number.to_string(), "timestamp": at.0},
            {"name": name, "type": "Word Web", "value": word, "timestamp": at.0.to_string()},
            {"name": name, "type": "Hit Counter", "value": hits, "timestamp": at.0},
        ]);
        let batch = Batch::parse(body.to_string().as_bytes(), &LIMITS).unwrap();
        let values: Vec<_> = batch.points.iter().map(|point| (point.at, point.value.clone())).collect();
        let number = Value::Number(number);
        prop_assert_eq!(values, vec![(at, number.clone()), (at, number), (at, Value::Word(word)), (at, Value::Hits(hits))]);
        prop_assert_eq!(batch.metrics.len(), 3);
    }
}
