//! "Export": from the page and by the API, in every format.

use axum::http::{Request, StatusCode, header};
use domain::id::{MetricId, ProjectId};
use domain::metric::{MetricName, MetricType};
use domain::role::Role;
use domain::time::{DAY, HOUR, Micros};
use domain::value::Value as Published;
use http_body_util::BodyExt;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use points::{Batch, DataPoint};
use serde_json::{Value, json};

use crate::harness::{Browser, NOW, Site};

/// A project of Ada's with these data points, all of one batch.
pub(crate) struct Shop {
    pub(crate) site: Site,
    ada: Browser,
    project: ProjectId,
}

impl Shop {
    async fn new() -> Self {
        let site = Site::new().await;
        let mut ada = site.browser();
        let path = ada.sign_up("Ada", "ada@example.com").await;
        let project = path.trim_start_matches("/projects/").parse().unwrap();
        Self { site, ada, project }
    }

    async fn metric(&self, name: &str, kind: MetricType) -> MetricId {
        let mut tx = self.site.app.db.begin().await.unwrap();
        let candidate = MetricId::from_random(self.site.app.random.bits());
        let name = MetricName::new(name).unwrap();
        let id = store::metrics::upsert(&mut tx, candidate, self.project, &name, kind, NOW).await;
        tx.commit().await.unwrap();
        id.unwrap().unwrap()
    }

    async fn publish(&self, metric: MetricId, points: impl IntoIterator<Item = (Micros, Published)>) {
        let point = |(at, value)| DataPoint {
            metric,
            at,
            value,
            id: None,
        };
        let batch = Batch {
            project: self.project,
            key: None,
            points: points.into_iter().map(point).collect(),
            note: Vec::new(),
        };
        self.site.app.points.append(batch, NOW).await.unwrap();
    }

    /// Four metrics, one of each type, with what is hard to write down.
    pub(crate) async fn furnished() -> Self {
        let shop = Self::new().await;
        let order = shop.metric("=Order, \"new\"", MetricType::HitCounter).await;
        shop.publish(
            order,
            [(NOW - HOUR, Published::Hits(1)), (NOW - 1, Published::Hits(1_000_000))],
        )
        .await;
        let cart = shop.metric("Cart", MetricType::Counter).await;
        let numbers = [-0.5, 1e300, 5e-324, 1.0, -12.5, 123_456_789.125];
        shop.publish(cart, numbers.map(|number| (NOW - 2 * HOUR, Published::Number(number))))
            .await;
        let load = shop.metric("Load", MetricType::Timer).await;
        shop.publish(load, [(NOW - 3 * DAY, Published::Number(12.0))]).await;
        let words = ["שלום", "a,\"b\"\nc", "=1+1", "'=1", "-5", "مرحبا"];
        let word = shop.metric("Word", MetricType::WordWeb).await;
        shop.publish(word, words.map(|word| (NOW - HOUR, Published::Word(word.to_owned()))))
            .await;
        shop
    }

    async fn file(&mut self, query: &str) -> String {
        let answer = self
            .ada
            .fetch(&format!("/projects/{}/export/file?{query}", self.project))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.text
    }

    pub(crate) async fn bytes(&self, query: &str) -> Vec<u8> {
        let token = crate::api::token(&self.site, "ada@example.com", Role::Viewer).await;
        let request = Request::get(format!("/api/v1/projects/{}/export?{query}", self.project))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(self.site.front.clone(), request)
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body().collect().await.unwrap().to_bytes().to_vec()
    }
}

#[tokio::test]
async fn csv_has_every_data_point_and_no_formula() {
    let mut shop = Shop::furnished().await;
    let expected = "time,metric,type,value\r\n\
        2026-11-24T09:59:59.999999Z,\"'=Order, \"\"new\"\"\",Hit Counter,1000000\r\n\
        2026-11-24T09:00:00Z,\"'=Order, \"\"new\"\"\",Hit Counter,1\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,123456789.125\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,-12.5\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,1\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,5e-324\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,1e300\r\n\
        2026-11-24T08:00:00Z,\"Cart\",Counter,-0.5\r\n\
        2026-11-21T10:00:00Z,\"Load\",Timer,12\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"مرحبا\"\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"-5\"\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"''=1\"\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"'=1+1\"\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"a,\"\"b\"\"\nc\"\r\n\
        2026-11-24T09:00:00Z,\"Word\",Word Web,\"שלום\"\r\n";
    assert_eq!(shop.file("").await, expected);
}

