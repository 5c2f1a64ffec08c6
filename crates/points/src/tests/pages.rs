use domain::range::Range;
use domain::time::{DAY, SECOND};
use domain::value::Value;

use super::{METRIC, NOW, fresh, number, range, store};
use crate::{BadCursor, Cursor, Points};

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

/// All pages of so many, as times and values.
async fn all_pages(points: &Points, all: Range, limit: u32) -> Vec<(i64, Value)> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = points.data_points(METRIC, all, limit, before).await.unwrap();
        found.extend(page.data_points.into_iter().map(|kept| (kept.at.0, kept.value)));
        before = page.next;
        if before.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn pages_go_from_block_to_block_in_the_middle_of_a_moment() {
    let (_dir, points) = fresh().await;
    // 20,000 of one moment fill more than two blocks, with some before, some after, and some that are not sealed.
    let moment = |n: u32| number(NOW, n.into());
    let before = (0..5_000_u32).map(|n| number(NOW - (5_000 - i64::from(n)), n.into()));
    store(&points, before.chain((0..20_000).map(moment)).collect()).await;
    points.seal().await.unwrap();
    store(
        &points,
        vec![number(NOW - 1, 7.0), moment(20_000), number(NOW + 1, 8.0)],
    )
    .await;
    let all = range(NOW - 4_000, NOW + DAY);
    let mut expected = vec![(NOW.0 + 1, Value::Number(8.0))];
    expected.extend((0..=20_000_u32).rev().map(|n| (NOW.0, Value::Number(n.into()))));
    expected.push((NOW.0 - 1, Value::Number(7.0)));
    expected.extend(
        (1_000..5_000_u32)
            .rev()
            .map(|n| (NOW.0 - 5_000 + i64::from(n), Value::Number(n.into()))),
    );
    for limit in [999, 8_192, 30_000] {
        assert!(all_pages(&points, all, limit).await == expected, "by {limit}");
    }
}

#[test]
fn a_cursor_of_no_page_is_refused() {
    for text in ["", "1", "1.", ".1", "a.b", "1.2.a", "1.2.3.a", "1.2.3.4.5", "1.2.3.-4"] {
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
