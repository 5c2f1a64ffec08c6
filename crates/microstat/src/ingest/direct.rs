//! Batches as clients send them, read from the connection and answered without a web server in between, which costs
//! as much as all that is done with a batch of twenty.
//!
//! Only the plainest requests are read here: HTTP/1.1, a POST to a door, its length said once, whole within a second.
//! Before anything else the connection is handed to the web server, with the bytes that have come: it decides whatever
//! needs deciding in HTTP. What is answered is made by the same code, so it is the same.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use domain::time::{Micros, SECOND};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::body::{Arrived, Body};
use super::room::Share;
use super::{Request, Route, answer, route};
use crate::request_id::{self, RequestId};
use crate::state::App;

/// Most bytes of a head that is read here, and what a connection at rest takes.
const HEAD: usize = 8 * 1024;
/// Most bytes of a body that is read here.
const BODY: usize = 256 * 1024;
/// Most header fields.
const FIELDS: usize = 32;
/// How long what has begun may take to be whole.
const PROMPTLY: Duration = Duration::from_secs(1);

/// What became of a connection.
pub(crate) enum Left {
    /// It is over.
    Ended,
    /// These bytes have come, and are for the web server.
    Bytes(Vec<u8>),
}

/// What is looked at of a request's head.
struct Head {
    route: Route,
    query: String,
    headers: HeaderMap,
    /// What a proxy calls the request.
    id: Option<RequestId>,
    /// Bytes of the head itself.
    length: usize,
    /// Bytes of the body.
    body: usize,
}

/// What bytes are the beginning of.
enum Beginning {
    Plain(Head),
    /// More has to come before it can be told.
    Short,
    Other,
}

/// Answers requests, one after another, as long as they are plain. `trusted`: it comes from a proxy that is believed.
/// `silence`: how long nothing may come.
pub(crate) async fn serve(
    app: &App,
    stream: &mut TcpStream,
    trusted: bool,
    silence: Duration,
    mut stopped: watch::Receiver<()>,
) -> io::Result<Left> {
    let mut came = Vec::with_capacity(HEAD);
    let mut says = Vec::with_capacity(1024);
    let mut date = Date::default();
    loop {
        if came.is_empty() {
            came.shrink_to(HEAD);
            tokio::select! {
                // What has come is answered, though it is to stop.
                biased;
                read = timeout(silence, stream.read_buf(&mut came)) => match read {
                    Ok(Ok(1..)) => {}
                    _ => return Ok(Left::Ended),
                },
                _ = stopped.changed() => return Ok(Left::Ended),
            }
        }
        let Ok(Some((head, share))) = timeout(PROMPTLY.min(silence), whole(app, stream, &mut came)).await else {
            return Ok(Left::Bytes(came));
        };
        let end = head.length + head.body;
        let request = Request {
            route: head.route,
            method: &Method::POST,
            query: &head.query,
            headers: &head.headers,
            id: head
                .id
                .filter(|_| trusted)
                .unwrap_or_else(|| RequestId::new(&app.random)),
        };
        let body = Body::Whole(Arrived {
            bytes: came[head.length..end].into(),
            share,
        });
        let response = answer(app, &request, body).await;
        says.clear();
        let last = app.readiness.is_stopping();
        write(&response, date.at(app.now()), last, &mut says);
        // Who never reads what it is told is no better than who never says anything.
        match timeout(silence, stream.write_all(&says)).await {
            Ok(written) => written?,
            Err(_) => return Ok(Left::Ended),
        }
        if last {
            return Ok(Left::Ended);
        }
        came.drain(..end);
    }
}

/// Waits for a whole plain request; nothing if it is another one.
async fn whole(app: &App, stream: &mut TcpStream, came: &mut Vec<u8>) -> Option<(Head, Share)> {
    let head = loop {
        match beginning(came) {
            Beginning::Plain(head) => break head,
            Beginning::Short if came.len() < HEAD && more(stream, came).await => {}
            Beginning::Short | Beginning::Other => return None,
        }
    };
    let mut share = app.room.share();
    if head.body > BODY || !share.grow(head.body) {
        return None;
    }
    let end = head.length + head.body;
    came.reserve(end.saturating_sub(came.len()));
    while came.len() < end {
        if !more(stream, came).await {
            return None;
        }
    }
    Some((head, share))
}