#[tokio::test]
async fn json_lines_have_every_text_as_it_is() {
    let mut shop = Shop::furnished().await;
    let text = shop.file("format=jsonl").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 15);
    let first = json!({"time": "2026-11-24T09:59:59.999999Z", "metric": "=Order, \"new\"", "type": "Hit Counter", "value": 1_000_000});
    assert_eq!(lines[0], first);
    let values: Vec<&Value> = lines.iter().map(|line| &line["value"]).collect();
    assert!(
        values.contains(&&json!("a,\"b\"\nc")) && values.contains(&&json!("=1+1")) && values.contains(&&json!(1e300))
    );
}

#[tokio::test]
async fn parquet_is_read_back_by_its_own_reader() {
    let shop = Shop::furnished().await;
    let bytes = axum::body::Bytes::from(shop.bytes("format=parquet").await);
    let file = SerializedFileReader::new(bytes).unwrap();
    let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 15);
    assert_eq!(rows[0].get_timestamp_micros(0).unwrap(), NOW.0 - 1);
    assert_eq!(rows[0].get_string(1).unwrap(), "=Order, \"new\"");
    assert_eq!(rows[0].get_string(2).unwrap(), "Hit Counter");
    assert_eq!(rows[0].get_double(3).unwrap().to_bits(), 1e6_f64.to_bits());
    assert!(rows[0].get_string(4).is_err(), "no word");
    let words: Vec<&String> = rows.iter().filter_map(|row| row.get_string(4).ok()).collect();
    assert_eq!(words, ["مرحبا", "-5", "'=1", "=1+1", "a,\"b\"\nc", "שלום"]);
}

#[tokio::test]
async fn of_one_metric_in_a_range() {
    let mut shop = Shop::furnished().await;
    let order = shop.metric("=Order, \"new\"", MetricType::HitCounter).await;
    let text = shop
        .file(&format!("metric={order}&from=2026-11-24T09:00&to=2026-11-24T09:30"))
        .await;
    assert_eq!(text.lines().count(), 2, "{text}");
    let there = shop
        .file(&format!(
            "metric={order}&from=2026-11-24T10:00&to=2026-11-24T10:30&zone=Europe/Berlin"
        ))
        .await;
    assert_eq!(there, text);
    let other = "/export/file?metric=0123456789";
    let answer = shop.ada.fetch(&format!("/projects/{}{other}", shop.project)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hours_and_days_come_without_empty_ones_and_words_have_rows_of_their_own() {
    let mut shop = Shop::furnished().await;
    let days = shop.file("level=day").await;
    let lines: Vec<&str> = days.lines().collect();
    assert_eq!(lines[0], "time,metric,type,word,count,sum,min,avg,max,p50,p75,p95,p99");
    assert_eq!(
        lines[1],
        "2026-11-24T00:00:00Z,\"'=Order, \"\"new\"\"\",Hit Counter,,1000001,,,,,,,,"
    );
    assert_eq!(
        lines[3],
        "2026-11-21T00:00:00Z,\"Load\",Timer,,1,12,12,12,12,12,12,12,12"
    );
    assert!(days.contains("2026-11-24T00:00:00Z,\"Word\",Word Web,\"'=1+1\",1,,,,,,,,\r\n"));
    // a word has a line feed
    assert_eq!(lines.len(), 1 + 3 + 6 + 1, "{days}");
    let hours = shop.file("level=hour&format=jsonl").await;
    let lines: Vec<Value> = hours.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order =
        json!({"time": "2026-11-24T09:00:00Z", "metric": "=Order, \"new\"", "type": "Hit Counter", "count": 1_000_001});
    assert_eq!(lines[0], order);
    assert_eq!(lines.len(), 3 + 6);
    let bytes = axum::body::Bytes::from(shop.bytes("format=parquet&level=day").await);
    let file = SerializedFileReader::new(bytes).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), 3 + 6);
    let load = shop.metric("Load", MetricType::Timer).await;
    let shown = shop.file(&format!("level=shown&metric={load}")).await;
    assert_eq!(shown.lines().count(), 2, "{shown}");
}

