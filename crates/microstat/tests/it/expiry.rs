//! Erasing for good: what was deleted 30 days ago, and what is older than its project keeps.

use std::collections::BTreeSet;

use domain::id::ProjectId;
use domain::range::Range;
use domain::time::{DAY, HOUR, Micros};
use microstat::jobs::expiry;

use crate::harness::{Browser, Site};

/// Ada's first project with a data point: her browser, its path, its id.
async fn measured(site: &Site) -> (Browser, String, ProjectId) {
    let mut ada = site.browser();
    let path = ada.sign_up("Ada", "ada@example.com").await;
    let id = path.split('/').nth(2).unwrap().parse().unwrap();
    site.publish(id, site.app.now()).await;
    (ada, path, id)
}

#[tokio::test]
async fn a_deleted_project_is_erased_after_30_days_data_points_included() {
    let site = Site::new().await;
    let (mut ada, path, id) = measured(&site).await;
    ada.open(&format!("{path}/deletion")).await;
    ada.submit(&format!("{path}/deletion"), &[("name", "My First Project")])
        .await;
    let dsn = store::dsns::of_project(&site.app.db, id).await.unwrap()[0].public_key;
    site.app.clock.advance(30 * DAY - HOUR);
    expiry::run_due(&site.app).await.unwrap();
    assert!(site.app.points.any(id).await.unwrap());
    let resolved = store::dsns::resolve(&site.app.db, dsn, site.app.now()).await.unwrap();
    assert!(matches!(resolved, store::dsns::Resolved::Gone { .. }));
    site.app.clock.advance(HOUR);
    for _ in 0..2 {
        expiry::run_due(&site.app).await.unwrap();
        assert!(!site.app.points.any(id).await.unwrap());
    }
    let resolved = store::dsns::resolve(&site.app.db, dsn, site.app.now()).await.unwrap();
    assert_eq!(resolved, store::dsns::Resolved::Unknown);
    assert!(store::metrics::of_project(&site.app.db, id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deleted_organisation_is_erased_with_every_project_of_it() {
    let site = Site::new().await;
    let (mut ada, path, id) = measured(&site).await;
    let organisation = site.organisation_of("ada@example.com").await;
    // a project deleted before its organisation goes with it, and another organisation stays
    ada.open(&format!("{path}/deletion")).await;
    ada.submit(&format!("{path}/deletion"), &[("name", "My First Project")])
        .await;
    site.app.clock.advance(DAY);
    let mut bob = site.browser();
    let theirs = bob.sign_up("Bob", "bob@example.com").await;
    let theirs = theirs.split('/').nth(2).unwrap().parse().unwrap();
    site.publish(theirs, site.app.now()).await;
    let deletion = format!("/organisations/{organisation}/deletion");
    ada.open(&deletion).await;
    ada.submit(&deletion, &[("name", "Ada's Organisation")]).await;
    site.app.clock.advance(30 * DAY);
    expiry::run_due(&site.app).await.unwrap();
    assert!(!site.app.points.any(id).await.unwrap());
    assert!(site.app.points.any(theirs).await.unwrap());
    let rows = |text| store::db::sql(text).one(&site.app.db);
    let organisations = rows("select count(*) as n from organisations").await.unwrap();
    assert_eq!(organisations.get::<i64>("n").unwrap(), 1);
    let events = rows("select count(*) as n from audit_events").await.unwrap();
    assert_eq!(events.get::<i64>("n").unwrap(), 1, "its log goes with it, Bob's stays");
    // the person stays
    site.user("ada@example.com").await;
}

#[tokio::test]
async fn what_is_restored_in_time_is_not_erased() {
    let site = Site::new().await;
    let (mut ada, path, id) = measured(&site).await;
    let organisation = site.organisation_of("ada@example.com").await;
    ada.open(&format!("{path}/deletion")).await;
    ada.submit(&format!("{path}/deletion"), &[("name", "My First Project")])
        .await;
    site.app.clock.advance(29 * DAY);
    ada.submit(&format!("/organisations/{organisation}/projects/{id}/restoration"), &[])
        .await;
    site.app.clock.advance(2 * DAY);
    expiry::run_due(&site.app).await.unwrap();
    assert!(site.app.points.any(id).await.unwrap());
}

#[tokio::test]
async fn data_points_older_than_their_project_keeps_are_erased_whole_days_at_a_time() {
    let site = Site::new().await;
    let (mut ada, path, id) = measured(&site).await;
    // it is 10:00: of the day 30 days ago all is kept, of the day before nothing
    for ago in [30 * DAY + 9 * HOUR, 30 * DAY + 11 * HOUR] {
        site.publish(id, site.app.now() - ago).await;
    }
    let retention = format!("{path}/retention");
    ada.open(&retention).await;
    ada.submit(&retention, &[("days", "30"), ("erase", "30-90-730-")]).await;
    assert_eq!(kept(&site, id).await, 3);
    expiry::run_due(&site.app).await.unwrap();
    assert_eq!(kept(&site, id).await, 2);
}

#[tokio::test]
async fn what_data_points_add_up_to_outlives_them_as_long_as_the_project_says() {
    let site = Site::new().await;
    let (mut ada, path, id) = measured(&site).await;
    let at = site.app.now() - 20 * DAY;
    site.publish(id, at).await;
    site.publish(id, at - HOUR / 2).await;
    let metric = store::metrics::of_project(&site.app.db, id).await.unwrap()[0].id;
    let day = Range::new(at.floor(DAY), at.floor(DAY) + DAY).unwrap();
    let count = async || site.app.points.whole(metric, day, false).await.unwrap().count;
    let fields = [("days", "7"), ("minutes", "7"), ("hours", "7"), ("whole_days", "30")];
    ada.open(&format!("{path}/retention")).await;
    let agreed = [&fields[..], &[("erase", "7-7-7-30")]].concat();
    ada.submit(&format!("{path}/retention"), &agreed).await;
    expiry::run_due(&site.app).await.unwrap();
    assert_eq!((kept(&site, id).await, count().await), (1, 2));
    // a page shows what there is: of an hour of that day, the day
    let hour = format!("{path}/metrics/{metric}?from=2026-11-04T09:00&to=2026-11-04T10:30");
    ada.open(&hour).await;
    for said in [
        "Of times before 17 Nov 2026",
        "this project keeps days alone",
        "Data points2",
    ] {
        assert!(ada.says(said), "{said}");
    }
    site.app.clock.advance(11 * DAY);
    expiry::run_due(&site.app).await.unwrap();
    assert_eq!((kept(&site, id).await, count().await), (0, 0));
}

/// How many data points of the project's one metric are kept.
async fn kept(site: &Site, project: ProjectId) -> usize {
    let metric = store::metrics::of_project(&site.app.db, project).await.unwrap()[0].id;
    let ever = Range::new(Micros(0), site.app.now() + HOUR).unwrap();
    let page = site.app.points.data_points(metric, ever, 9, None).await.unwrap();
    page.data_points.len()
}

#[tokio::test]
async fn what_can_t_be_erased_keeps_nothing_else_from_it() {
    let site = Site::new().await;
    let (mut ada, _, id) = measured(&site).await;
    let mut bob = site.browser();
    let theirs = bob.sign_up("Bob", "bob@example.com").await;
    let other = theirs.split('/').nth(2).unwrap().parse().unwrap();
    site.publish(other, site.app.now()).await;
    site.app.points.seal().await.unwrap();
    let file = store::Db::sqlite(&site.app.config.data.join("points.db"))
        .await
        .unwrap();
    let projects = [(&mut ada, id), (&mut bob, other)];
    let mut damaged = BTreeSet::new();
    for (person, project) in projects {
        let deletion = format!("/projects/{project}/deletion");
        person.open(&deletion).await;
        person.submit(&deletion, &[("name", "My First Project")]).await;
        damaged.insert(project);
    }
    let first = *damaged.first().unwrap();
    let mut tx = file.begin().await.unwrap();
    let damage =
        "update days set data = x'ff' where key & 1073741823 in (select number from metrics where project = $1)";
    store::db::sql(damage).bind(first.0).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    site.app.clock.advance(30 * DAY);
    expiry::run_due(&site.app).await.unwrap_err();
    for project in damaged {
        assert_eq!(site.app.points.any(project).await.unwrap(), project == first);
    }
}
