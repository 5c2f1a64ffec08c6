//! A database of its own for each test, on the engine that `MICROSTAT_TEST_ENGINE` names: `sqlite` (also when
//! unset) or `postgres`, whose server's URL is in `MICROSTAT_TEST_POSTGRES`.

use domain::time::Micros;

use crate::{Db, migrations};

/// A fresh database; a SQLite one goes with this value, a PostgreSQL one with its cluster.
#[derive(Debug)]
pub struct Scratch {
    /// The database, migrated unless it was asked for empty.
    pub db: Db,
    /// What `--database` would be given, if it isn't SQLite.
    pub url: Option<String>,
    /// Where a SQLite database lies.
    pub folder: tempfile::TempDir,
}

impl Scratch {
    /// A database with the newest schema.
    ///
    /// # Panics
    /// If it can't be made.
    pub async fn new() -> Self {
        let scratch = Self::empty().await;
        migrations::run(&scratch.db, Micros(0)).await.expect("migrate");
        scratch
    }

    /// A database without a schema.
    ///
    /// # Panics
    /// If it can't be made.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if std::env::var("MICROSTAT_TEST_ENGINE").as_deref() != Ok("postgres") {
            let db = Db::sqlite(&folder.path().join("microstat.db"))
                .await
                .expect("open SQLite");
            return Self { db, url: None, folder };
        }
        let server = std::env::var("MICROSTAT_TEST_POSTGRES").expect("run by cargo nextest, which starts a cluster");
        // the folder's name is random, and unique on this machine
        let name = folder
            .path()
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().to_lowercase());
        let name = format!(
            "t_{}_{}",
            std::process::id(),
            name.replace(|c: char| !c.is_ascii_alphanumeric(), "")
        );
        Db::postgres(&format!("{server}/postgres"))
            .await
            .expect("connect")
            .create_database(&name)
            .await
            .expect("create database");
        let url = format!("{server}/{name}");
        Self {
            db: Db::postgres(&url).await.expect("connect"),
            url: Some(url),
            folder,
        }
    }
}

/// Every row of every table as text, bytes in hexadecimal.
///
/// # Panics
/// If the database can't be read.
pub async fn dump(db: &Db) -> String {
    db.dump().await.expect("read")
}
