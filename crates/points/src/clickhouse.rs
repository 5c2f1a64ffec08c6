//! Data points in ClickHouse: for installations of more than one machine.
//!
//! The journal stays where a request lands, so an answer takes as long as one sync of the local disk, and ClickHouse may
//! be away for hours. What the embedded engine seals into `points.db` is [shipped](ship) here instead: about once a second
//! one insert, into one table, from which materialised views make the rollups. Reads ask ClickHouse alone: what this
//! process has not shipped yet other processes can't see either, and adding it would count twice what is just being
//! shipped, for there is no one moment of several queries.
//!
//! CLICKHOUSE.md, beside this crate's sources, says what holds when anything stops, and why.

mod address;
mod anew;
pub(crate) mod arriving;
mod binary;
mod blocking;
mod client;
mod cluster;
mod complete;
mod erase;
pub(crate) mod leaving;
pub(crate) mod local;
mod read;
mod rows;
pub(crate) mod schema;
pub(crate) mod ship;
mod tls;
mod totals;

pub use address::{Address, BadAddress};

pub(crate) use client::Client;
pub(crate) use read::{Reader, Spot};

/// A server that can't be used as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nothing was sent.
    #[error("ClickHouse can't be reached: {0}")]
    Unreachable(String),
    /// Nobody can be trusted, so nothing is sent.
    #[error("the certificates of --clickhouse-ca can't be used: {0}")]
    Authority(String),
    /// What was sent may be done or not.
    #[error("ClickHouse did not answer: {0}")]
    Silent(String),
    /// It says no.
    #[error("ClickHouse refused: {0}")]
    Refused(String),
    /// What it says is not what was asked for.
    #[error("ClickHouse answered what can't be read")]
    Unreadable,
    /// Its tables are of a version of micro stat that is newer than this one.
    #[error("the tables in ClickHouse were made by a newer version (format {found}, this one knows {known})")]
    Newer {
        /// The format of the tables.
        found: u32,
        /// The newest format this version knows.
        known: u32,
    },
}

impl From<crate::bytes::Damaged> for Failure {
    fn from(_: crate::bytes::Damaged) -> Self {
        Self::Unreadable
    }
}
