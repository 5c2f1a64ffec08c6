//! "Delete Metric".

use axum::http::StatusCode;
use domain::range::Range;
use domain::role::Role;
use domain::time::{DAY, HOUR};
use serde_json::json;
use store::metrics::RESTORABLE_FOR;

use super::{Shop, point, says, words};
use crate::harness::{NOW, Site};

#[tokio::test]
async fn a_metric_is_deleted_by_its_exact_name_and_its_data_points_with_it() {
    let mut shop = Shop::new().await;
    let points = [
        point("Café", "Timer", 5, HOUR),
        point("Café", "Timer", 6, 30 * HOUR),
        point("Other", "Hit Counter", 1, HOUR),
    ];
    shop.publish(json!(points)).await;
    let metric = shop.path_of("Café").await;
    shop.ada.open(&metric).await;
    let button = format!(
        "<form method=\"get\" action=\"{metric}/deletion\"><button class=\"button danger\">Delete Metric</button>"
    );
    assert!(shop.ada.page.contains(&button));
    let deletion = format!("{metric}/deletion");
    says(
        &words(&shop.ada.open(&deletion).await.text),
        &["Metric name", "For 48 hours it can be restored"],
    );
    for wrong in ["", "café", "Cafe", "Café Timer", "Other"] {
        let answer = shop.ada.submit(&deletion, &[("name", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(answer.text.contains(&format!("value=\"{wrong}\"")) && answer.text.contains("aria-invalid"));
    }
    let answer = shop.ada.submit(&deletion, &[("name", "  Cafe\u{301} ")]).await;
    assert_eq!(answer.location(), format!("{}/metrics", shop.path));
    let text = words(&shop.ada.page);
    says(
        &text,
        &[
            "“Café” is deleted. It can be restored for 48 hours",
            "1 of at most 2,000",
        ],
    );
    for under in ["", "/data-points", "/deletion", "/series.csv"] {
        let answer = shop.ada.fetch(&format!("{metric}{under}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{under}");
    }
    let text = shop.read("").await;
    says(&text, &["How to read this 1 "]);
    assert!(!text.contains("Café"));
    let organisation = shop.site.organisation_of("ada@example.com").await;
    let events = store::audit_events::of_organisation(&shop.site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let event = events
        .iter()
        .find(|event| event.action == "metric.deleted")
        .expect("it is in the audit log");
    assert_eq!(
        (event.subject.as_str(), event.detail.as_str()),
        ("Café (Timer)", "My First Project")
    );
}

#[tokio::test]
async fn published_again_it_begins_anew() {
    let mut shop = Shop::new().await;
    shop.publish(json!([point("Order", "Hit Counter", 5, HOUR)])).await;
    let (before, path) = (shop.metric("Order").await, shop.path_of("Order").await);
    shop.ada.open(&format!("{path}/deletion")).await;
    shop.ada.post(&format!("{path}/deletion"), &[("name", "Order")]).await;
    says(&shop.read("").await, &["Tutorial", "Waiting for the first data point"]);
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    assert_ne!(shop.metric("Order").await.id, before.id);
    says(&words(&shop.open("Order", "?range=7d").await.text), &["Hits 1"]);
}

#[tokio::test]
async fn what_is_published_after_a_deletion_stays_when_the_old_is_erased_and_nothing_else_comes_back() {
    let mut shop = Shop::new().await;
    shop.publish(json!([
        point("Order", "Hit Counter", 5, HOUR),
        point("Order", "Hit Counter", 6, 40 * HOUR)
    ]))
    .await;
    shop.site.app.points.seal().await.unwrap();
    shop.publish(json!([point("Order", "Hit Counter", 7, 2 * HOUR)])).await;
    let path = shop.path_of("Order").await;
    let old = shop.metric("Order").await.id;
    shop.ada.open(&format!("{path}/deletion")).await;
    shop.ada.post(&format!("{path}/deletion"), &[("name", "Order")]).await;
    // at once, while the old one can still be restored
    shop.publish(json!([
        point("Order", "Hit Counter", 1, HOUR),
        point("Order", "Hit Counter", 2, 50 * HOUR)
    ]))
    .await;
    let new = shop.metric("Order").await.id;
    let ever = Range::new(NOW - 80 * DAY, NOW + 1).unwrap();
    let hits = async |site: &Site, id| site.app.points.whole(id, ever, false).await.unwrap().count;
    assert_eq!((hits(&shop.site, new).await, hits(&shop.site, old).await), (3, 18));
    says(&shop.read("").await, &["All Data Points", "How to read this 1 "]);
    shop.site.app.clock.advance(RESTORABLE_FOR);
    microstat::jobs::expiry::run_due(&shop.site.app).await.unwrap();
    assert_eq!((hits(&shop.site, new).await, hits(&shop.site, old).await), (3, 0));
    drop(shop.ada);
    let site = shop.site.restarted().await;
    assert_eq!((hits(&site, new).await, hits(&site, old).await), (3, 0));
    let metrics = store::metrics::everywhere(&site.app.db).await.unwrap();
    assert_eq!(metrics.into_iter().collect::<Vec<_>>(), [(shop.id, new)]);
    site.app.points.seal().await.unwrap();
    assert_eq!(hits(&site.restarted().await, new).await, 3);
}

#[tokio::test]
async fn only_a_member_or_administrator_deletes_a_metric() {
    let shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let metric = shop.path_of("Order").await;
    let deletion = format!("{metric}/deletion");
    let mut vic = shop.member("Vic", Role::Viewer).await;
    assert!(!vic.open(&metric).await.text.contains("Delete Metric"));
    assert_eq!(vic.fetch(&deletion).await.status, StatusCode::FORBIDDEN);
    let answer = vic.post(&deletion, &[("name", "Order")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let mut mel = shop.member("Mel", Role::Member).await;
    assert_eq!(mel.open(&deletion).await.status, StatusCode::OK);
    let answer = mel.post(&deletion, &[("name", "Order")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn odd_names_can_be_typed_too() {
    let mut shop = Shop::new().await;
    for name in ["<b>\"x\"</b> & 'y'", "طلبات جديدة", "two  spaces", &"W".repeat(255)] {
        shop.publish(json!({"name": name, "type": "Counter", "value": 1})).await;
        let deletion = format!("{}/deletion", shop.path_of(name).await);
        shop.ada.open(&deletion).await;
        let answer = shop.ada.submit(&deletion, &[("name", name)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_delete_it_at_once_one_does() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let deletion = format!("{}/deletion", shop.path_of("Order").await);
    shop.ada.open(&deletion).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (mut ada, deletion) = (shop.ada.clone(), deletion.clone());
            tokio::spawn(async move { ada.post(&deletion, &[("name", "Order")]).await.status })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        let status = task.await.unwrap();
        assert!(
            matches!(status, StatusCode::SEE_OTHER | StatusCode::NOT_FOUND),
            "{status}"
        );
        done += usize::from(status == StatusCode::SEE_OTHER);
    }
    assert_eq!(done, 1);
}
