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
async fn its_own_address_leads_to_its_first_project() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let answer = ada.fetch(&format!("/organisations/{organisation}")).await;
    assert_eq!(answer.location(), project);
}
