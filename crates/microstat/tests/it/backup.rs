//! `backup` beside a running server under load, and `restore` elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::id::MetricId;
use domain::value::Value;
use microstat::clock::Clock;
use points::{Batch, DataPoint, Options, Points};
use tokio::task::JoinSet;

use crate::harness::PASSWORD;
use crate::installation::{Installation, account, done, ready, refused, stored};
use crate::load::{BATCH, Load, app, publish};
use crate::wire::Wire;

/// Connections that publish at once.
const APPS: usize = 4;

fn in_words(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_acknowledged_before_a_backup_began_is_in_it_once() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve();
    ready(server.address()).await;
    let load = Arc::new(Load::default());
    let mut apps = JoinSet::new();
    for _ in 0..APPS {
        apps.spawn(app(server.address(), Arc::clone(&dsn), Arc::clone(&load)));
    }
    while load.acknowledged() < 100 {
        tokio::task::yield_now().await;
    }
    let before = load.acknowledged.lock().unwrap().clone();
    let backup = installation.beside("backup");
    let said = done(&installation, &["backup", in_words(&backup)]);
    assert!(said.contains("Backup made in"), "{said}");
    assert_eq!(said.contains("pg_dump"), installation.database().is_some(), "{said}");
    assert!(load.acknowledged() > before.len(), "it was under load");
    drop(server);
    apps.join_all().await;

    let elsewhere = installation.elsewhere();
    let said = done(&elsewhere, &["restore", in_words(&backup)]);
    assert!(said.contains("tart micro stat with --data"), "{said}");
    let server = elsewhere.serve();
    ready(server.address()).await;
    let mut wire = Wire::to(server.address()).await.unwrap();
    let new = load.next.fetch_add(1, Ordering::SeqCst);
    publish(&mut wire, &dsn, new).await.unwrap();
    let mut ada = elsewhere.browser().await;
    let answer = ada.sign_in_with("ada@example.com", PASSWORD).await;
    assert_eq!(answer.location(), "/");
    drop((ada, server));
    let stored = stored(&elsewhere, project).await;
    let once: BTreeSet<_> = stored.iter().copied().collect();
    assert_eq!(once.len(), stored.len(), "something is there twice");
    let whole = |n: usize| (0..BATCH).all(|k| once.contains(&(n * BATCH + k)));
    assert!(before.iter().all(|&n| whole(n)), "something acknowledged is lost");
    assert!(whole(new));
    let whole = (0..=new).filter(|&n| whole(n)).count();
    assert_eq!(whole * BATCH, once.len(), "half a batch is there");
}

#[tokio::test]
async fn what_the_catalog_does_not_know_is_swept_when_it_is_restored() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve();
    ready(server.address()).await;
    publish(&mut Wire::to(server.address()).await.unwrap(), &dsn, 0)
        .await
        .unwrap();
    drop(server);
    let points = Points::open(&installation.data(), Options::default()).await.unwrap();
    let gone = MetricId(4_711);
    let at = Clock::System.now();
    let of = vec![DataPoint {
        metric: gone,
        at,
        value: Value::Hits(1),
        id: None,
    }];
    let batch = Batch {
        project,
        key: None,
        points: of,
        note: Vec::new(),
    };
    points.append(batch, at).await.unwrap();
    assert!(points.metrics().await.unwrap().contains(&(project, gone)));
    drop(points);

    let (backup, elsewhere) = (installation.beside("backup"), installation.elsewhere());
    done(&installation, &["backup", in_words(&backup)]);
    done(&elsewhere, &["restore", in_words(&backup)]);
    let points = Points::open(&elsewhere.data(), Options::default()).await.unwrap();
    let left = points.metrics().await.unwrap();
    // with PostgreSQL nobody can know yet what will be in the catalog
    let swept = installation.database().is_none();
    assert_eq!(left.contains(&(project, gone)), !swept);
    assert_eq!(left.len(), if swept { 1 } else { 2 });
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_nothing_is_restored() {
    let installation = Installation::new().await;
    account(&installation);
    drop(installation.serve());
    let (backup, elsewhere) = (installation.beside("backup"), installation.elsewhere());
    done(&installation, &["backup", in_words(&backup)]);
    let restore = ["restore", in_words(&backup)];
    for name in ["points.db", "secret.key", "manifest.json"] {
        let whole = fs::read(backup.join(name)).unwrap();
        let mut damaged = whole.clone();
        damaged[20] ^= 1;
        for bytes in [Some(&damaged[..]), Some(&whole[1..]), None] {
            match bytes {
                Some(bytes) => fs::write(backup.join(name), bytes).unwrap(),
                None => fs::remove_file(backup.join(name)).unwrap(),
            }
            let said = refused(&elsewhere, &restore);
            assert!(said.contains("is no whole backup") && said.contains(name), "{said}");
            assert!(!elsewhere.data().exists());
        }
        fs::write(backup.join(name), whole).unwrap();
    }
    done(&elsewhere, &restore);
}

#[tokio::test]
async fn nothing_is_ever_overwritten() {
    let installation = Installation::new().await;
    let backup = installation.beside("backup");
    let none = refused(&installation, &["backup", in_words(&backup)]);
    assert!(none.contains("there is no"), "{none}");
    assert!(!installation.beside("backup.unfinished").exists());
    account(&installation);
    let server = installation.serve();
    done(&installation, &["backup", in_words(&backup)]);
    let again = refused(&installation, &["backup", in_words(&backup)]);
    assert!(again.contains("is there already"), "{again}");
    let full = refused(&installation, &["restore", in_words(&backup)]);
    assert!(full.contains("has data already"), "{full}");
    drop(server);

    // interrupted: whoever finds it in part leaves it alone
    let elsewhere = installation.elsewhere();
    fs::create_dir_all(elsewhere.data().join("restoring")).unwrap();
    let start = refused(&elsewhere, &["--listen", "127.0.0.1:0"]);
    assert!(start.contains("restore the backup again"), "{start}");
    let restore = refused(&elsewhere, &["restore", in_words(&backup)]);
    assert!(restore.contains("interrupted"), "{restore}");
    assert_eq!(fs::read_dir(elsewhere.data()).unwrap().count(), 1);
}

#[test]
fn a_backup_is_for_its_owners_eyes_alone() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let installation = runtime.block_on(Installation::new());
    account(&installation);
    drop(installation.serve());
    let backup = installation.beside("backup");
    done(&installation, &["backup", in_words(&backup)]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&backup), mode(&backup.join("secret.key"))), (0o700, 0o600));
}
