//! Several processes of one installation: accounts in one PostgreSQL, data points on their way to one ClickHouse, which
//! is away in most of these. Nothing to be tested on SQLite.

use std::time::Duration;

use axum::http::{Request, StatusCode};
use domain::id::ProjectId;
use domain::time::{MINUTE, SECOND};
use microstat::clock::{Clock, Random};
use microstat::commands::key;
use microstat::config::Config;
use microstat::ingest::claims;
use microstat::sources;
use microstat::state::{App, Core, OpenError};
use serde_json::json;
use store::db::sql;
use store::sources::Source;
use store::testing::Scratch;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clickhouse::ClickHouse;
use crate::harness::{Answer, NOW, Site, config};

/// Nobody listens there.
const AWAY: [&str; 2] = ["--clickhouse", "http://127.0.0.1:9"];
const STORED: &str = "event: stored\ndata: look again\n\n";

/// Ada's project, and what apps publish with.
async fn shop(site: &Site) -> (String, ProjectId, String) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let id = path.trim_start_matches("/projects/").parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
    (path, id, dsn.public_key.to_string())
}

async fn publish(site: &Site, dsn: &str, key: &str) -> Answer {
    let request = Request::post(format!("/api/v1/ingest?dsn={dsn}")).header("Idempotency-Key", key);
    let order = json!({"name": "Order", "type": "Hit Counter"}).to_string();
    site.browser().send(request, order).await
}

