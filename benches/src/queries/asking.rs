//! What programs ask, through HTTP, with a token.

use std::time::Instant;

use serde_json::Value;

use super::past::Past;
use crate::Failure;
use crate::http::{Connection, get};
use crate::server::Server;
use crate::table::{Table, percentile, short, verdict};

/// A question, as many requests with different metrics as there are.
pub(crate) struct Question {
    pub(crate) label: &'static str,
    pub(crate) paths: Vec<String>,
    /// The goals, if it has them: p50 and p99 in milliseconds.
    goal: Option<(f64, f64)>,
}

const MINUTE_MS: u64 = 60 * 1_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// All of them, about the metrics that are there.
pub(crate) async fn questions(server: &Server, token: &str, past: Past) -> Result<Vec<Question>, Failure> {
    let project = format!("/api/v1/projects/{}", server.installation.project);
    let answer = server.ask(token, &format!("{project}/metrics")).await?;
    let metrics = answer["metrics"].as_array().ok_or("no metrics")?;
    let of = |types: &[&str]| {
        let wanted = metrics
            .iter()
            .filter(|metric| types.iter().any(|&name| metric["type"] == name));
        let ids = wanted.filter_map(|metric| metric["id"].as_str());
        ids.map(|id| format!("{project}/metrics/{id}")).collect::<Vec<_>>()
    };
    let (numbers, words) = (of(&["Counter", "Timer"]), of(&["Word Web"]));
    let end = past.end_ms;
    let midnight = end / DAY_MS * DAY_MS;
    let last = |days: u64| format!("from={}&to={end}", end - days * DAY_MS);
    let yesterday = format!("from={}&to={midnight}", midnight - DAY_MS);
    let each = |of: &[String], rest: String| of.iter().map(|metric| format!("{metric}/{rest}")).collect();
    // of a thousand million, twice as long may be taken
    let times = if past.points > 100_000_000 { 2.0 } else { 1.0 };
    let goal = Some((1.0 * times, 5.0 * times));
    let question = |label, paths, goal| Question { label, paths, goal };
    Ok(vec![
        question(
            "one metric, 24 h by 5 min",
            each(&numbers, format!("series?{}&step=5m", last(1))),
            goal,
        ),
        question(
            "one metric, 30 d by hour",
            each(&numbers, format!("series?{}&step=1h", last(30))),
            goal,
        ),
        question(
            "p95 of a day, one bucket",
            each(&numbers, format!("series?{yesterday}&step=1d")),
            goal,
        ),
        question(
            "p95 of 30 d, buckets of 30 d",
            each(&numbers, format!("series?{}&step=30d", last(30))),
            goal,
        ),
        question(
            "all metrics, count an hour, 24 h",
            vec![format!("{project}/totals?{}&step=1h", last(1))],
            goal,
        ),
        question(
            "ten busiest, 24 h",
            vec![format!("{project}/busiest?{}&limit=10", last(1))],
            goal,
        ),
        question("words, 24 h", each(&words, format!("words?{}", last(1))), None),
        question("words, 30 d", each(&words, format!("words?{}", last(30))), None),
        question(
            "a hundred data points, newest first",
            each(&numbers, format!("data-points?{}", last(1))),
            None,
        ),
        question("list of metrics", vec![format!("{project}/metrics")], None),
    ])
}

/// Whether what was published is there: the totals must say so before their speed counts.
pub(crate) async fn check(server: &Server, token: &str, past: Past) -> Result<(), Failure> {
    let (from, to) = (past.end_ms - 31 * DAY_MS, past.end_ms + HOUR_MS);
    let path = format!(
        "/api/v1/projects/{}/totals?from={from}&to={to}&step=1d",
        server.installation.project
    );
    let answer = server.ask(token, &path).await?;
    let buckets = answer["buckets"].as_array().ok_or("no buckets")?;
    let counts = buckets
        .iter()
        .filter_map(|bucket| bucket["count"].as_u64().or(bucket["data_points"].as_u64()));
    let there: u64 = counts.sum();
    if usize::try_from(there)? == past.points {
        return Ok(());
    }
    let first: &Value = buckets.first().unwrap_or(&Value::Null);
    Err(format!(
        "{there} of {} data points are there (the first bucket: {first})",
        past.points
    )
    .into())
}

pub(crate) async fn ask(server: &Server, token: &str, questions: &[Question], requests: usize) -> Result<(), Failure> {
    let head = [
        "through HTTP, as JSON",
        "first ms",
        "p50 ms",
        "p99 ms",
        "answer, bytes",
        "goal, p50 / p99",
        "",
    ];
    let mut table = Table::new(&head);
    let mut connection = Connection::open(server.address).await?;
    for question in questions {
        let prepare = |path: &String| get(path, &format!("Authorization: Bearer {token}\r\n"));
        let prepared: Vec<_> = question.paths.iter().map(prepare).collect();
        let Times {
            first_ms,
            sorted_ms,
            bytes,
        } = times(&mut connection, &prepared, requests, question.label).await?;
        let (p50, p99) = (percentile(&sorted_ms, 50), percentile(&sorted_ms, 99));
        let goal = question.goal;
        table.row(vec![
            question.label.to_owned(),
            short(Some(first_ms)),
            short(Some(p50)),
            short(Some(p99)),
            bytes.to_string(),
            goal.map_or("–".to_owned(), |(middle, most)| format!("< {middle} / < {most}")),
            goal.map_or(String::new(), |(middle, most)| verdict(p50 < middle && p99 < most)),
        ]);
    }
    table.print();
    Ok(())
}

pub(crate) struct Times {
    pub(crate) first_ms: f64,
    /// Without the first, the shortest first.
    pub(crate) sorted_ms: Vec<f64>,
    pub(crate) bytes: usize,
}

/// Sends requests in turn, one after another; the first is told apart, for it finds nothing prepared.
pub(crate) async fn times(
    connection: &mut Connection,
    prepared: &[Vec<u8>],
    requests: usize,
    label: &str,
) -> Result<Times, Failure> {
    let mut all_ms = Vec::new();
    let mut bytes = 0;
    for request in prepared.iter().cycle().take(requests.max(2) + 1) {
        let sent = Instant::now();
        let status = connection.send(request).await?;
        all_ms.push(sent.elapsed().as_secs_f64() * 1e3);
        if status != 200 {
            return Err(format!("{label}: {status} {}", connection.text()).into());
        }
        bytes = bytes.max(connection.body().len());
    }
    if all_ms.is_empty() {
        return Err(format!("{label}: there is no such metric").into());
    }
    let first_ms = all_ms.remove(0);
    all_ms.sort_by(f64::total_cmp);
    Ok(Times {
        first_ms,
        sorted_ms: all_ms,
        bytes,
    })
}