async fn more(stream: &mut TcpStream, came: &mut Vec<u8>) -> bool {
    stream.read_buf(came).await.is_ok_and(|read| read > 0)
}

fn beginning(came: &[u8]) -> Beginning {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(came) {
        Ok(httparse::Status::Complete(length)) => plain(&request, length).map_or(Beginning::Other, Beginning::Plain),
        Ok(httparse::Status::Partial) if matches!(request.method, None | Some("POST")) => Beginning::Short,
        _ => Beginning::Other,
    }
}

fn plain(request: &httparse::Request<'_, '_>, length: usize) -> Option<Head> {
    let (method, target) = (request.method?, request.path?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let route = route(path).filter(|_| method == "POST" && request.version == Some(1))?;
    let mut headers = HeaderMap::new();
    let (mut body, mut id) = (None, None);
    for field in request.headers.iter() {
        match kind(field) {
            Field::Length if body.is_none() => body = Some(digits(field.value)?),
            Field::Said(name) => {
                headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
            }
            Field::Id => id = RequestId::given(field.value),
            Field::Idle => {}
            Field::Length | Field::Decides => return None,
        }
    }
    Some(Head {
        route,
        query: query.to_owned(),
        headers,
        id,
        length,
        body: body?,
    })
}

/// What a header field is to a door.
enum Field {
    Length,
    /// A door looks at it.
    Said(HeaderName),
    /// It decides how the request is to be read, or what becomes of the connection.
    Decides,
    /// What a proxy calls the request.
    Id,
    Idle,
}

fn kind(field: &httparse::Header<'_>) -> Field {
    const DECIDE: [&str; 6] = ["transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"];
    const SAID: [HeaderName; 4] = [
        header::AUTHORIZATION,
        header::CONTENT_ENCODING,
        header::ORIGIN,
        HeaderName::from_static("idempotency-key"),
    ];
    let name = field.name;
    if name.eq_ignore_ascii_case("content-length") {
        return Field::Length;
    }
    if name.eq_ignore_ascii_case(request_id::HEADER.as_str()) {
        return Field::Id;
    }
    if DECIDE.iter().any(|decides| name.eq_ignore_ascii_case(decides)) {
        let goes_on = name.eq_ignore_ascii_case("connection") && field.value.eq_ignore_ascii_case(b"keep-alive");
        return if goes_on { Field::Idle } else { Field::Decides };
    }
    let said = SAID.into_iter().find(|said| name.eq_ignore_ascii_case(said.as_str()));
    said.map_or(Field::Idle, Field::Said)
}

/// Digits alone: what else may stand there is for others to judge.
fn digits(value: &[u8]) -> Option<usize> {
    let are_digits = (1..=9).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    are_digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
}

/// The answer as bytes. `last`: nothing more is answered on this connection.
fn write(response: &Response<Vec<u8>>, date: &str, last: bool, to: &mut Vec<u8>) {
    let status = response.status();
    to.extend_from_slice(b"HTTP/1.1 ");
    to.extend_from_slice(status.as_str().as_bytes());
    to.push(b' ');
    to.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    let mut field = |name: &str, value: &[u8]| {
        to.extend_from_slice(b"\r\n");
        to.extend_from_slice(name.as_bytes());
        to.extend_from_slice(b": ");
        to.extend_from_slice(value);
    };
    for (name, value) in response.headers() {
        field(name.as_str(), value.as_bytes());
    }
    field("content-length", response.body().len().to_string().as_bytes());
    field("date", date.as_bytes());
    if last {
        field("connection", b"close");
    }
    to.extend_from_slice(b"\r\n\r\n");
    to.extend_from_slice(response.body());
}

/// The time as HTTP writes it, written once a second.
#[derive(Default)]
struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn at(&mut self, now: Micros) -> &str {
        let second = u64::try_from(now.0 / SECOND).unwrap_or(0);
        if self.second != second || self.text.is_empty() {
            self.second = second;
            self.text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
        }
        &self.text
    }
}
