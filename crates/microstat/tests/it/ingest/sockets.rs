//! Over real sockets: who is slow, who is many, who breaks off.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::Duration;

use microstat::connections;
use microstat::ingest::room::Room;
use serde_json::json;
use store::db::sql;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::{DSN, OPEN, PROJECT, Publisher, STRICT, hit, list};
use crate::harness::NOW;
use crate::wire::{Wire, head};

const SHORT: Duration = Duration::from_millis(300);
const MIB: usize = 1024 * 1024;

/// A server in this process, on a port of its own.
pub(super) struct Server {
    pub(super) publisher: Publisher,
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// As it is by default.
    pub(super) async fn patient() -> Self {
        Self::new(Room::default(), connections::HEAD).await
    }

    /// With this much room for bodies, and this much patience with heads.
    async fn new(room: Room, patience: Duration) -> Self {
        let publisher = Publisher::changed(async |app| app.room = room).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let front = publisher.site.front.clone();
        let task = tokio::spawn(connections::serve(listener, front, patience, std::future::pending()));
        Self {
            publisher,
            address,
            task,
        }
    }

    async fn wire(&self) -> Wire {
        Wire::to(self.address).await.unwrap()
    }
}

fn at(door: &str) -> String {
    format!("{door}?dsn={DSN}")
}

fn impatient() -> Room {
    Room::new(SHORT, 64 * MIB, 4)
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_cut_off() {
    let server = Server::new(impatient(), connections::HEAD).await;
    for (door, status) in [(STRICT, 408), (OPEN, 202)] {
        let mut slow = server.wire().await;
        slow.write(head(&at(door), "", 1_000)).await.unwrap();
        slow.write("[{").await.unwrap();
        let reply = slow.reply().await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["errors"][0]["code"], "unavailable");
        assert_eq!(reply.headers.contains_key("x-microstat-dropped"), door == OPEN);
        slow.end().await.unwrap();
    }
    assert_eq!(server.publisher.stored().await, 0);
}

