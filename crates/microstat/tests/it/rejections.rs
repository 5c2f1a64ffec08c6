//! "Rejected data points": by reason and day, with samples, cleared on request.

use axum::http::{Request, StatusCode};
use domain::id::ProjectId;
use domain::role::Role;
use domain::time::DAY;
use serde_json::json;

use crate::harness::{Browser, Site};

/// Ada's first project: her browser, its path, its DSN.
async fn project(site: &Site) -> (Browser, String, String) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let id: ProjectId = path.trim_start_matches("/projects/").parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
    (ada, path, dsn.public_key.to_string())
}

async fn publish(site: &Site, door: &str, dsn: &str, body: String) {
    let request = Request::post(format!("{door}?dsn={dsn}"));
    site.browser().send(request, body).await;
}

#[tokio::test]
async fn each_reason_is_explained_with_its_days_and_its_last_five_samples_whichever_door_it_came_by() {
    let site = Site::new().await;
    let (mut ada, path, dsn) = project(&site).await;
    let page = format!("{path}/rejections");
    ada.open(&page).await;
    assert!(ada.says("Nothing was rejected"));
    for n in 0..4 {
        let body = json!([{"name": "Cart", "type": "Counter", "value": null, "n": format!("old{n}")}]);
        publish(&site, "/api/ingest", &dsn, body.to_string()).await;
    }
    site.app.clock.advance(DAY);
    let several: Vec<_> = (0..3)
        .map(|n| json!({"name": "<b>Cart", "type": "Counter", "value": "x", "n": format!("new{n}")}))
        .collect();
    publish(&site, "/api/v1/ingest", &dsn, json!(several).to_string()).await;
    publish(&site, "/api/ingest", &dsn, "no json".to_owned()).await;
    ada.open(&page).await;
    for said in [
        "Wrong value",
        "invalid_value",
        "Last 30 days7",
        "Today (UTC)3",
        "No data point",
        "no json",
        "value must be a number",
        "<b>Cart",
    ] {
        assert!(ada.says(said), "{said} in {}", ada.page);
    }
    let samples = |mark: &str| ada.page.matches(&format!("&#34;{mark}")).count();
    assert_eq!((samples("new"), samples("old")), (3, 2), "the last five");
    ada.open(&format!("{path}/tutorial")).await;
    assert!(ada.says("Data points were rejected in the last 24 hours."));
    site.app.clock.advance(2 * DAY);
    ada.open(&format!("{path}/tutorial")).await;
    assert!(!ada.says("Data points were rejected in the last 24 hours."));
}

#[tokio::test]
async fn clearing_forgets_counts_and_samples_until_more_come() {
    let site = Site::new().await;
    let (mut ada, path, dsn) = project(&site).await;
    let bad = || json!([{"name": "secret", "type": "Counter", "value": null}]).to_string();
    publish(&site, "/api/ingest", &dsn, bad()).await;
    let page = format!("{path}/rejections");
    ada.open(&page).await;
    assert!(ada.says("secret"));
    let organisation = site.organisation_of("ada@example.com").await;
    let mut vic = site.member(organisation, "Vic", Role::Viewer).await;
    vic.open(&page).await;
    assert!(vic.says("secret") && !vic.says("Clear"));
    let answer = vic.post(&format!("{page}/deletion"), &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    ada.submit(&format!("{page}/deletion"), &[]).await;
    assert!(ada.says("Nothing was rejected") && !ada.says("secret"));
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 99).await;
    let events = events.unwrap();
    assert!(events.iter().any(|event| event.action == "project.rejections_cleared"));
    publish(&site, "/api/ingest", &dsn, bad()).await;
    ada.open(&page).await;
    assert!(ada.says("secret") && ada.says("Last 30 days1"));
}
