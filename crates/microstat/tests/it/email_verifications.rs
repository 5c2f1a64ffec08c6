//! Proving that an address is one's own.

use axum::http::StatusCode;
use domain::time::DAY;

use crate::harness::Site;
use crate::smtp::SmtpServer;

async fn is_verified(site: &Site, email: &str) -> bool {
    let id = site.user(email).await;
    let user = store::users::find(&site.app.db, id).await.unwrap().unwrap();
    site.app.is_verified(&user)
}

#[tokio::test]
async fn a_new_address_is_verified_by_a_mailed_link_with_one_button() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    site.deliver().await;
    let mail = &server.arrived()[0];
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ada@example.com", "Verify your e-mail address")
    );
    let path = mail.path("/email-verifications/");
    assert!(!is_verified(&site, "ada@example.com").await);
    // a mail scanner opens it, signed out: nothing changes
    let mut scanner = site.browser();
    assert_eq!(scanner.open(&path).await.status, StatusCode::OK);
    assert!(!is_verified(&site, "ada@example.com").await);
    let answer = scanner.submit(&path, &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(is_verified(&site, "ada@example.com").await);
    assert_eq!(scanner.open(&path).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn without_smtp_nothing_is_asked() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    assert!(is_verified(&site, "ada@example.com").await);
    assert_eq!(site.deliver().await, []);
}

#[tokio::test]
async fn sending_again_stops_the_link_before_and_a_link_holds_for_a_week() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    site.deliver().await;
    ada.open(&format!(
        "/organisations/{}/settings",
        site.organisation_of("ada@example.com").await
    ))
    .await;
    assert!(ada.page.contains("Send again"), "{project}: {}", ada.page);
    let answer = ada.post("/email-verifications", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    site.deliver().await;
    let paths: Vec<_> = server
        .arrived()
        .iter()
        .map(|mail| mail.path("/email-verifications/"))
        .collect();
    assert_eq!(ada.open(&paths[0]).await.status, StatusCode::GONE);
    site.app.clock.advance(7 * DAY - 1);
    assert_eq!(ada.open(&paths[1]).await.status, StatusCode::OK);
    site.app.clock.advance(1);
    assert_eq!(ada.submit(&paths[1], &[]).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn sending_again_and_again_is_slowed_down() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    ada.open(&format!(
        "/organisations/{}/settings",
        site.organisation_of("ada@example.com").await
    ))
    .await;
    for _ in 0..3 {
        assert_eq!(
            ada.post("/email-verifications", &[]).await.status,
            StatusCode::SEE_OTHER
        );
    }
    assert_eq!(
        ada.post("/email-verifications", &[]).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}
