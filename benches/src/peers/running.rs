//! A server that is measured: in a temporary folder, on a port of its own, until its value goes.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::Failure;
use crate::http::{Connection, get};
use crate::load::Protocol;
use crate::process::Process;
use crate::server::{Installation, Server};

pub(crate) struct Running {
    /// Ends before its folder goes.
    process: Option<Process>,
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
    /// What a connection says first.
    pub(crate) greeting: Vec<u8>,
    /// The path that is published to, where it is not always the same.
    pub(crate) path: String,
    /// Of what needs more than a folder.
    _installation: Option<Installation>,
    folder: TempDir,
}

impl Running {
    /// A folder and a free port.
    pub(super) fn prepare() -> Result<Self, Failure> {
        Ok(Self {
            process: None,
            address: TcpListener::bind("127.0.0.1:0")?.local_addr()?,
            protocol: Protocol::Http,
            greeting: Vec::new(),
            path: String::new(),
            _installation: None,
            folder: tempfile::tempdir()?,
        })
    }

    /// micro stat, which is running already.
    pub(super) fn of(server: Server) -> Result<Self, Failure> {
        Ok(Self {
            process: Some(server.process),
            address: server.address,
            path: format!("/api/v1/ingest?dsn={}", server.dsn),
            _installation: Some(server.installation),
            ..Self::prepare()?
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn start(&mut self, command: &mut Command) -> Result<(), Failure> {
        let log = self.folder().join("log");
        self.process = Some(Process::start(command, &log)?);
        Ok(())
    }

    /// Has it asked to end, instead of killing it at once.
    pub(super) fn end_by_asking(&mut self) {
        self.process = self.process.take().map(Process::asked);
    }

    pub(crate) fn process(&self) -> Result<&Process, Failure> {
        self.process.as_ref().ok_or_else(|| "it was not started".into())
    }

    /// Waits until it answers a `GET` with a status of success.
    pub(super) async fn ready(&mut self, path: &str) -> Result<(), Failure> {
        let request = get(path, "");
        for _ in 0..3_000 {
            if let Some(process) = &mut self.process {
                process.is_running()?;
            }
            if let Ok(mut connection) = Connection::open(self.address).await
                && let Ok(status) = connection.send(&request).await
                && (200..300).contains(&status)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("it is not ready after half a minute".into())
    }

    /// Posts a text, once.
    pub(crate) async fn say(&self, path: &str, body: &str) -> Result<(), Failure> {
        let mut connection = Connection::open(self.address).await?;
        match connection.send(&crate::http::post(path, body)).await? {
            200..300 => Ok(()),
            status => Err(format!("it answered {status} to {body}: {}", connection.text()).into()),
        }
    }
}