/// More than is read at once, many of one moment, half of it sealed.
#[tokio::test]
async fn nothing_is_left_out_and_nothing_comes_twice_however_many_there_are() {
    const MANY: i32 = 45_000;
    let mut shop = Shop::new().await;
    let metric = shop.metric("Cart", MetricType::Counter).await;
    let value = |n: i32| (NOW - DAY + i64::from(n / 7) * 1_000, Published::Number(f64::from(n)));
    shop.publish(metric, (0..MANY / 2).map(value)).await;
    shop.site.app.points.seal().await.unwrap();
    shop.publish(metric, (MANY / 2..MANY).map(value)).await;
    let all = shop.file("").await;
    let mut values: Vec<i32> = all
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    values.sort_unstable();
    assert!(values.into_iter().eq(0..MANY));
    let bytes = axum::body::Bytes::from(shop.bytes("format=parquet").await);
    let file = SerializedFileReader::new(bytes).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), i64::from(MANY));
    let answer = shop.ada.open(&format!("/projects/{}/export", shop.project)).await;
    assert!(answer.text.contains("45,000 rows"), "{}", answer.text);
}

#[tokio::test]
async fn the_page_says_how_many_rows_and_what_is_wrong() {
    let mut shop = Shop::furnished().await;
    let path = format!("/projects/{}/export", shop.project);
    for (query, status, said) in [
        ("", StatusCode::OK, "15 rows"),
        ("level=day", StatusCode::OK, "At most 9 rows"),
        ("from=2026-11-24T08:30&to=", StatusCode::OK, "8 rows"),
        ("from=soon", StatusCode::UNPROCESSABLE_ENTITY, "Enter a day and a time"),
        (
            "from=2026-11-24T08:30&to=2026-11-24T08:30",
            StatusCode::UNPROCESSABLE_ENTITY,
            "Enter a time after the first.",
        ),
        (
            "level=shown",
            StatusCode::UNPROCESSABLE_ENTITY,
            "Choose one metric for this.",
        ),
    ] {
        let answer = shop.ada.open(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(shop.ada.says(said), "{query}: {}", answer.text);
    }
    for query in ["from=soon", "level=shown", "from=2026-11-25&to=2026-11-24"] {
        let answer = shop.ada.fetch(&format!("{path}/file?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let empty = Shop::new().await;
    let (mut ada, path) = (empty.ada.clone(), format!("/projects/{}/export", empty.project));
    ada.open(&path).await;
    assert!(ada.says("Nothing to export yet"));
    assert_eq!(
        ada.fetch(&format!("{path}/file")).await.text,
        "time,metric,type,value\r\n"
    );
}

#[tokio::test]
async fn the_api_refuses_what_it_does_not_know() {
    let shop = Shop::furnished().await;
    let token = crate::api::token(&shop.site, "ada@example.com", Role::Viewer).await;
    for (query, status) in [
        ("format=xls", StatusCode::BAD_REQUEST),
        ("level=week", StatusCode::BAD_REQUEST),
        ("from=soon", StatusCode::BAD_REQUEST),
        ("format=csv&format=csv", StatusCode::BAD_REQUEST),
        (
            "from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        ("level=shown", StatusCode::UNPROCESSABLE_ENTITY),
        ("metric=x", StatusCode::NOT_FOUND),
    ] {
        let request = Request::get(format!("/api/v1/projects/{}/export?{query}", shop.project))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        let answer = shop.site.browser().send(request, String::new()).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.json()["error"]["message"].is_string());
    }
}