/// Looks until it is so.
async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let looks = async { while !is_so().await {} };
    timeout(Duration::from_secs(20), looks).await.expect("within 20 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_pauses_another_refuses_without_looking_again_by_itself() {
    let Some([one, two]) = Site::several(&AWAY).await else {
        return;
    };
    let (_, project, dsn) = shop(&one).await;
    // Clocks stand still, so what is known never gets old.
    assert_eq!(publish(&two, &dsn, "a").await.status, StatusCode::CREATED);
    let mut tx = one.app.db.begin().await.unwrap();
    assert!(store::projects::set_paused(&mut tx, project, true, NOW).await.unwrap());
    tx.commit().await.unwrap();
    let mut nth = 0;
    eventually(async || {
        nth += 1;
        publish(&two, &dsn, &format!("b{nth}")).await.status == StatusCode::GONE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_by_one_process_is_told_of_what_another_changed() {
    let Some([one, two]) = Site::several(&[]).await else {
        return;
    };
    let mut ada = one.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let project: ProjectId = path.trim_start_matches("/projects/").parse().unwrap();
    let mut ada = two.browser();
    ada.sign_in("ada@example.com").await;
    two.app.clock.advance(MINUTE);
    let mut stream = ada.stream(&format!("{path}/live")).await;
    assert_eq!(stream.next().await.as_deref(), Some(": live\n\n"));
    one.app.live.touched(project);
    assert_eq!(stream.event().await.as_deref(), Some(STORED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_sent_again_to_another_process_is_stored_once() {
    let Some([one, two]) = Site::several(&AWAY).await else {
        return;
    };
    let (_, _, dsn) = shop(&one).await;
    let first = publish(&one, &dsn, "k").await;
    assert_eq!(first.status, StatusCode::CREATED);
    // What became of it is written down while nobody waits.
    let mut again = publish(&two, &dsn, "k").await;
    while again.status == StatusCode::SERVICE_UNAVAILABLE {
        again = publish(&two, &dsn, "k").await;
    }
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let waiting = |site: &Site| site.app.points.backlog().data_points;
    assert_eq!((waiting(&one), waiting(&two)), (1, 0));
    assert_eq!(publish(&two, &dsn, "another").await.status, StatusCode::CREATED);
    assert_eq!((waiting(&one), waiting(&two)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_died_before_it_said_what_became_of_a_batch_says_so_when_it_is_back() {
    let Some([one, two]) = Site::several(&AWAY).await else {
        return;
    };
    let (_, project, dsn) = shop(&one).await;
    let first = publish(&one, &dsn, "k").await;
    eventually(async || publish(&two, &dsn, "k").await.status == StatusCode::CREATED).await;
    let folder = one.app.points.source().unwrap().cast_signed();
    // As if it had died in between; and of another it had only claimed the key.
    let mut tx = one.app.db.begin().await.unwrap();
    sql("delete from batch_keys").execute(&mut tx).await.unwrap();
    for key in ["k", "only claimed"] {
        let claim = store::batch_keys::claim(&mut tx, project, key, folder, NOW)
            .await
            .unwrap();
        assert_eq!(claim, store::batch_keys::Claim::Ours);
    }
    tx.commit().await.unwrap();
    for key in ["k", "only claimed"] {
        let refused = publish(&two, &dsn, key).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "it may be stored");
        assert!(refused.headers.contains_key("retry-after"));
    }
    let (db, points) = (&one.app.db, &one.app.points);
    claims::settle(db, points, NOW + SECOND, NOW + SECOND).await.unwrap();
    let again = publish(&two, &dsn, "k").await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let fresh = publish(&two, &dsn, "only claimed").await;
    assert_eq!(fresh.status, StatusCode::CREATED);
    assert!(!fresh.headers.contains_key("idempotent-replayed"));
}

async fn open(config: &Config) -> Result<Core, OpenError> {
    Core::open(config.clone(), Clock::fixed(NOW), Random::System).await
}

#[tokio::test]
async fn a_process_with_another_secret_key_does_not_start_until_its_key_is_made_the_one() {
    let scratch = Scratch::empty().await;
    if scratch.url.is_none() {
        return;
    }
    let [first, second] = ["data", "elsewhere"].map(|folder| config(&scratch, folder, &[]));
    open(&first).await.unwrap();
    open(&first).await.unwrap();
    let refused = open(&second).await.unwrap_err();
    assert!(matches!(&refused, OpenError::OtherKey(_)), "{refused}");
    assert!(refused.to_string().contains("key replace"), "{refused}");
    key::replace(second.clone(), Clock::fixed(NOW), Random::System)
        .await
        .unwrap();
    open(&second).await.unwrap();
    assert!(matches!(open(&first).await, Err(OpenError::OtherKey(_))));
    std::fs::copy(second.key_file(), first.key_file()).unwrap();
    open(&first).await.unwrap();
}

/// A way to a server that can be cut.
struct Way {
    port: u16,
    is_cut: watch::Sender<bool>,
}

impl Way {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self {
            port: listener.local_addr().unwrap().port(),
            is_cut: watch::Sender::new(false),
        };
        let is_cut = way.is_cut.subscribe();
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let mut is_cut = is_cut.clone();
                tokio::spawn(async move {
                    if *is_cut.borrow() {
                        return;
                    }
                    let mut to = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut from, &mut to) => {}
                        _ = is_cut.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        way
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_away_apps_go_on_publishing_and_pages_say_so() {
    let Some([one]) = Site::several(&AWAY).await else {
        return;
    };
    let (path, _, dsn) = shop(&one).await;
    let url = one.database().unwrap();
    let (server, database) = url.rsplit_once('/').unwrap();
    let (user, port) = server.rsplit_once(':').unwrap();
    let way = Way::to(port.parse().unwrap()).await;
    let mut settings = one.app.config.clone();
    settings.database = Some(format!("{user}:{}/{database}", way.port));
    settings.data = one.app.config.data.join("behind");
    let app = App::open(settings, Clock::fixed(NOW), Random::System).await.unwrap();
    let app = std::sync::Arc::new(app);
    let front = microstat::router::router(&app);
    let mut behind = crate::harness::Browser::before(front);
    let order = || json!({"name": "Order", "type": "Hit Counter"}).to_string();
    let request = || Request::post(format!("/api/v1/ingest?dsn={dsn}"));
    assert_eq!(behind.send(request(), order()).await.status, StatusCode::CREATED);
    behind.sign_in("ada@example.com").await;
    assert_eq!(
        behind.fetch(&path).await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "no ClickHouse"
    );

    way.is_cut.send_replace(true);
    app.clock.advance(3 * SECOND);
    assert_eq!(behind.send(request(), order()).await.status, StatusCode::CREATED);
    let keyed = request().header("Idempotency-Key", "k");
    let refused = behind.send(keyed, order()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "another may have it");
    let page = behind.open("/account").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.headers["retry-after"], "5");
    assert!(behind.says("Accounts can't be reached just now"), "{}", page.text);
    app.clock.advance(11 * MINUTE);
    let refused = behind.send(request(), order()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "not for ever");

    way.is_cut.send_replace(false);
    assert_eq!(behind.send(request(), order()).await.status, StatusCode::CREATED);
    assert_eq!(behind.fetch("/account").await.status, StatusCode::OK);
    assert_eq!(app.points.backlog().data_points, 3);
}

async fn note(site: &Site, source: Source) {
    let mut tx = site.app.db.begin().await.unwrap();
    store::sources::note(&mut tx, source).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_had_of_a_deleted_range_goes_with_it() {
    let clickhouse = ClickHouse::start();
    let address: String = clickhouse.address("stat");
    let Some([one, two]) = Site::several(&["--clickhouse", &address]).await else {
        return;
    };
    let (path, project, dsn) = shop(&one).await;
    assert_eq!(publish(&one, &dsn, "a").await.status, StatusCode::CREATED);
    one.app.points.seal().await.unwrap();
    let metric = store::metrics::named(&one.app.db, project, "Order").await.unwrap()[0].id;
    let there = || clickhouse.number("stat", "SELECT count() FROM points");
    let waiting = Source {
        id: two.app.points.source().unwrap().cast_signed(),
        seen_at: NOW,
        waiting_since: Some(NOW - SECOND),
    };
    note(&one, waiting).await;
    let mut ada = one.browser();
    ada.sign_in("ada@example.com").await;
    let deletion = format!("{path}/metrics/{metric}/data-points/deletion");
    ada.open(&deletion).await;
    assert_eq!(publish(&two, &dsn, "b").await.status, StatusCode::CREATED);
    two.app.points.seal().await.unwrap();
    assert_eq!(there(), 2);
    let mut deleting = tokio::spawn(async move {
        let fields = [("from", "2026-11-24T09:00"), ("to", "2026-11-24T10:30")];
        ada.submit(&deletion, &fields).await;
        ada.page
    });
    let waits = timeout(Duration::from_millis(300), &mut deleting).await;
    assert!(waits.is_err() && there() == 2, "it was not waited for");
    two.app.clock.advance(SECOND);
    sources::look(&two.app).await.unwrap();
    let page = deleting.await.unwrap();
    assert!(page.contains("Deleted: 2 data points"), "{page}");
    assert!(!page.contains("on their way"), "{page}");
    assert_eq!(there(), 0);
}
