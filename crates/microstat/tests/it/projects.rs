//! "Your Project".

use axum::http::StatusCode;
use domain::id::{OrganisationId, ProjectId};
use domain::reason::Reason;
use domain::role::Role;
use domain::time::DAY;
use store::dsns::Resolved;

use crate::harness::{Browser, Site};

#[tokio::test]
async fn every_member_sees_the_dsn_and_an_outsider_finds_nothing() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let path = format!("{}/settings", ada.sign_up("Ada", "ada@example.com").await);
    let organisation = site.organisation_of("ada@example.com").await;
    let id = path.split('/').nth(2).unwrap().parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
    for (name, role) in [
        ("Bob", Role::Administrator),
        ("Cyd", Role::Member),
        ("Dan", Role::Viewer),
    ] {
        let mut member = site.member(organisation, name, role).await;
        assert_eq!(member.open(&path).await.status, StatusCode::OK);
        assert!(member.page.contains(&format!("value=\"{}\"", dsn.public_key)));
    }
    let mut eve = site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    assert_eq!(eve.open(&path).await.status, StatusCode::NOT_FOUND);
}

/// Ada's first project: her browser, its path, its id, its organisation.
async fn mine(site: &Site) -> (Browser, String, ProjectId, OrganisationId) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let id = path.split('/').nth(2).unwrap().parse().unwrap();
    (ada, path, id, site.organisation_of("ada@example.com").await)
}

