//! A ClickHouse server for a test, of this crate and of the program.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// How long a server takes to start at most, and how long between two looks.
const STARTING: u32 = 600;
const LOOKING: Duration = Duration::from_millis(50);

/// Where today's engine is, if tests are to be run with that: a folder that `pip3 install --target` filled.
pub(crate) fn today() -> Option<OsString> {
    std::env::var_os("MICROSTAT_CHDB")
}

/// A server, ended with what it belongs to.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts one that has nothing.
    pub(crate) fn start() -> Self {
        Self::on(free_ports(), "")
    }

    /// Starts one that listens on these ports, for HTTP and for others of a cluster, and is told more.
    pub(crate) fn on([port, native]: [u16; 2], more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().display();
        // Killed while it merges, this version merges no more until what that left is old enough to be removed; and whether
        // ZooKeeper has given it up it looks once a minute. Of a small table, what it was killed before it told
        // ZooKeeper of may be more than half, and it would not start.
        let config = format!(
            "<yandex><logger><level>warning</level><log>{path}/log</log><errorlog>{path}/err</errorlog></logger>\
             <listen_host>127.0.0.1</listen_host><http_port>{port}</http_port><tcp_port>{native}</tcp_port>\
             <path>{path}/data/</path><tmp_path>{path}/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size>\
             <users_config>{path}/users.xml</users_config><default_profile>default</default_profile>\
             <default_database>default</default_database>\
             <merge_tree><temporary_directories_lifetime>1</temporary_directories_lifetime>\
             <zookeeper_session_expiration_check_period>1</zookeeper_session_expiration_check_period>\
             <replicated_max_ratio_of_wrong_parts>1</replicated_max_ratio_of_wrong_parts></merge_tree>{more}</yandex>"
        );
        let users = "<yandex><profiles><default/></profiles><quotas><default/></quotas><users>\
             <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>\
             <quota>default</quota></default>\
             <locked><password>it's a \\secret</password><networks><ip>127.0.0.1</ip></networks>\
             <profile>default</profile><quota>default</quota></locked></users></yandex>";
        fs::write(folder.path().join("config.xml"), config).unwrap();
        fs::write(folder.path().join("users.xml"), users).unwrap();
        let mut server = Self {
            folder,
            port,
            child: None,
        };
        server.again();
        server
    }

    /// Starts it again on what it has.
    pub(crate) fn again(&mut self) {
        let mut command = if let Some(library) = today() {
            let mut command = Command::new("python3");
            let serve = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clickhouse/serve.py");
            command.args([serve, &self.port.to_string()]).arg(self.folder.path());
            command.env("PYTHONPATH", library);
            command
        } else {
            let mut command = Command::new("clickhouse-server");
            let config = self.folder.path().join("config.xml");
            command.arg(format!("--config-file={}", config.display()));
            command
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.current_dir(self.folder.path()).spawn();
        let mut child = child.expect("a server is needed: install Debian's package clickhouse-server");
        for _ in 0..STARTING {
            if let Ok(Some(status)) = child.try_wait() {
                let said = fs::read_to_string(self.folder.path().join("err")).unwrap_or_default();
                panic!("clickhouse-server ended: {status}; {said}");
            }
            if self.knows("default") {
                self.child = Some(child);
                return;
            }
            std::thread::sleep(LOOKING);
        }
        let _ = child.kill();
        panic!("clickhouse-server doesn't answer");
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Makes it stand still, as one that the network doesn't reach: it is connected to and says nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, which: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([which, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// The address of one of its databases.
    pub(crate) fn address<T: FromStr<Err: Debug>>(&self, database: &str) -> T {
        format!("http://127.0.0.1:{}/{database}", self.port).parse().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What a statement answers.
    pub(crate) fn ask(&self, database: &str, text: &str) -> String {
        let (fine, said) = self.post(database, text).expect("the server answers");
        assert!(fine, "{text}: {said}");
        said.trim().to_owned()
    }

    /// The one number that a query answers, if it can be asked already.
    pub(crate) fn count(&self, database: &str, text: &str) -> Option<u64> {
        let (fine, said) = self.post(database, text)?;
        said.trim().parse().ok().filter(|_| fine)
    }

    pub(crate) fn number(&self, database: &str, text: &str) -> u64 {
        self.count(database, text).unwrap_or_else(|| panic!("{text}"))
    }

    /// Whether it answers, and has this database: one that starts may not have it at once.
    pub(crate) fn knows(&self, database: &str) -> bool {
        self.post(database, "SELECT 1").is_some_and(|(fine, _)| fine)
    }

    /// Has it begin something under a name, and returns when it is under way: as long as the connection is kept.
    pub(crate) fn begin(&self, id: &str, text: &str) -> TcpStream {
        let stream = self.say(&format!("query_id={id}"), text).expect("the server listens");
        let its = format!("SELECT count() FROM processes WHERE query_id = '{id}'");
        while self.number("system", &its) == 0 {
            std::thread::sleep(LOOKING);
        }
        stream
    }

    fn post(&self, database: &str, text: &str) -> Option<(bool, String)> {
        let mut stream = self.say(&format!("wait_end_of_query=1&database={database}"), text)?;
        let mut said = Vec::new();
        stream.read_to_end(&mut said).ok()?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let (head, body) = said.split_once("\r\n\r\n")?;
        Some((head.contains(" 200 "), body.to_owned()))
    }

    fn say(&self, settings: &str, text: &str) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let head = format!(
            "POST /?{settings} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        Some(stream)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ports that nobody listens on, below those that connections are given: or somebody's connection might have one of them
/// before the server does.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut ports = std::iter::repeat_with(|| {
        let nth = std::process::id()
            .wrapping_mul(64)
            .wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(10_000 + nth % 20_000).unwrap()
    });
    [(); N].map(|()| {
        ports
            .find(|port| is_ours(*port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .unwrap()
    })
}

/// Whether no other test has this port; then none is given it as long as this process runs, though nobody may listen
/// there while its server is down.
fn is_ours(port: u16) -> bool {
    static OURS: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    let name = SocketAddr::from_abstract_name(format!("microstat test port {port}")).unwrap();
    let claimed = UnixListener::bind_addr(&name);
    claimed.map(|claimed| OURS.lock().unwrap().push(claimed)).is_ok()
}
