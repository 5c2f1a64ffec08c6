use domain::time::{DAY, SECOND};
use domain::value::Value;

use super::{METRIC, NOW, fresh, number, range, store};
use crate::{BadCursor, Cursor};

#[tokio::test]
async fn pages_neither_skip_nor_repeat_whatever_comes_meanwhile() {
    let (_dir, points) = fresh().await;
    // Twelve of one moment: more than a page.
    store(&points, (0..12_u8).map(|n| number(NOW, n.into())).collect()).await;
    store(
        &points,
        (0..5_u8).map(|n| number(NOW - SECOND, f64::from(n) + 100.0)).collect(),
    )
    .await;
    let all = range(NOW - DAY, NOW + DAY);
    let first = points.data_points(METRIC, all, 5, None).await.unwrap();
    store(&points, vec![number(NOW, 99.0), number(NOW + SECOND, 99.0)]).await;
    let next: Cursor = first.next.unwrap().to_string().parse().unwrap();
    let second = points.data_points(METRIC, all, 5, Some(next)).await.unwrap();
    let third = points.data_points(METRIC, all, 7, second.next).await.unwrap();
    assert_eq!(third.next, None);
    let values: Vec<_> = [first, second, third]
        .into_iter()
        .flat_map(|page| page.data_points)
        .map(|kept| kept.value)
        .collect();
    let expected = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 104, 103, 102, 101, 100];
    assert_eq!(values, expected.map(|n: i32| Value::Number(n.into())));
}

#[test]
fn a_cursor_of_no_page_is_refused() {
    for text in ["", "1", "1.", ".1", "a.b", "1.2.3"] {
        assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
    }
}

#[tokio::test]
async fn a_sum_past_the_greatest_number_is_left_out() {
    let (_dir, points) = fresh().await;
    store(&points, vec![number(NOW, f64::MAX), number(NOW, f64::MAX)]).await;
    for step in ["5m", "1h"] {
        let bucket = points
            .series(METRIC, &super::buckets(NOW, NOW + 1, step), true)
            .await
            .unwrap()[0];
        assert_eq!((bucket.count, bucket.sum, bucket.avg), (2, None, None));
        assert_eq!((bucket.max, bucket.p99), (Some(f64::MAX), Some(f64::MAX)));
    }
}
