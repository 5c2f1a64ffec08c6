//! "Signing up and in".

use axum::http::{Request, StatusCode, header};

use crate::harness::{PASSWORD, Site};

#[tokio::test]
async fn signing_up_lands_signed_in_on_the_tutorial_of_my_first_project() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.open("/sign-up").await;
    let fields = [("name", "Ada"), ("email", "Ada@Example.com"), ("password", PASSWORD)];
    let answer = ada.post("/sign-up", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with("/projects/") && answer.location().ends_with("/tutorial"));
    let cookie = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap().to_owned());
    let cookie = cookie.into_iter().find(|c| c.starts_with("session=")).unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let (user, _) = store::users::find_by_email(&site.app.db, "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    let mine = store::organisations::of_user(&site.app.db, user.id).await.unwrap();
    assert_eq!(mine[0].organisation.name, "Ada's Organisation");
    assert_eq!(mine[0].projects[0].name, "My First Project");
}

#[tokio::test]
async fn on_https_the_cookie_is_kept_to_this_host() {
    let site = Site::with(&["--url", "https://stats.example.com"]).await;
    let mut ada = site.browser();
    ada.open("/sign-up").await;
    let answer = ada
        .post(
            "/sign-up",
            &[("name", "Ada"), ("email", "a@example.com"), ("password", PASSWORD)],
        )
        .await;
    let all: Vec<_> = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect();
    assert!(
        all.iter()
            .any(|c| c.starts_with("__Host-session=") && c.contains("Secure") && c.contains("Path=/;")),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_signing_up_many_times_at_once_makes_one_account() {
    let site = Site::new().await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let mut browser = site.browser();
        browser.open("/sign-up").await;
        tasks.push(tokio::spawn(async move {
            browser
                .post(
                    "/sign-up",
                    &[("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)],
                )
                .await
                .status
        }));
    }
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut texts = Vec::new();
    for email in ["ada@example.com", "bob@example.com"] {
        let mut browser = site.browser();
        browser.open("/sign-in").await;
        let csrf = browser.csrf();
        let answer = browser
            .post("/sign-in", &[("email", email), ("password", "not-the-password")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        texts.push(answer.text.replace(email, "").replace(&csrf, ""));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn tries_at_an_account_are_slowed_down_and_never_locked_for_good() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut browser = site.browser();
    browser.open("/sign-in").await;
    for _ in 0..5 {
        browser
            .post("/sign-in", &[("email", "ada@example.com"), ("password", "wrong-wrong")])
            .await;
    }
    let right = [("email", "ada@example.com"), ("password", PASSWORD)];
    let answer = browser.post("/sign-in", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    site.app.clock.advance(wait * domain::time::SECOND);
    assert_eq!(browser.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_from_another_site_or_without_its_token_changes_nothing() {
    let site = Site::new().await;
    let mut browser = site.browser();
    browser.open("/sign-up").await;
    let body = serde_urlencoded::to_string([
        ("csrf", browser.csrf().as_str()),
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ])
    .unwrap();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = browser
            .send(Request::post("/sign-up").header(name, value), body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let answer = browser
        .send(Request::post("/sign-up"), "name=Ada&email=ada@example.com")
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        store::users::find_by_email(&site.app.db, "ada@example.com")
            .await
            .unwrap()
            .is_none()
    );
    let answer = browser
        .send(Request::post("/sign-up").header("sec-fetch-site", "same-origin"), body)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_after_30_idle_days_and_after_90_at_most() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let day = domain::time::DAY;
    for _ in 0..4 {
        site.app.clock.advance(20 * day);
        assert_ne!(ada.fetch("/").await.location(), "/sign-in");
    }
    site.app.clock.advance(11 * day);
    assert_eq!(ada.fetch("/").await.location(), "/sign-in");
    let mut bob = site.browser();
    bob.sign_up("Bob", "bob@example.com").await;
    site.app.clock.advance(31 * day);
    assert_eq!(bob.fetch("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let mut thief = ada.clone();
    ada.open("/nothing").await;
    assert_eq!(ada.submit("/sign-out", &[]).await.location(), "/sign-in");
    assert_eq!(thief.fetch("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_browser_whose_session_has_ended_can_sign_in_again() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    site.app.clock.advance(31 * domain::time::DAY);
    assert!(!ada.is_signed_in().await);
    let answer = ada.sign_in_with("ada@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
