//! Files of imports where several processes work on one PostgreSQL: a part may come to one, the next to another, and a
//! third may read it all. What came is among the accounts, in the transaction that says so; each process copies from
//! there what it lacks in its own folder. Alone, with SQLite, the folder is all there is.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::PathBuf;

use domain::id::ImportId;
use store::Tx;
use store::import_parts::{self, Kind};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Mutex;

use super::files;
use crate::error::AppError;
use crate::state::App;

/// Up to where each file here is what is among the accounts. What is behind may be of a part that nobody took.
#[derive(Debug, Default)]
pub(crate) struct Copies(Mutex<HashMap<(ImportId, Kind), i64>>);

impl Copies {
    /// A file here is as the accounts say up to a place.
    pub(crate) async fn note(&self, id: ImportId, kind: Kind, length: i64) {
        self.0.lock().await.insert((id, kind), length);
    }

    /// A file is not here any more.
    pub(crate) async fn forget(&self, id: ImportId, kind: Kind) {
        self.0.lock().await.remove(&(id, kind));
    }
}

fn path(app: &App, id: ImportId, kind: Kind) -> PathBuf {
    match kind {
        Kind::File => files::data(app, id),
        Kind::Rejected => files::rejected(app, id),
    }
}

/// Copies what this process lacks of a file's first `length` bytes; `false` if they are nowhere.
///
/// # Errors
/// If the database can't be read, or the file written.
pub(crate) async fn bring(app: &App, id: ImportId, kind: Kind, length: i64) -> Result<bool, AppError> {
    if app.config.database.is_none() {
        return Ok(true);
    }
    let mut copies = app.imports.copies.0.lock().await;
    let mut here = copies.get(&(id, kind)).copied().unwrap_or(0);
    if here >= length {
        return Ok(true);
    }
    let path = path(app, id, kind);
    let Some(mut part) = import_parts::find(&app.db, id, kind, here).await? else {
        // It may be of a time when there were no others.
        let there = fs::metadata(&path).await.map_or(0, |file| file.len());
        return Ok(here == 0 && there >= length.unsigned_abs());
    };
    fs::create_dir_all(files::folder(app)).await?;
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .await?;
    file.set_len(here.unsigned_abs()).await?;
    file.seek(SeekFrom::End(0)).await?;
    loop {
        file.write_all(&part).await?;
        here += i64::try_from(part.len()).unwrap_or(0);
        if here >= length {
            break;
        }
        match import_parts::find(&app.db, id, kind, here).await? {
            Some(next) => part = next,
            None => return Ok(false),
        }
    }
    file.flush().await?;
    copies.insert((id, kind), here);
    Ok(true)
}

/// Puts what this process added to a file where others find it, in the transaction that says that it is there.
///
/// # Errors
/// If the file can't be read, or the database refuses.
pub(crate) async fn keep(
    tx: &mut Tx,
    app: &App,
    id: ImportId,
    kind: Kind,
    (from, to): (i64, i64),
) -> Result<(), AppError> {
    if app.config.database.is_none() || from >= to {
        return Ok(());
    }
    let mut file = File::open(path(app, id, kind)).await?;
    file.seek(SeekFrom::Start(from.unsigned_abs())).await?;
    let mut start = from;
    while start < to {
        let length = (to - start).min(files::PART);
        let mut part = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact(&mut part).await?;
        import_parts::add(tx, id, kind, start, part).await?;
        start += length;
    }
    Ok(())
}
