//! What people look at: "Dashboard", "Tutorial", "Metrics", a page for each metric, what is published a moment before.

mod dashboard;
mod deletion;
mod favourites;
mod list;
mod managing;
mod metric;
mod overview;
mod range_deletion;
mod search;
mod tutorial;
mod view;

use axum::http::{Request, StatusCode};
use domain::id::ProjectId;
use domain::role::Role;
use domain::time::Micros;
use serde_json::{Value, json};
use store::metrics::Metric;

use crate::harness::{Answer, Browser, NOW, Site};

/// A project of Ada's, and an app that publishes to it.
struct Shop {
    site: Site,
    ada: Browser,
    /// The project's path.
    path: String,
    id: ProjectId,
    dsn: String,
}

impl Shop {
    async fn new() -> Self {
        Self::on(Site::new().await).await
    }

    async fn on(site: Site) -> Self {
        let mut ada = site.browser();
        let path = ada.sign_up("Ada", "ada@example.com").await;
        let id = path.trim_start_matches("/projects/").parse().unwrap();
        let dsn = store::dsns::current(&site.app.db, id).await.unwrap().unwrap();
        Self {
            dsn: dsn.public_key.to_string(),
            site,
            ada,
            path,
            id,
        }
    }

    /// Publishes as an app does; all of it is accepted.
    async fn publish(&self, points: Value) {
        let request = Request::post(format!("/api/v1/ingest?dsn={}", self.dsn));
        let answer = self.site.browser().send(request, points.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }

    /// Opens a page below the project's and gives what it says, without its pictures.
    async fn read(&mut self, under: &str) -> String {
        let path = format!("{}{under}", self.path);
        let answer = self.ada.open(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        words(&answer.text)
    }

    /// Opens a page below a metric's.
    async fn open(&mut self, name: &str, under: &str) -> Answer {
        let path = format!("{}{under}", self.path_of(name).await);
        self.ada.open(&path).await
    }

    async fn metric(&self, name: &str) -> Metric {
        let metrics = store::metrics::of_project(&self.site.app.db, self.id).await.unwrap();
        metrics
            .into_iter()
            .find(|metric| metric.name.as_str() == name)
            .expect(name)
    }

    /// The path of a metric's page.
    async fn path_of(&self, name: &str) -> String {
        format!("{}/metrics/{}", self.path, self.metric(name).await.id)
    }

    /// Somebody else in the organisation.
    async fn member(&self, name: &str, role: Role) -> Browser {
        let organisation = self.site.organisation_of("ada@example.com").await;
        self.site.member(organisation, name, role).await
    }
}

/// A data point `ago` microseconds before now.
fn point(name: &str, kind: &str, value: impl Into<Value>, ago: i64) -> Value {
    json!({"name": name, "type": kind, "value": value.into(), "timestamp": time(NOW - ago)})
}

fn time(at: Micros) -> String {
    at.to_string()
}

/// What stands in a page's main part as text: no tags, no pictures, one space between words.
fn words(page: &str) -> String {
    let start = page.find("<main").expect("a main part");
    let end = page.find("</main>").expect("its end");
    let (mut text, mut depth) = (String::new(), 0_usize);
    for part in page[start..end].split('<') {
        let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
        if tag.starts_with("svg") {
            depth += 1;
        } else if tag.starts_with("/svg") {
            depth -= 1;
        }
        if depth == 0 {
            text.push(' ');
            text.push_str(rest);
        }
    }
    let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"");
    let text = text.replace("&#39;", "'").replace("&#38;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that each of these is said.
#[track_caller]
fn says(text: &str, all: &[&str]) {
    for said in all {
        assert!(text.contains(said), "{said:?} isn't in: {text}");
    }
}

#[tokio::test]
async fn for_outsiders_nothing_of_it_is_there_and_the_signed_out_are_asked_to_sign_in() {
    let mut shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let metric = shop.path_of("Order").await;
    let mut eve = shop.site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    let project = shop.path.clone();
    let pages = [
        project.clone(),
        format!("{project}/tutorial"),
        format!("{project}/first-data-point"),
        format!("{project}/metrics"),
        metric.clone(),
        format!("{metric}/series.csv"),
        format!("{metric}/data-points"),
        format!("{metric}/deletion"),
    ];
    for path in pages {
        assert_eq!(shop.ada.fetch(&path).await.status, StatusCode::OK, "{path}");
        assert_eq!(eve.fetch(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        let location = shop.site.browser().fetch(&path).await.location().to_owned();
        assert!(location.starts_with("/sign-in?return="), "{path}: {location}");
    }
    for under in ["favourite", "deletion"] {
        let answer = eve
            .post(&format!("{metric}/{under}"), &[("favourite", "yes"), ("name", "Order")])
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{under}");
    }
}

#[tokio::test]
async fn a_metric_is_only_found_in_its_own_project() {
    let shop = Shop::new().await;
    shop.publish(json!({"name": "Order", "type": "Hit Counter"})).await;
    let metric = shop.metric("Order").await.id;
    let mut bob = shop.site.browser();
    let other = bob.sign_up("Bob", "bob@example.com").await;
    for path in [format!("{other}/metrics/{metric}"), format!("{other}/metrics/zzz")] {
        assert_eq!(bob.fetch(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
