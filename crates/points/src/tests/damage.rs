use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use domain::time::DAY;

use super::{NOW, PROJECT, batch, buckets, fresh, number, open};
use crate::{Error, Options, Points};

async fn total(points: &Points) -> u64 {
    points
        .totals(PROJECT, &buckets(NOW - DAY, NOW + 1, "1h"))
        .await
        .unwrap()
        .into_iter()
        .sum()
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
    assert_eq!((whole.records, whole.missing, whole.set_aside), (10, vec![], None));

    let segment = dir.path().join("journal/00000001.journal");
    let file = OpenOptions::new().read(true).write(true).open(segment).unwrap();
    file.write_all_at(&[0xff; 8], 600).unwrap();
    let refused = Points::open(dir.path(), Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Journal(_)));
    assert!(refused.to_string().contains("microstat points check"), "{refused}");

    let looked = Points::check(dir.path(), false).unwrap();
    assert_eq!((looked.records, looked.missing.len(), &looked.set_aside), (9, 1, &None));
    assert!(
        Points::open(dir.path(), Options::default()).await.is_err(),
        "looking changes nothing"
    );
    let saved = Points::check(dir.path(), true).unwrap();
    assert!(saved.set_aside.unwrap().join("00000001.journal").exists());
    let points = open(&dir).await;
    assert_eq!(total(&points).await, 90);
    assert!(Points::check(dir.path(), false).is_err(), "not while it is open");
    points.append(batch(vec![number(NOW, 1.0)]), NOW).await.unwrap();
    points.seal().await.unwrap();
    assert_eq!(total(&points).await, 91);
}
