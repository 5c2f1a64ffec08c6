//! "Edit metric", merging, hiding, several at once, and restoring what was deleted.

use axum::http::StatusCode;
use domain::range::Range;
use domain::role::Role;
use domain::time::{DAY, HOUR};
use serde_json::json;
use store::metrics::RESTORABLE_FOR;

use super::{Shop, point, says, words};
use crate::harness::NOW;

impl Shop {
    /// Fills a form at a path below the project's in, and gives what the page that follows says.
    async fn submit(&mut self, under: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        self.read("/metrics").await;
        let path = format!("{}{under}", self.path);
        let answer = self.ada.submit(&path, fields).await;
        (answer.status, words(&self.ada.page))
    }

    async fn under(&self, name: &str, rest: &str) -> String {
        format!("/metrics/{}{rest}", self.metric(name).await.id)
    }

    async fn id(&self, name: &str) -> String {
        self.metric(name).await.id.to_string()
    }

    async fn delete(&mut self, name: &str) {
        let deletion = self.under(name, "/deletion").await;
        let (status, _) = self.submit(&deletion, &[("name", name)]).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }

    /// Everything the organisation's audit log has, as action, subject and detail, the latest first.
    async fn log(&self) -> Vec<(String, String, String)> {
        let organisation = self.site.organisation_of("ada@example.com").await;
        let events = store::audit_events::of_organisation(&self.site.app.db, organisation, None, 99).await;
        let events = events.unwrap().into_iter();
        events
            .map(|event| (event.action, event.subject, event.detail))
            .collect()
    }
}

async fn shop() -> Shop {
    let shop = Shop::new().await;
    shop.publish(json!([
        point("Cart", "Counter", 10, HOUR),
        point("Basket", "Counter", 20, 2 * HOUR),
        point("Basket", "Counter", 30, 3 * HOUR),
        point("Order", "Hit Counter", 1, HOUR),
    ]))
    .await;
    shop
}

