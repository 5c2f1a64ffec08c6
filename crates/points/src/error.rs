//! What can go wrong.

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be written, and nothing of it was kept: the disk is full or fails, or too much is waiting.
    /// The same batch may be tried again later.
    #[error("data points can't be written: {0}")]
    Unavailable(String),
    /// The file can't be opened or read.
    #[error("data points can't be read")]
    Database(#[from] sqlx::Error),
    /// The file was written by a newer version of micro stat.
    #[error("the data folder was written by a newer version (format {found}, this one knows {known})")]
    Newer {
        /// The format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
}

impl Error {
    pub(crate) fn unavailable(cause: &impl ToString) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
