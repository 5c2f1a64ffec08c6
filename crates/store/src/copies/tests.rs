//! From SQLite to the engine that tests run on, and back.

use domain::time::Micros;

use super::{Copied, Refused, contents, in_order, referred_first};
use crate::db::sql;
use crate::db::tables::{Kind, Table};
use crate::testing::{Scratch, dump};
use crate::value::Value;
use crate::{Db, migrations};

const OURS: [u8; 32] = [1; 32];

async fn sqlite(scratch: &Scratch, name: &str) -> Db {
    let db = Db::sqlite(&scratch.folder.path().join(name)).await.unwrap();
    migrations::run(&db, Micros(0)).await.unwrap();
    db
}

/// A value for a column, another one in each row; some that may be missing are.
fn value(table: &Table, column: &str, kind: Kind, row: i64) -> Value {
    match (table.references.iter().find(|(of, ..)| of == column), kind) {
        // The first row refers to one that comes after it.
        (Some((_, other, _)), _) if *other == table.name => Value::Int((row == 1).then_some(2)),
        _ if column.starts_with("deleted_at") && row == 2 => Value::Int(None),
        (_, Kind::Int) => Value::Int(Some(row)),
        (_, Kind::Float) => Value::Float(Some(1.0)),
        (_, Kind::Text) => Value::Text(Some(format!("it's {row} „ü🦀“\n{column}"))),
        (_, Kind::Bytes) => Value::Bytes(Some(vec![0, 255, u8::try_from(row).unwrap()])),
    }
}

/// Puts three rows into every table there is, those of later versions too.
async fn fill(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for table in in_order(contents(&mut tx).await.unwrap()).unwrap() {
        let row = |row| {
            table
                .columns
                .iter()
                .map(|(column, kind)| value(&table, column, *kind, row))
                .collect()
        };
        let rows = referred_first(&table, (1..=3).map(row).collect());
        tx.insert(&table, &rows).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn copy(from: &Db, to: &Db, installation: [u8; 32]) -> Result<Copied, Refused> {
    let mut reading = from.snapshot().await?;
    let mut writing = to.begin().await?;
    let copy = super::copy(&mut reading, &mut writing, installation).await?;
    writing.commit().await?;
    copy.check(&mut to.snapshot().await?).await?;
    Ok(copy.copied())
}

/// All rows, but those that say something of the database itself.
async fn said(db: &Db) -> Vec<String> {
    let mut lines: Vec<String> = dump(db).await.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

async fn change(db: &Db, text: &'static str) {
    let mut tx = db.begin().await.unwrap();
    assert!(sql(text).execute(&mut tx).await.unwrap() > 0);
    tx.commit().await.unwrap();
}

async fn forget_marks(db: &Db) {
    change(db, "delete from moved").await;
}

#[tokio::test]
async fn every_row_of_every_table_comes_over_and_back() {
    let scratch = Scratch::new().await;
    let (ours, back) = (sqlite(&scratch, "ours.db").await, sqlite(&scratch, "back.db").await);
    fill(&ours).await;
    let over = copy(&ours, &scratch.db, OURS).await.unwrap();
    let tables = contents(&mut ours.begin().await.unwrap()).await.unwrap().len();
    assert_eq!((over.tables, over.rows), (tables, 3 * tables as u64));
    assert_eq!(copy(&scratch.db, &back, OURS).await.unwrap(), over);
    forget_marks(&back).await;
    assert_eq!(said(&ours).await, said(&back).await);
}

#[tokio::test]
async fn a_copy_that_nobody_has_used_is_made_anew() {
    let scratch = Scratch::new().await;
    let (ours, back) = (sqlite(&scratch, "ours.db").await, sqlite(&scratch, "back.db").await);
    fill(&ours).await;
    copy(&ours, &scratch.db, OURS).await.unwrap();
    change(&ours, "update users set name = 'Somebody else' where id = 2").await;
    change(&ours, "delete from jobs").await;
    copy(&ours, &scratch.db, OURS).await.unwrap();
    copy(&scratch.db, &back, OURS).await.unwrap();
    forget_marks(&back).await;
    assert_eq!(said(&ours).await, said(&back).await);
}

#[tokio::test]
async fn what_is_not_a_copy_of_this_installation_is_never_overwritten() {
    let scratch = Scratch::new().await;
    let ours = sqlite(&scratch, "ours.db").await;
    fill(&ours).await;
    copy(&ours, &scratch.db, OURS).await.unwrap();
    let before = said(&scratch.db).await;
    assert!(matches!(copy(&ours, &scratch.db, [2; 32]).await, Err(Refused::Foreign)));
    assert_eq!(said(&scratch.db).await, before);
    change(&scratch.db, "update users set name = 'Signed in' where id = 2").await;
    assert!(matches!(copy(&ours, &scratch.db, OURS).await, Err(Refused::Used)));
    forget_marks(&scratch.db).await;
    let before = said(&scratch.db).await;
    assert!(matches!(copy(&ours, &scratch.db, OURS).await, Err(Refused::Foreign)));
    assert_eq!(said(&scratch.db).await, before);
}

#[tokio::test]
async fn nobody_else_writes_into_what_is_copied_to() {
    let scratch = Scratch::new().await;
    let ours = sqlite(&scratch, "ours.db").await;
    fill(&ours).await;
    if scratch.url.is_none() {
        // Of SQLite one alone writes anyway.
        return;
    }
    let (mut reading, mut writing) = (ours.snapshot().await.unwrap(), scratch.db.begin().await.unwrap());
    super::copy(&mut reading, &mut writing, OURS).await.unwrap();
    let mut other = scratch.db.begin().await.unwrap();
    sql("set local lock_timeout = '50ms'")
        .execute(&mut other)
        .await
        .unwrap();
    let refused = sql("delete from sessions").execute(&mut other).await.unwrap_err();
    assert!(refused.to_string().contains("lock timeout"), "{refused}");
    drop((reading, writing, other));
    // And who is in the middle of writing is not overtaken.
    let mut other = scratch.db.begin().await.unwrap();
    sql("delete from sessions").execute(&mut other).await.unwrap();
    let refused = copy(&ours, &scratch.db, OURS).await;
    assert!(matches!(refused, Err(Refused::Used)), "{refused:?}");
}

#[tokio::test]
async fn a_database_of_another_version_is_not_copied_to() {
    let scratch = Scratch::empty().await;
    let ours = sqlite(&scratch, "ours.db").await;
    assert!(matches!(copy(&ours, &scratch.db, OURS).await, Err(Refused::Schema)));
}
