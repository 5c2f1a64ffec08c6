//! DSNs: made, turned off, rotated.

use axum::http::StatusCode;
use domain::id::{DsnId, ProjectId};
use domain::time::DAY;
use store::dsns::{Dsn, Resolved};

use crate::harness::{Browser, Site};

/// Ada's first project: her browser, its path, its id.
async fn mine(site: &Site) -> (Browser, String, ProjectId) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let id = path.split('/').nth(2).unwrap().parse().unwrap();
    (ada, path, id)
}

/// The DSNs of a project, the newest first.
async fn dsns(site: &Site, project: ProjectId) -> Vec<Dsn> {
    store::dsns::of_project(&site.app.db, project).await.unwrap()
}

async fn works(site: &Site, dsn: &Dsn) -> bool {
    let resolved = store::dsns::resolve(&site.app.db, dsn.public_key, site.app.now())
        .await
        .unwrap();
    matches!(resolved, Resolved::Publishes(_))
}

#[tokio::test]
async fn a_project_has_several_and_one_is_turned_off_without_the_others() {
    let site = Site::new().await;
    let (mut ada, path, project) = mine(&site).await;
    ada.open(&format!("{path}/dsns")).await;
    let wrong = ada.submit(&format!("{path}/dsns"), &[("name", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.app.clock.advance(1);
    ada.submit(&format!("{path}/dsns"), &[("name", "Web <Shop>")]).await;
    let all = dsns(&site, project).await;
    assert_eq!(
        all.iter().map(|dsn| dsn.label.as_str()).collect::<Vec<_>>(),
        ["Web <Shop>", "First DSN"]
    );
    for dsn in &all {
        assert!(ada.page.contains(&format!("value=\"{}\"", dsn.public_key)) && works(&site, dsn).await);
    }
    let ending = format!("{path}/dsns/{}/ending", all[1].id);
    ada.open(&ending).await;
    assert!(
        ada.page
            .contains("<button class=\"button danger primary\">Turn off DSN</button>")
    );
    assert!(!ada.page.contains("the only DSN"));
    ada.submit(&ending, &[]).await;
    assert!(works(&site, &all[0]).await && !works(&site, &all[1]).await);
    assert_eq!(
        ada.fetch(&ending).await.location(),
        format!("{path}/settings"),
        "off is off"
    );
    // the last one may be turned off too, and the page says what that means
    let ending = format!("{path}/dsns/{}/ending", all[0].id);
    ada.open(&ending).await;
    assert!(ada.says("It is the only DSN of My First Project that works"));
    ada.submit(&ending, &[]).await;
    assert!(ada.says("nothing can be published to My First Project"));
}

#[tokio::test]
async fn a_dsn_is_rotated_with_some_days_in_which_both_work() {
    let site = Site::new().await;
    let (mut ada, path, project) = mine(&site).await;
    let rotation = format!("{path}/dsns/{}/rotation", dsns(&site, project).await[0].id);
    ada.open(&rotation).await;
    assert!(ada.page.contains("value=\"7\""));
    for wrong in ["0", "91", ""] {
        assert_eq!(
            ada.submit(&rotation, &[("days", wrong)]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    site.app.clock.advance(1);
    ada.submit(&rotation, &[("days", "7")]).await;
    assert!(ada.page.contains("works until 1 Dec 2026, 10:00 UTC"));
    let all = dsns(&site, project).await;
    assert_eq!(
        (all.len(), all[0].label.as_str(), all[1].label.as_str()),
        (2, "First DSN", "First DSN")
    );
    assert!(works(&site, &all[0]).await && works(&site, &all[1]).await);
    // once: what is on its way out makes no third
    ada.submit(&rotation, &[("days", "7")]).await;
    assert_eq!(dsns(&site, project).await.len(), 2);
    site.app.clock.advance(7 * DAY);
    assert!(works(&site, &all[0]).await && !works(&site, &all[1]).await);
}

#[tokio::test]
async fn a_dsn_of_another_project_is_not_found_here() {
    let site = Site::new().await;
    let (mut ada, path, _) = mine(&site).await;
    let mut bob = site.browser();
    let theirs = bob.sign_up("Bob", "bob@example.com").await;
    let theirs = dsns(&site, theirs.split('/').nth(2).unwrap().parse().unwrap()).await[0].clone();
    ada.open(&format!("{path}/dsns")).await;
    for dsn in [theirs.id, DsnId(1)] {
        for way in ["ending", "rotation"] {
            let way = format!("{path}/dsns/{dsn}/{way}");
            assert_eq!(ada.fetch(&way).await.status, StatusCode::NOT_FOUND);
            assert_eq!(ada.post(&way, &[("days", "7")]).await.status, StatusCode::NOT_FOUND);
        }
    }
    assert!(works(&site, &theirs).await);
}
