//! "Tutorial".

use axum::http::StatusCode;
use domain::role::Role;
use serde_json::{Value, json};

use super::{Shop, says, words};
use crate::harness::{Browser, NOW};

const WAYS: [&str; 5] = ["browser", "node", "curl", "rust", "python"];

/// The text of the code block with this id.
fn code(page: &str, id: &str) -> String {
    let mark = format!("<pre id=\"{id}\" tabindex=\"0\"><code>");
    let start = page.find(&mark).expect(id) + mark.len();
    let text = page[start..].split("</code>").next().unwrap();
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#62;", ">")
        .replace("&#60;", "<")
        .replace("&#38;", "&")
}

#[tokio::test]
async fn every_way_has_the_dsn_and_the_site_s_address_filled_in_and_works_by_links() {
    let mut shop = Shop::new().await;
    let dsn = shop.dsn.clone();
    for way in WAYS {
        let text = shop.read(&format!("/tutorial?with={way}")).await;
        says(&text, &["Install", "Connect", "Publish", &dsn]);
        let page = &shop.ada.page;
        let program = format!("{}{}", code(page, "connect"), code(page, "publish"));
        says(&program, &["http://localhost:8080/api/v1/ingest", &dsn]);
        let current = format!("/tutorial?with={way}\" aria-current=\"true\"");
        assert!(page.contains(&current), "{way}");
    }
    assert_eq!(shop.read("/tutorial?with=cobol").await, shop.read("/tutorial").await);
}

#[tokio::test]
async fn what_the_tutorial_says_to_send_is_taken_as_it_is() {
    let mut shop = Shop::new().await;
    shop.read("/tutorial?with=curl").await;
    let command = code(&shop.ada.page, "publish");
    let body = command.split('\'').nth(1).expect("a quoted body");
    let points: Value = serde_json::from_str(body).unwrap();
    assert_eq!(points.as_array().unwrap().len(), 4, "one of each type");
    shop.publish(points).await;
}

async fn asked(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.fetch(&format!("{path}/first-data-point")).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

#[tokio::test]
async fn it_notices_the_first_data_point() {
    let mut shop = Shop::new().await;
    let path = shop.path.clone();
    assert_eq!(asked(&mut shop.ada, &path).await, json!({"arrived": false}));
    says(&shop.read("/tutorial").await, &["Waiting for the first data point"]);
    assert!(
        shop.ada
            .page
            .contains(&format!("<first-data-point src=\"{path}/first-data-point\">"))
    );

    shop.publish(json!({"name": "Basket <Items>", "type": "Counter", "value": 3}))
        .await;
    let url = shop.path_of("Basket <Items>").await;
    let arrived = json!({"arrived": true, "name": "Basket <Items>", "url": url});
    assert_eq!(asked(&mut shop.ada, &path).await, arrived);
    let text = shop.read("/tutorial").await;
    says(&text, &["Your first data point has arrived: Basket <Items>. See it"]);
    assert_eq!(shop.ada.open(&url).await.status, StatusCode::OK);

    shop.site.app.clock.advance(domain::time::HOUR);
    shop.publish(json!({"name": "Another", "type": "Counter", "value": 3}))
        .await;
    assert_eq!(asked(&mut shop.ada, &path).await, arrived, "the first stays the first");
}

#[tokio::test]
async fn only_an_administrator_is_sent_to_invite_the_team() {
    let mut shop = Shop::new().await;
    says(&shop.read("/tutorial").await, &["Invite my Team"]);
    let mut vic = shop.member("Vic", Role::Viewer).await;
    let text = words(&vic.open(&format!("{}/tutorial", shop.path)).await.text);
    assert!(!text.contains("Invite my Team"));
    says(&text, &["See what has arrived"]);
}

#[tokio::test]
async fn without_a_dsn_it_says_who_can_make_one() {
    let mut shop = Shop::new().await;
    let dsn = store::dsns::current(&shop.site.app.db, shop.id).await.unwrap().unwrap();
    let mut tx = shop.site.app.db.begin().await.unwrap();
    store::dsns::disable(&mut tx, shop.id, dsn.id, NOW).await.unwrap();
    tx.commit().await.unwrap();
    says(&shop.read("/tutorial").await, &["No DSN to publish with", "Make a DSN"]);
    let mut vic = shop.member("Vic", Role::Viewer).await;
    let text = words(&vic.open(&format!("{}/tutorial", shop.path)).await.text);
    says(&text, &["Ask an Administrator for a new one."]);
}

#[tokio::test]
async fn it_says_what_would_keep_data_points_away() {
    let mut shop = Shop::new().await;
    let mut tx = shop.site.app.db.begin().await.unwrap();
    store::projects::set_origins(&mut tx, shop.id, &["https://shop.example".to_owned()])
        .await
        .unwrap();
    store::db::sql("update projects set paused_at = 1 where id = $1")
        .bind(shop.id)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    says(
        &shop.read("/tutorial").await,
        &["This project is paused", "from https://shop.example only"],
    );
    assert!(!shop.read("/tutorial?with=curl").await.contains("shop.example"));
}
