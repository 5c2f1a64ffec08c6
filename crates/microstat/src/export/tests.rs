use std::cell::Cell;

use axum::body::Body;
use domain::export::{Detail, Format};
use domain::metric::MetricType;
use domain::time::Micros;
use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;

use super::reader::{Page, Row, Rows};
use super::writer::Writer;
use super::{AT_ONCE, Exports, file};
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
async fn received(pages: Vec<Result<Page, AppError>>, format: Format) -> Option<Vec<u8>> {
    let place = Exports::default().place().unwrap();
    let writer = Writer::new(format, Detail::Hours).unwrap();
    let body = Body::from_stream(file(place, writer, stream::iter(pages)));
    body.collect().await.ok().map(|body| body.to_bytes().to_vec())
}

#[tokio::test]
async fn an_export_that_fails_midway_does_not_look_whole() {
    for format in Format::ALL {
        let failing = vec![Ok(page(1)), Err(AppError::NotFound)];
        assert_eq!(received(failing, format).await, None, "{format:?}");
        let whole = vec![Ok(page(1)), Ok(page(2))];
        assert!(received(whole, format).await.is_some());
    }
}

#[tokio::test]
async fn no_more_is_read_than_the_client_takes() {
    let exports = Exports::default();
    let read = Cell::new(0);
    let pages = stream::iter(1..=3).map(|nth| {
        read.set(nth);
        Ok(page(nth))
    });
    let writer = Writer::new(Format::Csv, Detail::Hours).unwrap();
    let mut sent = Box::pin(file(exports.place().unwrap(), writer, pages));
    for nth in 1..=2 {
        sent.next().await.unwrap().unwrap();
        assert_eq!(read.get(), nth);
    }
    assert_eq!(exports.0.available_permits(), AT_ONCE - 1);
    drop(sent);
    assert_eq!(exports.0.available_permits(), AT_ONCE, "nobody listens any more");
}

#[test]
fn only_so_many_run_at_once() {
    let exports = Exports::default();
    let places: Vec<_> = (0..AT_ONCE).map(|_| exports.place().unwrap()).collect();
    assert!(matches!(exports.place(), Err(AppError::TooMany { .. })));
    drop(places);
    assert!(exports.place().is_ok());
}
