//! `restore`: an installation from a backup.
//!
//! Everything is put into a folder within the data folder first, and moved to its place at the end. While that folder
//! is there, nothing opens the installation, so one that is restored in part is never taken for a whole one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::time::Micros;
use points::{Options, Points};
use store::{Db, migrations};

use super::manifest::{Accounts, Manifest};
use super::{Outcome, print};
use crate::clock::Clock;
use crate::config::Config;
use crate::state::{RESTORING, only_ours};

/// What an installation has in its data folder, in the order it is moved there.
const PARTS: [&str; 4] = ["points.db", "journal", "microstat.db", "secret.key"];

/// From where.
#[derive(Args, Clone, Debug)]
pub struct Restore {
    /// A folder that `backup` made
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
}

/// Fills an empty data folder from a backup, once that is found whole.
///
/// # Errors
/// If the backup is damaged, the data folder has data already, or something can't be read or written. The data folder
/// is as it was then.
pub async fn fill(config: &Config, clock: &Clock, restore: &Restore) -> Outcome {
    let from = &restore.from;
    let manifest = Manifest::verified(from)
        .map_err(|why| format!("{} is no whole backup: {why}. Nothing was restored", from.display()))?;
    match (manifest.accounts, &config.database) {
        (Accounts::Sqlite, Some(_)) => return Err("this backup has its accounts in it; leave --database out".into()),
        (Accounts::Postgres, None) => {
            return Err("the accounts of this backup are in PostgreSQL; name the database with --database".into());
        }
        _ => {}
    }
    let data = &config.data;
    if let Some(part) = PARTS.iter().find(|part| data.join(part).exists()) {
        return Err(format!(
            "{} has data already ({part}); restore into an empty folder. To go back to a backup, stop the server and \
             set this folder aside",
            data.display()
        )
        .into());
    }
    fs::create_dir_all(data)?;
    only_ours(data)?;
    let staging = data.join(RESTORING);
    fs::create_dir(&staging).map_err(|error| {
        let staging = staging.display();
        format!("{staging} can't be made: {error}. If an earlier restore was interrupted, remove it and try again")
    })?;
    if let Err(error) = bring_back(&manifest, from, &staging, clock.now()).await {
        let _ = fs::remove_dir_all(&staging);
        return Err(error);
    }
    move_in(&staging, data)?;
    let data = data.display();
    print(&format!("Restored the backup of {} into {data}.", manifest.made_at))?;
    print(&match manifest.accounts {
        Accounts::Sqlite => format!("Start micro stat with --data {data}."),
        Accounts::Postgres => format!(
            "Restore the accounts next, into an empty database, with `pg_restore --no-owner --dbname=… accounts.dump`; \
             then start micro stat with --data {data} and that --database."
        ),
    })?;
    Ok(())
}

async fn bring_back(manifest: &Manifest, from: &Path, staging: &Path, now: Micros) -> Outcome {
    fs::create_dir(staging.join("journal"))?;
    for file in &manifest.files {
        let to = file.within(staging);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(file.within(from), &to)?;
        File::open(&to)?.sync_all()?;
    }
    if manifest.accounts == Accounts::Sqlite {
        sweep(staging, now).await?;
    }
    Ok(())
}

/// Opens both databases, which brings them to this version's schema, and erases data points of metrics that were
/// deleted while the backup was made: copied before, and no longer in the catalog.
async fn sweep(staging: &Path, now: Micros) -> Outcome {
    let db = Db::sqlite(&staging.join("microstat.db")).await?;
    migrations::run(&db, now).await?;
    let known = store::metrics::everywhere(&db).await?;
    let points = match Points::open(staging, Options::default()).await {
        Err(points::Error::Elsewhere) => {
            // ClickHouse has its own backups.
            db.close().await;
            return Ok(());
        }
        points => points?,
    };
    for (_, metric) in points.metrics().await?.difference(&known) {
        points.delete_metric(*metric).await?;
    }
    drop(points);
    db.close().await;
    Ok(())
}

fn move_in(staging: &Path, data: &Path) -> io::Result<()> {
    for folder in [staging, &staging.join("journal")] {
        File::open(folder)?.sync_all()?;
    }
    for part in PARTS {
        let from = staging.join(part);
        if from.exists() {
            fs::rename(from, data.join(part))?;
        }
    }
    File::open(data)?.sync_all()?;
    fs::remove_dir_all(staging)
}
