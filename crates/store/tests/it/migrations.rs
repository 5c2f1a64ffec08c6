use domain::time::Micros;
use store::db::sql;
use store::testing::Scratch;
use store::{Db, Error, migrations};

async fn reopened(scratch: &Scratch) -> Db {
    match &scratch.url {
        Some(url) => Db::postgres(url).await.unwrap(),
        None => Db::sqlite(&scratch.folder.path().join("microstat.db")).await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_that_start_at_once_migrate_once() {
    let scratch = Scratch::empty().await;
    let mut starts = Vec::new();
    for _ in 0..6 {
        let db = reopened(&scratch).await;
        starts.push(tokio::spawn(async move { migrations::run(&db, Micros(9)).await }));
    }
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let rows = sql("select version from migrations").all(&scratch.db).await.unwrap();
    let versions: Vec<i64> = rows.iter().map(|row| row.get("version").unwrap()).collect();
    let once: std::collections::BTreeSet<i64> = versions.iter().copied().collect();
    assert!(!versions.is_empty() && versions.len() == once.len(), "{versions:?}");
}

#[tokio::test]
async fn a_second_start_keeps_the_data() {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    sql("insert into organisations (id, name, created_at) values (1, 'Größe', 0)")
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    migrations::run(&reopened(&scratch).await, Micros(10)).await.unwrap();
    let row = sql("select name from organisations").one(&scratch.db).await.unwrap();
    assert_eq!(row.get::<String>("name").unwrap(), "Größe");
}

#[tokio::test]
async fn a_database_that_a_newer_version_changed_too_much_is_left_alone() {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into migrations (version, applied_at) values (99, 0)",
        "insert into schema_breaks (version) values (98)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert!(matches!(
        migrations::run(&scratch.db, Micros(1)).await,
        Err(Error::Newer { found: 99, .. })
    ));
}
