//! The schema, step by step. Run at every start, in one transaction, by one process at a time.

use domain::time::Micros;

use crate::db::sql;
use crate::{Db, Error, Result};

const STEPS: &[&str] = &[include_str!("../migrations/0001_first.sql")];

/// Brings the database to the newest schema this program knows.
///
/// # Errors
/// If a step fails (then nothing was changed), or a newer version has migrated it further.
pub async fn run(db: &Db, now: Micros) -> Result<()> {
    run_steps(db, STEPS, now).await
}

async fn run_steps(db: &Db, steps: &[&str], now: Micros) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.lock_migrations().await?;
    tx.script("create table if not exists migrations (version bigint primary key, applied_at bigint not null)")
        .await?;
    let found: i64 = sql("select coalesce(max(version), 0) as version from migrations")
        .one(&mut tx)
        .await?
        .get("version")?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for (version, step) in (1_i64..).zip(steps).filter(|(version, _)| *version > found) {
        tx.script(step).await?;
        sql("insert into migrations (version, applied_at) values ($1, $2)")
            .bind(version)
            .bind(now)
            .execute(&mut tx)
            .await?;
    }
    tx.commit().await
}
