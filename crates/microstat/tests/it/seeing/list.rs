//! "Metrics".

use domain::id::MetricId;
use domain::metric::{MetricName, MetricType};
use domain::time::{DAY, HOUR};
use serde_json::json;
use store::db::sql;

use super::{Shop, point, says};
use crate::harness::NOW;

/// Four metrics that every column puts in another order.
async fn shop() -> Shop {
    let shop = Shop::new().await;
    let mut points = vec![
        point("beta", "Timer", 7, 60 * HOUR),
        point("beta", "Timer", 7, 3 * HOUR),
        point("Alpha", "Word Web", "a", 60 * HOUR),
        point("gamma", "Counter", 1, 10 * DAY),
        point("Delta", "Hit Counter", 60, 2 * HOUR),
        point("Delta", "Hit Counter", 40, 30 * HOUR),
        point("Delta", "Hit Counter", 1, 60 * HOUR),
    ];
    points.extend((0..4).map(|n| point("Alpha", "Word Web", "a", 26 * HOUR + n)));
    points.extend((0..2).map(|n| point("Alpha", "Word Web", "a", HOUR + n)));
    points.extend((0..2).map(|n| point("beta", "Timer", 7, 26 * HOUR + n)));
    shop.publish(json!(points)).await;
    shop
}

/// The names in the list, from the top.
async fn order(shop: &mut Shop, query: &str) -> Vec<String> {
    shop.read(&format!("/metrics{query}")).await;
    let rows = shop.ada.page.split("<th scope=\"row\">").skip(1);
    let name = |row: &str| {
        let start = row.find("<bdi>").unwrap() + "<bdi>".len();
        row[start..].split('<').next().unwrap().to_owned()
    };
    rows.map(name).collect()
}

#[tokio::test]
async fn a_row_says_type_last_24_hours_change_and_when_it_was_last_seen() {
    let mut shop = shop().await;
    let text = shop.read("/metrics").await;
    says(
        &text,
        &[
            "4 of at most 2,000",
            "Delta Hit Counter Hit Counter 60 +50% 2 hours ago",
        ],
    );
    says(&text, &["Alpha Word Web Word Web 2 -50% 1 hour ago"]);
    says(&text, &["gamma Counter Counter 0 – 10 days ago"]);
    shop.publish(json!({"name": "Brand New", "type": "Counter", "value": 1}))
        .await;
    says(&shop.read("/metrics").await, &["Brand New Counter Counter 1 new"]);
}

#[tokio::test]
async fn every_column_sorts_both_ways() {
    let mut shop = shop().await;
    for (query, names) in [
        ("", ["Alpha", "beta", "Delta", "gamma"]),
        ("?order=desc", ["gamma", "Delta", "beta", "Alpha"]),
        ("?sort=type", ["Delta", "gamma", "beta", "Alpha"]),
        ("?sort=type&order=desc", ["Alpha", "beta", "gamma", "Delta"]),
        ("?sort=last", ["Delta", "Alpha", "beta", "gamma"]),
        ("?sort=last&order=asc", ["gamma", "beta", "Alpha", "Delta"]),
        ("?sort=change", ["Delta", "Alpha", "beta", "gamma"]),
        ("?sort=change&order=asc", ["gamma", "Alpha", "beta", "Delta"]),
        ("?sort=seen", ["Alpha", "Delta", "beta", "gamma"]),
        ("?sort=seen&order=asc", ["gamma", "beta", "Delta", "Alpha"]),
        (
            "?sort=nonsense&order=sideways&type=none&page=x",
            ["Alpha", "beta", "Delta", "gamma"],
        ),
    ] {
        assert_eq!(order(&mut shop, query).await, names, "{query}");
    }
    shop.read("/metrics?sort=last").await;
    let head = "aria-sort=\"descending\"><a href=\"";
    assert!(shop.ada.page.contains(head), "the sorted column says so");
    let back = format!(
        "{head}{}/metrics?sort=last&#38;order=asc\">Last 24 hours</a>",
        shop.path
    );
    assert!(shop.ada.page.contains(&back), "and leads to the other way round");
}

#[tokio::test]
async fn search_and_type_narrow_the_list() {
    let mut shop = shop().await;
    assert_eq!(order(&mut shop, "?q=TA").await, ["beta", "Delta"]);
    assert_eq!(order(&mut shop, "?type=timer").await, ["beta"]);
    assert_eq!(order(&mut shop, "?type=Hit+Counter&q=ta").await, ["Delta"]);
    says(
        &shop.read("/metrics?q=%3Cb%3E").await,
        &["No metric matches", "No name has “ <b> ” in it.", "Show all"],
    );
    let text = shop.read("/metrics?q=alpha&type=Timer&sort=seen").await;
    says(&text, &["No name of this type has"]);
    for kept in [
        "name=\"type\" value=\"Timer\"",
        "name=\"sort\" value=\"seen\"",
        "value=\"alpha\"",
    ] {
        assert!(shop.ada.page.contains(kept), "{kept}");
    }
}

#[tokio::test]
async fn a_project_without_metrics_is_sent_to_the_tutorial() {
    let mut shop = Shop::new().await;
    says(&shop.read("/metrics").await, &["No metrics yet", "Publish one"]);
}

#[tokio::test]
async fn a_hundred_metrics_a_page() {
    let mut shop = Shop::new().await;
    let mut tx = shop.site.app.db.begin().await.unwrap();
    for n in 0..205 {
        let name = MetricName::new(&format!("m{n:03}")).unwrap();
        let id = MetricId(n + 1);
        store::metrics::upsert(&mut tx, id, shop.id, &name, MetricType::Counter, NOW)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let first = order(&mut shop, "").await;
    assert_eq!(
        (first.len(), first[0].as_str(), first[99].as_str()),
        (100, "m000", "m099")
    );
    assert!(shop.ada.page.contains("1–100 of 205") && !shop.ada.page.contains("rel=\"prev\""));
    let second = order(&mut shop, "?q=m&page=2").await;
    assert_eq!((second.len(), second[0].as_str()), (100, "m100"));
    for link in ["metrics?q=m\">Previous", "metrics?q=m&#38;page=3\">Next"] {
        assert!(shop.ada.page.contains(link), "{link}");
    }
    assert_eq!(order(&mut shop, "?page=3").await.len(), 5);
    assert_eq!(
        order(&mut shop, "?page=99").await.len(),
        5,
        "the last page, where there are fewer"
    );
    assert!(!shop.ada.page.contains("rel=\"next\""));
    says(&shop.read("/metrics?page=3").await, &["no data points"]);
}

#[tokio::test]
async fn a_project_that_has_all_the_metrics_it_may_have_says_so() {
    let mut shop = shop().await;
    assert!(!shop.read("/metrics").await.contains("metric_limit"));
    let mut tx = shop.site.app.db.begin().await.unwrap();
    sql("update projects set metric_limit = 4 where id = $1")
        .bind(shop.id)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    says(
        &shop.read("/metrics").await,
        &["4 of at most 4", "rejected with metric_limit until you delete a metric"],
    );
}
