//! `move`: a whole installation to ClickHouse (and PostgreSQL, where tests run on that), beside its server and after it;
//! and back into a folder.

use serde_json::Value;

use crate::clickhouse::ClickHouse;
use crate::harness::PASSWORD;
use crate::installation::{Installation, Server, account, done, ready, refused, text};
use crate::wire::Wire;

/// How far quantiles may be apart that are told from sketches.
const OFF: f64 = 0.021;

fn read(server: &Server, path: &str, token: &str) -> Value {
    let answer = server.get(path, token);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains(" 200 "), "{path}: {answer}");
    serde_json::from_str(body).expect("JSON")
}

/// Everything that the API says of a year, but what depends on when it is asked.
fn answers(server: &Server, token: &str) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for project in read(server, "/api/v1/projects", token)["projects"].as_array().unwrap() {
        let of = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
        let mut ask = |path: String| {
            let said = read(server, &path, token);
            answers.push((path, said));
        };
        ask(format!(
            "{of}/totals?from=2025-11-01T00:00:00Z&to=2027-03-01T00:00:00Z&step=1d"
        ));
        for metric in read(server, &format!("{of}/metrics"), token)["metrics"]
            .as_array()
            .unwrap()
        {
            let metric = format!("{of}/metrics/{}", metric["id"].as_str().unwrap());
            ask(format!(
                "{metric}/series?from=2025-11-01T00:00:00Z&to=2027-03-01T00:00:00Z&step=1d"
            ));
            ask(format!(
                "{metric}/data-points?from=2026-11-01T00:00:00Z&to=2027-03-01T00:00:00Z&limit=100"
            ));
        }
    }
    answers
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-6 + a.abs().max(b.abs()) * OFF
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            // Where the next page begins each says in its own words.
            let same = |name: &str, a, b: &Value| {
                if name == "next" {
                    b.is_null() == Value::is_null(a)
                } else {
                    alike(a, b)
                }
            };
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(name, a, b)))
        }
        (a, b) => a == b,
    }
}

fn same_answers(a: &[(String, Value)], b: &[(String, Value)]) {
    assert_eq!(a.len(), b.len());
    for ((path, a), (_, b)) in a.iter().zip(b) {
        assert!(alike(a, b), "{path}\n{a}\n{b}");
    }
}

