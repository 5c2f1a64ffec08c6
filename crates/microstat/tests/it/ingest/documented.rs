//! `docs/PUBLISHING.md` says what is so: its examples run, its codes are all there are.

use std::process::Command;

use domain::metric::MetricType;
use domain::reason::Reason;

use super::sockets::Server;
use super::{DSN, Publisher, STRICT};

const PAGE: &str = include_str!("../../../../../docs/PUBLISHING.md");
const BATCH: &str = r#"[{"name": "Job Took", "type": "Timer", "value": 8.5}, {"name": "Jobs", "type": "Hit Counter"}]"#;

/// The last block of code in this language.
fn block(language: &str) -> &'static str {
    let start = PAGE.rfind(&format!("```{language}\n")).expect("a block") + 4 + language.len();
    &PAGE[start..start + PAGE[start..].find("```").expect("its end")]
}

#[test]
fn every_code_is_listed() {
    for reason in Reason::ALL {
        assert!(PAGE.contains(&format!("\n| `{reason}` |")), "{reason}");
    }
    assert_eq!(
        PAGE.lines()
            .filter(|line| line.starts_with("| `") && line.contains('_'))
            .count(),
        Reason::ALL.len() - 1
    );
}

#[tokio::test]
async fn the_first_example_is_accepted() {
    let publisher = Publisher::new().await;
    let body = PAGE
        .split("-d '")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .expect("a body");
    assert_eq!(publisher.post(STRICT, body).await.json()["accepted"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_for_node_and_python_publish() {
    let server = Server::patient().await;
    let runs = [
        (
            "node",
            "js",
            format!("console.log(await publish({BATCH}));"),
            &["--input-type=module", "-e"][..],
        ),
        ("python3", "python", format!("print(publish({BATCH}))"), &["-c"]),
    ];
    for (program, language, call, arguments) in runs {
        let script = format!("{}\n{call}\n", block(language).replace("YOUR-DSN", DSN));
        let script = script.replace("localhost:8080", &server.address.to_string());
        let output = tokio::task::spawn_blocking(move || Command::new(program).args(arguments).arg(script).output());
        let output = output.await.unwrap().expect("what bin/test installs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("2 data points accepted"), "{output:?}");
    }
    assert_eq!(server.publisher.count("Job Took", MetricType::Timer).await, 2);
}
