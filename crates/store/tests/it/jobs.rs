use domain::id::JobId;
use domain::time::{HOUR, MINUTE, Micros};
use store::jobs::{self, Next};
use store::testing::Scratch;

const NOW: Micros = Micros(1_000 * HOUR);

async fn queue(scratch: &Scratch, id: i64, run_at: Micros) {
    let mut tx = scratch.db.begin().await.unwrap();
    jobs::enqueue(&mut tx, JobId(id), "mail", "{}", NOW, run_at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_claimed_once_however_many_ask_at_once() {
    let scratch = Scratch::new().await;
    for id in 1..=20 {
        queue(&scratch, id, NOW).await;
    }
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let db = scratch.db.clone();
            tokio::spawn(async move { jobs::claim(&db, NOW).await.unwrap().map(|job| job.id) })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    claimed.sort();
    assert_eq!(claimed, (1..=20).map(JobId).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_job_waits_for_its_time_and_the_oldest_goes_first() {
    let scratch = Scratch::new().await;
    queue(&scratch, 1, NOW + 2).await;
    queue(&scratch, 2, NOW + 1).await;
    assert_eq!(jobs::claim(&scratch.db, NOW).await.unwrap(), None);
    assert_eq!(jobs::claim(&scratch.db, NOW + 2).await.unwrap().unwrap().id, JobId(2));
    assert_eq!(jobs::claim(&scratch.db, NOW + 2).await.unwrap().unwrap().id, JobId(1));
}

#[tokio::test]
async fn a_job_whose_worker_died_is_due_again() {
    let scratch = Scratch::new().await;
    queue(&scratch, 1, NOW).await;
    assert_eq!(jobs::claim(&scratch.db, NOW).await.unwrap().unwrap().attempts, 1);
    assert_eq!(jobs::claim(&scratch.db, NOW + MINUTE).await.unwrap(), None);
    assert_eq!(
        jobs::claim(&scratch.db, NOW + 5 * MINUTE)
            .await
            .unwrap()
            .unwrap()
            .attempts,
        2
    );
}

#[tokio::test]
async fn a_failing_job_is_tried_with_growing_pauses_for_a_day() {
    let scratch = Scratch::new().await;
    queue(&scratch, 1, NOW).await;
    let (mut now, mut pauses) = (NOW, Vec::new());
    loop {
        let job = jobs::claim(&scratch.db, now).await.unwrap().unwrap();
        let mut tx = scratch.db.begin().await.unwrap();
        let next = jobs::fail(&mut tx, &job, "no answer", now).await.unwrap();
        tx.commit().await.unwrap();
        let Next::Retry(at) = next else { break };
        pauses.push(at - now);
        now = at;
    }
    assert!(
        pauses.is_sorted() && pauses[0] == MINUTE && pauses.len() > 8,
        "{pauses:?}"
    );
    assert!(now - NOW <= 24 * HOUR && now - NOW > 19 * HOUR);
    assert_eq!(jobs::claim(&scratch.db, now + 48 * HOUR).await.unwrap(), None);
    assert_eq!(jobs::waiting(&scratch.db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_of_a_rolled_back_transaction_never_was() {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    jobs::enqueue(&mut tx, JobId(1), "mail", "{}", NOW, NOW).await.unwrap();
    drop(tx);
    assert_eq!(jobs::claim(&scratch.db, NOW).await.unwrap(), None);
}
