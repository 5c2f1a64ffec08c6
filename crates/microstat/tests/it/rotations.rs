//! After somebody left or was removed: Administrators are offered to rotate the DSNs they had seen.

use axum::http::StatusCode;
use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use domain::time::DAY;
use store::dsns::{Dsn, Resolved};

use crate::harness::{Browser, Site};

const OFFER: &str = "Rotate older DSNs";

/// Ada's organisation, which Bob has just left: her browser, its id, its project's path and id.
async fn left_by_bob(site: &Site) -> (Browser, OrganisationId, String, ProjectId) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut bob = site.member(organisation, "Bob", Role::Member).await;
    ada.open(&format!("{path}/settings")).await;
    assert!(!ada.page.contains(OFFER));
    site.app.clock.advance(1);
    let departure = format!("/organisations/{organisation}/departure");
    bob.open(&departure).await;
    bob.submit(&departure, &[("name", "Ada's Organisation")]).await;
    site.app.clock.advance(1);
    let project = path.split('/').nth(2).unwrap().parse().unwrap();
    (ada, organisation, path, project)
}

async fn works(site: &Site, dsn: &Dsn) -> bool {
    let resolved = store::dsns::resolve(&site.app.db, dsn.public_key, site.app.now())
        .await
        .unwrap();
    matches!(resolved, Resolved::Publishes(_))
}

#[tokio::test]
async fn dsns_keep_working_and_administrators_are_offered_to_rotate_them() {
    let site = Site::new().await;
    let (mut ada, organisation, path, project) = left_by_bob(&site).await;
    let old = store::dsns::of_project(&site.app.db, project).await.unwrap().remove(0);
    assert!(works(&site, &old).await);
    for page in [
        format!("/organisations/{organisation}/settings"),
        format!("{path}/settings"),
    ] {
        ada.open(&page).await;
        assert!(
            ada.page.contains("Bob &#60;bob@example.com&#62;") && ada.page.contains(OFFER),
            "{page}"
        );
    }
    let rotation = format!("/organisations/{organisation}/dsns/rotation");
    ada.open(&rotation).await;
    assert!(ada.page.contains(&old.public_key.to_string()) && ada.page.contains("value=\"7\""));
    assert_eq!(
        ada.submit(&rotation, &[("days", "x")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    ada.submit(&rotation, &[("days", "7")]).await;
    assert!(!ada.page.contains(OFFER));
    let all = store::dsns::of_project(&site.app.db, project).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(
        works(&site, &all[0]).await && works(&site, &all[1]).await,
        "both for some days"
    );
    site.app.clock.advance(7 * DAY);
    assert!(works(&site, &all[0]).await && !works(&site, &old).await);
}

#[tokio::test]
async fn keeping_them_ends_the_question_until_the_next_one_goes() {
    let site = Site::new().await;
    let (mut ada, organisation, path, project) = left_by_bob(&site).await;
    let rotation = format!("/organisations/{organisation}/dsns/rotation");
    ada.open(&rotation).await;
    ada.submit(&rotation, &[("keep", "true")]).await;
    assert!(!ada.page.contains(OFFER));
    assert_eq!(store::dsns::of_project(&site.app.db, project).await.unwrap().len(), 1);
    assert!(ada.fetch(&rotation).await.status.is_redirection());
    site.app.clock.advance(1);
    site.member(organisation, "Cyd", Role::Viewer).await;
    let cyd = site.user("cyd@example.com").await;
    ada.submit(&format!("/organisations/{organisation}/members/{cyd}/removal"), &[])
        .await;
    ada.open(&format!("{path}/settings")).await;
    assert!(ada.page.contains("Cyd &#60;cyd@example.com&#62;"));
}

#[tokio::test]
async fn it_is_for_administrators_alone_and_not_for_ever() {
    let site = Site::new().await;
    let (mut ada, organisation, path, _) = left_by_bob(&site).await;
    let mut cyd = site.member(organisation, "Cyd", Role::Member).await;
    cyd.open(&format!("{path}/settings")).await;
    assert!(!cyd.page.contains(OFFER));
    let rotation = format!("/organisations/{organisation}/dsns/rotation");
    assert_eq!(cyd.fetch(&rotation).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        cyd.post(&rotation, &[("days", "7")]).await.status,
        StatusCode::FORBIDDEN
    );
    site.app.clock.advance(30 * DAY);
    ada.sign_in("ada@example.com").await;
    ada.open(&format!("{path}/settings")).await;
    assert!(!ada.page.contains(OFFER));
}
