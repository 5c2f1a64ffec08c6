//! The schema, step by step. Run at every start, in one transaction, by one process at a time.
//!
//! While processes are brought to a new version one by one, old ones run on the new schema. So a step only adds: tables,
//! indexes, columns that have a default. What an old program can't live with (something renamed, dropped, or demanded)
//! is a step of a later version, once no program that needs it may run any more, and adds its number to `schema_breaks`.

use domain::time::Micros;

use crate::db::sql;
use crate::{Db, Error, Result};

const STEPS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_retention.sql"),
    include_str!("../migrations/0003_annotations.sql"),
    include_str!("../migrations/0004_metrics.sql"),
    include_str!("../migrations/0005_favourites_order.sql"),
    include_str!("../migrations/0006_boards.sql"),
    include_str!("../migrations/0007_imports.sql"),
    include_str!("../migrations/0008_time_zones.sql"),
    include_str!("../migrations/0009_rejection_samples.sql"),
    include_str!("../migrations/0010_many_processes.sql"),
    include_str!("../migrations/0011_import_parts.sql"),
    include_str!("../migrations/0012_sources.sql"),
];

/// Brings the database to the newest schema this program knows.
///
/// # Errors
/// If a step fails (then nothing was changed), or a newer version has migrated it to where this one can't go along.
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
        let needed: i64 = sql("select coalesce(max(version), 0) as version from schema_breaks")
            .one(&mut tx)
            .await?
            .get("version")?;
        if needed > known {
            return Err(Error::Newer { found, known });
        }
        tracing::info!(
            found,
            known,
            "a newer version has migrated the database, in a way that this one can go along with"
        );
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

#[cfg(all(test, feature = "testing"))]
mod tests {
    use domain::id::ProjectId;
    use domain::time::Micros;

    use super::{STEPS, run, run_steps};
    use crate::Error;
    use crate::db::sql;
    use crate::testing::Scratch;

    #[tokio::test]
    async fn projects_of_the_first_schema_keep_nothing_shorter_than_their_data_points() {
        let scratch = Scratch::empty().await;
        run_steps(&scratch.db, &STEPS[..1], Micros(0)).await.unwrap();
        let mut tx = scratch.db.begin().await.unwrap();
        for text in [
            "insert into organisations (id, name, created_at) values (1, 'Ours', 0)",
            "insert into projects (id, organisation_id, name, created_at) values (1, 1, 'Usual', 0)",
            "insert into projects (id, organisation_id, name, created_at, retention_days) values (2, 1, 'Long', 0, 800)",
            "insert into projects (id, organisation_id, name, created_at, retention_days) values (3, 1, 'Short', 0, 7)",
        ] {
            sql(text).execute(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        run(&scratch.db, Micros(1)).await.unwrap();
        let kept = crate::projects::retentions(&scratch.db).await.unwrap();
        let said: Vec<String> = kept.iter().map(|(_, retention)| retention.to_string()).collect();
        assert_eq!(
            said,
            [
                "data points 90 days, minutes 90 days, hours 730 days, days for ever",
                "data points 800 days, minutes 800 days, hours 800 days, days for ever",
                "data points 7 days, minutes 90 days, hours 730 days, days for ever",
            ]
        );
    }

    /// Each kind of read there is, of rows whose columns are not named and of those whose are.
    async fn read(scratch: &Scratch) {
        crate::dsns::of_project(&scratch.db, ProjectId(1)).await.unwrap();
        crate::metrics::of_project(&scratch.db, ProjectId(1)).await.unwrap();
        crate::projects::retentions(&scratch.db).await.unwrap();
    }

    #[tokio::test]
    async fn a_program_goes_on_and_starts_on_what_a_newer_one_added() {
        let scratch = Scratch::new().await;
        read(&scratch).await;
        let tables = [
            "dsns",
            "metrics",
            "projects",
            "users",
            "sessions",
            "jobs",
            "imports",
            "board_charts",
        ];
        let added = tables.map(|table| format!("alter table {table} add column later bigint not null default 7;"));
        let added = added.concat();
        let newer = [STEPS, &[added.as_str()]].concat();
        run_steps(&scratch.db, &newer, Micros(1)).await.unwrap();
        // What PostgreSQL has planned for an open connection was for fewer columns.
        for _ in 0..3 {
            read(&scratch).await;
        }
        run(&scratch.db, Micros(2)).await.unwrap();
        let last = STEPS.len() + 2;
        let breaks = format!("insert into schema_breaks (version) values ({last})");
        let broken = [&newer[..], &[breaks.as_str()]].concat();
        run_steps(&scratch.db, &broken, Micros(3)).await.unwrap();
        run_steps(&scratch.db, &broken, Micros(4)).await.unwrap();
        for older in [STEPS, &newer] {
            let refused = run_steps(&scratch.db, older, Micros(5)).await;
            assert!(matches!(refused, Err(Error::Newer { .. })), "{refused:?}");
        }
    }
}
