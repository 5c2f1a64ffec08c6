//! The real program in a folder of its own: started, asked, stopped and killed as its operator does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use clap::Parser;
use domain::id::ProjectId;
use domain::range::Range;
use domain::time::DAY;
use domain::value::Value;
use microstat::clock::{Clock, Random};
use microstat::config::Cli;
use microstat::state::App;
use points::{Options, Points};
use store::Db;
use store::testing::Scratch;

use crate::clickhouse::free_ports;
use crate::harness::{Browser, PASSWORD};
use crate::wire::Wire;

/// An installation of its own, not in this process.
pub(crate) struct Installation {
    scratch: Arc<Scratch>,
    folder: &'static str,
    clickhouse: Option<String>,
    /// Whether its accounts are in its folder, whatever engine tests run on.
    is_embedded: bool,
}

/// A server that is killed (-9) with this value.
pub(crate) struct Server {
    process: Child,
    port: u16,
    /// What it said until it was ready.
    pub(crate) said: String,
    /// What it says from then on, line by line.
    pub(crate) log: std::sync::mpsc::Receiver<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Installation {
    pub(crate) async fn new() -> Self {
        Self {
            scratch: Arc::new(Scratch::empty().await),
            folder: "data",
            clickhouse: None,
            is_embedded: false,
        }
    }

    /// One that is all in its folder.
    pub(crate) async fn embedded() -> Self {
        Self {
            is_embedded: true,
            ..Self::new().await
        }
    }

    /// Where it moves to: with accounts in the engine that tests run on.
    pub(crate) fn moved(&self, folder: &'static str, clickhouse: Option<String>) -> Self {
        Self {
            scratch: Arc::clone(&self.scratch),
            folder,
            clickhouse,
            is_embedded: false,
        }
    }

    /// Where it moves back to: all in a folder.
    pub(crate) fn moved_back(&self, folder: &'static str) -> Self {
        Self {
            is_embedded: true,
            ..self.moved(folder, None)
        }
    }

    /// One whose data points go to ClickHouse.
    pub(crate) async fn shipping(to: String) -> Self {
        Self {
            clickhouse: Some(to),
            ..Self::new().await
        }
    }

    /// Another one, which has another data folder; but on PostgreSQL, the same accounts.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            scratch: Arc::clone(&self.scratch),
            folder: "elsewhere",
            clickhouse: self.clickhouse.clone(),
            is_embedded: self.is_embedded,
        }
    }

    /// A path beside its data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.folder.path().join(name)
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.beside(self.folder)
    }

    /// Where its accounts are, if not in the data folder.
    pub(crate) fn database(&self) -> Option<&str> {
        self.scratch.url.as_deref().filter(|_| !self.is_embedded)
    }

    /// The flags that lead to it.
    pub(crate) fn flags(&self) -> Vec<String> {
        let data = self.data();
        let mut flags = vec!["--data".to_owned(), data.display().to_string()];
        if let Some(url) = self.database() {
            flags.extend(["--database".to_owned(), url.to_owned()]);
        }
        if let Some(clickhouse) = &self.clickhouse {
            flags.extend(["--clickhouse".to_owned(), clickhouse.clone()]);
        }
        flags
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_microstat"));
        command.env_clear().args(arguments).args(self.flags());
        command
    }

    /// A browser in front of a server in this process.
    pub(crate) async fn browser(&self) -> Browser {
        let arguments = std::iter::once("microstat".to_owned()).chain(self.flags());
        let config = Cli::parse_from(arguments).config;
        let app = App::open_beside(config, Clock::System, Random::System)
            .await
            .expect("open");
        Browser::before(microstat::router::router(&Arc::new(app)))
    }

    /// Runs a sub-command with this on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("start");
        // one that refuses its arguments reads nothing
        let _ = process.stdin.take().expect("stdin").write_all(input.as_bytes());
        process.wait_with_output().expect("output")
    }

    /// Starts a server and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Server {
        Self::started(|listen| self.command(&["--listen", listen]))
    }

    /// Starts a server with flags beside the usual ones.
    pub(crate) fn serve_with(&self, flags: &[&str]) -> Server {
        Self::started(|listen| self.command(&[&["--listen", listen], flags].concat()))
    }

    /// Starts a server whose log says as much as this filter lets through, with flags beside the usual ones.
    pub(crate) fn serve_saying(&self, filter: &str, flags: &[&str]) -> Server {
        Self::started(|listen| {
            let mut command = self.command(&[&["--listen", listen], flags].concat());
            command.env("MICROSTAT_LOG", filter);
            command
        })
    }

    /// Starts one that isn't ended by a limit to what it may write, but told.
    pub(crate) fn serve_within_limits(&self) -> Server {
        Self::started(|listen| {
            let mut command = Command::new("sh");
            let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
            command
                .env_clear()
                .args(["-c", script, env!("CARGO_BIN_EXE_microstat"), "--listen", listen]);
            command.args(self.flags());
            command
        })
    }

    fn started(command: impl FnOnce(&str) -> Command) -> Server {
        let port = free_port();
        let mut process = command(&format!("127.0.0.1:{port}"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("start");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr")).lines();
        let mut said = String::new();
        while !said.contains("is ready") {
            let line = lines.next().unwrap_or_else(|| panic!("the server ended: {said}"));
            said += &line.expect("text");
        }
        let (says, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(says.send(line))));
        Server {
            process,
            port,
            said,
            log,
        }
    }
}

