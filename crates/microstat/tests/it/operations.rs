//! What an operator works with: figures, readiness, the log, and an end that nobody notices.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::time::{DAY, SECOND};
use microstat::jobs::sweeping;
use microstat::sources;
use store::sources::Source;
use tokio::task::JoinSet;

use crate::harness::Site;
use crate::installation::{Installation, Server, account, free_port, ready, stored};
use crate::load::{BATCH, Load, publish};
use crate::wire::{Reply, Wire};

/// Connections that publish, and that look at pages.
const APPS: usize = 6;
const READERS: usize = 3;

async fn figures(at: SocketAddr) -> Reply {
    Wire::to(at).await.unwrap().get("/metrics", "").await.unwrap()
}

/// Every value by its name and labels; each has a type before it.
fn values(text: &str) -> BTreeMap<&str, f64> {
    let mut typed = BTreeSet::new();
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(typed.insert(name), "{name} is told twice");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| family.strip_suffix(end));
        assert!(
            typed.contains(family) || of_histogram.is_some_and(|family| typed.contains(family)),
            "{line}"
        );
        assert!(values.insert(name, value.parse().unwrap()).is_none(), "{line}");
    }
    values
}

#[tokio::test]
async fn figures_are_told_on_a_listener_of_their_own_and_name_nobody() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = installation.serve_with(&["--metrics-listen", &address.to_string()]);
    let mut wire = Wire::to(server.address()).await.unwrap();
    publish(&mut wire, &dsn, 2).await.unwrap();
    publish(&mut wire, &dsn, 2).await.unwrap();
    publish(&mut wire, &dsn, 3).await.unwrap();
    publish(&mut wire, &dsn, 3).await.unwrap();
    let dropped = wire.post(&format!("/ingest?dsn={dsn}"), "", "[{},{},5]").await.unwrap();
    assert_eq!(dropped.status, 202);
    let unknown = wire.post("/ingest?dsn=nobody", "", "[{}]").await.unwrap();
    assert_eq!(unknown.status, 400);
    wire.get("/sign-in", "").await.unwrap();
    assert_eq!(wire.get("/metrics", "").await.unwrap().status, 404);

    let reply = figures(address).await;
    assert_eq!(
        reply.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let values = values(&reply.body);
    let expected = [
        ("microstat_data_points_accepted_total", 40.0),
        ("microstat_data_points_duplicate_total", 20.0),
        ("microstat_data_points_dropped_total", 3.0),
        (r#"microstat_data_points_rejected_total{reason="missing_name"}"#, 2.0),
        (r#"microstat_data_points_rejected_total{reason="invalid_dsn"}"#, 1.0),
        ("microstat_batches_replayed_total", 1.0),
        (r#"microstat_batches_total{door="strict",answer="all_accepted"}"#, 3.0),
        (r#"microstat_batches_total{door="strict",answer="some_accepted"}"#, 1.0),
        (r#"microstat_batches_total{door="open",answer="none_accepted"}"#, 1.0),
        (r#"microstat_batches_total{door="open",answer="unknown_dsn"}"#, 1.0),
        (r#"microstat_http_request_duration_seconds_count{kind="ingest"}"#, 6.0),
        (r#"microstat_http_request_duration_seconds_count{kind="page"}"#, 2.0),
        (r#"microstat_http_responses_total{kind="page",class="4xx"}"#, 1.0),
        ("microstat_unsealed_data_points", 40.0),
        ("microstat_sealing_failing", 0.0),
        ("microstat_database_up", 1.0),
        ("microstat_jobs_waiting", 0.0),
        ("microstat_live_streams", 0.0),
        ("microstat_stopping", 0.0),
    ];
    for (name, value) in expected {
        assert_eq!(values.get(name), Some(&value), "{name}: {}", reply.body);
    }
    assert!(values["microstat_journal_sync_duration_seconds_count"] >= 2.0);
    assert!(values["process_resident_memory_bytes"] > 1e6 && values["process_open_fds"] > 3.0);
    assert!(values["process_start_time_seconds"] > 1.5e9);
    for secret in [&dsn[..], "ada@example.com", "Load", &project.to_string()] {
        assert!(!reply.body.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    let site = Site::new().await;
    let asked = async |path| {
        let answer = site.browser().fetch(path).await;
        (answer.status, answer.text)
    };
    let ready = r#"{"ready":true,"missing":[]}"#;
    assert_eq!(asked("/readyz").await, (StatusCode::OK, ready.to_owned()));
    site.app.db.close().await;
    let away = r#"{"ready":false,"missing":["database"]}"#;
    assert_eq!(
        asked("/readyz").await,
        (StatusCode::SERVICE_UNAVAILABLE, away.to_owned())
    );
    // Known DSNs need no database.
    assert_eq!(asked("/readyz/ingest").await, (StatusCode::OK, ready.to_owned()));
    site.app.readiness.stop();
    let leaving = r#"{"ready":false,"missing":["stopping"]}"#;
    assert_eq!(
        asked("/readyz/ingest").await,
        (StatusCode::SERVICE_UNAVAILABLE, leaving.to_owned())
    );
    assert_eq!(asked("/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_fault_bears_the_id_that_its_answer_and_the_log_have() {
    let site = Site::with(&["--trusted-proxies", "127.0.0.1"]).await;
    let mut browser = site.browser();
    let home = browser.sign_up("Ada", "ada@example.com").await;
    site.app.db.close().await;
    let api = Request::get("/api/v1/projects").header("Authorization", "Bearer x");
    let program = browser.send(api.header("X-Request-Id", "edge-7"), Body::empty()).await;
    assert_eq!(program.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(program.headers["x-request-id"], "edge-7");
    assert_eq!(program.json()["error"]["request_id"], "edge-7");
    let page = browser.fetch(&home).await;
    let id = page.headers["x-request-id"].to_str().unwrap();
    let named = format!("as request <span class=\"mono\">{id}</span>");
    assert!(id.len() == 12 && page.text.contains(&named), "{}", page.text);
}

/// Publishes over one connection after another for as long as somebody listens, a connection used until it is said to be the
/// last answer. Says whether a request that was sent had none.
async fn app(at: SocketAddr, dsn: Arc<str>, load: Arc<Load>, refused: Arc<AtomicUsize>) {
    while let Ok(mut wire) = Wire::to(at).await {
        loop {
            let n = load.next.fetch_add(1, Ordering::SeqCst);
            let Ok(reply) = publish(&mut wire, &dsn, n).await else {
                refused.fetch_add(1, Ordering::SeqCst);
                return;
            };
            load.acknowledged.lock().unwrap().insert(n);
            if reply.headers.get("connection").is_some_and(|said| said == "close") {
                break;
            }
        }
    }
}

async fn reader(at: SocketAddr, looks: Arc<AtomicUsize>, refused: Arc<AtomicUsize>) {
    while let Ok(mut wire) = Wire::to(at).await {
        loop {
            let Ok(reply) = wire.get("/sign-in", "").await else {
                refused.fetch_add(1, Ordering::SeqCst);
                return;
            };
            assert_eq!(reply.status, 200, "{reply:?}");
            looks.fetch_add(1, Ordering::SeqCst);
            if reply.headers.get("connection").is_some_and(|said| said == "close") {
                break;
            }
        }
    }
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// Stops a server under load. While it is asked to stop and goes on, `meanwhile`.
async fn stop_under_load(flags: &[&str], meanwhile: impl AsyncFnOnce(&Server, &Load)) {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve_with(flags);
    let at = server.address();
    ready(at).await;
    let (load, looks, refused) = (Arc::new(Load::default()), Arc::default(), Arc::default());
    let mut clients = JoinSet::new();
    for _ in 0..APPS {
        clients.spawn(app(at, Arc::clone(&dsn), Arc::clone(&load), Arc::clone(&refused)));
    }
    for _ in 0..READERS {
        clients.spawn(reader(at, Arc::clone(&looks), Arc::clone(&refused)));
    }
    until(|| load.acknowledged() > 200 && looks.load(Ordering::SeqCst) > 20).await;
    server.ask_to_stop();
    meanwhile(&server, &load).await;
    clients.join_all().await;
    server.ended();
    assert_eq!(refused.load(Ordering::SeqCst), 0, "a request had no answer");
    let stored: BTreeSet<_> = stored(&installation, project).await.into_iter().collect();
    let acknowledged = load.acknowledged.lock().unwrap();
    let whole = |n: &usize| (0..BATCH).all(|k| stored.contains(&(n * BATCH + k)));
    assert!(acknowledged.iter().all(whole), "something acknowledged is lost");
    assert_eq!(stored.len(), acknowledged.len() * BATCH);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_cut_off_when_it_is_asked_to_stop() {
    stop_under_load(&[], async |_, _| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_for_as_long_as_load_balancers_need_to_notice() {
    stop_under_load(&["--shutdown-delay", "60"], async |server, load| {
        let before = load.acknowledged();
        let leaving = AtomicBool::new(false);
        while !leaving.load(Ordering::SeqCst) {
            let mut wire = Wire::to(server.address()).await.expect("it still listens");
            let reply = wire.get("/readyz", "").await.unwrap();
            if reply.status == 503 {
                assert_eq!(reply.body, r#"{"ready":false,"missing":["stopping"]}"#);
                assert_eq!(reply.headers["connection"], "close");
                leaving.store(true, Ordering::SeqCst);
            }
        }
        until(|| load.acknowledged() > before + 50).await;
        // Once more: who asks doesn't want to wait any longer.
        server.ask_to_stop();
    })
    .await;
}

#[tokio::test]
async fn each_line_of_the_log_is_json_if_that_is_asked_for() {
    let installation = Installation::new().await;
    let (_, dsn) = account(&installation);
    let flags = ["--log-format", "json", "--trusted-proxies", "127.0.0.1"];
    let server = installation.serve_saying("microstat=debug", &flags);
    let mut wire = Wire::to(server.address()).await.unwrap();
    let given = "X-Request-Id: edge-1\r\n";
    let batch = format!("/ingest?dsn={dsn}");
    let answers = [
        wire.post(&batch, given, "[{},{},5]").await.unwrap(),
        wire.get("/invitations/secret", given).await.unwrap(),
    ];
    assert!(answers.iter().all(|answer| answer.headers["x-request-id"] == "edge-1"));
    let mut routes = Vec::new();
    while routes.len() < 2 {
        let line = server.log.recv().unwrap();
        assert!(!line.contains("secret") && !line.contains(&*dsn), "{line}");
        let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        if said["request_id"] == "edge-1" {
            assert!(said["duration_ms"].is_number(), "{line}");
            // It may have been slow, which is said louder.
            assert!(matches!(said["level"].as_str(), Some("DEBUG" | "WARN")), "{line}");
            routes.push((said["route"].clone(), said["status"].clone()));
        }
    }
    assert_eq!(routes[0], ("/ingest".into(), 202.into()));
    assert_eq!(routes[1], ("/invitations/{token}".into(), 410.into()));
}

#[tokio::test]
async fn while_clickhouse_is_away_it_is_said_how_far_charts_are_behind() {
    let site = Site::with(&["--clickhouse", "http://127.0.0.1:1/stat"]).await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let boards = format!(
        "/organisations/{}/boards",
        site.organisation_of("ada@example.com").await
    );
    let behind = "charts are up to 90 seconds behind";
    assert!(
        ada.fetch(&boards)
            .await
            .text
            .contains(r#"id="behind" role="status" data-live hidden"#)
    );
    let id = project.trim_start_matches("/projects/").parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, id)
        .await
        .unwrap()
        .unwrap()
        .public_key;
    let batch = Request::post(format!("/api/v1/ingest?dsn={dsn}"));
    let one = r#"{"name":"Cart","type":"Counter","value":7}"#;
    assert_eq!(ada.send(batch, one).await.status, StatusCode::CREATED);
    site.app.clock.advance(90 * SECOND);
    let told = ada.fetch(&boards).await;
    assert!(told.text.contains(behind), "{}", told.text);
    assert!(!ada.fetch("/account").await.text.contains(behind));
    let api = Request::get("/api/v1/projects").header("Authorization", "Bearer x");
    assert_eq!(ada.send(api, Body::empty()).await.headers["x-microstat-behind"], "90");
    // What can't be read is never shown as if there were nothing.
    let dashboard = ada.fetch(&project).await;
    assert_eq!(dashboard.status, StatusCode::SERVICE_UNAVAILABLE, "{}", dashboard.text);
    assert_eq!(dashboard.headers["retry-after"], "5");
    assert!(
        dashboard.text.contains("What is published is kept meanwhile"),
        "{}",
        dashboard.text
    );
}

#[tokio::test]
async fn what_waits_with_other_processes_is_told_as_well() {
    let site = Site::with(&["--clickhouse", "http://127.0.0.1:1/stat"]).await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let boards = format!(
        "/organisations/{}/boards",
        site.organisation_of("ada@example.com").await
    );
    let now = site.app.now();
    let noted = async |id, seen_at, waiting_since| {
        let mut tx = site.app.db.begin().await.unwrap();
        let source = Source {
            id,
            seen_at,
            waiting_since,
        };
        store::sources::note(&mut tx, source).await.unwrap();
        tx.commit().await.unwrap();
        sources::look(&site.app).await.unwrap();
    };
    let commits = site.app.db.commits();
    sources::look(&site.app).await.unwrap();
    assert_eq!(site.app.db.commits(), commits, "what is remembered stays good");
    noted(1, now, Some(now - 2 * SECOND)).await;
    assert!(!ada.fetch(&boards).await.text.contains("behind."));
    noted(1, now, Some(now - 70 * SECOND)).await;
    assert!(ada.fetch(&boards).await.text.contains("up to 70 seconds behind"));
    // It was killed, and what it had has to wait for it.
    noted(1, now - 90 * SECOND, None).await;
    assert!(ada.fetch(&boards).await.text.contains("up to 90 seconds behind"));
    noted(1, now, None).await;
    assert!(!ada.fetch(&boards).await.text.contains("behind."));
    noted(1, now - 8 * DAY, None).await;
    sweeping::run_due(&site.app).await.unwrap();
    sources::look(&site.app).await.unwrap();
    assert!(!ada.fetch(&boards).await.text.contains("behind."));
}
