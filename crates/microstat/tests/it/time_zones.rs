//! Whose clock times are shown by.

use axum::http::StatusCode;
use domain::role::Role;
use serde_json::json;

use crate::harness::{Browser, Site};

/// Ada's browser, in a time zone or without script, signed up; and her project's path.
async fn ada(site: &Site, zone: Option<&str>) -> (Browser, String) {
    let mut ada = site.browser();
    if let Some(zone) = zone {
        ada.jar.insert("zone".to_owned(), zone.replace('/', "%2F"));
    }
    let path = ada.sign_up("Ada", "ada@example.com").await;
    (ada, path)
}

/// Publishes a hit at this time and gives the path of its page.
async fn hit(site: &Site, path: &str, at: &str) -> String {
    let project = path.trim_start_matches("/projects/").parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, project).await.unwrap().unwrap().public_key;
    let point = json!({"name": "Order", "type": "Hit Counter", "timestamp": at}).to_string();
    let request = axum::http::Request::post(format!("/api/v1/ingest?dsn={dsn}"));
    assert_eq!(site.browser().send(request, point).await.status, StatusCode::CREATED);
    let metrics = store::metrics::of_project(&site.app.db, project).await.unwrap();
    format!("{path}/metrics/{}", metrics[0].id)
}

fn shows(page: &str, zone: &str) -> bool {
    page.contains(&format!("data-zone=\"{zone}\""))
}

#[tokio::test]
async fn pages_are_shown_by_the_browsers_clock_unless_another_was_chosen() {
    let site = Site::new().await;
    let (mut ada, path) = ada(&site, Some("Asia/Tokyo")).await;
    let metric = hit(&site, &path, "2026-11-23T20:30:00Z").await;
    let page = ada.open(&metric).await.text;
    assert!(shows(&page, "Asia/Tokyo") && page.contains("data-zone-asks"));
    assert!(ada.says("Mon 23 Nov, 19:00 – Tue 24 Nov, 19:00 Asia/Tokyo") && ada.says("From (Asia/Tokyo)"));
    ada.open("/account/time-zone").await;
    assert!(ada.says("The time zone of my browser (Asia/Tokyo)"));
    ada.submit("/account/time-zone", &[("zone", "America/New_York")]).await;
    assert!(ada.says("Times are shown in America/New_York."), "{}", ada.page);
    let page = ada.open(&metric).await.text;
    assert!(shows(&page, "America/New_York") && !page.contains("data-zone-asks"));
    assert!(ada.says("Mon 23 Nov, 05:00 – Tue 24 Nov, 05:00 America/New_York"));
}

#[tokio::test]
async fn a_project_begins_with_the_clock_of_whoever_made_it_and_readers_may_go_by_it() {
    let site = Site::new().await;
    let (mut ada, path) = ada(&site, Some("Europe/Berlin")).await;
    let metric = hit(&site, &path, "2026-11-23T20:30:00Z").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Viewer).await;
    let page = bob.open(&metric).await.text;
    assert!(shows(&page, "Europe/Berlin"), "without script, the project's");
    bob.jar.insert("zone".to_owned(), "Asia/Kolkata".to_owned());
    assert!(shows(&bob.open(&metric).await.text, "Asia/Kolkata"));
    bob.open("/account/time-zone").await;
    bob.submit("/account/time-zone", &[("zone", "project")]).await;
    assert!(shows(&bob.open(&metric).await.text, "Europe/Berlin"));
    ada.open(&format!("{path}/time-zone")).await;
    ada.submit(&format!("{path}/time-zone"), &[("zone", "Africa/Lagos")]).await;
    assert!(ada.says("The time zone of this project is Africa/Lagos."));
    assert!(shows(&bob.open(&metric).await.text, "Africa/Lagos"));
    ada.open(&format!("/organisations/{organisation}/audit-log")).await;
    assert!(ada.says("time zone: Africa/Lagos"));
}

#[tokio::test]
async fn what_is_no_time_zone_is_refused_or_as_if_it_were_not_there() {
    let site = Site::new().await;
    let (mut ada, path) = ada(&site, Some("Mars/Olympus")).await;
    let metric = hit(&site, &path, "2026-11-23T20:30:00Z").await;
    assert!(shows(&ada.open(&metric).await.text, "UTC"));
    for form in ["/account/time-zone".to_owned(), format!("{path}/time-zone")] {
        ada.open(&form).await;
        let answer = ada.submit(&form, &[("zone", "../../etc/passwd")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(ada.says("Choose one of the list."));
    }
}

#[tokio::test]
async fn days_are_those_of_the_readers_calendar_also_when_clocks_change() {
    let site = Site::new().await;
    let (mut ada, path) = ada(&site, Some("Europe/Berlin")).await;
    // 00:30 on the 25th in Berlin, still the 24th in UTC; that day has 25 hours.
    let metric = hit(&site, &path, "2026-10-24T22:30:00Z").await;
    hit(&site, &path, "2026-10-25T22:30:00Z").await;
    ada.open(&format!("{metric}?range=90d")).await;
    let day = "Sun 25 Oct</th><td class=\"num\">2";
    let row = ada.page.split("<th scope=\"row\" class=\"nowrap\">").find(|row| row.starts_with("25 Oct") || row.starts_with("Sun 25 Oct"));
    let row = row.unwrap_or_else(|| panic!("{day}: {}", ada.page));
    assert!(row.contains("<td class=\"num\">2</td>"), "{row}");
    ada.open(&format!("{metric}?from=2026-10-25&to=2026-10-25")).await;
    assert!(ada.says("Hits2") || ada.says("Hits 2"), "{}", ada.page);
}
