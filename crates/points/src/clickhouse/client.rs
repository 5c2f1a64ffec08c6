//! Speaking with ClickHouse over HTTP.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Address, Host};
use super::binary::Cells;
use super::cluster::NEWEST;
use super::{Failure, tls};

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);
/// Seconds a query may take, for the server itself and, a bit more, for who waits. So once nobody waits any more, nothing
/// is being done any more.
const LIMIT: u64 = 60;
const WAITING: Duration = Duration::from_secs(LIMIT + 15);
/// What a user's profile might have otherwise: a part of an answer is never one, and a part of an insert is not done.
const ALL_OR_NOTHING: &str = "&skip_unavailable_shards=0&timeout_overflow_mode=throw&read_overflow_mode=throw\
                              &result_overflow_mode=throw&group_by_overflow_mode=throw&sort_overflow_mode=throw\
                              &set_overflow_mode=throw&distinct_overflow_mode=throw&transfer_overflow_mode=throw";
/// Most of an answer that says no.
const SAID: usize = 300;

type Connection = SendRequest<Full<Bytes>>;

/// A client of one or several servers that say the same.
pub(crate) struct Client {
    pub(super) address: Address,
    tls: Option<TlsConnector>,
    /// The server that answered last.
    home: AtomicUsize,
    /// Settings of today's servers that old ones refuse: whether all of them know these.
    async_insert: AtomicBool,
    deduplicate_insert: AtomicBool,
    free: Mutex<Vec<(usize, Connection)>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.address).finish()
    }
}

/// A statement, and what goes with it.
#[derive(Clone, Copy, Debug, Default)]
struct Statement<'s> {
    text: &'s str,
    /// Rows for an insert; the statement is in the address then.
    rows: Option<&'s Bytes>,
    settings: &'s str,
    /// Without one, it works before the database is made.
    database: Option<&'s str>,
}

impl Client {
    pub(crate) fn new(address: Address) -> Result<Self, Failure> {
        let is_tls = address.hosts.iter().any(|host| host.tls);
        let tls = is_tls.then(|| tls::connector(&address)).transpose()?;
        Ok(Self {
            address,
            tls,
            home: AtomicUsize::new(0),
            async_insert: AtomicBool::new(false),
            deduplicate_insert: AtomicBool::new(false),
            free: Mutex::default(),
        })
    }

    /// Asks something that changes nothing, so any server may be asked again.
    pub(super) async fn ask(&self, text: &str) -> Result<Bytes, Failure> {
        let statement = Statement {
            text,
            database: Some(&self.address.database),
            ..Statement::default()
        };
        let first = self.home.load(Ordering::Relaxed);
        let mut failure = None;
        for ahead in 0..self.hosts() {
            let place = (first + ahead) % self.hosts();
            // On the heap: whoever draws a page waits for many of these.
            match Box::pin(self.request(place, statement)).await {
                Err(away @ (Failure::Unreachable(_) | Failure::Silent(_))) => failure = Some(away),
                answered => {
                    self.home.store(place, Ordering::Relaxed);
                    return answered;
                }
            }
        }
        Err(failure.unwrap_or_else(|| Failure::Unreachable("there is no host".to_owned())))
    }

    /// What a query answers at each of the servers, leaving out those that are away.
    pub(super) async fn ask_each(&self, text: &str) -> Result<Vec<Bytes>, Failure> {
        let mut answers = Vec::new();
        for place in 0..self.hosts() {
            match Box::pin(self.ask_at(place, text)).await {
                Err(Failure::Unreachable(_)) => {}
                answer => answers.push(answer?),
            }
        }
        Ok(answers)
    }

    /// How many servers there are.
    pub(super) fn hosts(&self) -> usize {
        self.address.hosts.len()
    }

    /// Asks one of the servers something that changes nothing.
    pub(super) async fn ask_at(&self, place: usize, text: &str) -> Result<Bytes, Failure> {
        let statement = Statement {
            text,
            database: Some(&self.address.database),
            ..Statement::default()
        };
        self.request(place, statement).await
    }

