//! Annotations, by hand and by programs.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::id::TokenId;
use domain::name::Name;
use domain::role::Role;
use serde_json::{Value, json};
use store::api_tokens::NewToken;

use crate::harness::{Answer, Browser, NOW, Site};
use crate::schema::Document;

/// Ada's browser and her first project's path.
async fn ada(site: &Site) -> (Browser, String) {
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    (ada, project)
}

/// A program with a token of Ada's that may do so much.
async fn program(site: &Site, most: Role) -> String {
    let token = microstat::secrets::Secret::token(&site.app.random);
    let user = site.user("ada@example.com").await;
    let name = Name::new("CI").unwrap();
    let new = NewToken {
        id: TokenId::from_random(site.app.random.bits()),
        user,
        organisation: None,
        role: most,
        name: &name,
        token_hash: token.hash(),
        last_four: token.last_four(),
    };
    let mut tx = site.app.db.begin().await.unwrap();
    store::api_tokens::create(&mut tx, new, site.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    token.reveal().to_owned()
}

/// Sends a request as a program does, and holds the answer against the document.
async fn ask(site: &Site, token: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(&method).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = site.browser().send(request, Body::from(body.to_owned())).await;
    if answer.status != StatusCode::NO_CONTENT {
        let document = Document(site.browser().fetch("/api/v1/openapi.json").await.json());
        let method = method.as_str().to_lowercase();
        document.check_answer(&method, path, answer.status.as_u16(), &answer.json());
    }
    answer
}

/// What the audit log says was done with annotations, in the order of the words: the clock stands still.
async fn log(site: &Site) -> Vec<String> {
    let organisation = site.organisation_of("ada@example.com").await;
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9).await;
    let events = events.unwrap().into_iter();
    let lines = events.map(|event| format!("{} {}", event.action, event.subject));
    let mut lines: Vec<String> = lines.filter(|line| line.starts_with("annotation")).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn one_is_added_changed_deleted_and_brought_back_without_script() {
    let site = Site::new().await;
    let (mut ada, project) = ada(&site).await;
    let list = format!("{project}/annotations");
    ada.open(&list).await;
    assert!(ada.says("No annotations yet"));
    ada.open(&format!("{list}/new")).await;
    let fields = [
        ("text", " Summer <sale> "),
        ("kind", "note"),
        ("at", "2026-11-24T09:00"),
        ("zone", "Europe/Berlin"),
        ("url", "https://shop.example.com/sale"),
    ];
    let answer = ada.submit(&list, &fields).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, list.as_str())
    );
    for said in [
        "Added: Summer <sale>",
        "Undo",
        "24 Nov, 08:00 UTC",
        "by Ada",
        "shop.example.com",
    ] {
        assert!(ada.says(said), "{said}: {}", ada.page);
    }
    let one = format!("{list}/{}", site_annotation(&site, &project).await);
    ada.open(&one).await;
    assert!(ada.page.contains("value=\"2026-11-24T08:00\""), "as it is kept, in UTC");
    let fields = [
        ("text", "Winter sale"),
        ("kind", "deploy"),
        ("at", "2026-11-24T08:00"),
        ("until", "2026-11-24T10:00"),
    ];
    ada.submit(&one, &fields).await;
    assert!(ada.says("Winter sale") && ada.says("Deploy") && !ada.says("shop.example.com"));

    ada.submit(&format!("{one}/deletion"), &[]).await;
    assert!(ada.says("Deleted: Winter sale") && ada.says("No annotations yet"));
    assert!(
        ada.page.contains(&format!("action=\"{one}/restoration\"")),
        "the way back"
    );
    ada.submit(&format!("{one}/restoration"), &[]).await;
    assert!(ada.says("It is back: Winter sale"));
    assert_eq!(
        ada.submit(&format!("{one}/restoration"), &[]).await.status,
        StatusCode::SEE_OTHER,
        "pressed twice"
    );
    assert_eq!(
        log(&site).await,
        [
            "annotation.added Summer <sale>",
            "annotation.changed Winter sale (was: Summer <sale>)",
            "annotation.deleted Winter sale",
            "annotation.restored Winter sale",
        ]
    );
}

