//! The audit log of an organisation.

use axum::http::{StatusCode, header};
use domain::id::{EventId, OrganisationId};
use domain::role::Role;
use domain::time::MINUTE;
use store::audit_events::{Action, Actor, NewEvent, record};

use crate::harness::{Browser, Site};

async fn mine(site: &Site) -> (Browser, OrganisationId) {
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    (ada, site.organisation_of("ada@example.com").await)
}

/// Writes down `n` events, a minute apart, whose subjects are their places.
async fn log(site: &Site, organisation: OrganisationId, n: usize) {
    let actor = Actor {
        user: None,
        name: "Ada <ada@example.com>".to_owned(),
        address: "192.0.2.7".to_owned(),
    };
    let mut tx = site.app.db.begin().await.unwrap();
    for place in 0..n {
        let new = NewEvent {
            id: EventId::from_random(site.app.random.bits()),
            organisation,
            actor: &actor,
            action: Action::ProjectRenamed,
            subject: &format!("Project {place:04}"),
            detail: "",
        };
        record(&mut tx, new, site.app.now()).await.unwrap();
        site.app.clock.advance(MINUTE);
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn only_administrators_read_and_export_it() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    let paths = ["", ".csv", ".json"].map(|ending| format!("/organisations/{organisation}/audit-log{ending}"));
    for (name, role) in [("Bob", Role::Member), ("Cyd", Role::Viewer)] {
        let mut other = site.member(organisation, name, role).await;
        for path in &paths {
            assert_eq!(other.fetch(path).await.status, StatusCode::FORBIDDEN);
        }
    }
    let mut eve = site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    for path in &paths {
        assert_eq!(ada.fetch(path).await.status, StatusCode::OK);
        assert_eq!(eve.fetch(path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn it_says_who_did_what_to_whom_when_and_from_where() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    ada.open(&format!("/organisations/{organisation}/name")).await;
    ada.submit(
        &format!("/organisations/{organisation}/name"),
        &[("name", "<b>Bold</b>")],
    )
    .await;
    ada.open(&format!("/organisations/{organisation}/audit-log")).await;
    for said in [
        "Ada &#60;ada@example.com&#62;",
        "Changed the organisation&#39;s name",
        "&#60;b&#62;Bold&#60;/b&#62;",
        "was Ada&#39;s Organisation",
        "24 Nov 2026, 10:00 UTC",
        "127.0.0.1",
    ] {
        assert!(ada.page.contains(said), "{said}");
    }
}

#[tokio::test]
async fn it_is_read_a_page_at_a_time_newest_first() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    log(&site, organisation, 120).await;
    let mut path = format!("/organisations/{organisation}/audit-log");
    let mut seen = Vec::new();
    loop {
        let page = ada.open(&path).await.text;
        seen.extend(
            page.match_indices("Project 0")
                .map(|(at, _)| page[at + 8..at + 12].to_owned()),
        );
        let Some(at) = page.find("?before=") else { break };
        let cursor = page[at..].split('"').next().unwrap();
        path = format!("/organisations/{organisation}/audit-log{cursor}");
    }
    let expected: Vec<_> = (0..120).rev().map(|place| format!("{place:04}")).collect();
    assert_eq!(seen, expected);
    // what is no place in it begins at the newest
    let page = ada
        .open(&format!("/organisations/{organisation}/audit-log?before=x"))
        .await
        .text;
    assert!(page.contains("Project 0119") && !page.contains("Newest"));
}

#[tokio::test]
async fn exports_are_whole_files_and_no_name_becomes_a_formula() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    site.app.clock.advance(MINUTE);
    log(&site, organisation, 1_198).await;
    let path = format!("/organisations/{organisation}/name");
    ada.open(&path).await;
    ada.submit(&path, &[("name", "=HYPERLINK(\"https://evil.example\")")])
        .await;
    let csv = ada.fetch(&format!("/organisations/{organisation}/audit-log.csv")).await;
    assert_eq!(
        csv.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8; header=present"
    );
    let name = format!("attachment; filename=\"audit-log-{organisation}-2026-11-25.csv\"");
    assert_eq!(csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap(), name);
    let lines: Vec<_> = csv.text.split_terminator("\r\n").collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (1_201, "time,actor,address,action,subject,detail")
    );
    assert!(
        lines[1].contains("\"'=HYPERLINK(\"\"https://evil.example\"\")\""),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(",\"was Ada's Organisation\""), "{}", lines[1]);
    assert!(lines[1_199].contains("\"Project 0000\"") && lines[1_200].contains("\"at sign-up\""));
    let json = ada
        .fetch(&format!("/organisations/{organisation}/audit-log.json"))
        .await;
    let events = json.json();
    assert_eq!(events.as_array().unwrap().len(), 1_200);
    assert_eq!(events[0]["subject"], "=HYPERLINK(\"https://evil.example\")");
    assert_eq!(events[0]["action"], "organisation.renamed");
    assert_eq!(events[1_199]["time"], "2026-11-24T10:00:00Z");
}

#[tokio::test]
async fn a_page_beyond_the_oldest_is_empty_and_leads_back() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    let path = format!("/organisations/{organisation}/audit-log");
    ada.open(&format!("{path}?before=1-0000000000")).await;
    assert!(ada.page.contains("Nothing has been written down before that."));
    assert!(ada.page.contains(&format!("href=\"{path}\">Newest")));
}

#[tokio::test]
async fn every_change_of_an_organisation_and_its_projects_is_in_it() {
    let site = Site::new().await;
    let (mut ada, organisation) = mine(&site).await;
    site.member(organisation, "Bob", Role::Member).await;
    let bob = site.user("bob@example.com").await;
    let mine = store::organisations::of_user(&site.app.db, site.user("ada@example.com").await)
        .await
        .unwrap();
    let id = mine[0].projects[0].id;
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap().id;
    let (at, project) = (format!("/organisations/{organisation}"), format!("/projects/{id}"));
    ada.open(&format!("{at}/settings")).await;
    let steps = [
        (format!("{at}/name"), "name", "Harbour", "organisation.renamed"),
        (
            format!("{at}/members/{bob}/role"),
            "role",
            "Viewer",
            "member.role_changed",
        ),
        (format!("{at}/members/{bob}/removal"), "", "", "member.removed"),
        (format!("{at}/projects"), "name", "Shop", "project.created"),
        (format!("{project}/name"), "name", "Site", "project.renamed"),
        (
            format!("{project}/origins"),
            "origins",
            "https://a.example",
            "project.changed",
        ),
        (format!("{project}/retention"), "days", "60", "project.changed"),
        (format!("{project}/pause"), "paused", "true", "project.changed"),
        (format!("{project}/dsns"), "name", "Web", "dsn.created"),
        (format!("{project}/dsns/{dsn}/ending"), "", "", "dsn.turned_off"),
        (format!("{project}/deletion"), "name", "Site", "project.deleted"),
        (format!("{at}/projects/{id}/restoration"), "", "", "project.restored"),
        (format!("{at}/deletion"), "name", "Harbour", "organisation.deleted"),
        (format!("{at}/restoration"), "", "", "organisation.restored"),
    ];
    for (path, field, value, _) in &steps {
        site.app.clock.advance(1);
        let answer = ada.post(path, &[(field, value)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    }
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 99)
        .await
        .unwrap();
    let logged: Vec<_> = events.iter().rev().map(|event| event.action.as_str()).collect();
    let mut expected = vec!["organisation.created"];
    expected.extend(steps.iter().map(|step| step.3));
    assert_eq!(logged, expected);
    assert!(events.iter().all(|event| event.actor.name == "Ada <ada@example.com>"));
}
