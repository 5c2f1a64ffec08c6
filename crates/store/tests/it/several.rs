//! Processes on one database: what they hear of each other, and what one does at a time.

use std::time::Duration;

use store::Db;
use store::db::{Heard, Work};
use store::testing::Scratch;
use tokio::time::timeout;

#[tokio::test]
async fn what_one_says_all_hear_but_on_sqlite_nobody() {
    let scratch = Scratch::new().await;
    let ear = scratch.db.listen().await.unwrap();
    let Some(url) = &scratch.url else {
        assert!(ear.is_none());
        scratch.db.say("into the wind").await.unwrap();
        return;
    };
    let mut ear = ear.unwrap();
    let other = Db::postgres(url).await.unwrap();
    for word in ["first", "it's \"the\" second"] {
        other.say(word).await.unwrap();
        let heard = timeout(Duration::from_secs(20), ear.next()).await.unwrap();
        assert_eq!(heard.unwrap(), Heard::Word(word.to_owned()));
    }
}

#[tokio::test]
async fn what_one_process_does_no_other_begins() {
    let scratch = Scratch::new().await;
    let alone = scratch.db.alone(Work::Clearing).await.unwrap();
    assert!(alone.is_some());
    let Some(url) = &scratch.url else { return };
    let other = Db::postgres(url).await.unwrap();
    assert!(other.alone(Work::Clearing).await.unwrap().is_none());
    assert!(scratch.db.alone(Work::Clearing).await.unwrap().is_none());
    drop(alone);
    // The server notices a connection's end by itself.
    let again = async { while other.alone(Work::Clearing).await.unwrap().is_none() {} };
    timeout(Duration::from_secs(20), again).await.unwrap();
}

#[tokio::test]
async fn a_commit_is_heard_of_unless_nobody_keeps_what_it_wrote() {
    let scratch = Scratch::new().await;
    let before = scratch.db.commits();
    scratch.db.begin().await.unwrap().commit_aside().await.unwrap();
    assert_eq!(scratch.db.commits(), before);
    scratch.db.begin().await.unwrap().commit().await.unwrap();
    assert_ne!(scratch.db.commits(), before);
    timeout(Duration::from_secs(20), scratch.db.committed()).await.unwrap();
}
