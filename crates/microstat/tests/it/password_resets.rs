//! "Forgot password".

use axum::http::StatusCode;
use domain::time::{DAY, MINUTE};

use crate::harness::{Browser, PASSWORD, Site};
use crate::mail::Mail;
use crate::smtp::SmtpServer;

const NEW: &str = "copper-violin-marsh-42";

/// Asks for a link to this address, and gives every mail there is then.
async fn ask(site: &Site, email: &str) -> Vec<Mail> {
    let mut browser = site.browser();
    browser.open("/forgot-password").await;
    let answer = browser.submit("/forgot-password", &[("email", email)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    site.deliver().await
}

async fn reset(browser: &mut Browser, path: &str, password: &str) -> StatusCode {
    if browser.open(path).await.status != StatusCode::OK {
        return StatusCode::GONE;
    }
    browser.submit(path, &[("password", password)]).await.status
}

#[tokio::test]
async fn a_reset_link_sets_a_new_password_signs_in_and_ends_every_other_session() {
    let site = Site::new().await;
    let mut old = site.browser();
    old.sign_up("Ada", "ada@example.com").await;
    let mails = ask(&site, " ADA@example.com ").await;
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("ada@example.com", "Reset your password")
    );
    let path = mails[0].path("/password-resets/");
    let mut ada = site.browser();
    assert_eq!(reset(&mut ada, &path, "short").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reset(&mut ada, &path, NEW).await, StatusCode::SEE_OTHER);
    assert!(ada.is_signed_in().await);
    assert!(!old.is_signed_in().await);
    assert_eq!(
        old.sign_in_with("ada@example.com", PASSWORD).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        old.sign_in_with("ada@example.com", NEW).await.status,
        StatusCode::SEE_OTHER
    );
    let mails = site.deliver().await;
    assert_eq!(mails.last().unwrap().subject, "Your password was changed");
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_answer_and_the_same_work() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut answers = Vec::new();
    for email in ["ada@example.com", "bob@example.com"] {
        let mut browser = site.browser();
        browser.open("/forgot-password").await;
        let csrf = browser.csrf();
        let before = store::jobs::waiting(&site.app.db).await.unwrap();
        let answer = browser.post("/forgot-password", &[("email", email)]).await;
        // the request queues one job and looks nobody up; the worker finds out
        let queued = store::jobs::waiting(&site.app.db).await.unwrap() - before;
        answers.push((answer.status, answer.text.replace(email, "").replace(&csrf, ""), queued));
    }
    assert_eq!(answers[0], answers[1]);
    let mails = site.deliver().await;
    assert_eq!(
        mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.com"]
    );
}

#[tokio::test]
async fn a_reset_link_works_once() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let path = ask(&site, "ada@example.com").await[0].path("/password-resets/");
    assert_eq!(reset(&mut site.browser(), &path, NEW).await, StatusCode::SEE_OTHER);
    assert_eq!(
        reset(&mut site.browser(), &path, "another-good-one-99").await,
        StatusCode::GONE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_uses_of_a_reset_link_at_once_one_succeeds() {
    let site = Site::spread(&[]).await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let path = ask(&site, "ada@example.com").await[0].path("/password-resets/");
    let mut browser = site.browser();
    browser.open(&path).await;
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let (mut browser, path) = (browser.clone(), path.clone());
            tokio::spawn(async move {
                let password = format!("copper-violin-marsh-{n}");
                (browser.post(&path, &[("password", &password)]).await.status, password)
            })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        let (status, password) = task.await.unwrap();
        if status == StatusCode::SEE_OTHER {
            won.push(password);
        } else {
            assert_eq!(status, StatusCode::GONE);
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(
        site.browser().sign_in_with("ada@example.com", &won[0]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn only_the_newest_reset_link_works_and_for_60_minutes() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let first = ask(&site, "ada@example.com").await[0].path("/password-resets/");
    let second = ask(&site, "ada@example.com").await[1].path("/password-resets/");
    assert_eq!(site.browser().open(&first).await.status, StatusCode::GONE);
    site.app.clock.advance(60 * MINUTE - 1);
    assert_eq!(site.browser().open(&second).await.status, StatusCode::OK);
    site.app.clock.advance(1);
    assert_eq!(reset(&mut site.browser(), &second, NEW).await, StatusCode::GONE);
}

#[tokio::test]
async fn opening_a_reset_link_changes_nothing() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let path = ask(&site, "ada@example.com").await[0].path("/password-resets/");
    for _ in 0..3 {
        assert_eq!(site.browser().open(&path).await.status, StatusCode::OK);
    }
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn a_reset_link_opens_a_door_that_was_tried_too_often() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    for _ in 0..6 {
        site.browser().sign_in_with("ada@example.com", "wrong-wrong").await;
    }
    let mut ada = site.browser();
    assert_eq!(
        ada.sign_in_with("ada@example.com", PASSWORD).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    let path = ask(&site, "ada@example.com").await[0].path("/password-resets/");
    assert_eq!(reset(&mut ada, &path, NEW).await, StatusCode::SEE_OTHER);
    assert_eq!(
        site.browser().sign_in_with("ada@example.com", NEW).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn asking_again_and_again_is_slowed_down_the_same_for_every_address() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    for email in ["ada@example.com", "bob@example.com"] {
        let mut browser = site.browser();
        browser.open("/forgot-password").await;
        for _ in 0..3 {
            assert_eq!(
                browser.post("/forgot-password", &[("email", email)]).await.status,
                StatusCode::OK
            );
        }
        let answer = browser.post("/forgot-password", &[("email", email)]).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    }
    // for a quarter of an hour at most
    site.app.clock.advance(15 * MINUTE);
    assert_eq!(ask(&site, "ada@example.com").await.len(), 1 + 1);
}

#[tokio::test]
async fn a_reset_link_proves_the_mailbox_and_what_a_stranger_made_before_is_gone() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut stranger = site.browser();
    stranger.sign_up("Mallory", "ada@example.com").await;
    let user = site.user("ada@example.com").await;
    let mut tx = site.app.db.begin().await.unwrap();
    let new = store::api_tokens::NewToken {
        id: domain::id::TokenId(1),
        user,
        organisation: None,
        role: domain::role::Role::Viewer,
        name: &domain::name::Name::new("spy").unwrap(),
        token_hash: [1; 32],
        last_four: "abcd",
    };
    store::api_tokens::create(&mut tx, new, site.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    ask(&site, "ada@example.com").await;
    let path = server.arrived().last().unwrap().path("/password-resets/");
    reset(&mut site.browser(), &path, NEW).await;
    assert!(!stranger.is_signed_in().await);
    let user = store::users::find(&site.app.db, user).await.unwrap().unwrap();
    assert!(site.app.is_verified(&user));
    assert_eq!(store::api_tokens::of_user(&site.app.db, user.id).await.unwrap(), []);
}

#[tokio::test]
async fn a_link_that_was_replaced_before_its_mail_went_out_is_not_mailed() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut browser = site.browser();
    browser.open("/forgot-password").await;
    browser.post("/forgot-password", &[("email", "ada@example.com")]).await;
    browser.post("/forgot-password", &[("email", "ada@example.com")]).await;
    site.app.clock.advance(DAY);
    let mails = site.deliver().await;
    for mail in &mails {
        assert_eq!(
            site.browser().open(&mail.path("/password-resets/")).await.status,
            StatusCode::OK
        );
    }
}