#[tokio::test]
async fn what_people_say_of_a_metric_is_kept_shown_and_audited() {
    let mut shop = shop().await;
    let edit = shop.under("Cart", "/edit").await;
    says(
        &shop.read(&edit).await,
        &["Display name", "Unit", "Description", "Published as Cart"],
    );
    let long = "x".repeat(2_001);
    let wrong = [
        ("display_name", "a\nb"),
        ("unit", "thirteen char"),
        ("description", long.as_str()),
    ];
    let (status, text) = shop.submit(&edit, &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    says(
        &text,
        &[
            "Enter a name on one line",
            "at most 12 characters",
            "at most 2,000 characters",
        ],
    );
    let right = [
        ("display_name", " Basket value "),
        ("unit", "€"),
        (
            "description",
            "What a basket holds.\r\nSee https://wiki.example/cart <b>",
        ),
    ];
    let (status, text) = shop.submit(&edit, &right).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    says(&text, &["“Basket value” is saved."]);
    let text = shop.read("/metrics?q=basket+val").await;
    says(&text, &["Basket value", "What a basket holds."]);
    assert!(shop.ada.page.contains("title=\"Published as Cart\""));
    says(&shop.read("/metrics?q=cart").await, &["Basket value"]);
    let events = shop.log().await;
    let (_, subject, detail) = events.iter().find(|(action, ..)| action == "metric.changed").unwrap();
    assert_eq!(subject, "Cart (Counter)");
    assert_eq!(detail, "display name “Basket value”, unit “€”, description");
    // nothing changed, so nothing to tell
    let before = shop.log().await.len();
    shop.submit(&edit, &right).await;
    assert_eq!(shop.log().await.len(), before);
    // only Counters have units
    let order = shop.under("Order", "/edit").await;
    assert!(!shop.read(&order).await.contains("Unit"));
    shop.submit(&order, &[("unit", "€")]).await;
    assert_eq!(shop.metric("Order").await.unit, None);
}

#[tokio::test]
async fn a_hidden_metric_is_left_out_of_lists_until_they_are_asked_for_it() {
    let mut shop = shop().await;
    let visibility = shop.under("Cart", "/visibility").await;
    let (_, text) = shop.submit(&visibility, &[("hidden", "yes")]).await;
    says(&text, &["“Cart” is hidden", "Show metric"]);
    let text = shop.read("/metrics").await;
    assert!(!text.contains("Cart"), "{text}");
    says(&text, &["1 metric is hidden.", "Show hidden metrics", "3 of at most"]);
    says(
        &shop.read("/metrics?hidden=yes").await,
        &["Cart Hidden", "Leave hidden metrics out"],
    );
    let dashboard = shop.read("").await;
    assert!(!dashboard.contains("Cart"), "{dashboard}");
    let (_, text) = shop.submit(&visibility, &[("hidden", "no")]).await;
    says(&text, &["“Cart” is shown in lists again."]);
    says(&shop.read("/metrics").await, &["Cart"]);
}

#[tokio::test]
async fn merged_metrics_count_as_one_everywhere_and_come_apart_again() {
    let mut shop = shop().await;
    let (cart, basket) = (shop.id("Cart").await, shop.id("Basket").await);
    let merging = shop.under("Cart", "/merging").await;
    let text = shop.read(&merging).await;
    says(&text, &["Choose the Counter", "Basket"]);
    assert!(!text.contains("Order"), "of another type");
    says(
        &shop.read(&format!("{merging}?q=nothing")).await,
        &["No other Counter has “ nothing ”"],
    );
    let text = shop.read(&format!("{merging}?into={basket}")).await;
    says(&text, &["“Cart” will be shown as part of Basket", "Separate again"]);
    let (status, text) = shop
        .submit("/metrics/merging", &[("id", &cart), ("into", &basket)])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    says(&text, &["“Cart” is part of “Basket” now.", "Basket Counter"]);
    let text = shop.read("/metrics").await;
    assert!(
        !text.contains("Cart") && text.contains("Basket Counter Counter 3 "),
        "{text}"
    );
    // its page is the other's; but what was shown on it before isn't changed there
    let old = format!("{}/metrics/{cart}", shop.path);
    assert!(shop.ada.open(&old).await.text.contains("<bdi>Basket</bdi>"));
    for under in ["visibility", "edit", "favourite", "deletion"] {
        let fields = [("hidden", "yes"), ("favourite", "yes"), ("name", "Cart")];
        let answer = shop.ada.post(&format!("{old}/{under}"), &fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{under}");
    }
    // publishing goes on under both names
    shop.publish(json!([point("Cart", "Counter", 40, HOUR)])).await;
    says(
        &shop.read("/metrics").await,
        &["Basket Counter Counter 4 ", "3 of at most"],
    );
    let points = shop.read(&format!("/metrics/{basket}/data-points")).await;
    for value in ["10", "20", "30", "40"] {
        assert!(points.contains(value), "{value} in {points}");
    }
    says(&shop.read("").await, &["Basket Counter 4", "Order Hit Counter 1"]);
    let edit = format!("/metrics/{basket}/edit");
    says(&shop.read(&edit).await, &["Shown as part of this metric", "Cart"]);
    let (_, text) = shop
        .submit(&format!("/metrics/{basket}/separation"), &[("metric", &cart)])
        .await;
    says(&text, &["“Cart” is a metric of its own again."]);
    says(
        &shop.read("/metrics").await,
        &["Basket Counter Counter 2 ", "Cart Counter Counter 2 "],
    );
    let log = shop.log().await;
    for (action, detail) in [("metric.merged", "into Basket"), ("metric.separated", "from Basket")] {
        let event = (action.to_owned(), "Cart (Counter)".to_owned(), detail.to_owned());
        assert!(log.contains(&event), "{event:?} in {log:?}");
    }
}

#[tokio::test]
async fn a_range_of_a_merged_metric_is_deleted_from_all_its_parts() {
    let mut shop = shop().await;
    let (cart, basket) = (shop.id("Cart").await, shop.id("Basket").await);
    shop.submit("/metrics/merging", &[("id", &cart), ("into", &basket)])
        .await;
    let deletion = format!("/metrics/{basket}/data-points/deletion");
    let (from, to) = ((NOW - 5 * HOUR / 2).to_string(), NOW.to_string());
    let text = shop.read(&format!("{deletion}?from={from}&to={to}")).await;
    says(&text, &["2 data points"]);
    let (_, text) = shop.submit(&deletion, &[("from", &from), ("to", &to)]).await;
    says(&text, &["Deleted: 2 data points"]);
    says(&shop.read(&format!("/metrics/{basket}/data-points")).await, &["30"]);
    assert_eq!(store::jobs::waiting(&shop.site.app.db).await.unwrap(), 0);
}

#[tokio::test]
async fn only_metrics_of_this_project_and_one_type_are_merged() {
    let mut shop = shop().await;
    let (cart, order) = (shop.id("Cart").await, shop.id("Order").await);
    let mut bob = shop.site.browser();
    let theirs = bob.sign_up("Bob", "bob@example.com").await;
    shop.site
        .publish(theirs.trim_start_matches("/projects/").parse().unwrap(), NOW)
        .await;
    let project = theirs.trim_start_matches("/projects/").parse().unwrap();
    let other = store::metrics::of_project(&shop.site.app.db, project).await.unwrap()[0]
        .id
        .to_string();
    for (id, into, status) in [
        (&cart, &order, StatusCode::UNPROCESSABLE_ENTITY),
        (&cart, &cart, StatusCode::UNPROCESSABLE_ENTITY),
        (&cart, &other, StatusCode::NOT_FOUND),
        (&other, &cart, StatusCode::NOT_FOUND),
    ] {
        let (answered, _) = shop.submit("/metrics/merging", &[("id", id), ("into", into)]).await;
        assert_eq!(answered, status);
    }
    assert_eq!(
        store::metrics::of_project(&shop.site.app.db, shop.id)
            .await
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_deleted_metric_is_restored_with_everything_for_48_hours() {
    let mut shop = shop().await;
    let cart = shop.id("Cart").await;
    let (edit, star) = (
        shop.under("Cart", "/edit").await,
        shop.under("Cart", "/favourite").await,
    );
    shop.submit(&edit, &[("display_name", "Wagon"), ("unit", "€")]).await;
    shop.submit(&star, &[("favourite", "yes")]).await;
    let deletion = shop.under("Cart", "/deletion").await;
    shop.submit(&deletion, &[("name", "Wagon")]).await;
    says(
        &words(&shop.ada.page),
        &["“Wagon” is deleted.", "Deleted metrics (1)", "2 of at most"],
    );
    let dashboard = shop.read("").await;
    assert!(!dashboard.contains("Wagon"), "{dashboard}");
    says(&dashboard, &["How to read this 3 "]);
    shop.site.app.clock.advance(RESTORABLE_FOR - HOUR);
    microstat::jobs::expiry::run_due(&shop.site.app).await.unwrap();
    says(&shop.read("/deleted-metrics").await, &["Wagon Counter", "Restore"]);
    let (status, text) = shop.submit("/deleted-metrics/restoration", &[("one", &cart)]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    says(&text, &["“Wagon” is back, with its data points."]);
    says(&shop.read("/metrics").await, &["Wagon", "3 of at most"]);
    assert!(
        shop.ada
            .page
            .contains("aria-pressed=\"true\" aria-label=\"Favourite: Wagon\"")
    );
    let ever = Range::new(NOW - DAY, NOW + DAY).unwrap();
    let metric = shop.metric("Cart").await;
    assert_eq!(metric.id.to_string(), cart);
    let kept = shop.site.app.points.whole(metric.id, ever, false).await.unwrap();
    assert_eq!((kept.count, kept.max), (1, Some(10.0)));
    assert!(shop.log().await.iter().any(|(action, ..)| action == "metric.restored"));
    // once more, and too late
    shop.submit(&deletion, &[("name", "Wagon")]).await;
    shop.site.app.clock.advance(RESTORABLE_FOR);
    let (status, text) = shop.submit("/deleted-metrics/restoration", &[("id", &cart)]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    says(&text, &["its 48 hours are over"]);
    microstat::jobs::expiry::run_due(&shop.site.app).await.unwrap();
    says(&shop.read("/deleted-metrics").await, &["No deleted metrics"]);
    let kept = shop.site.app.points.whole(metric.id, ever, false).await.unwrap();
    assert_eq!(kept.count, 0);
}

#[tokio::test]
async fn restored_over_a_metric_that_was_published_again_both_are_one_and_it_was_said_before() {
    let mut shop = shop().await;
    let cart = shop.id("Cart").await;
    shop.delete("Cart").await;
    shop.publish(json!([point("Cart", "Counter", 40, HOUR)])).await;
    assert_ne!(shop.id("Cart").await, cart);
    says(
        &shop.read("/deleted-metrics").await,
        &["Published again since: restoring makes both one metric"],
    );
    let (_, text) = shop.submit("/deleted-metrics/restoration", &[("id", &cart)]).await;
    says(&text, &["“Cart” is back"]);
    assert_eq!(shop.id("Cart").await, cart);
    shop.publish(json!([point("Cart", "Counter", 50, HOUR)])).await;
    says(
        &shop.read("/metrics").await,
        &["Cart Counter Counter 3 ", "3 of at most"],
    );
    assert!(
        !shop
            .read(&format!("/metrics/{cart}/edit"))
            .await
            .contains("Separate again:")
    );
    // a restart forgets nothing of it
    drop(shop.ada);
    let site = shop.site.restarted().await;
    let metric = store::metrics::of_project(&site.app.db, shop.id).await.unwrap();
    let cart = metric.iter().find(|metric| metric.name.as_str() == "Cart").unwrap();
    let page = site
        .app
        .points
        .data_points(&cart.sources[..], Range::EVER, 9, None)
        .await
        .unwrap();
    assert_eq!(page.data_points.len(), 3);
}

#[tokio::test]
async fn several_metrics_at_once_are_hidden_starred_merged_deleted_and_restored() {
    let mut shop = shop().await;
    let (cart, basket, order) = (shop.id("Cart").await, shop.id("Basket").await, shop.id("Order").await);
    let both = [("id", cart.as_str()), ("id", order.as_str())];
    let (_, text) = shop
        .submit("/metrics/selection", &[&both[..], &[("action", "hide")]].concat())
        .await;
    says(&text, &["2 metrics are hidden."]);
    let (_, text) = shop
        .submit("/metrics/selection", &[&both[..], &[("action", "show")]].concat())
        .await;
    says(&text, &["2 metrics are shown in lists."]);
    let (_, text) = shop
        .submit("/metrics/selection", &[&both[..], &[("action", "favourite")]].concat())
        .await;
    says(&text, &["2 metrics are favourites."]);
    let (_, text) = shop.submit("/metrics/selection", &[("action", "hide")]).await;
    says(&text, &["Nothing was selected"]);
    let (status, text) = shop
        .submit("/metrics/selection", &[&both[..], &[("action", "merge")]].concat())
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    says(&text, &["Only metrics of one type can be merged."]);
    let counters = [("id", cart.as_str()), ("id", basket.as_str()), ("action", "merge")];
    let (status, text) = shop.submit("/metrics/selection", &counters).await;
    assert_eq!(status, StatusCode::OK);
    says(&text, &["Choose which of these 2 metrics stays", "Cart", "Basket"]);

    let delete = [&both[..], &[("action", "delete")]].concat();
    let (status, text) = shop.submit("/metrics/selection", &delete).await;
    assert_eq!(status, StatusCode::OK);
    says(&text, &["These 2 metrics", "Type 2 to confirm"]);
    let (status, text) = shop
        .submit("/metrics/deletion", &[&both[..], &[("number", "3")]].concat())
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    says(
        &text,
        &["That is another number, so nothing happened.", "Cart", "Order"],
    );
    let (_, text) = shop
        .submit("/metrics/deletion", &[&both[..], &[("number", " 2 ")]].concat())
        .await;
    says(
        &text,
        &["2 metrics are deleted.", "Deleted metrics (2)", "1 of at most"],
    );
    let (_, text) = shop.submit("/deleted-metrics/restoration", &both).await;
    says(&text, &["2 metrics are back.", "3 of at most"]);
}

#[tokio::test]
async fn viewers_see_what_is_deleted_and_change_nothing() {
    let mut shop = shop().await;
    shop.delete("Order").await;
    let mut vic = shop.member("Vic", Role::Viewer).await;
    let list = vic.open(&format!("{}/metrics", shop.path)).await.text;
    assert!(!list.contains("selection-bar") && !list.contains("name=\"id\""));
    let deleted = vic.open(&format!("{}/deleted-metrics", shop.path)).await.text;
    assert!(deleted.contains("Order") && !deleted.contains("Restore selected"));
}
