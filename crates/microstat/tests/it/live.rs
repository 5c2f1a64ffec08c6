//! Live updates: who is told, how often, and when it ends.

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use domain::id::ProjectId;
use domain::role::Role;
use domain::time::HOUR;
use microstat::clock::Random;
use microstat::connections;
use microstat::live::{Live, Pace};
use microstat::state::Core;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Browser, PASSWORD, Site};

const STORED: &str = "event: stored\ndata: look again\n\n";
/// So quick that nobody waits.
const QUICK: Pace = Pace {
    beat: Duration::from_millis(20),
    silence: 3,
};
/// So slow that nothing happens by itself.
const SLOW: Pace = Pace {
    beat: Duration::from_hours(1),
    silence: 3,
};

/// A project of Ada's, and Vic, who looks at it.
struct Shop {
    site: Site,
    ada: Browser,
    vic: Browser,
    path: String,
    id: ProjectId,
    dsn: String,
}

impl Shop {
    async fn new(pace: Pace) -> Self {
        let site = Site::changed(&[], async |app| app.live = Live::new(app.clock.clone(), pace)).await;
        let mut ada = site.browser();
        let path = ada.sign_up("Ada", "ada@example.com").await;
        let id = path.trim_start_matches("/projects/").parse().unwrap();
        let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
        let organisation = site.organisation_of("ada@example.com").await;
        let vic = site.member(organisation, "Vic", Role::Viewer).await;
        site.app.clock.advance(HOUR);
        Self {
            dsn: dsn.public_key.to_string(),
            site,
            ada,
            vic,
            path,
            id,
        }
    }

    async fn publish(&self, door: &str) {
        let request = Request::post(format!("{door}?dsn={}", self.dsn));
        let order = json!({"name": "Order", "type": "Hit Counter"}).to_string();
        let answer = self.site.browser().send(request, order).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }

    fn live(&self) -> String {
        format!("{}/live", self.path)
    }
}

#[tokio::test]
async fn whoever_looks_is_told_that_something_was_stored() {
    let mut shop = Shop::new(QUICK).await;
    let mut stream = shop.vic.stream(&shop.live()).await;
    assert_eq!(stream.status, StatusCode::OK);
    for door in ["/api/ingest", "/ingest", "/api/v1/ingest"] {
        shop.publish(door).await;
        assert_eq!(stream.event().await.as_deref(), Some(STORED), "{door}");
    }
    // A note on the chart is something to see as well.
    shop.ada.open(&format!("{}/annotations/new", shop.path)).await;
    let note = [
        ("text", "v2.3"),
        ("kind", "deploy"),
        ("at", "2026-11-24T10:00"),
        ("zone", "UTC"),
    ];
    let answer = shop.ada.submit(&format!("{}/annotations", shop.path), &note).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(stream.event().await.as_deref(), Some(STORED), "annotations");
    // Nothing was stored, so there is nothing to see.
    let request = Request::post(format!("/ingest?dsn={}", shop.dsn));
    shop.site.browser().send(request, "[{\"name\": \"\"}]").await;
    let other = Shop::new(QUICK).await;
    other.publish("/ingest").await;
    for _ in 0..3 {
        assert_eq!(stream.next().await.as_deref(), Some(": still live\n\n"));
    }
}

#[tokio::test]
async fn of_much_at_once_it_is_told_once() {
    let shop = Shop::new(SLOW).await;
    let mut stream = shop.vic.stream(&shop.live()).await;
    shop.publish("/ingest").await;
    assert_eq!(stream.event().await.as_deref(), Some(STORED));
    for _ in 0..20 {
        shop.publish("/ingest").await;
    }
    shop.site.app.live.end();
    assert_eq!(stream.event().await, None, "a second thing within one beat");
}

#[tokio::test]
async fn what_was_missed_between_page_and_stream_is_told_first() {
    let shop = Shop::new(QUICK).await;
    shop.publish("/ingest").await;
    shop.site.app.clock.advance(5_000_000);
    for (ago, first) in [(6_000, STORED), (5_000, STORED), (4_000, ": still live\n\n")] {
        let mut stream = shop.vic.stream(&format!("{}?ago={ago}", shop.live())).await;
        assert_eq!(stream.next().await.as_deref(), Some(": live\n\n"));
        assert_eq!(stream.next().await.as_deref(), Some(first), "{ago} ms ago");
    }
}

