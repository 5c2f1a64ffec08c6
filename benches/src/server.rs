//! micro stat itself: the release binary, with an account, on a port of its own.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::Failure;
use crate::http::{Connection, get};
use crate::process::{Process, run};

/// Who the account belongs to.
pub(crate) const EMAIL: &str = "bench@example.com";
pub(crate) const PASSWORD: &str = "granite-otter-fjord-31";

/// A data folder with an account, not served yet. It goes with this value.
pub(crate) struct Installation {
    folder: TempDir,
    /// What serving is told beside where its data is and where to listen.
    more: Vec<String>,
    pub(crate) dsn: String,
    pub(crate) project: String,
}

impl Installation {
    /// Builds the binary if it is not up to date, and makes an account.
    pub(crate) fn create() -> Result<Self, Failure> {
        build()?;
        let folder = tempfile::tempdir()?;
        let Account { project, dsn } = Account::create(&folder, EMAIL)?;
        Ok(Self {
            folder,
            more: Vec::new(),
            dsn,
            project,
        })
    }

    /// Has it told more when it serves.
    pub(crate) fn told(mut self, more: &[&str]) -> Self {
        self.more = more.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// One more account, with an organisation and a project; gives the project's DSN.
    pub(crate) fn another(&self, email: &str) -> Result<String, Failure> {
        Ok(Account::create(&self.folder, email)?.dsn)
    }

    /// The folder given as `--data`.
    pub(crate) fn data(&self) -> PathBuf {
        data(&self.folder)
    }

    /// A new API token of the account.
    pub(crate) fn token(&self) -> Result<String, Failure> {
        let mut create = self.command()?;
        create.args(["token", "create", "--email", EMAIL, "--name", "Bench"]);
        Ok(run(&mut create)?.trim().to_owned())
    }

    /// Serves it on a free port.
    pub(crate) async fn serve(self) -> Result<Server, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut server = Server {
            process: self.start(address)?,
            address,
            dsn: self.dsn.clone(),
            installation: self,
        };
        server.ready().await?;
        Ok(server)
    }

    fn start(&self, address: SocketAddr) -> Result<Process, Failure> {
        let mut serve = self.command()?;
        serve.args(["--listen", &address.to_string()]).args(&self.more);
        Process::start(&mut serve, &self.folder.path().join("log"))
    }

    fn command(&self) -> Result<Command, Failure> {
        command(&self.folder)
    }
}

struct Account {
    project: String,
    dsn: String,
}

impl Account {
    fn create(folder: &TempDir, email: &str) -> Result<Self, Failure> {
        let mut create = command(folder)?;
        create.args(["user", "create", "--email", email, "--name", "Bench"]);
        let mut process = create
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} can't be started: {error}", create.get_program().display()))?;
        let mut input = process.stdin.take().ok_or("no standard input")?;
        writeln!(input, "{PASSWORD}")?;
        drop(input);
        let made: serde_json::Value = serde_json::from_slice(&process.wait_with_output()?.stdout)?;
        let said = |what: &str| {
            made[what]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| format!("no {what}"))
        };
        Ok(Self {
            project: said("project")?,
            dsn: said("dsn")?,
        })
    }
}

/// A running server; it ends, and its folder goes, with this value.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) dsn: String,
    pub(crate) installation: Installation,
}

impl Server {
    /// A new installation, served.
    pub(crate) async fn start() -> Result<Self, Failure> {
        Installation::create()?.serve().await
    }

    /// Starts again, at the same address with the same data, what has ended.
    pub(crate) fn start_again(&mut self) -> Result<(), Failure> {
        self.process = self.installation.start(self.address)?;
        Ok(())
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let request = get("/healthz", "");
        for _ in 0..30_000 {
            self.process.is_running()?;
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.send(&request).await.is_ok_and(|status| status == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err("microstat is not ready after a minute".into())
    }

    /// Asks the API with a token, and reads the answer.
    pub(crate) async fn ask(&self, token: &str, path: &str) -> Result<serde_json::Value, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let request = get(path, &format!("Authorization: Bearer {token}\r\n"));
        match connection.send(&request).await? {
            200 => Ok(serde_json::from_slice(connection.body())?),
            status => Err(format!("{path} answers {status}: {}", connection.text()).into()),
        }
    }
}

/// Builds the release binary if it is not up to date: once, so that one run measures one binary.
fn build() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_some() {
        return Ok(());
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "-p", "microstat"]);
    // What `cargo run` says of this crate would make the build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&*name);
        }
    }
    match build.status() {
        Ok(status) if status.success() => {
            let _ = DONE.set(());
            Ok(())
        }
        Ok(_) => Err("microstat can't be built".into()),
        Err(error) if binary()?.exists() => {
            eprintln!("cargo can't be started ({error}), so the binary is taken as it is");
            Ok(())
        }
        Err(error) => Err(format!("cargo can't be started ({error}), and microstat isn't built").into()),
    }
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

fn command(folder: &TempDir) -> Result<Command, Failure> {
    let mut command = Command::new(binary()?);
    command.arg("--data").arg(data(folder));
    Ok(command)
}

/// The release binary, whatever profile this program was built in.
fn binary() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("this program lies in no folder")?;
    Ok(target.join("release/microstat"))
}
