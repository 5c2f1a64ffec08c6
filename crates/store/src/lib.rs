//! Accounts, organisations, projects, settings and jobs, in SQLite or PostgreSQL.
//!
//! A file a noun; verbs are free functions: reads take anything that can be read ([`db::On`]), writes take
//! `&mut Tx`. Only handlers and jobs begin and commit.

pub mod acceptances;
pub mod annotations;
pub mod api_tokens;
pub mod audit_events;
pub mod batch_keys;
pub mod boards;
pub mod copies;
pub mod db;
pub mod departures;
pub mod devices;
pub mod dsns;
pub mod favourites;
pub mod import_parts;
pub mod imports;
pub mod installation_keys;
pub mod invitation_codes;
pub mod invitations;
pub mod jobs;
pub mod mailed_links;
pub mod memberships;
pub mod metrics;
pub mod migrations;
pub mod organisations;
pub mod projects;
pub mod rejections;
pub mod sessions;
pub mod shares;
pub mod sources;
#[cfg(feature = "testing")]
pub mod testing;
pub mod throttles;
pub mod users;
pub mod value;

pub use db::{Db, On, Tx};

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// SQLite refused to be read.
    #[error(transparent)]
    Reading(#[from] rusqlite::Error),
    /// A column held what no version of this program writes.
    #[error("column {0} holds what this version can't read")]
    Unreadable(&'static str),
    /// The database was migrated by a newer version.
    #[error(
        "the database was written by a newer version of micro stat (schema {found}, this one knows {known}); start that one"
    )]
    Newer {
        /// The schema version found.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
}

impl Error {
    /// Whether the server could not be reached, is about to stop, or only just starts.
    #[must_use]
    pub fn is_away(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            // a protocol is broken where somebody in between takes connections and closes them
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
            // connection exceptions; operator intervention, but for a cancelled query
            sqlx::Error::Database(error) => {
                let code = error.code();
                let is_of = |class| code.as_deref().is_some_and(|code| code.starts_with(class));
                is_of("08") || is_of("57P")
            }
            _ => false,
        }
    }
}

/// What a verb of the store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
