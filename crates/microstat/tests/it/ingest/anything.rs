//! Whatever is sent, in whatever it says it is packed.

use std::cell::Cell;

use axum::http::header;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{OPEN, Publisher, STRICT};

const ENCODINGS: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    })
}

fn door() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(OPEN), Just(STRICT)]
}

/// Something with the keys of a data point, now and then a good one.
fn element() -> impl Strategy<Value = Value> {
    let name = prop_oneof![4 => "[ab]", 1 => ".{0,3}"].prop_map(Value::from);
    let kind = prop_oneof![
        Just("Hit Counter"),
        Just("counter"),
        Just("TIMER"),
        Just("word_web"),
        Just("Gauge")
    ];
    let value = prop_oneof![
        3 => (-5_i32..5).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => ".{0,3}".prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
    ];
    let id = proptest::option::weighted(0.3, "[a-d]");
    let point = (name, kind, value, id).prop_map(|(name, kind, value, id)| {
        let mut point = serde_json::json!({"name": name, "type": kind, "value": value});
        if let Some(id) = id {
            point["id"] = id.into();
        }
        point
    });
    prop_oneof![
        6 => point,
        1 => any::<i32>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(serde_json::json!({})),
        1 => Just(serde_json::json!([[]])),
    ]
}

#[test]
fn every_element_is_accepted_rejected_or_known_already() {
    let runtime = Runtime::new().unwrap();
    let publisher = runtime.block_on(Publisher::new());
    let stored = Cell::new(0);
    let input = (door(), prop::collection::vec(element(), 0..140));
    let checked = runner().run(&input, |(door, elements)| {
        let body = serde_json::to_string(&elements).unwrap();
        let answer = runtime.block_on(publisher.post(door, body));
        let json = answer.json();
        let count = |key: &str| json[key].as_u64().unwrap();
        let (accepted, rejected, duplicates) = (count("accepted"), count("rejected"), count("duplicates"));
        prop_assert_eq!(accepted + rejected + duplicates, elements.len() as u64);
        prop_assert_eq!(json["errors"].as_array().unwrap().len() as u64, rejected.min(100));
        let status = match (accepted, rejected, duplicates) {
            (1.., 0, 0) => 201,
            (0, 1.., 0) if door == OPEN => 202,
            (0, 1.., 0) => 400,
            _ => 200,
        };
        prop_assert_eq!(answer.status.as_u16(), status);
        stored.set(stored.get() + accepted);
        prop_assert_eq!(
            runtime.block_on(publisher.stored()),
            stored.get(),
            "the next read shows it"
        );
        Ok(())
    });
    checked.unwrap();
    assert!(stored.get() > 0);
}

#[test]
fn no_bytes_get_an_answer_that_is_not_in_the_table() {
    let runtime = Runtime::new().unwrap();
    let publisher = runtime.block_on(Publisher::new());
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        // What starts like something packed.
        (
            prop_oneof![
                Just(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
                Just(vec![0x78, 0x9c]),
                Just(vec![0x28, 0xb5, 0x2f, 0xfd]),
                Just(vec![0x1f, 0xa4]),
            ],
            prop::collection::vec(any::<u8>(), 0..300)
        )
            .prop_map(|(start, rest)| [start, rest].concat()),
        "[\\[\\]{}\",:0-9a-z ]{0,60}".prop_map(String::into_bytes),
    ];
    let input = (door(), prop::sample::select(&ENCODINGS[..]), bytes);
    let checked = runner().run(&input, |(door, encoding, bytes)| {
        let request = Publisher::request(door).header(header::CONTENT_ENCODING, encoding);
        let answer = runtime.block_on(publisher.send(request, bytes));
        prop_assert!([200, 201, 202, 400, 413].contains(&answer.status.as_u16()));
        prop_assert!(!answer.json()["message"].as_str().unwrap().is_empty());
        Ok(())
    });
    checked.unwrap();
}
