//! When what was accepted can't be stored.

use axum::http::header;
use domain::reason::Reason;
use microstat::state::App;
use points::{Options, Points};
use serde_json::json;

use super::{OPEN, PROJECT, Publisher, STRICT, hit, list};

/// An installation whose disk has room for little.
async fn nearly_full() -> Publisher {
    let change = async |app: &mut App| {
        let options = Options {
            max_pages: Some(60),
            generation: 10_000,
            journal: 4 << 20,
            ..Options::default()
        };
        app.points = Points::open(&app.config.data.join("points"), options).await.unwrap();
    };
    Publisher::changed(change).await
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_answered_201_and_keeps_nothing_of_the_rest() {
    let publisher = nearly_full().await;
    // Numbers that can't be packed.
    let noise = |n: u32| {
        format!(
            r#"{{"name":"a","type":"Counter","value":{}}}"#,
            1.0 / f64::from(n * 7_919 % 1_009 + 2)
        )
    };
    let body = list((0..900).map(noise).collect::<Vec<_>>());
    let mut stored = 0;
    loop {
        let answer = publisher.post(STRICT, body.clone()).await;
        if answer.status.as_u16() != 201 {
            break;
        }
        stored += 900;
        assert!(stored < 1_000_000, "the disk never was full");
    }
    assert!(stored > 0);
    let body = list([&body[1..body.len() - 1], "{}"]);

    let keyed = Publisher::request(STRICT).header("Idempotency-Key", "k");
    let strict = publisher.send(keyed, body.clone()).await;
    assert_eq!(strict.status.as_u16(), 503);
    assert!(
        strict.headers[header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 0
    );
    let open = publisher.post(OPEN, body.clone()).await;
    assert_eq!(open.status.as_u16(), 202);
    assert_eq!(open.headers["x-microstat-dropped"], "901");
    let json = open.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(0), &json!(901)));
    assert_eq!(
        json["errors"][0],
        json!({"index": 0, "name": "a", "code": "unavailable", "message": "data points can't be stored right now"})
    );
    assert_eq!(strict.json(), json);
    assert_eq!(publisher.stored().await, stored);

    let app = &publisher.site.app;
    app.tally.flush(&app.db, app.now()).await.unwrap();
    let counted = store::rejections::of_project(&app.db, PROJECT, app.now())
        .await
        .unwrap();
    let lost: Vec<_> = counted.iter().map(|r| (r.reason, r.data_points)).collect();
    assert!(lost.contains(&(Reason::MissingName, 2)), "{lost:?}");
    assert!(
        lost.iter()
            .any(|&(reason, n)| reason == Reason::Unavailable && n >= 1_800),
        "{lost:?}"
    );

    // There is room again: what was refused can be sent once more under its key.
    let metric = store::metrics::of_project(&app.db, PROJECT).await.unwrap()[0].id;
    app.points.delete_metric(metric).await.unwrap();
    let keyed = Publisher::request(STRICT).header("Idempotency-Key", "k");
    let again = publisher.send(keyed, body).await;
    assert_eq!(again.json()["accepted"], 900);
    assert!(!again.headers.contains_key("idempotent-replayed"));
}

#[tokio::test]
async fn accounts_that_can_t_be_read() {
    let publisher = Publisher::new().await;
    publisher.site.app.db.close().await;
    let open = publisher.post(OPEN, list([hit("a"), hit("b")])).await;
    assert_eq!(
        (open.status.as_u16(), &open.headers["x-microstat-dropped"]),
        (202, &"2".parse().unwrap())
    );
    let strict = publisher.post(STRICT, list([hit("a"), hit("b")])).await;
    assert_eq!(strict.status.as_u16(), 503);
    assert_eq!(strict.json()["errors"][0]["code"], "unavailable");
}
