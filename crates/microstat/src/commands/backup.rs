//! `backup`: a copy of an installation, from beside a running server, that can be restored anywhere.
//!
//! Data points are copied before accounts. A metric is in the catalog before its data points, so the copied catalog
//! knows every metric of the copied data points, but those deleted in between; `restore` erases them.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use points::Points;
use store::Db;

use super::manifest::{Accounts, Manifest};
use super::{Outcome, print};
use crate::clock::Clock;
use crate::config::Config;

/// Where to.
#[derive(Args, Clone, Debug)]
pub struct Backup {
    /// The folder to make; it must not be there yet
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
}

/// Makes the folder, with everything in it or not at all.
///
/// # Errors
/// If there is nothing to copy, the folder is there, something can't be read or written, or the copy isn't whole.
pub async fn make(config: &Config, clock: &Clock, backup: &Backup) -> Outcome {
    let to = &backup.to;
    if fs::symlink_metadata(to).is_ok() {
        return Err(format!("{} is there already; a backup never overwrites anything", to.display()).into());
    }
    let mut name = to.file_name().map_or_else(OsString::new, ToOwned::to_owned);
    name.push(".unfinished");
    let draft = to.with_file_name(name);
    DirBuilder::new()
        .mode(0o700)
        .create(&draft)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => format!(
                "{} is there: another backup is being made, or one was interrupted; if so, remove it",
                draft.display()
            ),
            _ => format!("{} can't be made: {error}", draft.display()),
        })?;
    let made = fill(&draft, config, clock).await.and_then(|manifest| {
        fs::rename(&draft, to)?;
        File::open(parent(to))?.sync_all()?;
        Ok(manifest)
    });
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
    };
    let (count, bytes) = (manifest.files.len(), manifest.bytes());
    print(&format!(
        "Backup made in {}: {count} files, {bytes} bytes.",
        to.display()
    ))?;
    if manifest.accounts == Accounts::Postgres {
        print(
            "It has the data points and the key. Accounts are in PostgreSQL: dump them now, after it, with \
             `pg_dump --format=custom --file=accounts.dump` and your --database, and keep both together.",
        )?;
    }
    Ok(())
}

async fn fill(
    draft: &Path,
    config: &Config,
    clock: &Clock,
) -> Result<Manifest, Box<dyn std::error::Error + Send + Sync>> {
    let made_at = clock.now();
    Points::copy(&config.data, draft)?;
    let checked = Points::check(draft, false)?;
    if !checked.database.is_empty() || checked.is_journal_damaged() {
        return Err("the data points are damaged; see `microstat points check`. No backup was made".into());
    }
    fs::remove_file(draft.join("points.lock"))?;
    let accounts = if config.database.is_some() {
        Accounts::Postgres
    } else {
        copy_accounts(&config.data.join("microstat.db"), &draft.join("microstat.db")).await?;
        Accounts::Sqlite
    };
    let key = draft.join("secret.key");
    fs::copy(config.key_file(), &key)?;
    File::open(&key)?.sync_all()?;
    let manifest = Manifest::of(draft, accounts, made_at)?;
    manifest.write(draft)?;
    File::open(draft)?.sync_all()?;
    Ok(manifest)
}

async fn copy_accounts(from: &Path, to: &Path) -> Outcome {
    // Opening would make one.
    if !from.exists() {
        return Err(format!("there is no {}", from.display()).into());
    }
    let db = Db::sqlite(from).await?;
    db.copy_to(to).await?;
    db.close().await;
    File::open(to)?.sync_all()?;
    Ok(())
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
