//! What can go wrong.

use crate::bytes::Damaged;
use crate::journal::recovery::Broken;

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be written, and nothing of it was kept: the disk is full or fails, or too much is waiting.
    /// The same batch may be tried again later.
    #[error("data points can't be written: {0}")]
    Unavailable(String),
    /// A batch that no right program makes: a time before 1970 or after 2300, or values of another type, or of another
    /// project, than its metric has. Nothing of it was kept.
    #[error("a data point doesn't fit its metric")]
    Unfit,
    /// The database can't be opened or read.
    #[error("data points can't be read")]
    Database(#[from] rusqlite::Error),
    /// What is in the database is not what was written.
    #[error("data points are damaged on the disk")]
    Damaged,
    /// The journal holds what was acknowledged and is damaged, or can't be read.
    #[error(
        "the journal of data points is damaged: {0}. Nothing was changed. `microstat points check` says what is whole; \
         with --repair it sets the damaged journal aside and keeps what is whole. Or go back to a backup"
    )]
    Journal(String),
    /// The folder or a file in it can't be used.
    #[error("data points can't be kept: {0}")]
    Folder(#[from] std::io::Error),
    /// ClickHouse can't be reached or says no; or its tables were made by a newer version.
    #[error("{0}")]
    ClickHouse(String),
    /// An erasure is written down and will be done, before anything that came after it is shipped; but ClickHouse doesn't take
    /// it yet, or the process is being stopped.
    #[error("it is written down and erased later: {0}")]
    Later(String),
    /// The folder's data points are in ClickHouse.
    #[error(
        "the data points of this folder go to ClickHouse: start with --clickhouse, or take another folder. What it has \
         not handed over yet `microstat points drain` does"
    )]
    Elsewhere,
    /// The folder has sealed data points of its own.
    #[error(
        "this folder has data points of its own, which ClickHouse would not know: start without --clickhouse, or move \
         them with `microstat move`"
    )]
    Here,
    /// Another process has this folder open.
    #[error("the data points are open in another process, which alone may write them")]
    Locked,
    /// Data points can't be moved to where there are others.
    #[error("{0}")]
    Occupied(&'static str),
    /// Moving was stopped; what was brought so far stays.
    #[error("moving was stopped; the same command goes on with it")]
    Stopped,
    /// The file was written by a version between two releases, whose format was never kept.
    #[error(
        "the data points were written by a version between two releases, which no release can read; with points.db and \
         the folder journal set aside, micro stat starts without them"
    )]
    Unreleased,
    /// The file was written by a newer version of micro stat.
    #[error("the data folder was written by a newer version (format {found}, this one knows {known})")]
    Newer {
        /// The format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
}

impl From<crate::clickhouse::Failure> for Error {
    fn from(failure: crate::clickhouse::Failure) -> Self {
        Self::ClickHouse(failure.to_string())
    }
}

impl Error {
    pub(crate) fn unavailable(cause: &impl ToString) -> Self {
        Self::Unavailable(cause.to_string())
    }
}

impl From<Damaged> for Error {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Disk(error) => Self::Folder(error),
            Broken::Damaged(what) => Self::Journal(what),
        }
    }
}
