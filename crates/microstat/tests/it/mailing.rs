//! Mails: queued, written, sent, tried again.

use std::sync::Arc;

use domain::email::EmailAddress;
use domain::id::{JobId, UserId};
use domain::name::Name;
use domain::time::{HOUR, MINUTE};
use microstat::clock::{Clock, Random};
use microstat::jobs;
use microstat::state::App;
use serde_json::json;
use store::users::NewUser;

use crate::harness::{NOW, Site};
use crate::smtp::SmtpServer;

/// Somebody with an account, and a mail to them in the queue.
async fn queue_mail(site: &Site, id: i64, name: &str, email: &str) {
    let mut tx = site.app.db.begin().await.unwrap();
    let new = NewUser {
        id: UserId(id),
        name: &Name::new(name).unwrap(),
        email: &EmailAddress::new(email).unwrap(),
        email_verified_at: None,
        password_hash: "",
    };
    store::users::create(&mut tx, new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let mail = json!({"mail": "removed", "to": UserId(id), "organisation": "Größe & <Söhne>", "by": "Bob"});
    queue(site, id, &mail).await;
}

async fn queue(site: &Site, id: i64, mail: &serde_json::Value) {
    let mut tx = site.app.db.begin().await.unwrap();
    store::jobs::enqueue(&mut tx, JobId(id), "mail", &mail.to_string(), NOW, site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn waiting(site: &Site) -> i64 {
    store::jobs::waiting(&site.app.db).await.unwrap()
}

#[tokio::test]
async fn without_smtp_every_mail_is_a_file_that_a_mail_program_reads() {
    let site = Site::new().await;
    queue_mail(&site, 1, "Zoë", "zoe@example.com").await;
    let mails = site.deliver().await;
    let mail = &mails[0];
    assert_eq!(
        (mail.to.as_str(), mail.from.as_str()),
        ("zoe@example.com", "noreply@localhost")
    );
    assert_eq!(mail.subject, "You are no longer a member of Größe & <Söhne>");
    assert_eq!(mail.date, NOW.0 / 1_000_000);
    assert!(
        mail.text
            .starts_with("Hello Zoë,\n\nBob removed you from Größe & <Söhne>."),
        "{}",
        mail.text
    );
    assert!(
        mail.html.contains("Bob removed you from Größe &#38; &#60;Söhne&#62;."),
        "{}",
        mail.html
    );
    for header in [
        "Auto-Submitted: auto-generated",
        "Message-ID: <0000000001@localhost>",
        "multipart/alternative",
    ] {
        assert!(mail.raw.contains(header), "{header} in {}", mail.raw);
    }
    assert_eq!(waiting(&site).await, 0);
    assert_eq!(site.deliver().await.len(), 1);
}

#[tokio::test]
async fn a_mail_to_somebody_who_is_gone_is_dropped() {
    let site = Site::new().await;
    queue_mail(&site, 1, "Zoe", "zoe@example.com").await;
    let mut tx = site.app.db.begin().await.unwrap();
    store::users::delete(&mut tx, UserId(1), NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(site.deliver().await, []);
    assert_eq!(waiting(&site).await, 0);
}

#[tokio::test]
async fn a_server_is_given_what_a_file_would_hold() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url, "--mail-from", "Ada's stats <stats@example.com>"]).await;
    queue_mail(&site, 1, "株式会社", "zoe@example.com").await;
    assert_eq!(site.deliver().await, []);
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        (arrived[0].to.as_str(), arrived[0].from.as_str()),
        ("zoe@example.com", "stats@example.com")
    );
    assert!(arrived[0].text.starts_with("Hello 株式会社,"), "{}", arrived[0].text);
    assert_eq!(waiting(&site).await, 0);
}

#[tokio::test]
async fn a_mail_refused_for_now_is_tried_again_later() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    queue_mail(&site, 1, "Zoe", "later@example.com").await;
    site.deliver().await;
    assert_eq!((server.arrived().len(), waiting(&site).await), (0, 1));
    server.open_door();
    site.app.clock.advance(MINUTE - 1);
    site.deliver().await;
    assert_eq!(server.arrived().len(), 0);
    site.app.clock.advance(1);
    site.deliver().await;
    assert_eq!((server.arrived().len(), waiting(&site).await), (1, 0));
}

#[tokio::test]
async fn a_mail_refused_for_good_is_not_tried_again() {
    let server = SmtpServer::start();
    let site = Site::with(&["--smtp", &server.url]).await;
    queue_mail(&site, 1, "Zoe", "never@example.com").await;
    site.deliver().await;
    assert_eq!((server.arrived().len(), waiting(&site).await), (0, 0));
}

#[tokio::test]
async fn signing_in_to_a_server_works_and_a_wrong_password_there_costs_no_mail() {
    let server = SmtpServer::start();
    let right = server.url.replace("//", "//ada%40example.com:p%40ss%3Aword@");
    let site = Site::with(&["--smtp", &right]).await;
    queue_mail(&site, 1, "Zoe", "zoe@example.com").await;
    site.deliver().await;
    assert_eq!((server.arrived().len(), waiting(&site).await), (1, 0));
    let site = Site::with(&["--smtp", &right.replace("word", "w0rd")]).await;
    queue_mail(&site, 1, "Zoe", "zoe@example.com").await;
    site.deliver().await;
    assert_eq!((server.arrived().len(), waiting(&site).await), (1, 1));
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again_for_a_day() {
    let site = Site::with(&["--smtp", "smtp://127.0.0.1:1"]).await;
    queue_mail(&site, 1, "Zoe", "zoe@example.com").await;
    for _ in 0..23 {
        site.deliver().await;
        site.app.clock.advance(HOUR);
    }
    assert_eq!(waiting(&site).await, 1);
    site.app.clock.advance(HOUR);
    site.deliver().await;
    assert_eq!(waiting(&site).await, 0);
}

#[tokio::test]
async fn a_mail_queued_before_a_restart_is_sent_after_it() {
    let site = Site::new().await;
    queue_mail(&site, 1, "Zoe", "zoe@example.com").await;
    let again = App::open_beside(site.app.config.clone(), Clock::fixed(NOW), Random::seeded(2)).await;
    jobs::run_due(&Arc::new(again.unwrap())).await.unwrap();
    assert_eq!(site.deliver().await.len(), 1);
}

#[tokio::test]
async fn what_the_mails_say() {
    let site = Site::new().await;
    let (to, organisation) = (UserId(1), "www.evil.example");
    queue_mail(&site, 1, "Zoë", "zoe@example.com").await;
    for (id, mail) in [
        json!({"mail": "joined", "to": to, "organisation": organisation, "person": "Bob", "role": "Member"}),
        json!({"mail": "role_changed", "to": to, "organisation": organisation, "role": "Viewer", "by": "Bob"}),
        json!({"mail": "password_changed", "to": to}),
        json!({"mail": "new_device", "to": to, "device": "Firefox on Linux", "address": "192.0.2.7"}),
        json!({"mail": "email_changed", "to": to, "old": "old@example.com", "new": "zoe@example.com"}),
    ]
    .iter()
    .enumerate()
    {
        queue(&site, 2 + i64::try_from(id).unwrap(), mail).await;
    }
    let mails = site.deliver().await;
    let texts = mails
        .iter()
        .map(|mail| format!("{}: {}\n\n{}", mail.to, mail.subject, mail.text));
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n=====\n"));
    insta::assert_snapshot!(mails[3].html);
}
