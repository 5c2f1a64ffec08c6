use axum::body::Bytes;
use domain::export::{Detail, Format};
use domain::metric::MetricType;
use domain::time::Micros;
use http_body_util::BodyExt;
use http_body_util::channel::Channel;

use super::reader::{Page, Row, Rows};
use super::writer::Writer;
use super::{AT_ONCE, Exports, Sending};
use crate::error::AppError;

fn page(count: u64) -> Page {
    let row = Row {
        start: Micros(0),
        word: None,
        count,
        figures: [None; 8],
    };
    Page {
        name: "Order".to_owned(),
        kind: MetricType::HitCounter,
        rows: Rows::Buckets(vec![row]),
    }
}

/// What a client gets of these pages; `None` where it is told that the file broke off.
async fn received(pages: Vec<Result<Option<Page>, AppError>>, format: Format) -> Option<Vec<u8>> {
    let (to, body) = Channel::<Bytes, AppError>::new(1);
    let writer = Writer::new(format, Detail::Hours).unwrap();
    let sending = async {
        let mut sending = Some(Sending { to, writer });
        for page in pages {
            sending = sending.expect("it goes on").step(page).await;
        }
        assert!(sending.is_none());
    };
    let (body, ()) = tokio::join!(body.collect(), sending);
    body.ok().map(|body| body.to_bytes().to_vec())
}

#[tokio::test]
async fn an_export_that_fails_midway_does_not_look_whole() {
    for format in Format::ALL {
        let failing = vec![Ok(Some(page(1))), Err(AppError::NotFound)];
        assert_eq!(received(failing, format).await, None, "{format:?}");
        let whole = vec![Ok(Some(page(1))), Ok(Some(page(2))), Ok(None)];
        assert!(received(whole, format).await.is_some());
    }
}

#[tokio::test]
async fn nothing_more_is_read_once_nobody_listens() {
    let (to, body) = Channel::<Bytes, AppError>::new(1);
    drop(body);
    let writer = Writer::new(Format::Csv, Detail::Hours).unwrap();
    assert!(Sending { to, writer }.step(Ok(Some(page(1)))).await.is_none());
}

#[tokio::test]
async fn what_the_client_has_not_taken_holds_the_reading_up() {
    let (to, mut body) = Channel::<Bytes, AppError>::new(1);
    let writer = Writer::new(Format::Csv, Detail::Hours).unwrap();
    let sending = Sending { to, writer }.step(Ok(Some(page(1)))).await.unwrap();
    let mut next = std::pin::pin!(sending.step(Ok(Some(page(2)))));
    let waits = futures_util::future::poll_immediate(&mut next).await.is_none();
    assert!(waits, "for the first page to be taken");
    let (_, sending) = tokio::join!(body.frame(), next);
    assert!(sending.is_some());
}

#[test]
fn only_so_many_run_at_once() {
    let exports = Exports::default();
    let places: Vec<_> = (0..AT_ONCE).map(|_| exports.place().unwrap()).collect();
    assert!(matches!(exports.place(), Err(AppError::TooMany { .. })));
    drop(places);
    assert!(exports.place().is_ok());
}
