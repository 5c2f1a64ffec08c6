//! The API for programs. Every answer these tests look at is also checked against the document it is described in.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::id::{MetricId, ProjectId, TokenId};
use domain::metric::{MetricName, MetricType};
use domain::name::Name;
use domain::role::Role;
use domain::time::{DAY, HOUR, MINUTE, Micros, SECOND};
use domain::value::Value as Published;
use microstat::secrets::Secret;
use points::{Batch, DataPoint};
use serde_json::{Value, json};
use store::api_tokens::NewToken;

use crate::harness::{Answer, NOW, Site};
use crate::schema::Document;

/// A token of this person, for every organisation of theirs.
pub(crate) async fn token(site: &Site, email: &str, most: Role) -> Secret {
    let token = Secret::token(&site.app.random);
    let mut tx = site.app.db.begin().await.expect("begin");
    let (user, _) = store::users::find_by_email(&mut tx, email)
        .await
        .expect("find")
        .expect("somebody");
    let name = Name::new("Report").expect("a name");
    let new = NewToken {
        id: TokenId::from_random(site.app.random.bits()),
        user: user.id,
        organisation: None,
        role: most,
        name: &name,
        token_hash: token.hash(),
        last_four: token.last_four(),
    };
    store::api_tokens::create(&mut tx, new, site.app.now())
        .await
        .expect("create");
    tx.commit().await.expect("commit");
    token
}

/// A program with a token.
struct Program<'s> {
    site: &'s Site,
    token: String,
    document: Document,
}

impl<'s> Program<'s> {
    /// A token of this person, for every organisation of theirs.
    async fn of(site: &'s Site, email: &str, most: Role) -> Self {
        let token = token(site, email, most).await;
        Self {
            document: Document(site.browser().fetch("/api/v1/openapi.json").await.json()),
            token: token.reveal().to_owned(),
            site,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let answer = self.site.browser().send(request, Body::empty()).await;
        self.document
            .check_answer("get", path, answer.status.as_u16(), &answer.json());
        answer
    }

    async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    async fn refused(&self, path: &str, status: StatusCode) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        answer.json()["error"]["message"]
            .as_str()
            .expect("a message")
            .to_owned()
    }
}

/// Signs somebody up and gives their first project.
async fn first_project(site: &Site, name: &str, email: &str) -> ProjectId {
    let path = site.browser().sign_up(name, email).await;
    path.trim_start_matches("/projects/").parse().expect("an id")
}

/// Publishes values to a metric, each so long ago.
async fn publish(
    site: &Site,
    project: ProjectId,
    name: &str,
    kind: MetricType,
    values: impl IntoIterator<Item = (i64, Published)>,
) -> MetricId {
    let candidate = MetricId::from_random(site.app.random.bits());
    let name = MetricName::new(name).expect("a name");
    let now = site.app.now();
    let mut tx = site.app.db.begin().await.expect("begin");
    let metric = store::metrics::upsert(&mut tx, candidate, project, &name, kind, now)
        .await
        .expect("upsert")
        .expect("below the limit");
    tx.commit().await.expect("commit");
    let point = |(ago, value)| DataPoint {
        metric,
        at: now - ago,
        value,
        id: None,
    };
    let batch = Batch {
        project,
        key: None,
        points: values.into_iter().map(point).collect(),
        note: Vec::new(),
    };
    site.app.points.append(batch, now).await.expect("append");
    metric
}

fn numbers(values: impl IntoIterator<Item = (i64, f64)>) -> impl Iterator<Item = (i64, Published)> {
    values.into_iter().map(|(ago, number)| (ago, Published::Number(number)))
}

fn hour(hours_ago: i64) -> Micros {
    NOW.floor(HOUR) - hours_ago * HOUR
}

