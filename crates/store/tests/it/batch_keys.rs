//! Each batch is stored by the one process that has its key.

use domain::id::ProjectId;
use domain::time::{DAY, Micros, SECOND};
use store::batch_keys::{self, Claim, Ended, WAITED_FOR};
use store::db::sql;
use store::testing::Scratch;

const PROJECT: ProjectId = ProjectId(1);
const NOW: Micros = Micros(1_795_514_400_000_000);

async fn scratch() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'Ours', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (1, 1, 'Shop', 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    scratch
}

async fn claim(scratch: &Scratch, folder: i64, now: Micros) -> Claim {
    let mut tx = scratch.db.begin().await.unwrap();
    let claim = batch_keys::claim(&mut tx, PROJECT, "k", folder, now).await.unwrap();
    tx.commit_aside().await.unwrap();
    claim
}

async fn end(scratch: &Scratch, folder: i64, stored: i64) -> Ended {
    let ended = Ended {
        stored,
        duplicates: 1,
        note: vec![7],
    };
    let mut tx = scratch.db.begin().await.unwrap();
    batch_keys::end(&mut tx, PROJECT, "k", folder, &ended, NOW)
        .await
        .unwrap();
    tx.commit_aside().await.unwrap();
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_that_are_sent_a_batch_at_once_one_stores_it() {
    let scratch = std::sync::Arc::new(scratch().await);
    let mut all = Vec::new();
    for folder in 0..20 {
        let scratch = scratch.clone();
        all.push(tokio::spawn(async move { claim(&scratch, folder, NOW).await }));
    }
    let mut ours = 0;
    for one in all {
        ours += usize::from(one.await.unwrap() == Claim::Ours);
    }
    assert_eq!(ours, 1);
}

#[tokio::test]
async fn the_others_wait_until_it_is_said_what_became_of_the_batch() {
    let scratch = scratch().await;
    assert_eq!(claim(&scratch, 1, NOW).await, Claim::Ours);
    assert_eq!(claim(&scratch, 2, NOW + SECOND).await, Claim::Theirs);
    // The one who has it may be sent it again: its own folder knows more.
    assert_eq!(claim(&scratch, 1, NOW + SECOND).await, Claim::Ours);
    assert_eq!(
        batch_keys::open(&scratch.db, 1, NOW + DAY).await.unwrap(),
        [(PROJECT, "k".to_owned())]
    );
    let ended = end(&scratch, 1, 5).await;
    for folder in [1, 2] {
        assert_eq!(
            claim(&scratch, folder, NOW + 2 * SECOND).await,
            Claim::Ended(ended.clone())
        );
    }
    assert_eq!(batch_keys::open(&scratch.db, 1, NOW + DAY).await.unwrap(), []);
    // It is said once.
    end(&scratch, 1, 6).await;
    assert_eq!(claim(&scratch, 2, NOW + 2 * SECOND).await, Claim::Ended(ended));
    assert_eq!(
        claim(&scratch, 2, NOW + DAY + 2 * SECOND).await,
        Claim::Ours,
        "a day later it is another"
    );
}

#[tokio::test]
async fn who_never_says_what_became_of_it_is_waited_for_ten_minutes() {
    let scratch = scratch().await;
    assert_eq!(claim(&scratch, 1, NOW).await, Claim::Ours);
    assert_eq!(claim(&scratch, 2, NOW + WAITED_FOR - 1).await, Claim::Theirs);
    assert_eq!(claim(&scratch, 2, NOW + WAITED_FOR).await, Claim::Ours);
    end(&scratch, 1, 5).await;
    assert_eq!(
        claim(&scratch, 3, NOW + WAITED_FOR).await,
        Claim::Theirs,
        "it is the second one's to say"
    );
}

#[tokio::test]
async fn a_key_that_is_given_back_is_anybodys() {
    let scratch = scratch().await;
    assert_eq!(claim(&scratch, 1, NOW).await, Claim::Ours);
    let mut tx = scratch.db.begin().await.unwrap();
    batch_keys::release(&mut tx, PROJECT, "k", 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        claim(&scratch, 2, NOW).await,
        Claim::Theirs,
        "nobody gives back what another has"
    );
    let mut tx = scratch.db.begin().await.unwrap();
    batch_keys::release(&mut tx, PROJECT, "k", 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claim(&scratch, 2, NOW).await, Claim::Ours);
    // Sent twice at once to one that could store one of the two only.
    let mut tx = scratch.db.begin().await.unwrap();
    batch_keys::release(&mut tx, PROJECT, "k", 2).await.unwrap();
    tx.commit().await.unwrap();
    let ended = end(&scratch, 2, 4).await;
    assert_eq!(claim(&scratch, 3, NOW).await, Claim::Ended(ended));
    let mut tx = scratch.db.begin().await.unwrap();
    assert_eq!(batch_keys::sweep(&mut tx, NOW + DAY).await.unwrap(), 0);
    assert_eq!(batch_keys::sweep(&mut tx, NOW + DAY + 1).await.unwrap(), 1);
}
