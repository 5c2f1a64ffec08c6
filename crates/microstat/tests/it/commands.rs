//! Sub-commands: the real program, beside a real server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use std::sync::Arc;

use clap::Parser;
use microstat::clock::{Clock, Random};
use microstat::config::Cli;
use microstat::state::App;
use serde_json::Value;
use store::testing::Scratch;

use crate::harness::{Browser, PASSWORD};

/// An installation of its own, not in this process.
pub(crate) struct Installation {
    scratch: Scratch,
}

/// A server that is killed (-9) with this value.
pub(crate) struct Server {
    process: Child,
    port: u16,
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
            scratch: Scratch::empty().await,
        }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.scratch.folder.path().join("data")
    }

    /// Where its accounts are, if not in the data folder.
    pub(crate) fn database(&self) -> Option<&str> {
        self.scratch.url.as_deref()
    }

    /// The flags that lead to it.
    fn flags(&self) -> Vec<String> {
        let data = self.data();
        let mut flags = vec!["--data".to_owned(), data.display().to_string()];
        if let Some(url) = &self.scratch.url {
            flags.extend(["--database".to_owned(), url.clone()]);
        }
        flags
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_microstat"));
        command.env_clear().args(arguments).args(self.flags());
        command
    }

    /// A browser in front of a server in this process.
    async fn browser(&self) -> Browser {
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
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let mut process = self
            .command(&["--listen", &format!("127.0.0.1:{port}")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("start");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr")).lines();
        let ready = lines.any(|line| line.expect("text").contains("is ready"));
        assert!(ready, "the server ended");
        std::thread::spawn(move || lines.for_each(drop));
        Server { process, port }
    }
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub(crate) fn stop(mut self) {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(asked.success());
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

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

const ADA: [&str; 6] = ["user", "create", "--email", "ada@example.com", "--name", "Ada"];

#[tokio::test]
async fn an_account_and_a_token_made_beside_a_running_server_work_there_at_once() {
    let installation = Installation::new().await;
    let server = installation.serve();
    let made = installation.run(&ADA, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(text(&made.stdout).lines().count(), 1);
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let token = installation.run(
        &[
            "token",
            "create",
            "--email",
            "ADA@example.com",
            "--name",
            "Nightly report",
        ],
        "",
    );
    assert!(token.status.success(), "{}", text(&token.stderr));
    let token = text(&token.stdout).strip_suffix('\n').expect("one line");
    assert_eq!(token.len(), 43);
    let answer = server.get("/api/v1/projects", token);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for key in ["organisation", "project", "dsn"] {
        assert!(answer.contains(made[key].as_str().expect(key)), "{key}: {answer}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_nothing_is_half_done() {
    let installation = Installation::new().await;
    let cases = [
        ("too-short", "password: use at least 10 characters"),
        ("", "no password"),
        ("ada@example.com-77", "leave your e-mail address out of your password"),
    ];
    for (password, said) in cases {
        let refused = installation.run(&ADA, &format!("{password}\n"));
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
        assert_eq!(text(&refused.stdout), "");
    }
    let token = ["token", "create", "--email", "ada@example.com", "--name", "T"];
    let refused = installation.run(&token, "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("nobody has an account with ada@example.com"));
    assert!(
        installation.run(&ADA, PASSWORD).status.success(),
        "a line's end is optional"
    );
    let refused = installation.run(&ADA, &format!("{PASSWORD}\r\n"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("ada@example.com has an account already"));
}

#[tokio::test]
async fn a_command_that_makes_no_sense_ends_with_2() {
    let installation = Installation::new().await;
    for arguments in [
        &["user", "create", "--email", "ada@example.com"][..],
        &["user", "create", "--email", "ada", "--name", "Ada"],
        &["user", "create", "--email", "ada@example.com", "--name", "a\nb"],
        &["user"],
        &["nonsense"],
        &["token", "create", "--email", "ada@example.com", "--name", ""],
        &["--listen", "nowhere"],
    ] {
        let refused = installation.run(arguments, PASSWORD);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(!refused.stderr.is_empty());
    }
}

#[tokio::test]
async fn migrating_is_safe_at_any_time() {
    let installation = Installation::new().await;
    for _ in 0..2 {
        assert!(installation.run(&["migrate"], "").status.success());
    }
    let _server = installation.serve();
    assert!(installation.run(&["migrate"], "").status.success());
}

#[tokio::test]
async fn demo_fills_an_empty_installation_that_is_served_already_and_no_other() {
    let installation = Installation::new().await;
    let server = installation.serve();
    let filled = installation.run(&["demo"], "");
    assert!(filled.status.success(), "{}", text(&filled.stderr));
    let lines: Vec<&str> = text(&filled.stdout).lines().collect();
    let [email, password] = lines[..] else {
        panic!("two lines: {lines:?}")
    };
    let email = email.strip_prefix("E-mail: ").expect("an address");
    let password = password.strip_prefix("Password: ").expect("a password");

    let mut robin = installation.browser().await;
    robin.open("/sign-in").await;
    let answer = robin
        .post("/sign-in", &[("email", email), ("password", password)])
        .await;
    assert_eq!(answer.location(), "/");

    let token = installation.run(&["token", "create", "--email", email, "--name", "T"], "");
    let token = text(&token.stdout).trim_end().to_owned();
    let read = |path: &str| {
        let answer = server.get(path, &token);
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str::<Value>(body).expect("JSON")
    };
    let projects = read("/api/v1/projects");
    let named = |name: &str| {
        let all = projects["projects"].as_array().expect("projects");
        all.iter().find(|project| project["name"] == name).expect("a project")
    };
    assert_eq!(named("Web Shop")["role"], "Administrator");
    assert_eq!(named("Box Office")["role"], "Member");
    assert_eq!(
        read(&format!(
            "/api/v1/projects/{}/metrics",
            named("Wholesale")["id"].as_str().expect("id")
        ))["metrics"],
        serde_json::json!([])
    );
    let of_shop = format!("/api/v1/projects/{}", named("Web Shop")["id"].as_str().expect("id"));
    let metrics = read(&format!("{of_shop}/metrics"));
    let metrics = metrics["metrics"].as_array().expect("metrics");
    assert_eq!(metrics.len(), 16);
    // a day without a single server error may happen, so not all of them
    let lively = |metric: &&Value| metric["data_points_24h"].as_u64() > Some(0);
    assert!(metrics.iter().filter(lively).count() >= 14, "{metrics:?}");

    let again = installation.run(&["demo"], "");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("demo fills an empty installation only"));
    assert_eq!(text(&again.stdout), "");
}
