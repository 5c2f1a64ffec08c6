//! How it ends: by `kill -9` in the middle of a load, what was acknowledged is there, once; asked to stop, all is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use microstat::clock::Clock;
use tokio::task::JoinSet;

use crate::installation::{Installation, Server, account, open, ready, stored};
use crate::load::{BATCH, Load, app, is_keyed, publish};
use crate::wire::Wire;

/// Connections that publish at once.
const APPS: usize = 8;
/// Acknowledged batches after which the program is killed, and killed again.
const KILLS: [usize; 10] = [1, 30, 31, 70, 150, 151, 200, 290, 300, 400];

async fn kill_under_load(server: Server, dsn: &Arc<str>, load: &Arc<Load>, after: usize) {
    let address = server.address();
    ready(address).await;
    // What nobody answered for is sent again under its key, as clients do.
    let open: Vec<_> = load.open.lock().unwrap().iter().copied().collect();
    let mut wire = Wire::to(address).await.unwrap();
    for n in open {
        publish(&mut wire, dsn, n).await.unwrap();
        load.open.lock().unwrap().remove(&n);
        load.acknowledged.lock().unwrap().insert(n);
    }
    // A key gives its first answer.
    let last = load
        .acknowledged
        .lock()
        .unwrap()
        .iter()
        .rfind(|n| is_keyed(**n))
        .copied();
    if let Some(n) = last {
        let reply = publish(&mut wire, dsn, n).await.unwrap();
        assert_eq!(reply.headers["idempotent-replayed"], "true");
        assert_eq!(reply.json()["accepted"], BATCH);
    }
    let mut apps = JoinSet::new();
    for _ in 0..APPS {
        apps.spawn(app(address, Arc::clone(dsn), Arc::clone(load)));
    }
    while load.acknowledged() < after {
        tokio::task::yield_now().await;
    }
    drop(server);
    apps.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_there_twice_after_ten_kills() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let load = Arc::new(Load::default());
    for after in KILLS {
        kill_under_load(installation.serve(), &dsn, &load, after).await;
    }
    let open = load.open.lock().unwrap().clone();
    let acknowledged = load.acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() >= KILLS[9] && open.len() <= APPS);

    let stored = stored(&installation, project).await;
    let once: BTreeSet<_> = stored.iter().copied().collect();
    assert_eq!(once.len(), stored.len(), "something is there twice");
    let whole = |n: usize| (0..BATCH).all(|k| once.contains(&(n * BATCH + k)));
    assert!(acknowledged.iter().all(|&n| whole(n)), "something acknowledged is lost");
    for n in open {
        assert!(
            whole(n) || (0..BATCH).all(|k| !once.contains(&(n * BATCH + k))),
            "half a batch is there"
        );
    }
    assert!(once.len() <= load.next.load(Ordering::SeqCst) * BATCH);
}

#[tokio::test]
async fn what_was_just_rejected_is_still_counted_when_it_is_asked_to_stop() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve();
    ready(server.address()).await;
    let mut idle = Wire::to(server.address()).await.unwrap();
    let reply = idle.post(&format!("/ingest?dsn={dsn}"), "", "[{},{},5]").await.unwrap();
    assert_eq!(reply.status, 202);
    server.stop();
    idle.end().await.unwrap();
    let db = open(&installation).await;
    let counted = store::rejections::of_project(&db, project, Clock::System.now())
        .await
        .unwrap();
    assert_eq!(counted.iter().map(|rejected| rejected.data_points).sum::<i64>(), 3);
}