#[tokio::test]
async fn the_stream_of_somebody_removed_ends_at_once() {
    let mut shop = Shop::new(QUICK).await;
    let mut stream = shop.vic.stream(&shop.live()).await;
    assert!(stream.next().await.is_some());
    let organisation = shop.site.organisation_of("ada@example.com").await;
    let vic = shop.site.user("vic@example.com").await;
    let removal = format!("/organisations/{organisation}/members/{vic}/removal");
    shop.ada.open(&removal).await;
    assert_eq!(shop.ada.post(&removal, &[]).await.status, StatusCode::SEE_OTHER);
    shop.publish("/ingest").await;
    assert_eq!(stream.event().await, None, "told after the removal");
    assert_eq!(shop.vic.stream(&shop.live()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stream_ends_with_the_session_and_with_the_project() {
    let mut shop = Shop::new(QUICK).await;
    let mut stream = shop.vic.stream(&shop.live()).await;
    shop.vic.open(&shop.path).await;
    shop.vic.post("/sign-out", &[]).await;
    assert_eq!(stream.event().await, None);

    let mut stream = shop.ada.stream(&shop.live()).await;
    let deletion = format!("{}/deletion", shop.path);
    shop.ada.open(&deletion).await;
    shop.ada.post(&deletion, &[("name", "My First Project")]).await;
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn what_another_process_took_away_ends_a_silent_stream_too() {
    let shop = Shop::new(QUICK).await;
    let mut stream = shop.vic.stream(&shop.live()).await;
    assert!(stream.next().await.is_some());
    let app = &shop.site.app;
    let other = Core::open(app.config.clone(), app.clock.clone(), Random::seeded(9))
        .await
        .unwrap();
    let user = shop.site.user("vic@example.com").await;
    let mut tx = other.db.begin().await.unwrap();
    let organisation = shop.site.organisation_of("ada@example.com").await;
    store::memberships::leave(&mut tx, organisation, user, "Ada's Organisation", app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn several_projects_are_followed_at_once_and_only_all_of_ones_own() {
    let mut shop = Shop::new(QUICK).await;
    let mut eve = shop.site.browser();
    let hers: ProjectId = eve
        .sign_up("Eve", "eve@example.com")
        .await
        .trim_start_matches("/projects/")
        .parse()
        .unwrap();
    let vics = shop
        .vic
        .fetch("/")
        .await
        .location()
        .trim_start_matches("/projects/")
        .to_owned();
    let mut stream = shop.vic.stream(&format!("/live?projects={vics},{}", shop.id)).await;
    shop.publish("/ingest").await;
    assert_eq!(stream.event().await.as_deref(), Some(STORED));
    for ids in [
        format!("{},{hers}", shop.id),
        hers.to_string(),
        String::new(),
        "x".to_owned(),
    ] {
        let status = shop.vic.stream(&format!("/live?projects={ids}")).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{ids:?}");
    }
}

#[tokio::test]
async fn nobody_has_more_streams_than_anybody_needs() {
    let mut shop = Shop::new(SLOW).await;
    let mut streams = Vec::new();
    loop {
        let stream = shop.vic.stream(&shop.live()).await;
        if stream.status != StatusCode::OK {
            assert_eq!((stream.status, streams.len()), (StatusCode::TOO_MANY_REQUESTS, 24));
            break;
        }
        streams.push(stream);
    }
    let path = shop.live();
    let answer = shop.vic.open(&path).await;
    assert_eq!(answer.headers[header::RETRY_AFTER], "60");
    assert!(shop.vic.says("Close some"), "{}", answer.text);
    assert_eq!(
        shop.ada.stream(&path).await.status,
        StatusCode::OK,
        "others have their own"
    );
    streams.pop();
    assert_eq!(shop.vic.stream(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn streams_don_t_hold_up_a_stop() {
    let mut shop = Shop::new(SLOW).await;
    shop.vic.sign_in_with("vic@example.com", PASSWORD).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ask, asked) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(connections::serve(
        listener,
        shop.site.front.clone(),
        connections::HEAD,
        async {
            let _ = asked.await;
        },
    ));
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nCookie: session={}\r\n\r\n",
        shop.live(),
        shop.vic.cookie("session")
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    while !said.contains(": live") {
        let mut bytes = [0; 4096];
        let read = client.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(
        said.starts_with("HTTP/1.1 200") && said.contains("text/event-stream"),
        "{said}"
    );
    drop(ask);
    tokio::time::timeout(Duration::from_secs(20), server)
        .await
        .expect("it stops")
        .unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "0\r\n\r\n", "the stream's regular end");
}
