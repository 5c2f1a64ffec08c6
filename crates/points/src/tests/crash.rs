use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{NOW, batch, fresh, number, open, store, total};
use crate::{Batch, Error, Options, Points};

const CHILD: &str = "MICROSTAT_TEST_CRASH";

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let (dir, points) = fresh().await;
    store(&points, vec![number(NOW, 1.0), number(NOW, 2.0)]).await;
    assert_eq!(total(&points, "5m").await, 2, "and at once");
    drop(points);
    assert_eq!(total(&open(&dir).await, "5m").await, 2);
}

/// Not a test of its own: what the next one starts, and kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let points = Points::open(Path::new(&dir), Options::default()).await.unwrap();
    for n in 0.. {
        let keyed = Batch {
            key: Some(format!("{n}")),
            ..batch((0..100).map(|at| number(NOW - at, 1.0)).collect())
        };
        points.append(keyed, NOW).await.unwrap();
        println!("acknowledged {n}");
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn nothing_that_was_answered_is_lost_by_a_kill() {
    let dir = TempDir::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::crash::child_that_appends_until_it_is_killed",
            "--nocapture",
        ])
        .env(CHILD, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = 0;
    for line in lines {
        if let Some((_, n)) = line.unwrap().split_once("acknowledged ") {
            acknowledged = n.parse::<u64>().unwrap() + 1;
        }
        if acknowledged == 40 {
            child.kill().unwrap(); // what was printed until then is still read
        }
    }
    child.wait().unwrap();
    assert!(acknowledged >= 40);

    let points = open(&dir).await;
    let kept = total(&points, "5m").await;
    assert!(kept >= acknowledged * 100, "{kept} of {acknowledged} batches");
    assert!(kept % 100 == 0, "no batch is there in part");
    assert_eq!(total(&points, "1h").await, kept, "sums and data points agree");
    let last = Batch {
        key: Some(format!("{}", acknowledged - 1)),
        ..batch(vec![number(NOW, 1.0)])
    };
    assert!(points.append(last, NOW).await.unwrap().replayed.is_some());
}

#[tokio::test]
async fn a_folder_is_open_once() {
    let (dir, points) = fresh().await;
    let second = Points::open(dir.path(), Options::default()).await.unwrap_err();
    assert!(matches!(second, Error::Locked), "{second}");
    drop(points);
    open(&dir).await;
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let (dir, points) = fresh().await;
    drop(points);
    let connection = rusqlite::Connection::open(dir.path().join("points.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let refused = Points::open(dir.path(), Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Newer { found: 99, known: 2 }));
}