async fn publish(server: &Server, dsn: &str, count: usize) {
    let point = r#"{"name": "Cart", "type": "Counter", "value": 7}"#;
    let batch = format!("[{}]", vec![point; count].join(","));
    let mut wire = Wire::to(server.address()).await.unwrap();
    let reply = wire
        .post(&format!("/api/v1/ingest?dsn={dsn}"), "", &batch)
        .await
        .unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn an_installation_moves_up_beside_its_server_and_back() {
    let clickhouse = ClickHouse::start();
    let source = Installation::embedded().await;
    let server = source.serve();
    ready(server.address()).await;
    let filled = done(&source, &["demo"]);
    let email = filled.lines().next().unwrap().strip_prefix("E-mail: ").unwrap();
    let create = ["token", "create", "--email", email, "--name", "T"];
    let token = done(&source, &create).trim().to_owned();

    let there = source.moved("there", Some(clickhouse.address("stat")));
    let (folder, to) = (there.data().display().to_string(), clickhouse.address::<String>("stat"));
    let mut up = vec!["move", "--to-data", &folder, "--to-clickhouse", &to];
    up.extend(there.database().iter().flat_map(|url| ["--to-database", url]));
    let foreign = source.beside("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("mine"), "").unwrap();
    let somewhere = foreign.display().to_string();
    let not_empty = refused(&source, &["move", "--to-data", &somewhere, "--to-clickhouse", &to]);
    assert!(not_empty.contains("is not empty"), "{not_empty}");
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1, "nothing is left there");
    let said = done(&source, &up);
    assert!(said.contains("A server has this installation open"), "{said}");
    let half = refused(&there, &["migrate"]);
    assert!(half.contains("not whole yet"), "{half}");
    let (_, dsn) = account(&source);
    publish(&server, &dsn, 30).await;
    server.stop();
    let said = done(&source, &up);
    assert!(
        said.contains("Both sides agree") && said.contains("Start micro stat with --data"),
        "{said}"
    );
    assert!(!said.contains("Data points: 0 brought now"), "{said}");
    let said = done(&source, &up);
    assert!(
        said.contains("Data points: 0 brought now") && said.contains("Both sides agree"),
        "{said}"
    );

    if there.database().is_some() {
        let other = source.beside("other.key").display().to_string();
        let wrong = refused(&there, &["migrate", "--secret-key", &other]);
        assert!(wrong.contains("is not the secret key"), "{wrong}");
    }
    let before = source.serve();
    ready(before.address()).await;
    let expected = answers(&before, &token);
    assert!(expected.len() > 20, "{}", expected.len());
    before.stop();
    let server = there.serve();
    ready(server.address()).await;
    same_answers(&answers(&server, &token), &expected);
    publish(&server, &dsn, 12).await;
    server.stop();
    let used = refused(&source, &up);
    assert!(
        used.contains("can't be moved there: a server has been started on it"),
        "{used}"
    );

    let back = there.moved_back("back");
    let folder = back.data().display().to_string();
    let down = ["move", "--to-data", &folder];
    let said = done(&there, &down);
    assert!(said.contains("Both sides agree"), "{said}");
    let server = back.serve();
    ready(server.address()).await;
    same_answers(&answers(&server, &token), &expected);
    let mut browser = back.browser().await;
    assert_eq!(browser.sign_in_with("ada@example.com", PASSWORD).await.location(), "/");
    publish(&server, &dsn, 1).await;
}

#[tokio::test]
async fn accounts_alone_move_and_data_points_stay() {
    let source = Installation::embedded().await;
    let there = source.moved("data", None);
    let Some(url) = there.database() else {
        let refused = refused(&source, &["move"]);
        assert!(refused.contains("say where to: --to-database"), "{refused}");
        return;
    };
    let (project, dsn) = account(&source);
    let server = source.serve();
    ready(server.address()).await;
    publish(&server, &dsn, 5).await;
    server.stop();
    let said = done(&source, &["move", "--to-database", url]);
    assert!(
        said.contains("the same there") && said.contains("Both sides agree"),
        "{said}"
    );
    let server = there.serve();
    ready(server.address()).await;
    publish(&server, &dsn, 6).await;
    let create = ["token", "create", "--email", "ada@example.com", "--name", "T"];
    let token = text(&there.run(&create, PASSWORD).stdout).trim().to_owned();
    let metrics = server.get(&format!("/api/v1/projects/{project}/metrics"), &token);
    assert!(metrics.contains("\"data_points_24h\":11"), "{metrics}");
    drop(server);
    let used = refused(&source, &["move", "--to-database", url]);
    assert!(used.contains("it has been used since it was copied to"), "{used}");
    // Another installation doesn't come over it.
    let other = Installation::embedded().await;
    account(&other);
    let server = other.serve();
    ready(server.address()).await;
    server.stop();
    let foreign = refused(&other, &["move", "--to-database", url]);
    assert!(foreign.contains("it has accounts of its own"), "{foreign}");
}

/// Killed (-9) wherever it is, again and again, it comes to its end, and nothing is there twice.
#[tokio::test]
async fn a_move_that_is_killed_is_gone_on_with() {
    let clickhouse = ClickHouse::start();
    let source = Installation::embedded().await;
    done(&source, &["demo"]);
    let there = source.moved("there", Some(clickhouse.address("stat")));
    let (folder, to) = (there.data().display().to_string(), clickhouse.address::<String>("stat"));
    let mut up = vec!["move", "--to-data", &folder, "--to-clickhouse", &to];
    up.extend(there.database().iter().flat_map(|url| ["--to-database", url]));
    let mut had = 0;
    for _ in 0..4 {
        let mut process = source.command(&up).spawn().expect("start");
        // Until it has brought some more than the one before, or all.
        while process.try_wait().expect("wait").is_none() {
            let there = clickhouse.count("stat", "SELECT count() FROM points");
            if there.is_some_and(|there| there > had) {
                had = there.unwrap_or(had);
                process.kill().expect("kill");
                process.wait().expect("wait");
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let said = done(&source, &up);
    assert!(said.contains("Both sides agree"), "{said}");
    let days = clickhouse.number("stat", "SELECT sumMerge(points) FROM sums WHERE unit = 86400000000");
    let hours = clickhouse.number("stat", "SELECT sumMerge(points) FROM sums WHERE unit = 3600000000");
    assert!(days > 1_000 && days == hours, "{days} {hours}");
}
