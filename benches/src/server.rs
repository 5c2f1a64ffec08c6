//! The release binary, with an account, on a port of its own.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::Failure;
use crate::http::Connection;

/// Clock ticks a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// A running server; it ends, and its folder goes, with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) dsn: String,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Builds the binary if it is not up to date, and starts it.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let build = Command::new(cargo)
            .args(["build", "--release", "-p", "microstat"])
            .status()?;
        if !build.success() {
            return Err("microstat can't be built".into());
        }
        let folder = tempfile::tempdir()?;
        let dsn = create_account(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = command(&folder)?.args(["--listen", &address.to_string()]).spawn()?;
        let server = Self {
            process,
            address,
            dsn,
            _folder: folder,
        };
        server.ready().await?;
        Ok(server)
    }

    async fn ready(&self) -> Result<(), Failure> {
        for _ in 0..1_000 {
            if let Ok(mut connection) = Connection::open(self.address).await {
                let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
                if connection.send(request).await.is_ok_and(|status| status == 200) {
                    return Ok(());
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Err("microstat is not ready after ten seconds".into())
    }

    /// Seconds of processor it has used.
    pub(crate) fn cpu_s(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("unreadable stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
    }

    /// Most memory it had at once, in MB.
    pub(crate) fn peak_mb(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = line
            .and_then(|kib| kib.trim().strip_suffix(" kB"))
            .ok_or("no VmHWM")?
            .parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }
}

fn command(folder: &TempDir) -> Result<Command, Failure> {
    let binary: PathBuf = std::env::current_exe()?.with_file_name("microstat");
    let mut command = Command::new(binary);
    command
        .arg("--data")
        .arg(folder.path().join("data"))
        .stderr(Stdio::null());
    Ok(command)
}

fn create_account(folder: &TempDir) -> Result<String, Failure> {
    let mut create = command(folder)?;
    create.args(["user", "create", "--email", "bench@example.com", "--name", "Bench"]);
    let mut process = create.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    process
        .stdin
        .take()
        .ok_or("no standard input")?
        .write_all(b"granite-otter-fjord-31\n")?;
    let made: serde_json::Value = serde_json::from_slice(&process.wait_with_output()?.stdout)?;
    Ok(made["dsn"].as_str().ok_or("no DSN")?.to_owned())
}
