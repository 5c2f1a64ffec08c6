//! Sub-commands: the real program, beside a real server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use store::testing::Scratch;

use crate::harness::PASSWORD;

/// An installation of its own, not in this process.
pub(crate) struct Installation {
    scratch: Scratch,
}

/// A server that ends with the test.
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

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_microstat"));
        command
            .env_clear()
            .args(arguments)
            .arg("--data")
            .arg(self.scratch.folder.path().join("data"));
        if let Some(url) = &self.scratch.url {
            command.args(["--database", url]);
        }
        command
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