/// The id of the project's latest annotation.
async fn site_annotation(site: &Site, project: &str) -> String {
    let id = project.trim_start_matches("/projects/").parse().unwrap();
    let range = domain::range::Range::EVER;
    let found = store::annotations::in_range(&site.app.db, id, None, range, 1)
        .await
        .unwrap();
    found[0].id.to_string()
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays() {
    let site = Site::new().await;
    let (mut ada, project) = ada(&site).await;
    let list = format!("{project}/annotations");
    ada.open(&format!("{list}/new")).await;
    let fields = [
        ("text", "Works"),
        ("at", "soon"),
        ("url", "javascript:alert(1)"),
        ("return", "//evil.example"),
    ];
    let answer = ada.submit(&list, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.page.contains("value=\"Works\"") && ada.page.contains("value=\"javascript:alert(1)\""));
    assert!(ada.says("Enter a day and a time") && ada.says("begins with https://"));
    assert!(!ada.page.contains("href=\"//evil.example\""));
    assert_eq!(log(&site).await, [""; 0]);
}

#[tokio::test]
async fn ci_adds_one_and_trying_again_adds_no_second() {
    let site = Site::new().await;
    let (mut ada, project) = ada(&site).await;
    let path = format!("/api/v1{project}/annotations");
    let token = program(&site, Role::Member).await;
    let body = json!({"text": "v2.3", "kind": "deploy", "at": NOW.to_string(), "url": "https://ci.example.com/7"});
    let made = ask(&site, &token, Method::POST, &path, &body.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let again = ask(&site, &token, Method::POST, &path, &body.to_string()).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, made.json()));
    let now = ask(
        &site,
        &token,
        Method::POST,
        &path,
        r#"{"text": "Just now", "until": 1795518000}"#,
    )
    .await;
    let (id, now) = (now.json()["id"].as_str().unwrap().to_owned(), now.json());
    assert_eq!(
        (&now["at"], &now["kind"], &now["by"]),
        (&json!(NOW.to_string()), &json!("note"), &json!("Ada"))
    );
    assert_eq!(now["until"], json!("2026-11-24T11:00:00Z"));

    let first = ask(&site, &token, Method::GET, &format!("{path}?limit=1"), "")
        .await
        .json();
    let next = first["next"].as_str().unwrap();
    let second = ask(&site, &token, Method::GET, &format!("{path}?limit=1&before={next}"), "")
        .await
        .json();
    let mut texts = [&first, &second].map(|page| page["annotations"][0]["text"].clone());
    texts.sort_by_key(Value::to_string);
    assert_eq!(
        (texts, &second["next"]),
        ([json!("Just now"), json!("v2.3")], &Value::Null)
    );
    let earlier = ask(&site, &token, Method::GET, &format!("{path}?to={NOW}"), "")
        .await
        .json();
    assert_eq!(earlier["annotations"], json!([]));

    let one = format!("{path}/{id}");
    assert_eq!(
        ask(&site, &token, Method::DELETE, &one, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        ask(&site, &token, Method::DELETE, &one, "").await.status,
        StatusCode::NOT_FOUND
    );
    ada.open(&format!("{project}/annotations")).await;
    assert!(ada.says("v2.3") && !ada.says("Just now"));
    assert_eq!(
        log(&site).await,
        [
            "annotation.added Just now",
            "annotation.added v2.3",
            "annotation.deleted Just now"
        ]
    );
}

#[tokio::test]
async fn a_program_is_told_what_is_wrong() {
    let site = Site::new().await;
    let (_, project) = ada(&site).await;
    let path = format!("/api/v1{project}/annotations");
    let token = program(&site, Role::Member).await;
    for (body, status, said) in [
        ("", StatusCode::BAD_REQUEST, "JSON object"),
        ("[]", StatusCode::BAD_REQUEST, "JSON object"),
        ("{}", StatusCode::UNPROCESSABLE_ENTITY, "\"text\" is missing."),
        (
            r#"{"text": "x", "kind": "party"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "deploy or note",
        ),
        (
            r#"{"text": "x", "at": "soon"}"#,
            StatusCode::BAD_REQUEST,
            "\"at\" must be a time",
        ),
        (
            r#"{"text": "x", "at": 5, "until": 4}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "later than at",
        ),
        (
            r#"{"text": "x", "url": "javascript:x"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "https://",
        ),
        (
            r#"{"text": "x", "metric": "0123456789"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "metric",
        ),
    ] {
        let answer = ask(&site, &token, Method::POST, &path, body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(
            answer.json()["error"]["message"].as_str().unwrap().contains(said),
            "{}",
            answer.text
        );
    }
    let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(70_000));
    assert_eq!(
        ask(&site, &token, Method::POST, &path, &long).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let reads = program(&site, Role::Viewer).await;
    let answer = ask(&site, &reads, Method::POST, &path, r#"{"text": "x"}"#).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a token of less than its person");
}
