//! "Delete data points".

use axum::http::StatusCode;
use domain::time::{HOUR, MINUTE};
use serde_json::json;

use super::{Shop, point, says, words};
use crate::harness::Site;

/// An hour's data points at 9:30, with others before and after it.
async fn shop() -> (Shop, String) {
    let shop = Shop::new().await;
    let ago = [MINUTE, 30 * MINUTE, 31 * MINUTE, 90 * MINUTE, 30 * HOUR];
    let points: Vec<_> = ago.map(|ago| point("Order", "Hit Counter", 3, ago)).into();
    shop.publish(json!(points)).await;
    let path = shop.path_of("Order").await;
    (shop, path)
}

#[tokio::test]
async fn a_range_is_counted_and_then_deleted_and_the_log_knows() {
    let (mut shop, path) = shop().await;
    shop.site.app.points.seal().await.unwrap();
    shop.ada.open(&path).await;
    assert!(
        shop.ada
            .page
            .contains("<button class=\"button\">Delete data points</button>")
    );
    let deletion = format!("{path}/data-points/deletion");
    assert!(
        !shop
            .ada
            .open(&deletion)
            .await
            .text
            .contains("Delete data points</button>")
    );
    let chosen = "?from=2026-11-24T09:00&to=2026-11-24T09:45";
    let asked = shop.ada.open(&format!("{deletion}{chosen}")).await;
    assert_eq!(asked.status, StatusCode::OK);
    let said = "2 data points from 24 Nov, 09:00 UTC to 24 Nov, 09:45 UTC .";
    says(&words(&asked.text), &[said, "This can’t be undone"]);
    // the same, as script sends it for a reader in Berlin
    let there = "?from=2026-11-24T10:00&to=2026-11-24T10:45&zone=Europe%2FBerlin";
    let there = shop.ada.open(&format!("{deletion}{there}")).await;
    says(&words(&there.text), &[said, "From (Europe/Berlin)"]);
    says(&words(&shop.ada.open(&path).await.text), &["Hits 12"]);

    shop.ada.open(&format!("{deletion}{chosen}")).await;
    let fields = [("from", "2026-11-24T09:00"), ("to", "2026-11-24T09:45")];
    let answer = shop.ada.submit(&deletion, &fields).await;
    assert_eq!(answer.location(), path);
    says(
        &words(&shop.ada.page),
        &["Deleted: 2 data points of 24 Nov 2026, 09:00 UTC", "Hits 6"],
    );
    let organisation = shop.site.organisation_of("ada@example.com").await;
    let events = store::audit_events::of_organisation(&shop.site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let event = events.iter().find(|event| event.action == "metric.data_points_deleted");
    let event = event.expect("it is in the audit log");
    assert_eq!(event.subject, "Order (Hit Counter)");
    assert!(event.detail.contains("24 Nov 2026, 09:45 UTC"), "{}", event.detail);
}

#[tokio::test]
async fn what_is_published_again_into_the_range_stays() {
    let (mut shop, path) = shop().await;
    let deletion = format!("{path}/data-points/deletion");
    shop.ada.open(&deletion).await;
    let fields = [("from", "2026-11-24T09:00"), ("to", "2026-11-24T09:45")];
    shop.ada.post(&deletion, &fields).await;
    shop.publish(json!([point("Order", "Hit Counter", 1, 30 * MINUTE)]))
        .await;
    shop.site.app.clock.advance(11 * MINUTE);
    microstat::jobs::run_due(&shop.site.app).await.unwrap();
    assert_eq!(store::jobs::waiting(&shop.site.app.db).await.unwrap(), 0);
    says(&words(&shop.ada.open(&path).await.text), &["Hits 7"]);
}

#[tokio::test]
async fn while_clickhouse_is_away_it_is_written_down_once_and_said_to_come_later() {
    let mut shop = Shop::on(Site::with(&["--clickhouse", "http://127.0.0.1:1/stat"]).await).await;
    shop.publish(json!([point("Order", "Hit Counter", 1, MINUTE)])).await;
    let path = shop.path_of("Order").await;
    let settings = format!("{}/settings", shop.path);
    shop.ada.open(&settings).await;
    let fields = [("from", "2026-11-24T09:00"), ("to", "2026-11-24T11:00")];
    let answer = shop.ada.post(&format!("{path}/data-points/deletion"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let said = shop.ada.open(&settings).await.text;
    says(&words(&said), &["goes on by itself: ClickHouse can’t do it just now."]);
    // Else it would be written down once more later, and take what comes until then.
    assert_eq!(store::jobs::waiting(&shop.site.app.db).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_range_deletes_nothing() {
    let (mut shop, path) = shop().await;
    let deletion = format!("{path}/data-points/deletion");
    shop.ada.open(&deletion).await;
    for (from, to, said) in [
        ("", "2026-11-24T09:45", "Enter a day and a time"),
        ("2026-11-24T09:00", "soon", "Enter a day and a time"),
        ("2026-11-24T09:00", "2026-11-24T09:00", "Enter a time after the first."),
        ("2001-11-24T09:00", "2026-11-24T09:00", "at most ten years"),
    ] {
        let asked = format!("{deletion}?from={from}&to={to}");
        let asked = shop.ada.fetch(&asked).await;
        let answer = shop.ada.post(&deletion, &[("from", from), ("to", to)]).await;
        for answer in [asked, answer] {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {to}");
            assert!(answer.text.contains(said) && !answer.text.contains("Delete data points</button>"));
        }
    }
    says(&words(&shop.ada.open(&path).await.text), &["Hits 12"]);
}
