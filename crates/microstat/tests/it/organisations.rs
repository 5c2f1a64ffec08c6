//! "Your Organisation".

use axum::http::StatusCode;
use domain::role::Role;

use crate::harness::Site;

#[tokio::test]
async fn every_member_may_open_it_and_an_outsider_finds_nothing() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let path = format!("/organisations/{organisation}/settings");
    assert_eq!(ada.open(&path).await.status, StatusCode::OK);
    assert!(ada.page.contains("Invite my Team") && ada.page.contains("Create Project"));
    for (name, role) in [("Bob", Role::Member), ("Cyd", Role::Viewer)] {
        let mut member = site.member(organisation, name, role).await;
        assert_eq!(member.open(&path).await.status, StatusCode::OK);
        assert!(member.page.contains("ada@example.com"));
        assert!(!member.page.contains("Invite my Team") && !member.page.contains("Create Project"));
    }
    let mut eve = site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    assert_eq!(eve.open(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.browser().fetch(&path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_one_is_not_in_answers_the_same_as_what_does_not_exist() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut eve = site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    eve.open("/organisations/new").await;
    for (theirs, nobodys) in [
        (
            format!("/organisations/{organisation}/settings"),
            "/organisations/0000000000/settings",
        ),
        (
            format!("/organisations/{organisation}/name"),
            "/organisations/0000000000/name",
        ),
        (format!("{project}/settings"), "/projects/0000000000/settings"),
        (format!("{project}/deletion"), "/projects/nothing/deletion"),
    ] {
        let (one, other) = (eve.fetch(&theirs).await, eve.fetch(nobodys).await);
        assert_eq!(
            (one.status, one.tokenless()),
            (StatusCode::NOT_FOUND, other.tokenless())
        );
        let fields = [("name", "x")];
        let (one, other) = (eve.post(&theirs, &fields).await, eve.post(nobodys, &fields).await);
        assert_eq!((one.status, one.tokenless()), (other.status, other.tokenless()));
    }
}

#[tokio::test]
async fn its_own_address_leads_to_its_first_project() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let answer = ada.fetch(&format!("/organisations/{organisation}")).await;
    assert_eq!(answer.location(), project);
}

#[tokio::test]
async fn an_organisation_without_projects_offers_to_create_one_to_those_who_may() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut tx = site.app.db.begin().await.unwrap();
    let id = project.split('/').nth(2).unwrap().parse().unwrap();
    let ada_id = site.user("ada@example.com").await;
    store::projects::delete(&mut tx, id, "My First Project", ada_id, site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let path = format!("/organisations/{organisation}");
    assert_eq!(ada.open(&path).await.status, StatusCode::OK);
    assert!(ada.page.contains("Create Project"));
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    bob.open(&path).await;
    assert!(!bob.page.contains("Create Project") && bob.page.contains("an Administrator of this organisation can"));
}

#[tokio::test]
async fn a_person_may_create_several_organisations_and_lands_on_the_tutorial_of_each() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    for name in ["Harbour Street Bakery", "  Zwölf &amp; Söhne  "] {
        ada.open("/organisations/new").await;
        let answer = ada.submit("/organisations", &[("name", name)]).await;
        assert!(answer.location().ends_with("/tutorial"), "{answer:?}");
    }
    let user = site.user("ada@example.com").await;
    let mine = store::organisations::of_user(&site.app.db, user).await.unwrap();
    let names: Vec<_> = mine.iter().map(|of| of.organisation.name.as_str()).collect();
    assert_eq!(
        names,
        ["Ada's Organisation", "Harbour Street Bakery", "Zwölf &amp; Söhne"]
    );
    assert!(mine.iter().all(|of| of.role == Role::Administrator));
    for of in &mine {
        let dsn = store::dsns::current(&site.app.db, of.projects[0].id).await.unwrap();
        assert!(dsn.is_some());
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_shown_again_with_what_is_wrong() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let path = format!("/organisations/{organisation}/name");
    for wrong in ["  ", "a\nb", &"é".repeat(81)] {
        ada.open(&path).await;
        let answer = ada.submit(&path, &[("name", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(ada.page.contains("aria-invalid=\"true\"") && ada.page.contains(wrong));
    }
    ada.open(&path).await;
    assert!(ada.page.contains("Ada&#39;s Organisation"));
}

#[tokio::test]
async fn an_administrator_renames_it_and_nobody_else_does() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let path = format!("/organisations/{organisation}/name");
    for (name, role) in [("Bob", Role::Member), ("Cyd", Role::Viewer)] {
        let mut other = site.member(organisation, name, role).await;
        other.open(&format!("/organisations/{organisation}/settings")).await;
        let answer = other.submit(&path, &[("name", "Mine")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer
                .text
                .contains("Only an Administrator of this organisation may do this")
        );
        assert_eq!(other.open(&path).await.status, StatusCode::FORBIDDEN);
    }
    ada.open(&path).await;
    site.app.clock.advance(1);
    ada.submit(&path, &[("name", "Harbour")]).await;
    assert!(ada.page.contains("The organisation is called Harbour."));
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    assert_eq!(
        (events[0].subject.as_str(), events[0].detail.as_str()),
        ("Harbour", "was Ada's Organisation")
    );
}

/// Names that try to be markup, or to turn the text around.
const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "שלום \u{200f}עולם",
    "👩‍🚀 & Söhne's {{ 7 * 7 }}",
];

#[tokio::test]
async fn names_are_escaped_wherever_they_are_shown() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    for name in HOSTILE {
        let path = format!("/organisations/{organisation}/name");
        ada.open(&path).await;
        ada.submit(&path, &[("name", name)]).await;
        let pages = ["settings", "name", "departure", "deletion", "projects/new", "audit-log"];
        for page in pages {
            let answer = ada.open(&format!("/organisations/{organisation}/{page}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}");
            assert!(
                !answer.text.contains("<script>alert") && !answer.text.contains("<img src=x"),
                "{page}"
            );
        }
    }
}

#[tokio::test]
async fn two_tabs_on_two_organisations_never_mix() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let first = site.organisation_of("ada@example.com").await;
    ada.open("/organisations/new").await;
    ada.submit("/organisations", &[("name", "Second")]).await;
    let mine = store::organisations::of_user(&site.app.db, site.user("ada@example.com").await)
        .await
        .unwrap();
    let second = mine[1].organisation.id;
    // a tab each, the second opened last
    ada.open(&format!("/organisations/{first}/name")).await;
    let mut tab = ada.clone();
    tab.open(&format!("/organisations/{second}/settings")).await;
    ada.submit(&format!("/organisations/{first}/name"), &[("name", "Renamed")])
        .await;
    let mine = store::organisations::of_user(&site.app.db, site.user("ada@example.com").await)
        .await
        .unwrap();
    let names: Vec<_> = mine
        .iter()
        .map(|of| (of.organisation.id, of.organisation.name.as_str()))
        .collect();
    assert_eq!(names, [(first, "Renamed"), (second, "Second")]);
    tab.open(&format!("/organisations/{second}/settings")).await;
    assert!(tab.page.contains("<h2><bdi>Second</bdi></h2>") && !tab.page.contains("<h2><bdi>Renamed</bdi></h2>"));
}

#[tokio::test]
async fn deleting_it_takes_its_typed_name_and_stops_everything_at_once() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    let path = format!("/organisations/{organisation}/deletion");
    bob.open("/organisations/new").await;
    assert_eq!(
        bob.submit(&path, &[("name", "Ada's Organisation")]).await.status,
        StatusCode::FORBIDDEN
    );
    ada.open(&path).await;
    assert!(ada.page.contains("24 Dec 2026, 10:00 UTC") && ada.page.contains("1 other member:"));
    let wrong = ada.submit(&path, &[("name", "ada's organisation")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.page.contains("nothing happened"));
    let id = project.split('/').nth(2).unwrap().parse().unwrap();
    let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
    assert!(
        ada.submit(&path, &[("name", " Ada's Organisation ")])
            .await
            .status
            .is_redirection()
    );
    for browser in [&mut ada, &mut bob] {
        for gone in [
            format!("/organisations/{organisation}/settings"),
            format!("{project}/settings"),
            path.clone(),
        ] {
            assert_eq!(browser.fetch(&gone).await.status, StatusCode::NOT_FOUND);
        }
    }
    let resolved = store::dsns::resolve(&site.app.db, dsn.public_key, site.app.now())
        .await
        .unwrap();
    assert!(matches!(resolved, store::dsns::Resolved::Gone { .. }));
}

#[tokio::test]
async fn any_of_its_administrators_restores_it_within_30_days_and_nobody_else() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Administrator).await;
    let mut cyd = site.member(organisation, "Cyd", Role::Member).await;
    ada.open(&format!("/organisations/{organisation}/deletion")).await;
    ada.submit(
        &format!("/organisations/{organisation}/deletion"),
        &[("name", "Ada's Organisation")],
    )
    .await;
    let path = format!("/organisations/{organisation}/restoration");
    site.app.clock.advance(29 * domain::time::DAY);
    cyd.open("/organisations/new").await;
    assert_eq!(cyd.submit(&path, &[]).await.status, StatusCode::NOT_FOUND);
    bob.open("/organisations/new").await;
    assert_eq!(
        bob.submit(&path, &[]).await.location(),
        format!("/organisations/{organisation}")
    );
    for browser in [&mut ada, &mut bob, &mut cyd] {
        assert_eq!(
            browser.fetch(&format!("{project}/settings")).await.status,
            StatusCode::OK
        );
    }
    ada.open(&format!("/organisations/{organisation}/deletion")).await;
    ada.submit(
        &format!("/organisations/{organisation}/deletion"),
        &[("name", "Ada's Organisation")],
    )
    .await;
    site.app.clock.advance(30 * domain::time::DAY);
    let mut ada = site.browser();
    ada.sign_in("ada@example.com").await;
    ada.open("/organisations/new").await;
    assert_eq!(ada.submit(&path, &[]).await.status, StatusCode::NOT_FOUND);
}
