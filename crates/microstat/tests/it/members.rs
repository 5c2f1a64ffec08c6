//! Members: roles and removal, which are an Administrator's to change.

use axum::http::StatusCode;
use domain::role::Role;

use crate::harness::Site;

#[tokio::test]
async fn an_administrator_changes_anyones_role_and_it_holds_from_the_next_request() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Viewer).await;
    let bob_id = site.user("bob@example.com").await;
    let settings = format!("/organisations/{organisation}/settings");
    let path = format!("/organisations/{organisation}/members/{bob_id}/role");
    let name = format!("/organisations/{organisation}/name");
    assert_eq!(bob.fetch(&name).await.status, StatusCode::FORBIDDEN);
    ada.open(&settings).await;
    ada.submit(&path, &[("role", "Administrator")]).await;
    assert!(ada.page.contains("Bob&#39;s role is Administrator now."));
    assert_eq!(bob.fetch(&name).await.status, StatusCode::OK);
    site.app.clock.advance(1);
    ada.submit(&path, &[("role", "Member")]).await;
    assert_eq!(bob.fetch(&name).await.status, StatusCode::FORBIDDEN);
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    assert_eq!(events[0].subject, "Bob <bob@example.com>");
    assert_eq!(events[0].detail, "Administrator → Member");
    assert_eq!(events[0].actor.name, "Ada <ada@example.com>");
}

#[tokio::test]
async fn nobody_else_changes_roles_or_removes() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let ada_id = site.user("ada@example.com").await;
    for (name, role) in [("Bob", Role::Member), ("Cyd", Role::Viewer)] {
        let mut other = site.member(organisation, name, role).await;
        other.open(&format!("/organisations/{organisation}/departure")).await;
        let me = site.user(&format!("{}@example.com", name.to_lowercase())).await;
        for (user, wish) in [(ada_id, "Viewer"), (me, "Administrator")] {
            let path = format!("/organisations/{organisation}/members/{user}/role");
            assert_eq!(other.post(&path, &[("role", wish)]).await.status, StatusCode::FORBIDDEN);
        }
        let path = format!("/organisations/{organisation}/members/{ada_id}/removal");
        assert_eq!(other.fetch(&path).await.status, StatusCode::FORBIDDEN);
        assert_eq!(other.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    }
    let mut eve = site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    eve.open("/organisations/new").await;
    let path = format!("/organisations/{organisation}/members/{ada_id}/removal");
    assert_eq!(eve.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let eve_id = site.user("eve@example.com").await;
    ada.open("/organisations/new").await;
    for path in [
        format!("/organisations/{organisation}/members/{eve_id}/removal"),
        format!("/organisations/{organisation}/members/nobody/removal"),
    ] {
        assert_eq!(ada.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_last_administrators_demotion_is_refused_with_what_to_do() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    site.member(organisation, "Bob", Role::Member).await;
    let ada_id = site.user("ada@example.com").await;
    let path = format!("/organisations/{organisation}/members/{ada_id}/role");
    ada.open(&format!("/organisations/{organisation}/settings")).await;
    let answer = ada.submit(&path, &[("role", "Member")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        ada.page
            .contains("Ada is the only Administrator. Make someone else Administrator first, or delete")
    );
    // with a second Administrator, one may step down
    site.member(organisation, "Cyd", Role::Administrator).await;
    assert!(ada.submit(&path, &[("role", "Member")]).await.status.is_redirection());
    assert!(!ada.page.contains("Change role"));
}

#[tokio::test]
async fn a_removed_member_is_out_from_the_next_request_and_told_by_mail() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    let bob_id = site.user("bob@example.com").await;
    let path = format!("/organisations/{organisation}/members/{bob_id}/removal");
    ada.open(&path).await;
    assert!(
        ada.page
            .contains("<button class=\"button danger primary\">Remove <bdi>Bob</bdi></button>")
    );
    ada.submit(&path, &[]).await;
    assert!(ada.page.contains("Bob is no longer a member."));
    for gone in [
        format!("{project}/settings"),
        format!("/organisations/{organisation}/settings"),
    ] {
        assert_eq!(bob.fetch(&gone).await.status, StatusCode::NOT_FOUND);
    }
    // twice is once
    assert_eq!(ada.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let removals = events.iter().filter(|event| event.action == "member.removed");
    assert_eq!(removals.count(), 1);
}

#[tokio::test]
async fn removing_oneself_is_leaving() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let ada_id = site.user("ada@example.com").await;
    ada.open(&format!("/organisations/{organisation}/settings")).await;
    let path = format!("/organisations/{organisation}/members/{ada_id}/removal");
    let departure = format!("/organisations/{organisation}/departure");
    assert_eq!(ada.fetch(&path).await.location(), departure);
    assert_eq!(ada.post(&path, &[]).await.location(), departure);
}

#[tokio::test]
async fn whoever_gets_another_role_is_told_by_mail_and_nobody_tells_themselves() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    site.member(organisation, "Bob", Role::Viewer).await;
    let before = site.deliver().await.len();
    ada.open(&format!("/organisations/{organisation}/settings")).await;
    for (email, role) in [("bob@example.com", "Administrator"), ("ada@example.com", "Member")] {
        let user = site.user(email).await;
        let path = format!("/organisations/{organisation}/members/{user}/role");
        ada.submit(&path, &[("role", role)]).await;
        // the same again is no change
        ada.submit(&path, &[("role", role)]).await;
    }
    let told = site.deliver().await.split_off(before);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, "bob@example.com");
    assert_eq!(told[0].subject, "You are now Administrator in Ada's Organisation");
    assert!(told[0].text.contains("Ada changed your role"));
}
