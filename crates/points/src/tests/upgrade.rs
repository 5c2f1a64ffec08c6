//! Files of format 1, made by its own SQL.

use std::path::Path;
use std::process::{Command, Stdio};

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, Micros, SECOND};
use domain::value::Value;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{NOW, PROJECT, batch, buckets, open, point, range};
use crate::{Batch, DataPoint, Error, Options, Points};

const CHILD: &str = "MICROSTAT_TEST_UPGRADE";
const NUMBERS: MetricId = MetricId(1);
const HITS: MetricId = MetricId(2);
const WORDS: MetricId = MetricId(3);
/// Was being erased: its data points are there, and nothing else of it.
const GONE: MetricId = MetricId(4);

/// A folder as format 1 leaves it when its process is killed: some of the data in the file, some in its log.
fn old(points: i64) -> TempDir {
    let (made, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = made.path().join("points.db");
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.execute_batch(include_str!("upgrade/1.sql")).unwrap();
    let half = points / 2;
    fill(&connection, 0..half);
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    connection
        .query_row("pragma wal_checkpoint(truncate)", (), |_| Ok(()))
        .unwrap();
    fill(&connection, half..points);
    connection
        .execute_batch(&format!(
            "insert into metrics select metric, 7, min(at) - 1, max(at) + 1 from data_points where metric < 4 group by metric;
            insert into batch_keys values (7, 'key', {now}, 2, 1, x'6e6f7465');
            insert into point_ids values (7, 'id', {now});",
            now = NOW.0
        ))
        .unwrap();
    for name in ["points.db", "points.db-wal"] {
        std::fs::copy(made.path().join(name), dir.path().join(name)).unwrap();
    }
    dir
}

/// A data point a second of each metric, back from now.
fn fill(connection: &Connection, of: std::ops::Range<i64>) {
    let text = format!(
        "with recursive n(n) as (select {} union all select n + 1 from n where n < {})
        insert into data_points select metric, {} - n * {SECOND}, n * 5 + metric,
            case metric when 1 then n % 100 / 4.0 when 2 then n % 9 + 1 when 3 then 'w' || (n % 7) else 1 end
        from n, (select 1 as metric union all select 2 union all select 3 union all select 4)",
        of.start,
        of.end - 1,
        NOW.0,
    );
    connection.execute_batch(&text).unwrap();
}

async fn agrees(points: &Points, n: i64) {
    let all = range(NOW - 9 * DAY, NOW + 1);
    let count = n.cast_unsigned();
    let whole = points.whole(NUMBERS, all, true).await.unwrap();
    let sum: i64 = (0..n).map(|n| n % 100).sum();
    assert_eq!(whole.count, count);
    assert_eq!(whole.sum, Some(f64::from(i32::try_from(sum).unwrap()) / 4.0));
    let hits: i64 = (0..n).map(|n| n % 9 + 1).sum();
    assert_eq!(
        points.whole(HITS, all, false).await.unwrap().count,
        hits.cast_unsigned()
    );
    let words = points.words(WORDS, all, 9).await.unwrap();
    assert_eq!((words.total, words.distinct), (count, 7));
    assert_eq!(points.whole(GONE, all, false).await.unwrap().count, 0);
    assert_eq!(points.total(PROJECT, all).await.unwrap(), 3 * count);
    let hours = buckets(NOW - HOUR, NOW + 1, "1h");
    assert_eq!(
        points.totals(PROJECT, &hours).await.unwrap().iter().sum::<u64>(),
        3 * points
            .series(WORDS, &hours, false)
            .await
            .unwrap()
            .iter()
            .map(|b| b.count)
            .sum::<u64>()
    );
}

#[tokio::test]
async fn what_format_1_kept_is_carried_over() {
    let dir = old(3_000);
    let points = open(&dir).await;
    agrees(&points, 3_000).await;
    let page = points
        .data_points(WORDS, range(NOW - DAY, NOW + 1), 2, None)
        .await
        .unwrap();
    let newest: Vec<_> = page.data_points.into_iter().map(|kept| (kept.at, kept.value)).collect();
    let word = |n: i64| (NOW - n * SECOND, Value::Word(format!("w{n}")));
    assert_eq!(newest, [word(0), word(1)]);
    let seen = points.seen(NUMBERS).await.unwrap();
    assert_eq!(seen, Some((NOW - 2_999 * SECOND - 1, NOW + 1)));

    let again = Batch {
        key: Some("key".into()),
        ..batch(vec![point(HITS, NOW, Value::Hits(1))])
    };
    let outcome = points.append(again, NOW + 1).await.unwrap();
    assert_eq!((outcome.stored, outcome.duplicates), (2, 1));
    assert_eq!(outcome.replayed, Some(b"note".to_vec()));
    let known = DataPoint {
        id: Some("id".into()),
        ..point(HITS, NOW, Value::Hits(1))
    };
    assert_eq!(points.append(batch(vec![known]), NOW + 1).await.unwrap().duplicates, 1);
    drop(points);
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names.iter().all(|name| !name.to_string_lossy().contains("new")),
        "{names:?}"
    );
    agrees(&open(&dir).await, 3_000).await;
}

/// Not a test of its own: what the next one starts, and kills.
#[tokio::test]
async fn child_that_carries_over_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let options = Options {
        generation: 2_000,
        ..Options::default()
    };
    Points::open(Path::new(&dir), options).await.unwrap();
}

#[tokio::test]
async fn a_kill_in_the_middle_of_it_loses_nothing() {
    let dir = old(30_000);
    let mut killed = 0;
    // Later and later, until it is done before it is killed.
    while carried_until(dir.path(), killed * 30_000) {
        killed += 1;
    }
    assert!(killed > 2, "it was killed in the middle {killed} times");
    agrees(&open(&dir).await, 30_000).await;
}

/// Starts carrying over and kills it once the new file has so many bytes; says whether it was killed.
fn carried_until(dir: &Path, bytes: u64) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::upgrade::child_that_carries_over_until_it_is_killed"])
        .env(CHILD, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        if std::fs::metadata(dir.join("points.db.new")).is_ok_and(|new| new.len() >= bytes) {
            child.kill().unwrap();
            child.wait().unwrap();
            return dir.join("points.db.new").exists();
        }
        std::thread::yield_now();
    }
    false
}

#[tokio::test]
async fn a_file_between_releases_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let connection = Connection::open(dir.path().join("points.db")).unwrap();
    connection
        .execute_batch("create table sealed (record integer not null); pragma user_version = 1")
        .unwrap();
    drop(connection);
    let refused = Points::open(dir.path(), Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Unreleased), "{refused}");
}

/// Two projects' ids are two.
#[tokio::test]
async fn keys_stay_their_projects_own() {
    let dir = old(10);
    let points = open(&dir).await;
    let elsewhere = Batch {
        project: ProjectId(8),
        key: Some("key".into()),
        ..batch(vec![point(MetricId(80), Micros(NOW.0), Value::Hits(1))])
    };
    assert_eq!(points.append(elsewhere, NOW).await.unwrap().replayed, None);
}
