//! The same questions to micro stat, wherever its data points are: through HTTP, and as pages.

use crate::Failure;
use crate::http::{Connection, get};
use crate::queries::asking::{self, times};
use crate::queries::pages::sign_in;
use crate::queries::past::Past;
use crate::server::Server;
use crate::table::{Table, percentile, short};

/// How far back a year goes.
const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1_000;

/// A question, and what it took.
pub(super) struct Asked {
    label: String,
    p50_ms: f64,
    p99_ms: f64,
}

pub(super) async fn ask(server: &Server, past: Past, requests: usize) -> Result<Vec<Asked>, Failure> {
    let token = server.installation.token()?;
    let mut connection = Connection::open(server.address).await?;
    let mut asked = Vec::new();
    let with_token = format!("Authorization: Bearer {token}\r\n");
    let mut paths = Vec::new();
    for question in asking::questions(server, &token, past).await? {
        if question.label.starts_with("one metric, 30 d") {
            let year = format!("series?from={}&to={}&step=1d", past.end_ms - YEAR_MS, past.end_ms);
            let a_year = question.paths.iter().filter_map(|path| path.split_once("series?"));
            let a_year = a_year.map(|(metric, _)| format!("{metric}{year}")).collect();
            paths.push(("one metric, a year by day".to_owned(), a_year));
        }
        paths.push((question.label.to_owned(), question.paths));
    }
    for (label, paths) in paths {
        let prepared: Vec<_> = paths.iter().map(|path| get(path, &with_token)).collect();
        asked.push(took(&mut connection, label, &prepared, requests).await?);
    }
    let cookies = sign_in(&mut connection).await?;
    for (label, path) in pages(server, &token).await? {
        asked.push(took(&mut connection, label, &[get(&path, &cookies)], requests).await?);
    }
    Ok(asked)
}

/// The overview, and a page of each kind that has most to ask.
async fn pages(server: &Server, token: &str) -> Result<Vec<(String, String)>, Failure> {
    let project = &server.installation.project;
    let metrics = server
        .ask(token, &format!("/api/v1/projects/{project}/metrics"))
        .await?;
    let mut pages = vec![("page: overview".to_owned(), format!("/projects/{project}"))];
    for kind in ["Timer", "Word Web"] {
        let mut all = metrics["metrics"].as_array().into_iter().flatten();
        let metric = all
            .find(|metric| metric["type"] == kind)
            .and_then(|metric| metric["id"].as_str());
        let metric = metric.ok_or_else(|| format!("no {kind}"))?;
        pages.push((
            format!("page: a {kind}, 30 d"),
            format!("/projects/{project}/metrics/{metric}?range=30d"),
        ));
    }
    Ok(pages)
}

async fn took(
    connection: &mut Connection,
    label: String,
    prepared: &[Vec<u8>],
    requests: usize,
) -> Result<Asked, Failure> {
    let took = times(connection, prepared, requests, &label).await?;
    Ok(Asked {
        label,
        p50_ms: percentile(&took.sorted_ms, 50),
        p99_ms: percentile(&took.sorted_ms, 99),
    })
}

pub(super) fn print(embedded: &[Asked], clickhouse: &[Asked]) {
    let head = [
        "",
        "embedded p50 ms",
        "p99 ms",
        "ClickHouse p50 ms",
        "p99 ms",
        "ClickHouse to embedded, p50",
    ];
    let mut table = Table::new(&head);
    for (embedded, clickhouse) in embedded.iter().zip(clickhouse) {
        table.row(vec![
            embedded.label.clone(),
            short(Some(embedded.p50_ms)),
            short(Some(embedded.p99_ms)),
            short(Some(clickhouse.p50_ms)),
            short(Some(clickhouse.p99_ms)),
            short(Some(clickhouse.p50_ms / embedded.p50_ms)),
        ]);
    }
    table.print();
}
