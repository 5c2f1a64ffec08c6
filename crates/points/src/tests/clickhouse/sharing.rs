//! Several processes ship data points of the same metrics at the same time.

use domain::time::{DAY, MINUTE};
use domain::value::Value;
use tempfile::TempDir;

use super::shipping::{WORDS, of_all_kinds, of_each, rolled_up};
use super::{Server, open};
use crate::tests::{METRIC, NOW, number, range, store};
use crate::{Cursor, Options, Points};

async fn another(dir: &TempDir, server: &Server, database: &str, source: u64) -> Points {
    let to = server.address(database);
    Points::open_shipping(dir.path(), Options::shipping(64 << 20), to, source)
        .await
        .unwrap()
}

/// Hours and days that lose a part to an erasure get data points of another process just then.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_shipped_while_a_range_is_erased_is_in_each_rollup_once() {
    let server = Server::start();
    let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let erasing = open(&dirs[0], server.address("while")).await;
    let shipping = another(&dirs[1], &server, "while", 1).await;
    store(&erasing, of_all_kinds(300)).await;
    erasing.seal().await.unwrap();
    let some = range(NOW - 100 * MINUTE, NOW - 10 * MINUTE);
    for metric in [METRIC, WORDS].repeat(2) {
        // One batch after the other, as fast as never, for about as long as it takes to erase.
        let ships = async {
            for _ in 0..12 {
                store(&shipping, of_all_kinds(120)).await;
                shipping.seal().await.unwrap();
            }
        };
        let (erased, ()) = tokio::join!(erasing.delete_range(metric, some), ships);
        erased.unwrap();
    }
    let points = |which: &str| server.number("while", &format!("SELECT count() FROM points WHERE {which}"));
    let (all, numbers, words) = (points("1"), points("kind = 2"), points("kind = 3"));
    assert!(numbers > 300 && words > 300, "{numbers} {words}");
    assert_eq!(rolled_up(&server, "while"), of_each(all, numbers, words));
}

/// Data points of one moment, of two processes, of which each ships some after a page was read.
#[tokio::test]
async fn pages_neither_skip_nor_repeat_whoever_ships_meanwhile() {
    let server = Server::start();
    let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let one = open(&dirs[0], server.address("pages")).await;
    let other = another(&dirs[1], &server, "pages", 1).await;
    let mut expected = Vec::new();
    for (nth, points) in [&one, &one, &one, &other].into_iter().enumerate() {
        let values = (0..4).map(|n| f64::from(10 * u32::try_from(nth).unwrap() + n));
        store(points, values.clone().map(|value| number(NOW, value)).collect()).await;
        points.seal().await.unwrap();
        expected.extend(values.map(Value::Number));
    }
    let all = range(NOW - DAY, NOW + 1);
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = other.data_points(METRIC, all, 5, before).await.unwrap();
        found.extend(page.data_points.into_iter().map(|kept| kept.value));
        let Some(next) = page.next else { break };
        before = Some(next.to_string().parse::<Cursor>().unwrap());
        // It comes before some that were on a page already.
        store(&other, vec![number(NOW, 99.0)]).await;
        other.seal().await.unwrap();
    }
    let times = |of: &[Value], value: &Value| of.iter().filter(|one| *one == value).count();
    for value in &expected {
        assert_eq!(times(&found, value), 1, "{value:?}");
    }
}
