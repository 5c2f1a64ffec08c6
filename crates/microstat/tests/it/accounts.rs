//! "Your Account".

use axum::http::{Request, StatusCode, header};
use domain::role::Role;
use domain::time::{HOUR, MINUTE};
use store::audit_events;

use crate::harness::{Browser, PASSWORD, Site};
use crate::smtp::SmtpServer;

const NEW: &str = "copper-violin-marsh-42";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";

async fn ada(site: &Site) -> Browser {
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    ada.open("/account").await;
    ada
}

/// The values of a hidden or visible part of the page between two marks, each time it appears.
fn all_between<'a>(page: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    page.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .collect()
}

#[tokio::test]
async fn a_name_is_changed_and_a_bad_one_is_shown_again_with_what_is_wrong() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    assert_eq!(
        ada.submit("/account/name", &[("name", "Ada <King>")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(
        ada.page.contains("You are called Ada &#60;King&#62; now."),
        "{}",
        ada.page
    );
    let answer = ada.submit("/account/name", &[("name", "a\u{202e}b")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.page.contains("aria-describedby=\"name-error\"") && ada.page.contains("a\u{202e}b"));
    assert_eq!(ada.open("/account/name").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_password_change_needs_the_old_one_ends_all_other_sessions_and_renews_this_one() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    let mut elsewhere = site.browser();
    elsewhere.sign_in("ada@example.com").await;
    let before = ada.clone();
    for (current, new, error) in [("wrong-wrong", NEW, "current-error"), (PASSWORD, "short", "new-error")] {
        let answer = ada
            .submit("/account/password", &[("current", current), ("new", new)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(ada.page.contains(&format!("id=\"{error}\"")), "{}", ada.page);
    }
    let answer = ada
        .submit("/account/password", &[("current", PASSWORD), ("new", NEW)])
        .await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"));
    assert!(ada.is_signed_in().await);
    assert!(!elsewhere.is_signed_in().await);
    assert!(!before.clone().is_signed_in().await, "the old token still holds");
    assert_eq!(
        elsewhere.sign_in_with("ada@example.com", NEW).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        site.deliver().await.last().unwrap().subject,
        "Your password was changed"
    );
}

#[tokio::test]
async fn tries_at_the_current_password_are_slowed_down() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    for _ in 0..5 {
        ada.post("/account/password", &[("current", "wrong-wrong"), ("new", NEW)])
            .await;
    }
    let right = [("current", PASSWORD), ("new", NEW)];
    assert_eq!(
        ada.post("/account/password", &right).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    site.app.clock.advance(15 * MINUTE);
    assert_eq!(
        ada.post("/account/password", &right).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_password_changes_at_once_one_succeeds() {
    let site = Site::spread(&[]).await;
    let ada = ada(&site).await;
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let mut browser = ada.clone();
            tokio::spawn(async move {
                let new = format!("copper-violin-marsh-{n}");
                browser
                    .post("/account/password", &[("current", PASSWORD), ("new", &new)])
                    .await
                    .status
            })
        })
        .collect();
    let mut changed = 0;
    for task in tasks {
        changed += usize::from(task.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn without_smtp_an_address_changes_at_once_and_the_old_one_is_told() {
    let site = Site::new().await;
    site.browser().sign_up("Bob", "bob@example.com").await;
    let mut ada = ada(&site).await;
    ada.open("/account/email").await;
    for (email, password) in [
        ("new@example.com", "wrong-wrong"),
        ("new", PASSWORD),
        ("bob@example.com", PASSWORD),
    ] {
        let answer = ada
            .submit("/account/email", &[("email", email), ("password", password)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
    }
    let answer = ada
        .submit(
            "/account/email",
            &[("email", "new@example.com"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(ada.page.contains("new@example.com"));
    let mails = site.deliver().await;
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("ada@example.com", "Your e-mail address was changed")
    );
    site.browser().sign_in("new@example.com").await;
}

#[tokio::test]
async fn with_smtp_a_new_address_is_the_accounts_once_its_link_was_opened() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = ada(&site).await;
    ada.open("/account/email").await;
    let form = [("email", "new@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.submit("/account/email", &form).await.status, StatusCode::SEE_OTHER);
    assert!(
        ada.page
            .contains("new@example.com becomes your address once you open the link"),
        "{}",
        ada.page
    );
    site.deliver().await;
    let mails = server.arrived();
    let link = mails.last().unwrap();
    assert_eq!(link.to, "new@example.com");
    assert_eq!(site.user("ada@example.com").await, site.user("ada@example.com").await);
    let path = link.path("/email-verifications/");
    ada.open(&path).await;
    let answer = ada.submit(&path, &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"));
    site.deliver().await;
    let told = server.arrived();
    assert_eq!(told.last().unwrap().to, "ada@example.com");
    site.browser().sign_in("new@example.com").await;
    assert!(
        store::users::find_by_email(&site.app.db, "ada@example.com")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_new_address_that_got_an_account_meanwhile_stays_that_accounts() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = ada(&site).await;
    ada.open("/account/email").await;
    ada.submit(
        "/account/email",
        &[("email", "bob@example.com"), ("password", PASSWORD)],
    )
    .await;
    site.deliver().await;
    let path = server.arrived().last().unwrap().path("/email-verifications/");
    site.browser().sign_up("Bob", "bob@example.com").await;
    ada.open(&path).await;
    assert_eq!(ada.submit(&path, &[]).await.status, StatusCode::CONFLICT);
    site.browser().sign_in("ada@example.com").await;
}

#[tokio::test]
async fn a_new_address_that_waits_is_forgotten_when_the_password_changes() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = ada(&site).await;
    ada.open("/account/email").await;
    ada.submit(
        "/account/email",
        &[("email", "thief@example.com"), ("password", PASSWORD)],
    )
    .await;
    site.deliver().await;
    let path = server.arrived().last().unwrap().path("/email-verifications/");
    ada.submit("/account/password", &[("current", PASSWORD), ("new", NEW)])
        .await;
    assert_eq!(site.browser().open(&path).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn signed_in_devices_are_listed_and_ended_one_or_all_others() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    let mut phones = Vec::new();
    for _ in 0..3 {
        let mut phone = site.browser();
        phone.user_agent = IPHONE;
        phone.sign_in("ada@example.com").await;
        phones.push(phone);
    }
    ada.open("/account").await;
    assert_eq!(ada.page.matches("Safari on iPhone</strong>").count(), 3, "{}", ada.page);
    assert_eq!(ada.page.matches("This device").count(), 1);
    let one = all_between(&ada.page, "action=\"/account/sessions/", "/deletion\"")[0].to_owned();
    ada.submit(&format!("/account/sessions/{one}/deletion"), &[]).await;
    let mut left = Vec::new();
    for mut phone in phones {
        if phone.is_signed_in().await {
            left.push(phone);
        }
    }
    assert_eq!(left.len(), 2);
    ada.submit("/account/sessions/deletion", &[]).await;
    for mut phone in left {
        assert!(!phone.is_signed_in().await);
    }
    assert!(ada.is_signed_in().await);
    // the second and third sign-in came from a device that was known by then
    let mails = site.deliver().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "New sign-in to your account");
    assert!(mails[0].text.contains("Safari on iPhone"), "{}", mails[0].text);
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session_or_token() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    let mut bob = site.browser();
    bob.sign_up("Bob", "bob@example.com").await;
    let user = site.user("ada@example.com").await;
    let session = store::sessions::of_user(&site.app.db, user, site.app.now())
        .await
        .unwrap()[0]
        .id;
    let answer = bob.post(&format!("/account/sessions/{session}/deletion"), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    ada.open("/account/tokens").await;
    ada.submit(
        "/account/tokens",
        &[("name", "script"), ("role", "Viewer"), ("organisation", "")],
    )
    .await;
    let token = store::api_tokens::of_user(&site.app.db, user).await.unwrap()[0].id;
    let answer = bob.post(&format!("/account/tokens/{token}/deletion"), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn a_token_is_shown_once_reads_what_its_person_may_and_ends_when_revoked() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    let organisation = site.organisation_of("ada@example.com").await;
    ada.open("/account/tokens").await;
    let form = [
        ("name", "script"),
        ("role", "Viewer"),
        ("organisation", &organisation.to_string()),
    ];
    assert_eq!(ada.submit("/account/tokens", &form).await.status, StatusCode::OK);
    let token = all_between(&ada.page, "<code id=\"token\">", "</code>")[0].to_owned();
    let read = async || {
        let request = Request::get("/api/v1/projects").header(header::AUTHORIZATION, format!("Bearer {token}"));
        site.browser().send(request, "").await.status
    };
    assert_eq!(read().await, StatusCode::OK);
    ada.open("/account").await;
    assert!(!ada.page.contains(&token) && ada.page.contains(&token[token.len() - 4..]));
    let id = all_between(&ada.page, "action=\"/account/tokens/", "/deletion\"")[0].to_owned();
    assert_eq!(
        ada.submit(&format!("/account/tokens/{id}/deletion"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(read().await, StatusCode::UNAUTHORIZED);
    let log = audit_events::of_organisation(&site.app.db, organisation, None, 10)
        .await
        .unwrap();
    let words: Vec<_> = log.iter().map(|event| event.action.as_str()).collect();
    assert!(
        words.contains(&"token.created") && words.contains(&"token.revoked"),
        "{words:?}"
    );
}

#[tokio::test]
async fn a_token_is_never_more_than_its_person() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Viewer).await;
    bob.open("/account/tokens").await;
    for (role, status) in [("Member", StatusCode::UNPROCESSABLE_ENTITY), ("Viewer", StatusCode::OK)] {
        let form = [
            ("name", "script"),
            ("role", role),
            ("organisation", &organisation.to_string()),
        ];
        assert_eq!(bob.post("/account/tokens", &form).await.status, status, "{role}");
    }
    let mut stranger = site.browser();
    stranger.sign_up("Eve", "eve@example.com").await;
    let form = [
        ("name", "script"),
        ("role", "Viewer"),
        ("organisation", &organisation.to_string()),
    ];
    assert_eq!(
        stranger.post("/account/tokens", &form).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_account_with_an_organisation_that_needs_it_is_not_deleted() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    ada.open("/account/deletion").await;
    assert!(
        ada.page.contains("You are the only Administrator of 1 organisation."),
        "{}",
        ada.page
    );
    let form = [("email", "ada@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.post("/account/deletion", &form).await.status, StatusCode::CONFLICT);
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn an_account_is_deleted_by_its_typed_address_and_password_with_all_that_hung_on_it() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    let own = store::organisations::of_user(&site.app.db, site.user("bob@example.com").await)
        .await
        .unwrap();
    let own = own
        .iter()
        .find(|mine| mine.role == Role::Administrator)
        .unwrap()
        .organisation
        .clone();
    bob.open(&format!("/organisations/{}/deletion", own.id)).await;
    bob.submit(&format!("/organisations/{}/deletion", own.id), &[("name", &own.name)])
        .await;
    bob.open("/account/deletion").await;
    for (email, password) in [("ada@example.com", PASSWORD), ("bob@example.com", "wrong-wrong")] {
        let answer = bob
            .submit("/account/deletion", &[("email", email), ("password", password)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    site.app.clock.advance(1);
    let answer = bob
        .submit(
            "/account/deletion",
            &[("email", " BOB@example.com"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(!bob.is_signed_in().await);
    assert!(
        store::users::find_by_email(&site.app.db, "bob@example.com")
            .await
            .unwrap()
            .is_none()
    );
    let log = audit_events::of_organisation(&site.app.db, organisation, None, 1)
        .await
        .unwrap();
    assert_eq!(
        (log[0].action.as_str(), log[0].subject.as_str()),
        ("member.left", "Bob <bob@example.com>")
    );
    // the address is free again
    site.browser().sign_up("Bob", "bob@example.com").await;
}

#[tokio::test]
async fn whoever_is_in_no_organisation_is_offered_to_create_or_join_one() {
    let site = Site::new().await;
    let mut ada = ada(&site).await;
    assert_eq!(ada.fetch("/welcome").await.location(), "/");
    let organisation = site.organisation_of("ada@example.com").await;
    let path = format!("/organisations/{organisation}/deletion");
    ada.open(&path).await;
    ada.submit(&path, &[("name", "Ada's Organisation")]).await;
    ada.open("/").await;
    for there in [
        "Create Organisation",
        "Join an Organisation",
        "Restore Ada&#39;s Organisation",
    ] {
        assert!(ada.page.contains(there), "{there}: {}", ada.page);
    }
}

#[tokio::test]
async fn no_secret_of_an_account_lies_in_any_table() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = ada(&site).await;
    ada.open("/account/tokens").await;
    ada.submit(
        "/account/tokens",
        &[("name", "script"), ("role", "Viewer"), ("organisation", "")],
    )
    .await;
    let token = all_between(&ada.page, "<code id=\"token\">", "</code>")[0].to_owned();
    let mut forgetful = site.browser();
    forgetful.open("/forgot-password").await;
    forgetful
        .post("/forgot-password", &[("email", "ada@example.com")])
        .await;
    site.app.clock.advance(HOUR / 2);
    site.deliver().await;
    let mails = server.arrived();
    let mut secrets = vec![PASSWORD.to_owned(), token, ada.cookie("session")];
    for under in ["/email-verifications/", "/password-resets/"] {
        let found = mails.iter().find(|mail| mail.text.contains(under)).unwrap();
        secrets.push(found.path(under)[under.len()..].to_owned());
    }
    // what a mail that could not be sent yet leaves in the queue counts too
    let mut later = site.browser();
    later.sign_up("Later", "later@example.com").await;
    site.deliver().await;
    let everything = store::testing::dump(&site.app.db).await;
    assert!(
        everything.contains("later@example.com") && everything.contains("verification"),
        "the dump holds what is there"
    );
    let bytes = everything.to_lowercase();
    for secret in secrets {
        let hidden = data_encoding::HEXLOWER.encode(secret.as_bytes());
        assert!(!everything.contains(&secret) && !bytes.contains(&hidden), "{secret}");
    }
}
