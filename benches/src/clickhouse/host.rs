//! ClickHouse, and what it says of itself.

use std::time::Duration;

use crate::Failure;
use crate::http::Connection;
use crate::peers::{Packages, Running, clickhouse};
use crate::table::float;

/// Looks, each a tenth of a second after the one before, until something is there or done.
const LOOKS: usize = 18_000;
/// Looks in a row that must find nothing being merged.
const QUIET: usize = 20;

/// A server of Debian's, in a temporary folder.
pub(super) struct Host(Running);

impl Host {
    pub(super) async fn start() -> Result<Self, Failure> {
        Ok(Self(clickhouse(&Packages::new()?).await?))
    }

    /// What `--clickhouse` is told.
    pub(super) fn address(&self, database: &str) -> String {
        format!("http://{}/{database}", self.0.address)
    }

    pub(super) fn cpu_s(&self) -> Result<f64, Failure> {
        self.0.process()?.cpu_s()
    }

    pub(super) async fn connection(&self) -> Result<Connection, Failure> {
        Ok(Connection::open(self.0.address).await?)
    }

    /// Does something.
    pub(super) async fn run(&self, text: &str) -> Result<(), Failure> {
        self.0.say("/", text).await
    }

    /// The number that a query answers.
    pub(super) async fn number(&self, text: &str) -> Result<usize, Failure> {
        let mut connection = self.connection().await?;
        let request = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        match connection.send_until_end(request.as_bytes()).await? {
            200 => Ok(connection.text().trim().parse()?),
            status => Err(format!("{text} answers {status}: {}", connection.text()).into()),
        }
    }

    /// Waits until so many data points are there.
    pub(super) async fn has(&self, database: &str, points: usize) -> Result<(), Failure> {
        for _ in 0..LOOKS {
            if self.number(&format!("SELECT count() FROM {database}.points")).await? >= points {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("not everything is there after half an hour".into())
    }

    /// Waits until nothing is merged any more.
    pub(super) async fn merged(&self) -> Result<(), Failure> {
        let mut quiet = 0;
        for _ in 0..LOOKS {
            let merges = self.number("SELECT count() FROM system.merges").await?;
            quiet = if merges == 0 { quiet + 1 } else { 0 };
            if quiet == QUIET {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("it is still merging after half an hour".into())
    }

    /// Bytes of all that a database has.
    pub(super) async fn bytes(&self, database: &str) -> Result<f64, Failure> {
        let text = format!("SELECT sum(bytes_on_disk) FROM system.parts WHERE database = '{database}' AND active");
        Ok(float(self.number(&text).await?))
    }
}
