use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use tempfile::TempDir;

use super::{NOW, batch, fresh, number, open, store, total};
use crate::{Error, Options, Points};

const SEGMENT: &str = "00000001.journal";

fn damage(dir: &TempDir, offset: u64, bytes: &[u8]) {
    let segment = dir.path().join("journal").join(SEGMENT);
    let file = OpenOptions::new().read(true).write(true).open(segment).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

#[tokio::test]
async fn a_damaged_journal_stops_the_start_and_can_be_set_aside() {
    let (dir, points) = fresh().await;
    for _ in 0..10 {
        points
            .append(batch((0..10).map(|n| number(NOW - n, 1.0)).collect()), NOW)
            .await
            .unwrap();
    }
    drop(points);
    let whole = Points::check(dir.path(), true).unwrap();
    assert!(!whole.is_journal_damaged());
    assert_eq!((whole.records, whole.data_points, whole.set_aside), (10, 100, None));

    damage(&dir, 600, &[0xff; 8]);
    let refused = Points::open(dir.path(), Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Journal(_)));
    assert!(refused.to_string().contains("microstat points check"), "{refused}");

    let looked = Points::check(dir.path(), false).unwrap();
    assert_eq!((looked.records, looked.data_points, &looked.set_aside), (9, 90, &None));
    let [lost] = &looked.lost[..] else { panic!("{looked:?}") };
    let after = lost.after.as_ref().unwrap();
    assert!(
        lost.first == lost.last && after.offset <= 600 && 600 < lost.before.offset,
        "{lost:?}"
    );
    assert_eq!(
        (after.segment.as_str(), lost.before.segment.as_str()),
        (SEGMENT, SEGMENT)
    );
    assert!(
        Points::open(dir.path(), Options::default()).await.is_err(),
        "looking changes nothing"
    );
    let saved = Points::check(dir.path(), true).unwrap();
    assert!(saved.set_aside.unwrap().join(SEGMENT).exists());
    let points = open(&dir).await;
    assert_eq!(total(&points, "1h").await, 90);
    assert!(Points::check(dir.path(), false).is_err(), "not while it is open");
    points.append(batch(vec![number(NOW, 1.0)]), NOW).await.unwrap();
    points.seal().await.unwrap();
    assert_eq!(total(&points, "1h").await, 91);
}

#[tokio::test]
async fn of_a_segment_whose_head_is_damaged_every_record_is_kept() {
    let (dir, points) = fresh().await;
    for _ in 0..3 {
        store(&points, vec![number(NOW, 1.0)]).await;
    }
    drop(points);
    damage(&dir, 8, &[0xff; 8]);
    assert!(Points::open(dir.path(), Options::default()).await.is_err());
    let looked = Points::check(dir.path(), false).unwrap();
    assert_eq!((looked.records, &looked.lost), (3, &vec![]));
    assert_eq!(looked.headless, [SEGMENT]);
    assert!(looked.is_journal_damaged());
    Points::check(dir.path(), true).unwrap();
    assert_eq!(total(&open(&dir).await, "1h").await, 3);
}

#[tokio::test]
async fn a_torn_end_is_no_damage() {
    let (dir, points) = fresh().await;
    store(&points, vec![number(NOW, 1.0)]).await;
    store(&points, vec![number(NOW, 2.0)]).await;
    drop(points);
    let whole = Points::check(dir.path(), false).unwrap();
    assert!(!whole.torn);
    let segment = std::fs::read(dir.path().join("journal").join(SEGMENT)).unwrap();
    let end = segment.iter().rposition(|byte| *byte != 0).unwrap();
    damage(&dir, end as u64, &[0xff]);
    let torn = Points::check(dir.path(), true).unwrap();
    assert_eq!((torn.torn, torn.is_journal_damaged(), torn.records), (true, false, 1));
    assert_eq!(total(&open(&dir).await, "1h").await, 1);
}

/// Stopped between the two renames: the new journal is whole, and the damaged one has left its place.
#[tokio::test]
async fn a_repair_that_was_interrupted_is_finished_by_whoever_comes_next() {
    let (dir, points) = fresh().await;
    store(&points, vec![number(NOW, 1.0)]).await;
    drop(points);
    std::fs::rename(dir.path().join("journal"), dir.path().join("journal.new")).unwrap();
    assert_eq!(Points::check(dir.path(), false).unwrap().records, 1);
    assert_eq!(total(&open(&dir).await, "1h").await, 1);
}

#[test]
fn where_nothing_is_kept_nothing_is_made() {
    let dir = TempDir::new().unwrap();
    let none = Points::check(dir.path(), true).unwrap_err();
    assert!(none.to_string().contains("there is no"), "{none}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
