//! Sub-commands: the real program, beside a real server.

use serde_json::Value;

use crate::harness::PASSWORD;
use crate::installation::{Installation, text};

const ADA: [&str; 6] = ["user", "create", "--email", "ada@example.com", "--name", "Ada"];

#[tokio::test]
async fn an_account_and_a_token_made_beside_a_running_server_work_there_at_once() {
    let installation = Installation::new().await;
    let server = installation.serve();
    let made = installation.run(&ADA, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(text(&made.stdout).lines().count(), 1);
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let token = installation.run(
        &[
            "token",
            "create",
            "--email",
            "ADA@example.com",
            "--name",
            "Nightly report",
        ],
        "",
    );
    assert!(token.status.success(), "{}", text(&token.stderr));
    let token = text(&token.stdout).strip_suffix('\n').expect("one line");
    assert_eq!(token.len(), 43);
    let answer = server.get("/api/v1/projects", token);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for key in ["organisation", "project", "dsn"] {
        assert!(answer.contains(made[key].as_str().expect(key)), "{key}: {answer}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_nothing_is_half_done() {
    let installation = Installation::new().await;
    let cases = [
        ("too-short", "password: use at least 10 characters"),
        ("", "no password"),
        ("ada@example.com-77", "leave your e-mail address out of your password"),
    ];
    for (password, said) in cases {
        let refused = installation.run(&ADA, &format!("{password}\n"));
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
        assert_eq!(text(&refused.stdout), "");
    }
    let token = ["token", "create", "--email", "ada@example.com", "--name", "T"];
    let refused = installation.run(&token, "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("nobody has an account with ada@example.com"));
    assert!(
        installation.run(&ADA, PASSWORD).status.success(),
        "a line's end is optional"
    );
    let refused = installation.run(&ADA, &format!("{PASSWORD}\r\n"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("ada@example.com has an account already"));
}

#[tokio::test]
async fn a_command_that_makes_no_sense_ends_with_2() {
    let installation = Installation::new().await;
    for arguments in [
        &["user", "create", "--email", "ada@example.com"][..],
        &["user", "create", "--email", "ada", "--name", "Ada"],
        &["user", "create", "--email", "ada@example.com", "--name", "a\nb"],
        &["user"],
        &["nonsense"],
        &["token", "create", "--email", "ada@example.com", "--name", ""],
        &["--listen", "nowhere"],
    ] {
        let refused = installation.run(arguments, PASSWORD);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(!refused.stderr.is_empty());
    }
}

#[tokio::test]
async fn migrating_is_safe_at_any_time() {
    let installation = Installation::new().await;
    for _ in 0..2 {
        assert!(installation.run(&["migrate"], "").status.success());
    }
    let _server = installation.serve();
    assert!(installation.run(&["migrate"], "").status.success());
}

#[tokio::test]
async fn demo_fills_an_empty_installation_that_is_served_already_and_no_other() {
    let installation = Installation::new().await;
    let server = installation.serve();
    let filled = installation.run(&["demo"], "");
    assert!(filled.status.success(), "{}", text(&filled.stderr));
    let lines: Vec<&str> = text(&filled.stdout).lines().collect();
    let [email, password] = lines[..] else {
        panic!("two lines: {lines:?}")
    };
    let email = email.strip_prefix("E-mail: ").expect("an address");
    let password = password.strip_prefix("Password: ").expect("a password");

    let mut robin = installation.browser().await;
    robin.open("/sign-in").await;
    let answer = robin
        .post("/sign-in", &[("email", email), ("password", password)])
        .await;
    assert_eq!(answer.location(), "/");

    let token = installation.run(&["token", "create", "--email", email, "--name", "T"], "");
    let token = text(&token.stdout).trim_end().to_owned();
    let read = |path: &str| {
        let answer = server.get(path, &token);
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str::<Value>(body).expect("JSON")
    };
    let projects = read("/api/v1/projects");
    let named = |name: &str| {
        let all = projects["projects"].as_array().expect("projects");
        all.iter().find(|project| project["name"] == name).expect("a project")
    };
    assert_eq!(named("Web Shop")["role"], "Administrator");
    assert_eq!(named("Box Office")["role"], "Member");
    assert_eq!(
        read(&format!(
            "/api/v1/projects/{}/metrics",
            named("Wholesale")["id"].as_str().expect("id")
        ))["metrics"],
        serde_json::json!([])
    );
    let of_shop = format!("/api/v1/projects/{}", named("Web Shop")["id"].as_str().expect("id"));
    let metrics = read(&format!("{of_shop}/metrics"));
    let metrics = metrics["metrics"].as_array().expect("metrics");
    assert_eq!(metrics.len(), 16);
    // a day without a single server error may happen, so not all of them
    let lively = |metric: &&Value| metric["data_points_24h"].as_u64() > Some(0);
    assert!(metrics.iter().filter(lively).count() >= 14, "{metrics:?}");

    let again = installation.run(&["demo"], "");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("demo fills an empty installation only"));
    assert_eq!(text(&again.stdout), "");
}