#[tokio::test]
async fn projects_are_those_the_person_can_open_with_dsn_role_and_organisation() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    first_project(&site, "Bob", "bob@example.com").await;
    let dsn = store::dsns::current(&site.app.db, project).await.unwrap().unwrap();
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let answer = ada.read("/api/v1/projects").await;
    let mine = &answer["projects"];
    assert_eq!(mine.as_array().unwrap().len(), 1);
    assert_eq!(mine[0]["id"], project.to_string());
    assert_eq!(mine[0]["name"], "My First Project");
    assert_eq!(mine[0]["dsn"], dsn.public_key.to_string());
    assert_eq!(mine[0]["role"], "Viewer", "the lesser of the person's and the token's");
    assert_eq!(mine[0]["organisation"]["name"], "Ada's Organisation");
    let mut tx = site.app.db.begin().await.unwrap();
    store::dsns::disable(&mut tx, project, dsn.id, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ada.read("/api/v1/projects").await["projects"][0]["dsn"], Value::Null);
}

#[tokio::test]
async fn metrics_come_with_type_first_and_last_seen_and_what_the_last_day_brought() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let hits = [
        (2 * DAY, Published::Hits(7)),
        (HOUR, Published::Hits(5)),
        (0, Published::Hits(1)),
    ];
    let metric = publish(&site, project, "Page View", MetricType::HitCounter, hits).await;
    let ada = Program::of(&site, "ada@example.com", Role::Administrator).await;
    let answer = ada.read(&format!("/api/v1/projects/{project}/metrics")).await;
    assert_eq!(
        answer,
        json!({"metrics": [{
            "id": metric.to_string(), "name": "Page View", "type": "Hit Counter",
            "display_name": null, "unit": null, "description": null, "hidden": false,
            "first_seen": (NOW - 2 * DAY).to_string(), "last_seen": NOW.to_string(), "data_points_24h": 2,
        }]})
    );
}

#[tokio::test]
async fn a_series_has_every_bucket_with_its_statistics_and_nulls_where_nothing_was() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let values = (1..=100).map(|n| (2 * HOUR - n * SECOND, f64::from(u32::try_from(n).unwrap())));
    let timer = publish(&site, project, "Checkout", MetricType::Timer, numbers(values)).await;
    let hits = [(2 * HOUR - SECOND, Published::Hits(3))];
    let counter = publish(&site, project, "Page View", MetricType::HitCounter, hits).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let (from, to) = (hour(3), hour(0));
    let query = format!("series?from={from}&to={to}&step=1h");
    let series = ada
        .read(&format!("/api/v1/projects/{project}/metrics/{timer}/{query}"))
        .await;
    assert_eq!(
        series,
        json!({"from": from.to_string(), "to": to.to_string(), "step_seconds": 3600, "buckets": [
            {"start": hour(3).to_string(), "count": 0, "sum": null, "min": null, "max": null, "avg": null,
             "p50": null, "p75": null, "p95": null, "p99": null},
            {"start": hour(2).to_string(), "count": 100, "sum": 5050.0, "min": 1.0, "max": 100.0, "avg": 50.5,
             "p50": 50.0, "p75": 75.0, "p95": 95.0, "p99": 99.0},
            {"start": hour(1).to_string(), "count": 0, "sum": null, "min": null, "max": null, "avg": null,
             "p50": null, "p75": null, "p95": null, "p99": null},
        ]})
    );
    let series = ada
        .read(&format!("/api/v1/projects/{project}/metrics/{counter}/{query}"))
        .await;
    let bucket = &series["buckets"][1];
    assert_eq!(
        (&bucket["count"], &bucket["sum"], &bucket["max"]),
        (&json!(3), &json!(3.0), &Value::Null)
    );
}

