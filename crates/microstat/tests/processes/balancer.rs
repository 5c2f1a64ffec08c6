//! nginx as `deploy/nginx.conf` sets it up, with other addresses.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::waiting::until;

pub(crate) struct Balancer {
    folder: TempDir,
    server: Child,
    pub(crate) address: SocketAddr,
}

impl Balancer {
    /// Starts it before these ports.
    pub(crate) fn start(port: u16, behind: [u16; 3]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().display().to_string();
        let mut settings = include_str!("../../../../deploy/nginx.conf")
            .replace("listen 80;", &format!("listen 127.0.0.1:{port};"))
            .replace("/var/log/nginx", &path);
        for (nth, port) in behind.into_iter().enumerate() {
            settings = settings.replace(&format!("10.0.0.1{}:8080", nth + 1), &format!("127.0.0.1:{port}"));
        }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {path}/{name};\n"))
            .concat();
        let around = format!(
            "daemon off;\npid {path}/pid;\nerror_log {path}/error.log;\nworker_processes 1;\n\
             events {{ worker_connections 512; }}\nhttp {{\n{temporary}{settings}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, around).expect("write");
        // The worker is another user.
        let opened = Command::new("chmod").args(["755", &path]).status();
        assert!(opened.expect("chmod").success());
        let server = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(&file)
            .args(["-e", &format!("{path}/error.log"), "-p", &path])
            .stdout(Stdio::null())
            .spawn()
            .expect("Debian's package nginx-light");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until("nginx listens", || std::net::TcpStream::connect(address).is_ok());
        Self {
            folder,
            server,
            address,
        }
    }

    /// What it complained of.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Balancer {
    /// A worker goes with its master, unless that is killed.
    fn drop(&mut self) {
        let id = self.server.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.server.wait();
    }
}