    /// With a connection that is there, if one is. If that turns out to be closed, with a new one.
    async fn request(&self, place: usize, statement: Statement<'_>) -> Result<Bytes, Failure> {
        while let Some(mut connection) = self.take(place) {
            if connection.ready().await.is_err() {
                continue;
            }
            match self.send(place, connection, statement).await {
                Err(Failure::Silent(_)) => {}
                answered => return answered,
            }
        }
        let connection = self.connect(place).await?;
        self.send(place, connection, statement).await
    }

    /// Does something, once: over a new connection, so that what fails before it is sent is known to be not done.
    async fn once(&self, statement: Statement<'_>) -> Result<Bytes, Failure> {
        let first = self.home.load(Ordering::Relaxed);
        let mut failure = None;
        for ahead in 0..self.hosts() {
            let place = (first + ahead) % self.hosts();
            match Box::pin(self.connect(place)).await {
                Ok(connection) => {
                    let done = self.send(place, connection, statement).await;
                    // Another may do what one can't: of replicas, one alone may have lost ZooKeeper.
                    let next = usize::from(done.is_err());
                    self.home.store((place + next) % self.hosts(), Ordering::Relaxed);
                    return done;
                }
                Err(away) => failure = Some(away),
            }
        }
        Err(failure.unwrap_or_else(|| Failure::Unreachable("there is no host".to_owned())))
    }

    /// Finds out which settings servers know.
    pub(super) async fn learn(&self) -> Result<(), Failure> {
        let text = "SELECT countIf(name = 'async_insert'), countIf(name = 'deduplicate_insert') FROM system.settings \
                    FORMAT RowBinary";
        let (mut async_insert, mut deduplicate_insert) = (true, true);
        for said in self.ask_each(text).await? {
            let mut cells = Cells::of(&said);
            async_insert &= cells.u64()? > 0;
            deduplicate_insert &= cells.u64()? > 0;
        }
        self.async_insert.store(async_insert, Ordering::Relaxed);
        self.deduplicate_insert.store(deduplicate_insert, Ordering::Relaxed);
        Ok(())
    }

    /// Settings for an insert: it is waited until rows are where they belong. A queue would put those of several sources
    /// together.
    pub(super) fn inserts(&self) -> String {
        let known = self.async_insert.load(Ordering::Relaxed);
        format!(
            "&insert_distributed_sync=1{}",
            if known { "&async_insert=0" } else { "" }
        )
    }

    /// Those for an insert of rows of which the same may have come before.
    pub(super) fn even_if_it_came_before(&self) -> String {
        let known = self.deduplicate_insert.load(Ordering::Relaxed);
        let today = if known { "&deduplicate_insert=disable" } else { "" };
        format!("{}&insert_deduplicate=0{today}", self.inserts())
    }

    pub(super) async fn run(&self, text: &str) -> Result<Bytes, Failure> {
        self.run_with(text, "").await
    }

    /// With settings, each `&name=value`.
    pub(super) async fn run_with(&self, text: &str, settings: &str) -> Result<Bytes, Failure> {
        let database = Some(self.address.database.as_str());
        let statement = Statement {
            text,
            settings,
            database,
            ..Statement::default()
        };
        self.once(statement).await
    }

    /// As [`run`](Client::run), where the database may not be there yet; at one of the servers, if it is said which.
    pub(super) async fn run_without_database(&self, text: &str, place: Option<usize>) -> Result<Bytes, Failure> {
        let statement = Statement {
            text,
            ..Statement::default()
        };
        self.once_at(place, statement).await
    }

    /// As [`run`](Client::run), at one of the servers.
    pub(super) async fn run_at(&self, place: usize, text: &str) -> Result<Bytes, Failure> {
        let statement = Statement {
            text,
            database: Some(&self.address.database),
            ..Statement::default()
        };
        self.once_at(Some(place), statement).await
    }

    async fn once_at(&self, place: Option<usize>, statement: Statement<'_>) -> Result<Bytes, Failure> {
        match place {
            None => self.once(statement).await,
            Some(place) => {
                let connection = Box::pin(self.connect(place)).await?;
                self.send(place, connection, statement).await
            }
        }
    }