#[tokio::test]
async fn without_a_range_it_is_the_last_24_hours_up_to_this_very_moment() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let metric = publish(
        &site,
        project,
        "Load",
        MetricType::Counter,
        numbers([(DAY + HOUR, 9.0), (DAY - MINUTE, 1.0), (0, 2.0)]),
    )
    .await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let of = format!("/api/v1/projects/{project}/metrics/{metric}");
    let series = ada.read(&format!("{of}/series")).await;
    assert_eq!(series["step_seconds"], 300);
    let counts = series["buckets"].as_array().unwrap().iter();
    assert_eq!(counts.filter_map(|bucket| bucket["count"].as_u64()).sum::<u64>(), 2);
    let raw = ada.read(&format!("{of}/data-points")).await;
    assert_eq!(raw["data_points"].as_array().unwrap().len(), 2);
    let only_from = ada.read(&format!("{of}/data-points?from={}", NOW - 2 * DAY)).await;
    assert_eq!(only_from["data_points"].as_array().unwrap().len(), 3);
    let only_to = ada.read(&format!("{of}/data-points?to={}", NOW - HOUR)).await;
    assert_eq!(only_to["data_points"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn times_may_be_written_in_any_of_the_ways_apps_may_write_them() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let metric = publish(&site, project, "Load", MetricType::Counter, numbers([(HOUR, 1.0)])).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let (from, to) = (NOW - 2 * HOUR, NOW);
    let seconds = |at: Micros| (at.0 / SECOND).to_string();
    for (from, to) in [
        (seconds(from), seconds(to)),
        (from.0.to_string(), (to.0 / 1000).to_string()),
        (
            "2026-11-24T09:00:00%2B01:00".to_owned(),
            "2026-11-24T10:00:00+00:00".to_owned(),
        ),
        ("2026-11-24%2008:00:00Z".to_owned(), "2026-11-24T10:00:00Z".to_owned()),
    ] {
        let path = format!("/api/v1/projects/{project}/metrics/{metric}/series?from={from}&to={to}&step=30m");
        let series = ada.read(&path).await;
        let counts: Vec<_> = series["buckets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| &b["count"])
            .collect();
        assert_eq!(counts, [0, 0, 1, 0], "{from} {to}");
    }
}

#[tokio::test]
async fn days_are_those_of_the_zone_that_is_asked_for() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    // 22:00 UTC on the 23rd, when it is past midnight in Tokyo
    let metric = publish(&site, project, "Load", MetricType::Counter, numbers([(12 * HOUR, 1.0)])).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    for (zone, start) in [
        ("", "2026-11-23T00:00:00Z"),
        ("&zone=Asia/Tokyo", "2026-11-23T15:00:00Z"),
    ] {
        let path = format!("/api/v1/projects/{project}/metrics/{metric}/series?step=1d{zone}");
        let series = ada.read(&path).await;
        let full = series["buckets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|bucket| bucket["count"] == 1);
        assert_eq!(full.unwrap()["start"], start, "{zone}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_400_and_what_cannot_be_had_is_422_and_both_say_what_to_do() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let metric = publish(&site, project, "Load", MetricType::Counter, numbers([(HOUR, 1.0)])).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let of = format!("/api/v1/projects/{project}/metrics/{metric}");
    for (query, says) in [
        ("series?from=yesterday", "\"from\" must be a time like"),
        ("series?to=2026-11-24", "\"to\" must be a time like"),
        ("series?step=fast", "\"step\" must be auto"),
        ("series?step=0m", "\"step\" must be auto"),
        ("series?zone=Mars/Olympus", "\"zone\" must be the name of a time zone"),
        ("series?step=1h&step=2h", "once"),
        ("data-points?limit=many", "\"limit\" must be a whole number"),
        ("data-points?before=x", "\"next\" of an earlier answer"),
    ] {
        let message = ada.refused(&format!("{of}/{query}"), StatusCode::BAD_REQUEST).await;
        assert!(message.contains(says), "{query}: {message}");
    }
    let year = format!("from={}&to={}", NOW - 365 * DAY, NOW);
    for (query, says) in [
        (format!("series?{year}&step=1m"), "step=auto"),
        (format!("series?from={}&to={}", NOW, NOW - DAY), "before"),
        (format!("series?from={}", NOW + DAY), "before"),
        ("data-points?limit=0".to_owned(), "from 1 to 1000"),
        ("data-points?limit=1001".to_owned(), "from 1 to 1000"),
        ("data-points?limit=-1".to_owned(), "from 1 to 1000"),
        ("words".to_owned(), "Only a Word Web has words"),
    ] {
        let message = ada
            .refused(&format!("{of}/{query}"), StatusCode::UNPROCESSABLE_ENTITY)
            .await;
        assert!(message.contains(says), "{query}: {message}");
    }
    ada.read(&format!("{of}/series?{year}")).await;
    let most = format!("from={}&to={}&step=1h", NOW - 2000 * HOUR, NOW);
    let series = ada.read(&format!("{of}/series?{most}")).await;
    assert_eq!(series["buckets"].as_array().unwrap().len(), 2000);
}

#[tokio::test]
async fn words_are_counted_and_limited() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let said = ["Firefox", "Chrome", "Chrome", "مرحبا", "Chrome", "مرحبا"];
    let said = said.map(|word| (MINUTE, Published::Word(word.to_owned())));
    let metric = publish(&site, project, "Browser", MetricType::WordWeb, said).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let words = ada
        .read(&format!("/api/v1/projects/{project}/metrics/{metric}/words?limit=2"))
        .await;
    assert_eq!(
        words,
        json!({"total": 6, "distinct": 3, "words": [
            {"word": "Chrome", "count": 3}, {"word": "مرحبا", "count": 2},
        ]})
    );
}

#[tokio::test]
async fn raw_data_points_come_newest_first_page_by_page_and_none_twice() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let values = (0..25_u32).map(|n| (i64::from(n / 3) * MINUTE, f64::from(n)));
    let metric = publish(&site, project, "Load", MetricType::Counter, numbers(values)).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let of = format!("/api/v1/projects/{project}/metrics/{metric}/data-points?limit=10");
    let (mut seen, mut path) = (Vec::new(), of.clone());
    loop {
        let page = ada.read(&path).await;
        seen.extend(page["data_points"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{of}&before={next}");
    }
    let times: Vec<_> = seen.iter().map(|point| point["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    let mut values: Vec<_> = seen.iter().map(|point| point["value"].as_f64().unwrap()).collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, (0..25_u32).map(f64::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn totals_count_data_points_and_the_busiest_come_first() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let calm = publish(&site, project, "Load", MetricType::Counter, numbers([(MINUTE, 1.0)])).await;
    let hits = [1, 2, 3].map(|minutes| (minutes * MINUTE, Published::Hits(1000)));
    let busy = publish(&site, project, "Page View", MetricType::HitCounter, hits).await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let of = format!("/api/v1/projects/{project}");
    let totals = ada
        .read(&format!("{of}/totals?from={}&to={}&step=1h", hour(2), hour(0)))
        .await;
    assert_eq!(
        totals["buckets"],
        json!([{"start": hour(2).to_string(), "count": 0}, {"start": hour(1).to_string(), "count": 4}])
    );
    let busiest = ada.read(&format!("{of}/busiest")).await;
    let line = |id: MetricId, name: &str, kind: &str, n: u32| json!({"id": id.to_string(), "name": name, "type": kind, "data_points": n});
    assert_eq!(
        busiest["metrics"],
        json!([
            line(busy, "Page View", "Hit Counter", 3),
            line(calm, "Load", "Counter", 1)
        ])
    );
    let one = ada.read(&format!("{of}/busiest?limit=1")).await;
    assert_eq!(one["metrics"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_good_token_the_answer_is_401_and_names_the_scheme() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let mut ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    ada.token = "x".repeat(43);
    for path in [
        "/api/v1/projects".to_owned(),
        format!("/api/v1/projects/{project}/metrics"),
    ] {
        let answer = ada.get(&path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        let answer = site.browser().fetch(&path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let mut signed_in = site.browser();
    signed_in.sign_up("Bob", "bob@example.com").await;
    let answer = signed_in.fetch("/api/v1/projects").await;
    assert_eq!(
        answer.status,
        StatusCode::UNAUTHORIZED,
        "a session opens pages, not the API"
    );
}

#[tokio::test]
async fn what_is_not_shared_is_not_found_and_a_removal_holds_from_the_next_request() {
    let site = Site::new().await;
    let theirs = first_project(&site, "Ada", "ada@example.com").await;
    let mine = first_project(&site, "Bob", "bob@example.com").await;
    let metric = publish(&site, theirs, "Load", MetricType::Counter, numbers([(HOUR, 1.0)])).await;
    let bob = Program::of(&site, "bob@example.com", Role::Administrator).await;
    let of = format!("/api/v1/projects/{theirs}");
    let paths = [
        format!("{of}/metrics"),
        format!("{of}/totals"),
        format!("{of}/busiest"),
        format!("{of}/metrics/{metric}/series"),
        format!("{of}/metrics/{metric}/words"),
        format!("{of}/metrics/{metric}/data-points"),
        format!("/api/v1/projects/{mine}/metrics/{metric}/series"),
        "/api/v1/projects/0000000000/metrics".to_owned(),
        "/api/v1/projects/nonsense/metrics".to_owned(),
    ];
    for path in &paths {
        bob.refused(path, StatusCode::NOT_FOUND).await;
    }
    let (bob_id, _) = store::users::find_by_email(&site.app.db, "bob@example.com")
        .await
        .unwrap()
        .unwrap();
    let project = store::projects::find(&site.app.db, theirs).await.unwrap().unwrap();
    let mut tx = site.app.db.begin().await.unwrap();
    let how = store::memberships::How::Founded;
    store::memberships::add(&mut tx, project.organisation, bob_id.id, Role::Viewer, how, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bob.read(&paths[0]).await;
    let mut tx = site.app.db.begin().await.unwrap();
    store::memberships::leave(
        &mut tx,
        project.organisation,
        bob_id.id,
        &project.organisation_name,
        NOW,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    bob.refused(&paths[0], StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn head_is_answered_and_other_methods_are_told_what_is_allowed() {
    let site = Site::new().await;
    first_project(&site, "Ada", "ada@example.com").await;
    let ada = Program::of(&site, "ada@example.com", Role::Viewer).await;
    let ask = |method: Method| {
        Request::builder()
            .method(method)
            .uri("/api/v1/projects")
            .header(header::AUTHORIZATION, format!("Bearer {}", ada.token))
    };
    let answer = site.browser().send(ask(Method::HEAD), Body::empty()).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    let answer = site.browser().send(ask(Method::POST), Body::empty()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.json()["error"]["code"], "method_not_allowed");
    assert_eq!(answer.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn the_document_and_the_router_name_the_same_routes() {
    let site = Site::new().await;
    let document = site.browser().fetch("/api/v1/openapi.json").await.json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut documented: Vec<String> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        documented.extend(
            operations
                .as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let routed = microstat::router::routes().into_iter();
    let api = routed.filter(|(_, path)| path.starts_with("/api/"));
    // the ingestion doors are outside the table
    let doors = ["/api/ingest", "/api/v1/ingest", "/ingest"].map(|path| format!("POST {path}"));
    let mut all: Vec<String> = api
        .map(|(method, path)| format!("{method} {path}"))
        .chain(doors)
        .collect();
    documented.sort();
    all.sort();
    assert_eq!(documented, all);
}

#[tokio::test]
async fn the_ingestion_doors_answer_as_the_document_says() {
    let site = Site::new().await;
    let project = first_project(&site, "Ada", "ada@example.com").await;
    let dsn = store::dsns::current(&site.app.db, project).await.unwrap().unwrap();
    let document = Document(site.browser().fetch("/api/v1/openapi.json").await.json());
    let good = r#"{"name": "Cart", "type": "Counter", "value": 1}"#;
    let long = format!(
        r#"[{{"name": "Word", "type": "Word Web", "value": "{}"}}]"#,
        "w".repeat(300)
    );
    for door in ["/api/ingest", "/ingest", "/api/v1/ingest"] {
        let right = format!("{door}?dsn={}", dsn.public_key);
        let unknown = format!("{door}?dsn=00000000-0000-4000-8000-000000000000");
        for (path, body) in [
            (&right, good),
            (&right, "[]"),
            (
                &right,
                r#"[{"name": "Cart", "type": "Counter"}, {"name": "Cart", "type": "Counter", "value": 1}]"#,
            ),
            (&right, r#"[{"type": "Counter", "value": 1}, 5]"#),
            (&right, &long),
            (&right, "{"),
            (&unknown, good),
        ] {
            let answer = site.browser().send(Request::post(path), body.to_owned()).await;
            let status = answer.status.as_u16().to_string();
            let described = &document.operation(path, "post")["responses"];
            assert!(
                described.get(&status).is_some(),
                "{path}: {status} is not in the document"
            );
            document.check_answer("post", path, answer.status.as_u16(), &answer.json());
        }
    }
}
