//! A real SMTP server: Debian's aiosmtpd with a script of ours.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::mail::Mail;

/// A real SMTP server that keeps what it is given.
pub(crate) struct SmtpServer {
    folder: tempfile::TempDir,
    pub(crate) url: String,
    server: Child,
}

impl SmtpServer {
    pub(crate) fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/smtp/server.py");
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new("/usr/bin/python3")
            .args([script.as_ref(), folder.path()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's python3");
        let mut port = String::new();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        said.read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "Debian's python3-aiosmtpd is missing");
        Self {
            folder,
            url: format!("smtp://127.0.0.1:{}", port.trim()),
            server,
        }
    }

    /// Every mail it took, the oldest first.
    pub(crate) fn arrived(&self) -> Vec<Mail> {
        Mail::all_in(self.folder.path())
    }

    /// From now on it takes mail to `later@…` too.
    pub(crate) fn open_door(&self) {
        std::fs::write(self.folder.path().join("open"), "").unwrap();
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.server.kill().expect("end the server");
        self.server.wait().expect("end the server");
    }
}