#[tokio::test]
async fn an_administrator_creates_a_project_with_a_dsn_and_lands_on_its_tutorial() {
    let site = Site::new().await;
    let (mut ada, _, _, organisation) = mine(&site).await;
    ada.open(&format!("/organisations/{organisation}/projects/new")).await;
    let path = format!("/organisations/{organisation}/projects");
    let answer = ada.submit(&path, &[("name", "Web <Shop>")]).await;
    let project = answer.location().strip_suffix("/tutorial").unwrap().to_owned();
    let id = project.split('/').nth(2).unwrap().parse().unwrap();
    assert!(store::dsns::current(&site.app.db, id).await.unwrap().is_some());
    ada.open(&format!("{project}/settings")).await;
    assert!(ada.page.contains("<h2><bdi>Web &#60;Shop&#62;</bdi></h2>"));
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    bob.open(&format!("{project}/settings")).await;
    let answer = bob.post(&path, &[("name", "Mine")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains("Only an Administrator"));
}

#[tokio::test]
async fn only_administrators_change_a_project_and_outsiders_find_nothing() {
    let site = Site::new().await;
    let (_ada, path, id, organisation) = mine(&site).await;
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap().id;
    let pages = ["name", "origins", "retention", "deletion", "dsns"].map(str::to_owned);
    let ways = pages
        .into_iter()
        .chain([format!("dsns/{dsn}/ending"), format!("dsns/{dsn}/rotation")]);
    let ways: Vec<_> = ways.map(|way| format!("{path}/{way}")).collect();
    let fields = [
        ("name", "My First Project"),
        ("days", "1"),
        ("origins", ""),
        ("paused", "true"),
    ];
    for (name, role) in [("Bob", Some(Role::Member)), ("Cyd", Some(Role::Viewer)), ("Eve", None)] {
        let mut other = match role {
            Some(role) => site.member(organisation, name, role).await,
            None => site.browser(),
        };
        if role.is_none() {
            other.sign_up(name, "eve@example.com").await;
        }
        let expected = role.map_or(StatusCode::NOT_FOUND, |_| StatusCode::FORBIDDEN);
        other.open("/organisations/new").await;
        for way in &ways {
            assert_eq!(other.fetch(way).await.status, expected, "{name} {way}");
            assert_eq!(other.post(way, &fields).await.status, expected, "{name} {way}");
        }
        assert_eq!(other.post(&format!("{path}/pause"), &fields).await.status, expected);
    }
    let project = store::projects::find(&site.app.db, id).await.unwrap().unwrap();
    assert_eq!(
        (project.name.as_str(), project.retention.data_points, project.paused_at),
        ("My First Project", 90, None)
    );
    assert_eq!(store::dsns::of_project(&site.app.db, id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_project_is_renamed_and_the_log_remembers_the_old_name() {
    let site = Site::new().await;
    let (mut ada, path, _, organisation) = mine(&site).await;
    ada.open(&format!("{path}/name")).await;
    assert!(ada.page.contains("value=\"My First Project\""));
    ada.submit(&format!("{path}/name"), &[("name", "שלום 👋")]).await;
    assert!(ada.page.contains("<h2><bdi>שלום 👋</bdi></h2>"));
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    assert_eq!(events[0].detail, "was My First Project");
}

#[tokio::test]
async fn origins_are_kept_as_browsers_send_them_or_named_if_they_are_none() {
    let site = Site::new().await;
    let (mut ada, path, id, _) = mine(&site).await;
    let origins = format!("{path}/origins");
    ada.open(&origins).await;
    let typed = "HTTPS://Shop.Example.com:443/\n\nhttp://localhost:3000";
    ada.submit(&origins, &[("origins", typed)]).await;
    let project = store::projects::find(&site.app.db, id).await.unwrap().unwrap();
    assert_eq!(
        project.allowed_origins,
        ["https://shop.example.com", "http://localhost:3000"]
    );
    let answer = ada
        .submit(&origins, &[("origins", "https://a.example\n<b>.example")])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        ada.page
            .contains("“&#60;b&#62;.example”: begin it with https:// or http://.")
    );
    let many: Vec<_> = (0..51).map(|n| format!("https://{n}.example")).collect();
    assert_eq!(
        ada.submit(&origins, &[("origins", &many.join("\n"))]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    ada.submit(&origins, &[("origins", " \n")]).await;
    let project = store::projects::find(&site.app.db, id).await.unwrap().unwrap();
    assert!(project.allowed_origins.is_empty());
    assert!(ada.page.contains("Browsers may publish from every origin."));
}

#[tokio::test]
async fn pausing_stops_every_dsn_and_resuming_starts_them() {
    let site = Site::new().await;
    let (mut ada, path, id, organisation) = mine(&site).await;
    let key = store::dsns::current(&site.app.db, id)
        .await
        .unwrap()
        .unwrap()
        .public_key;
    ada.open(&format!("{path}/settings")).await;
    for _ in 0..2 {
        ada.submit(&format!("{path}/pause"), &[("paused", "true")]).await;
    }
    assert!(ada.page.contains("Resume Project") && !ada.page.contains("Pause Project"));
    let gone = store::dsns::resolve(&site.app.db, key, site.app.now()).await.unwrap();
    assert!(matches!(
        gone,
        Resolved::Gone {
            reason: Reason::ProjectPaused,
            ..
        }
    ));
    ada.submit(&format!("{path}/pause"), &[("paused", "false")]).await;
    let back = store::dsns::resolve(&site.app.db, key, site.app.now()).await.unwrap();
    assert!(matches!(back, Resolved::Publishes(_)));
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let changes = events.iter().filter(|event| event.action == "project.changed");
    assert_eq!(changes.count(), 2, "twice is once");
}

#[tokio::test]
async fn a_retention_that_erases_something_is_asked_about_with_what_it_erases() {
    let site = Site::new().await;
    let (mut ada, path, id, _) = mine(&site).await;
    let retention = format!("{path}/retention");
    ada.open(&retention).await;
    for wrong in ["0", "3651", "a week"] {
        assert_eq!(
            ada.submit(&retention, &[("days", wrong)]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert!(ada.page.contains("Enter a whole number from 1 to 3650."));
    }
    // nothing is there to be erased
    assert!(ada.submit(&retention, &[("days", "60")]).await.status.is_redirection());
    site.publish(id, site.app.now() - 40 * DAY).await;
    let answer = ada.submit(&retention, &[("days", "30")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.says("data points from before 25 Oct 2026 (UTC); they reach back to 15 Oct 2026"));
    assert!(!ada.says("hours from before"), "hours and days stay");
    // agreeing to one number is not agreeing to another
    let other = ada.submit(&retention, &[("days", "20"), ("erase", "30-90-730-")]).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        ada.submit(&retention, &[("days", "30"), ("erase", "30-90-730-")])
            .await
            .status
            .is_redirection()
    );
    let project = store::projects::find(&site.app.db, id).await.unwrap().unwrap();
    assert_eq!(
        project.retention.to_string(),
        "data points 30 days, minutes 90 days, hours 730 days, days for ever"
    );
    // longer erases nothing, but data points outlive nothing that they add up to
    let longer = ada.submit(&retention, &[("days", "3650")]).await;
    assert_eq!(longer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.says("Minutes can’t go before data points"));
    let fields = [("days", "3650"), ("minutes", ""), ("hours", " ")];
    ada.submit(&retention, &fields).await;
    assert!(ada.says("Data points are kept for 3650 days."));
    let project = store::projects::find(&site.app.db, id).await.unwrap().unwrap();
    assert_eq!((project.retention.minutes, project.retention.days), (None, None));
}

#[tokio::test]
async fn each_level_is_told_of_when_it_is_erased() {
    let site = Site::new().await;
    let (mut ada, path, id, _) = mine(&site).await;
    let retention = format!("{path}/retention");
    site.publish(id, site.app.now() - 40 * DAY).await;
    ada.open(&retention).await;
    for wrong in ["0", "3651", "-1", "soon"] {
        let fields = [("days", "90"), ("whole_days", wrong)];
        let answer = ada.submit(&retention, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(ada.says("Enter a whole number from 1 to 3650, or nothing for ever."));
    }
    let fields = [("days", "7"), ("minutes", "14"), ("hours", "30"), ("whole_days", "39")];
    let asked = ada.submit(&retention, &fields).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (level, before) in [
        ("data points", "17 Nov"),
        ("minutes", "10 Nov"),
        ("hours", "25 Oct"),
        ("days", "16 Oct"),
    ] {
        let said = format!("{level} from before {before} 2026 (UTC); they reach back to 15 Oct 2026");
        assert!(ada.says(&said), "{said}");
    }
    let agreed = [&fields[..], &[("erase", "7-14-30-39")]].concat();
    assert!(ada.submit(&retention, &agreed).await.status.is_redirection());
}

#[tokio::test]
async fn a_deleted_project_is_gone_at_once_and_an_administrator_restores_it_within_30_days() {
    let site = Site::new().await;
    let (mut ada, path, id, organisation) = mine(&site).await;
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    let key = store::dsns::current(&site.app.db, id)
        .await
        .unwrap()
        .unwrap()
        .public_key;
    let deletion = format!("{path}/deletion");
    ada.open(&deletion).await;
    assert!(ada.page.contains("24 Dec 2026, 10:00 UTC"));
    let wrong = ada.submit(&deletion, &[("name", "my first project")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ada.fetch(&format!("{path}/settings")).await.status, StatusCode::OK);
    let answer = ada.submit(&deletion, &[("name", " My First Project ")]).await;
    assert_eq!(answer.location(), format!("/organisations/{organisation}/settings"));
    assert!(ada.page.contains("Deleted projects"));
    assert_eq!(
        ada.fetch(&format!("{path}/settings")).await.status,
        StatusCode::NOT_FOUND
    );
    let gone = store::dsns::resolve(&site.app.db, key, site.app.now()).await.unwrap();
    assert!(matches!(gone, Resolved::Gone { .. }));
    bob.open(&format!("/organisations/{organisation}/settings")).await;
    assert!(!bob.page.contains("Deleted projects"));
    let restoration = format!("/organisations/{organisation}/projects/{id}/restoration");
    assert_eq!(bob.post(&restoration, &[]).await.status, StatusCode::FORBIDDEN);
    // not through another organisation of one's own
    let bob_id = site.user("bob@example.com").await;
    let other = store::organisations::of_user(&site.app.db, bob_id).await.unwrap()[1]
        .organisation
        .id;
    let through = format!("/organisations/{other}/projects/{id}/restoration");
    assert_eq!(bob.post(&through, &[]).await.status, StatusCode::NOT_FOUND);
    ada.submit(&restoration, &[]).await;
    assert!(ada.page.contains("My First Project is back") && !ada.page.contains("Deleted projects"));
    let back = store::dsns::resolve(&site.app.db, key, site.app.now()).await.unwrap();
    assert!(matches!(back, Resolved::Publishes(_)));
    ada.open(&deletion).await;
    ada.submit(&deletion, &[("name", "My First Project")]).await;
    site.app.clock.advance(30 * DAY);
    ada.sign_in("ada@example.com").await;
    ada.open(&format!("/organisations/{organisation}/settings")).await;
    assert!(!ada.page.contains("Deleted projects"));
    assert_eq!(ada.post(&restoration, &[]).await.status, StatusCode::NOT_FOUND);
}