/// Who may do what is looked at when the head is there: nobody holds the rest back until that has changed.
#[tokio::test]
async fn a_form_and_what_a_program_sends_are_cut_off_too() {
    let server = Server::new(impatient(), connections::HEAD).await;
    for path in ["/sign-in", "/sign-up"] {
        let mut slow = server.wire().await;
        slow.write(head(path, "", 1_000)).await.unwrap();
        slow.write("email=ada").await.unwrap();
        assert_eq!(slow.reply().await.unwrap().status, 408, "{path}");
        slow.end().await.unwrap();
    }
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_cut_off_and_so_is_silence() {
    let server = Server::new(Room::default(), SHORT).await;
    for start in ["", "P", "PRI * HTTP", "POST /api/ingest HTTP/1.1\r\nHost: local"] {
        let mut slow = server.wire().await;
        slow.write(start).await.unwrap();
        assert_eq!(slow.end().await.unwrap_or_default(), "", "{start}");
    }
    let mut silent = server.wire().await;
    assert_eq!(silent.post(&at(STRICT), "", &hit("a")).await.unwrap().status, 201);
    silent.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_publish_while_two_hundred_dawdle() {
    let server = Server::patient().await;
    let mut slow = Vec::new();
    for n in 0..200 {
        let mut wire = server.wire().await;
        wire.write(head(&at(OPEN), "", 9 * MIB)).await.unwrap();
        wire.write(vec![b' '; n * 50]).await.unwrap();
        slow.push(wire);
    }
    let mut tasks = JoinSet::new();
    for _ in 0..300 {
        let mut wire = server.wire().await;
        tasks.spawn(async move {
            for _ in 0..3 {
                assert_eq!(wire.post(&at(STRICT), "", &hit("a")).await.unwrap().status, 201);
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(server.publisher.stored().await, 900);
}

#[tokio::test]
async fn large_bodies_share_a_room_that_small_ones_never_wait_for() {
    let server = Server::new(Room::new(Duration::from_secs(30), MIB, 4), connections::HEAD).await;
    let slowly = async || {
        let mut slow = server.wire().await;
        slow.write(head(&at(OPEN), "", 9 * MIB)).await.unwrap();
        slow.write(vec![b' '; 900 * 1024]).await.unwrap();
        slow
    };
    let large = format!("{}{}", list([hit("a")]), " ".repeat(500 * 1024));
    let answer = async |door: &str, body: &str| {
        let mut wire = server.wire().await;
        wire.post(&at(door), "", body).await.unwrap()
    };
    // Once it has arrived, no other large body has room. One that came in before it keeps it out: then it tries again.
    let mut slow = slowly().await;
    let mut refused = answer(STRICT, &large).await;
    for _ in 0..200 {
        if refused.status == 503 {
            break;
        }
        slow = slowly().await;
        for _ in 0..500 {
            tokio::task::yield_now().await;
        }
        refused = answer(STRICT, &large).await;
    }
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers["retry-after"], "10");
    let dropped = answer(OPEN, &large).await;
    assert_eq!(
        (dropped.status, dropped.headers["x-microstat-dropped"].as_str()),
        (202, "1")
    );
    assert_eq!(answer(STRICT, &hit("a")).await.status, 201);
    // It breaks off: what it held is free again.
    drop(slow);
    let mut accepted = answer(STRICT, &large).await;
    for _ in 0..10_000 {
        if accepted.status == 201 {
            break;
        }
        tokio::task::yield_now().await;
        accepted = answer(STRICT, &large).await;
    }
    assert_eq!(accepted.status, 201);
}

#[tokio::test]
async fn who_breaks_off_stores_nothing_and_harms_nobody() {
    let server = Server::patient().await;
    let body = list([hit("a"), hit("b")]);
    for length in [0, 1, body.len() / 2, body.len() - 1] {
        let mut wire = server.wire().await;
        wire.write(head(&at(STRICT), "", body.len())).await.unwrap();
        wire.write(&body[..length]).await.unwrap();
        drop(wire);
    }
    let mut wire = server.wire().await;
    assert_eq!(wire.post(&at(STRICT), "", &hit("a")).await.unwrap().status, 201);
    assert_eq!(server.publisher.stored().await, 1);
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_still_learns_why_it_is_refused() {
    let server = Server::patient().await;
    let unknown = format!("{STRICT}?dsn={}", DSN.replace('0', "1"));
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (path, size, status) in [
        (at(OPEN), 12 * MIB, 413),
        (at(STRICT), 3 * MIB, 413),
        (unknown, 3 * MIB, 401),
    ] {
        let body = vec![b' '; size];
        let mut wire = server.wire().await;
        wire.write(head(&path, "", size)).await.unwrap();
        wire.write(&body).await.unwrap();
        assert_eq!(wire.reply().await.unwrap().status, status);
        // And where its size is not known before.
        let mut wire = server.wire().await;
        let start = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{chunked}\r\n{size:x}\r\n");
        wire.write(start).await.unwrap();
        wire.write(&body).await.unwrap();
        wire.write("\r\n0\r\n\r\n").await.unwrap();
        assert_eq!(wire.reply().await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let server = Server::patient().await;
    let expect = "Expect: 100-continue\r\n";
    let mut wire = server.wire().await;
    wire.write(head(&at(STRICT), expect, 3 * MIB)).await.unwrap();
    assert_eq!(wire.reply().await.unwrap().status, 413);
    let mut wire = server.wire().await;
    wire.write(head(&at(STRICT), expect, hit("a").len())).await.unwrap();
    assert_eq!(wire.reply().await.unwrap().status, 100);
    wire.write(hit("a")).await.unwrap();
    assert_eq!(wire.reply().await.unwrap().status, 201);
}

#[tokio::test]
async fn one_connection_carries_one_answer_after_another_whatever_they_are() {
    let server = Server::patient().await;
    let mut wire = server.wire().await;
    for (path, body, status) in [
        (at(STRICT), hit("a"), 201),
        (at(STRICT), "nope".to_owned(), 400),
        (STRICT.to_owned(), hit("a"), 401),
        (at(OPEN), "{}".to_owned(), 202),
        (at(OPEN), list([hit("a")]), 201),
    ] {
        assert_eq!(wire.post(&path, "", &body).await.unwrap().status, status);
    }
}

/// A request that has to go through the web server, for what one of its fields may decide.
const ROUNDABOUT: &str = "TE: trailers\r\n";

#[tokio::test]
async fn the_short_way_and_the_web_server_give_the_same_answers() {
    let server = Server::patient().await;
    let unknown = format!("{OPEN}?dsn={}", DSN.replace('0', "1"));
    let origin = "Origin: https://shop.example\r\n";
    let bearer = format!("Authorization: Bearer {DSN}\r\n");
    let mut wire = server.wire().await;
    for (path, headers, body) in [
        (at(STRICT), "", hit("a")),
        (at(STRICT), origin, list([hit("a"), "{}".to_owned()])),
        (at(OPEN), "Connection: keep-alive\r\n", "[{},3]".to_owned()),
        (STRICT.to_owned(), &bearer, hit("a")),
        (STRICT.to_owned(), "", hit("a")),
        (unknown, "", hit("a")),
        (at(STRICT), "", "nope".to_owned()),
        (at(STRICT), "Content-Encoding: gzip\r\n", hit("a")),
        (at(STRICT), "Idempotency-Key:\r\n", hit("a")),
    ] {
        let mut short = wire.post(&path, headers, &body).await.unwrap();
        let mut round = server.wire().await;
        let mut round = round
            .post(&path, &format!("{headers}{ROUNDABOUT}"), &body)
            .await
            .unwrap();
        for reply in [&mut short, &mut round] {
            assert_eq!(reply.headers.remove("x-request-id").expect("an id").len(), 12);
            assert!(reply.headers.remove("date").expect("a date").ends_with(" GMT"));
        }
        assert_eq!(
            (short.status, short.headers, short.body),
            (round.status, round.headers, round.body),
            "{path} {headers}"
        );
    }
}

#[tokio::test]
async fn requests_come_in_pieces_or_together_and_of_every_kind_on_one_connection() {
    let server = Server::patient().await;
    let body = list([hit("a"), hit("b")]);
    let plain = format!("{}{body}", head(&at(STRICT), "", body.len()));
    let mut wire = server.wire().await;
    for piece in plain.as_bytes().chunks(7) {
        wire.write(piece).await.unwrap();
    }
    assert_eq!(wire.reply().await.unwrap().status, 201);
    let chunked = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        at(STRICT),
        body.len()
    );
    let page = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    wire.write(format!("{plain}{plain}{page}{plain}{chunked}"))
        .await
        .unwrap();
    for status in [201, 201, 200, 201, 201] {
        assert_eq!(wire.reply().await.unwrap().status, status);
    }
    assert_eq!(server.publisher.stored().await, 10);
}

#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused() {
    let server = Server::patient().await;
    let body = hit("a");
    for odd in [
        "Content-Length: 3\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Content-Length : 3\r\n".to_owned(),
        "Content-Length: +3\r\n".to_owned(),
        "X: y\r\n Content-Length: 3\r\n".to_owned(),
    ] {
        let mut wire = server.wire().await;
        wire.write(format!("{}{body}", head(&at(STRICT), &odd, body.len())))
            .await
            .unwrap();
        assert_eq!(wire.reply().await.unwrap().status, 400, "{odd:?}");
    }
    assert_eq!(server.publisher.stored().await, 0);
}

/// Publishes as the old client does under Node: neither awaits nor catches, and rejects an answer of 400 or more.
async fn node(address: SocketAddr, path: &str, body: &str) -> Output {
    let script = "const [url, body] = process.argv.slice(1);
        const publish = async () => {
            const response = await fetch(url, { method: 'POST', body });
            if (response.status >= 400) throw new Error(`status ${response.status}`);
        };
        publish();";
    let url = format!("http://{address}{path}");
    let body = body.to_owned();
    let run = move || Command::new("node").args(["-e", script, &url, &body]).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    output.expect("Node, which bin/test installs")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_of_the_open_door_ends_a_rightly_set_up_app() {
    let server = Server::new(impatient(), connections::HEAD).await;
    let publisher = &server.publisher;
    let ends = async |door: &str, body: &str| {
        let output = node(server.address, &at(door), body).await;
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        output.status.code() == Some(1)
    };
    let invalid = json!([{"name": "a", "type": "Counter", "value": null}, {"name": ""}]).to_string();
    assert!(!ends(OPEN, &hit("a")).await);
    assert!(!ends(OPEN, &invalid).await);
    assert!(!ends(OPEN, &list(vec![hit("b"); 2_000])).await);
    assert!(ends(STRICT, &invalid).await, "which is what the strict door is for");
    for query in [
        "update projects set metric_limit = $1 where id = $2",
        "update projects set paused_at = $1 where id = $2",
        "update projects set deleted_at = $1 where id = $2",
        "update dsns set disabled_at = $1 where project_id = $2",
    ] {
        let value = if query.contains("limit") { 0 } else { NOW.0 };
        publisher.change(sql(query).bind(value).bind(PROJECT)).await;
        assert!(!ends(OPEN, &hit("new")).await, "{query}");
    }
    publisher.site.app.db.close().await;
    assert!(!ends(OPEN, &hit("a")).await);
}