    /// Inserts rows, in ClickHouse's format `RowBinary`.
    pub(super) async fn insert(&self, table: &str, rows: &Bytes, settings: &str) -> Result<(), Failure> {
        let statement = Statement {
            text: &format!("INSERT INTO {table} FORMAT RowBinary"),
            rows: Some(rows),
            settings,
            database: Some(&self.address.database),
        };
        self.once(statement).await.map(drop)
    }

    fn take(&self, place: usize) -> Option<Connection> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let found = free
            .iter()
            .rposition(|(of, connection)| *of == place && !connection.is_closed())?;
        Some(free.swap_remove(found).1)
    }

    async fn connect(&self, place: usize) -> Result<Connection, Failure> {
        let host = &self.address.hosts[place];
        let away = |why: String| Failure::Unreachable(format!("{host}: {why}"));
        match timeout(CONNECTING, self.connected(host)).await {
            Ok(connection) => connection.map_err(away),
            Err(_) => Err(away("it took too long".to_owned())),
        }
    }

    async fn connected(&self, host: &Host) -> Result<Connection, String> {
        let stream = TcpStream::connect((host.name.as_str(), host.port)).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        match self.tls.as_ref().filter(|_| host.tls) {
            None => handshake(TokioIo::new(stream)).await,
            Some(tls) => {
                let name = ServerName::try_from(host.name.clone()).map_err(|error| error.to_string())?;
                let stream = tls.connect(name, stream).await.map_err(|error| tls::refusal(&error))?;
                handshake(TokioIo::new(stream)).await
            }
        }
    }

    async fn send(&self, place: usize, mut connection: Connection, of: Statement<'_>) -> Result<Bytes, Failure> {
        let host = &self.address.hosts[place];
        let request = self.http(host, of)?;
        let silent = |why: String| Failure::Silent(format!("{host}: {why}"));
        let answer = async {
            let answer = connection
                .send_request(request)
                .await
                .map_err(|error| silent(error.to_string()))?;
            let fine = answer.status().is_success();
            let body = answer
                .into_body()
                .collect()
                .await
                .map_err(|error| silent(error.to_string()))?;
            Ok::<_, Failure>((fine, body.to_bytes()))
        };
        let (fine, body) = timeout(WAITING, answer)
            .await
            .map_err(|_| silent("it took too long".to_owned()))??;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.retain(|(_, connection)| !connection.is_closed());
        free.push((place, connection));
        drop(free);
        if fine {
            Ok(body)
        } else {
            let said = String::from_utf8_lossy(&body);
            Err(Failure::Refused(said.trim().chars().take(SAID).collect()))
        }
    }

    fn http(&self, host: &Host, of: Statement<'_>) -> Result<Request<Full<Bytes>>, Failure> {
        // The answer is only begun when the query has ended, so its status tells how.
        let mut path = format!("/?wait_end_of_query=1&max_execution_time={LIMIT}{ALL_OR_NOTHING}");
        if let Some(database) = of.database {
            let _ = write!(path, "&database={database}");
        }
        if self.address.cluster.is_some() {
            path.push_str(NEWEST);
        }
        path.push_str(of.settings);
        let body = if let Some(rows) = of.rows {
            let _ = write!(path, "&query={}", utf8_percent_encode(of.text, NON_ALPHANUMERIC));
            rows.clone()
        } else {
            Bytes::copy_from_slice(of.text.as_bytes())
        };
        let mut request = Request::post(path).header(header::HOST, host.to_string());
        if let Some(user) = &self.address.user {
            request = request.header("X-ClickHouse-User", user.as_bytes());
        }
        if let Some(password) = self.address.password.as_ref().filter(|password| !password.is_empty()) {
            request = request.header("X-ClickHouse-Key", password.as_bytes());
        }
        let request = request.body(Full::new(body));
        request.map_err(|error| Failure::Unreachable(error.to_string()))
    }
}

async fn handshake<S>(stream: TokioIo<S>) -> Result<Connection, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (connection, io) = http1::handshake(stream).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        // Who waits for an answer is told why none comes.
        let _ = io.await;
    });
    Ok(connection)
}
