//! Where imports' files are, and how parts get into them.

use std::io::{self, SeekFrom};
use std::path::PathBuf;

use axum::body::{Body, Bytes};
use domain::id::ImportId;
use futures_util::stream;
use http_body_util::BodyExt;
use store::import_parts::Kind;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::Writing;
use crate::state::App;

/// Most bytes of a file.
pub(crate) const LARGEST: i64 = 2 << 30;
/// Most bytes of a part of it.
pub(crate) const PART: i64 = 8 << 20;
/// Most bytes of a file that comes in one piece.
pub(crate) const WHOLE: usize = 64 << 20;

/// Where they all are.
pub(crate) fn folder(app: &App) -> PathBuf {
    app.config.data.join("imports")
}

/// An import's file.
pub(crate) fn data(app: &App, id: ImportId) -> PathBuf {
    folder(app).join(format!("{id}.data"))
}

/// The list of what an import refused.
pub(crate) fn rejected(app: &App, id: ImportId) -> PathBuf {
    folder(app).join(format!("{id}.rejected.csv"))
}

/// Why a part could not be kept.
#[derive(Debug)]
pub(crate) enum PartError {
    /// It has more bytes than it may.
    TooLarge,
    /// What came before it is no longer there, as after a restore.
    Gone,
    /// It did not come whole.
    Broken,
    /// The disk is full.
    Full,
    /// The file can't be written.
    Io(io::Error),
}

impl From<io::Error> for PartError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

/// A file that is being written.
pub(crate) struct Upload {
    file: File,
    left: i64,
    written: i64,
}

impl Upload {
    /// Goes on with a file from `offset` on, for at most so many bytes more.
    ///
    /// # Errors
    /// If it can't be opened.
    pub(crate) async fn at(
        app: &App,
        _: &Writing<'_>,
        id: ImportId,
        offset: i64,
        most: i64,
    ) -> Result<Self, PartError> {
        let path = data(app, id);
        fs::create_dir_all(folder(app)).await?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .await?;
        if file.metadata().await?.len() < offset.unsigned_abs() {
            return Err(PartError::Gone);
        }
        // Whatever is behind came of a part that did not come whole.
        file.set_len(offset.unsigned_abs()).await?;
        file.seek(SeekFrom::End(0)).await?;
        Ok(Self {
            file,
            left: most,
            written: 0,
        })
    }

    /// Writes some more.
    ///
    /// # Errors
    /// If that is too much, or can't be written.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), PartError> {
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.left -= length;
        if self.left < 0 {
            return Err(PartError::TooLarge);
        }
        self.file.write_all(bytes).await?;
        self.written += length;
        Ok(())
    }

    /// Has it on disk; gives how many bytes were written.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) async fn finish(mut self) -> Result<i64, PartError> {
        self.file.flush().await?;
        self.file.sync_data().await?;
        Ok(self.written)
    }

    /// Writes all of a body. What comes too slowly doesn't come whole.
    ///
    /// # Errors
    /// As [`Upload::write`].
    pub(crate) async fn take(&mut self, app: &App, mut body: Body) -> Result<(), PartError> {
        loop {
            let frame = tokio::time::timeout(app.room.patience, body.frame()).await;
            match frame.map_err(|_| PartError::Broken)? {
                None => return Ok(()),
                Some(Err(_)) => return Err(PartError::Broken),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.write(&bytes).await?;
                    }
                }
            }
        }
    }
}

/// Removes an import's file, and its list of what was refused if that isn't asked to stay.
pub(crate) async fn remove(app: &App, id: ImportId, keep_list: bool) {
    let mut paths = vec![data(app, id)];
    app.imports.copies.forget(id, Kind::File).await;
    if !keep_list {
        paths.push(rejected(app, id));
        app.imports.copies.forget(id, Kind::Rejected).await;
    }
    for path in paths {
        match fs::remove_file(&path).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, path = %path.display(), "a file of an import can't be removed"),
        }
    }
}

/// The imports that files are there of.
///
/// # Errors
/// If the folder can't be read.
pub(crate) async fn all(app: &App) -> io::Result<Vec<ImportId>> {
    let mut found = Vec::new();
    let mut entries = match fs::read_dir(folder(app)).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let id: Option<ImportId> = name.to_str().and_then(|name| name.split('.').next()?.parse().ok());
        found.extend(id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What is read of a file, as it is sent: little of it is in memory.
pub(crate) fn body(file: tokio::io::Take<File>) -> Body {
    Body::from_stream(stream::try_unfold(file, async |mut file| {
        let mut block = vec![0; 64 << 10];
        let read = file.read(&mut block).await?;
        block.truncate(read);
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(block), file)))
    }))
}
