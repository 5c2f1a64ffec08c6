//! Who takes part.

use clap::ValueEnum;

use super::packages::Packages;
use super::running::Running;
use super::{bare, clickhouse, influx, microstat, postgres, prometheus, victoria};
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::Request;

/// A server, by one of its doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    Bare,
    Microstat,
    VictoriaLine,
    VictoriaJson,
    Prometheus,
    Influxdb,
    PostgresInsert,
    PostgresCopy,
    Clickhouse,
}

impl Contestant {
    /// Those named, or all.
    pub(super) fn of(only: &[Self]) -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|one| only.is_empty() || only.contains(one)).collect()
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Bare => "bare hyper server, answers 204, reads nothing",
            Self::Microstat => "**micro stat**",
            Self::VictoriaLine => "VictoriaMetrics, line protocol",
            Self::VictoriaJson => "VictoriaMetrics, JSON import",
            Self::Prometheus => "Prometheus, remote write",
            Self::Influxdb => "InfluxDB 1, line protocol",
            Self::PostgresInsert => "PostgreSQL, insert",
            Self::PostgresCopy => "PostgreSQL, copy",
            Self::Clickhouse => "ClickHouse, JSONEachRow",
        }
    }

    /// Whether what was answered is on the disk: by its documentation, or by its source where that says nothing.
    pub(super) fn is_synced(self) -> &'static str {
        match self {
            Self::Bare => "nothing kept",
            Self::Microstat | Self::Influxdb | Self::PostgresInsert | Self::PostgresCopy => "yes",
            Self::VictoriaLine | Self::VictoriaJson | Self::Prometheus | Self::Clickhouse => "no",
        }
    }

    /// Whether it takes batches of this size. A body that doesn't arrive with its head would have to be read.
    pub(super) fn takes(self, size: usize) -> bool {
        self != Self::Bare || size <= 20
    }

    pub(super) async fn start(self, packages: &Packages) -> Result<Running, Failure> {
        match self {
            Self::Bare => bare::start().await,
            Self::Microstat => microstat::start().await,
            Self::VictoriaLine | Self::VictoriaJson => victoria::start(packages).await,
            Self::Prometheus => prometheus::start(packages).await,
            Self::Influxdb => influx::start(packages).await,
            Self::PostgresInsert | Self::PostgresCopy => postgres::start().await,
            Self::Clickhouse => clickhouse::start(packages).await,
        }
    }

    /// A batch in its own words.
    pub(super) fn request(self, path: &str, points: &[DataPoint]) -> Request {
        match self {
            Self::Bare => bare::request(points),
            Self::Microstat => microstat::request(path, points),
            Self::VictoriaLine => victoria::line(points),
            Self::VictoriaJson => victoria::json(points),
            Self::Prometheus => prometheus::request(points),
            Self::Influxdb => influx::request(points),
            Self::PostgresInsert => postgres::insert(points),
            Self::PostgresCopy => postgres::copy(points),
            Self::Clickhouse => clickhouse::request(points),
        }
    }
}