impl Server {
    /// Sets how many bytes from its beginning it may write of any file.
    pub(crate) fn limit(&self, bytes: &str) {
        let (process, limit) = (self.process.id().to_string(), format!("--fsize={bytes}:unlimited"));
        let done = Command::new("prlimit").args(["--pid", &process, &limit]).status();
        assert!(done.expect("prlimit").success());
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub(crate) fn stop(self) {
        self.ask_to_stop();
        self.ended();
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(asked.success());
    }

    /// Waits until it has stopped, in order.
    pub(crate) fn ended(mut self) {
        assert!(self.process.wait().expect("wait").success());
    }

    /// The answer to a request, head and body.
    pub(crate) fn get(&self, path: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connect");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("send");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("receive");
        answer
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let [port] = free_ports();
    port
}

/// Runs a sub-command, which succeeds, and gives what it printed.
pub(crate) fn done(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.run(arguments, "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// Runs a sub-command, which fails, and gives what it said.
pub(crate) fn refused(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.run(arguments, "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr).to_owned()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Waits until it serves.
pub(crate) async fn ready(address: SocketAddr) {
    for _ in 0..100_000 {
        if let Ok(mut wire) = Wire::to(address).await
            && wire
                .write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .await
                .is_ok()
            && wire.reply().await.is_ok_and(|reply| reply.status == 200)
        {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never was ready");
}

/// A project and its DSN.
pub(crate) fn account(installation: &Installation) -> (ProjectId, Arc<str>) {
    let create = ["user", "create", "--email", "ada@example.com", "--name", "Ada"];
    let made = installation.run(&create, PASSWORD);
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let project = made["project"].as_str().unwrap().parse().unwrap();
    (project, made["dsn"].as_str().unwrap().into())
}

/// The accounts, beside whoever serves them.
pub(crate) async fn open(installation: &Installation) -> Db {
    match installation.database() {
        Some(url) => Db::postgres(url).await.unwrap(),
        None => Db::sqlite(&installation.data().join("microstat.db")).await.unwrap(),
    }
}

/// Every value of the metric, as the data folder has it.
pub(crate) async fn stored(installation: &Installation, project: ProjectId) -> Vec<usize> {
    let metrics = store::metrics::of_project(&open(installation).await, project)
        .await
        .unwrap();
    assert_eq!(metrics.len(), 1);
    let points = Points::open(&installation.data(), Options::default()).await.unwrap();
    let now = Clock::System.now();
    let range = Range::new(now - DAY, now + DAY).unwrap();
    let mut values = Vec::new();
    let mut before = None;
    loop {
        let page = points.data_points(metrics[0].id, range, 1_000, before).await.unwrap();
        for kept in page.data_points {
            let Value::Number(value) = kept.value else {
                panic!("{kept:?}")
            };
            values.push(format!("{value}").parse().unwrap());
        }
        match page.next {
            Some(next) => before = Some(next),
            None => return values,
        }
    }
}
