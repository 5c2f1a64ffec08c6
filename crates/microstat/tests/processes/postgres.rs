//! A PostgreSQL cluster of its own, which is stopped and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::waiting::until;

/// A cluster in a temporary folder, on loopback.
pub(crate) struct Postgres {
    folder: TempDir,
    bin: PathBuf,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    pub(crate) fn start(port: u16) -> Self {
        let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
            .expect("Debian's package postgresql")
            .map(|version| version.expect("a version").path().join("bin"))
            .collect();
        versions.sort();
        let mut postgres = Self {
            folder: TempDir::new().expect("a folder"),
            bin: versions.pop().expect("a version"),
            port,
            server: None,
        };
        let folder = postgres.folder.path();
        if is_root() {
            let given = Command::new("chown").arg("postgres").arg(folder).status();
            assert!(given.expect("chown").success());
        }
        let made = postgres
            .command(
                "initdb",
                &["-U", "postgres", "--auth=trust", "--no-locale", "-E", "UTF8"],
            )
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb").success());
        postgres.again();
        postgres
    }

    /// Starts it on what it has.
    pub(crate) fn again(&mut self) {
        let port = self.port.to_string();
        let folder = self.folder.path().display().to_string();
        let more = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-k",
            &folder,
            "-c",
            "max_connections=200",
        ];
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let server = self.command("postgres", &more).stderr(log).spawn();
        self.server = Some(server.expect("postgres"));
        let answers = || {
            let asked = Command::new(self.bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port])
                .status();
            asked.is_ok_and(|status| status.success())
        };
        until("PostgreSQL answers", answers);
    }

    /// Ends it as an operator does: whoever is connected is told so.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let id = server.id().to_string();
            let asked = Command::new("kill").args(["-INT", &id]).status();
            assert!(asked.expect("kill").success());
            server.wait().expect("wait");
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// One of its programs, on its data; not as root, which it refuses.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(self.folder.path().join("data")).args(arguments);
        command.current_dir(Path::new("/"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().expect("id");
    asked.stdout.trim_ascii() == b"0"
}
