//! One of several micro stats that are one installation.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::waiting::until;

/// Lines of a log that are printed.
const COMPLAINTS: usize = 30;

/// What all of them are told.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) database: String,
    pub(crate) clickhouse: String,
    pub(crate) cluster: &'static str,
}

impl Shared {
    /// The key that all of them have.
    fn key(&self) -> PathBuf {
        self.folder.join("secret.key")
    }

    pub(crate) fn write_key(&self) {
        let file = File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(self.key());
        file.and_then(|mut file| file.write_all(&[7; 32])).expect("a key");
    }
}

/// A process, with a data folder that outlives it.
pub(crate) struct Node {
    flags: Vec<String>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    process: Option<Child>,
}

impl Node {
    /// Makes one, which is not started yet.
    pub(crate) fn new(shared: &Shared, nth: usize, port: u16) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let flags = [
            (
                "--data",
                shared.folder.join(format!("data-{nth}")).display().to_string(),
            ),
            ("--secret-key", shared.key().display().to_string()),
            ("--database", shared.database.clone()),
            ("--clickhouse", shared.clickhouse.clone()),
            ("--clickhouse-cluster", shared.cluster.to_owned()),
            ("--listen", address.to_string()),
            ("--trusted-proxies", "127.0.0.1".to_owned()),
            ("--shutdown-delay", "2".to_owned()),
        ];
        Self {
            flags: flags
                .into_iter()
                .flat_map(|(name, value)| [name.to_owned(), value])
                .collect(),
            log: shared.folder.join(format!("log-{nth}")),
            address,
            process: None,
        }
    }

    /// Runs a sub-command with this on its standard input; what it printed.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_microstat"));
        command.env_clear().args(arguments).args(&self.flags);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("start");
        let mut stdin = process.stdin.take().expect("stdin");
        stdin.write_all(input.as_bytes()).expect("write");
        drop(stdin);
        let done = process.wait_with_output().expect("output");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{arguments:?}: {said}");
        String::from_utf8(done.stdout).expect("text").trim().to_owned()
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn start(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_microstat"));
        command.env_clear().args(&self.flags).stderr(log);
        self.process = Some(command.spawn().expect("start"));
        let address = self.address;
        until("it is ready", || self.is_running() && is_ready(address));
    }

    fn is_running(&mut self) -> bool {
        let process = self.process.as_mut().expect("started");
        let ended = process.try_wait().expect("wait");
        assert!(ended.is_none(), "it ended: {}", self.said());
        true
    }

    /// Ends it with -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("started");
        let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(asked.expect("kill").success());
        assert!(process.wait().expect("wait").success(), "{}", self.said());
    }

    pub(crate) fn is_ready(&self) -> bool {
        is_ready(self.address)
    }

    /// What went wrong for it, the last of it.
    pub(crate) fn complaints(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let is_one = |line: &&str| line.contains("ERROR") || line.contains("WARN");
        let lines: Vec<&str> = said.lines().filter(is_one).collect();
        lines[lines.len().saturating_sub(COMPLAINTS)..].join("\n")
    }

    /// The end of its log.
    pub(crate) fn said(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    use std::io::Read;
    let asked = || -> std::io::Result<String> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    };
    asked().is_ok_and(|said| said.starts_with("HTTP/1.1 200"))
}
