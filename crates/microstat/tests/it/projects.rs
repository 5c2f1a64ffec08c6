//! "Your Project".

use axum::http::StatusCode;
use domain::role::Role;

use crate::harness::Site;

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
