//! Publishing: the ingestion contract, row by row and rule by rule.

mod anything;
mod documented;
mod doors;
mod metrics;
mod origins;
mod packed;
mod rejected;
mod repeats;
mod sockets;
mod unavailable;
mod values;

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use domain::dsn::PublicKey;
use domain::id::{DsnId, OrganisationId, ProjectId};
use domain::metric::MetricType;
use domain::name::Name;
use domain::range::{Buckets, Range};
use domain::time::DAY;
use microstat::state::App;
use points::Bucket;
use store::db::Query;

use crate::harness::{Answer, NOW, Site};

const OPEN: &str = "/api/ingest";
const OPEN_TOO: &str = "/ingest";
const STRICT: &str = "/api/v1/ingest";
const ORGANISATION: OrganisationId = OrganisationId(1);
const PROJECT: ProjectId = ProjectId(2);
const DSN: &str = "0d5e7b6c-3a1f-4c2e-9b8d-7f6a5e4d3c2b";

/// An installation with one project, and an app that publishes to it.
struct Publisher {
    site: Site,
}

impl Publisher {
    async fn new() -> Self {
        Self::changed(async |_| {}).await
    }

    async fn changed(change: impl AsyncFnOnce(&mut App)) -> Self {
        let publisher = Self {
            site: Site::changed(&[], change).await,
        };
        let app = &publisher.site.app;
        let mut tx = app.db.begin().await.unwrap();
        let name = Name::new("Shop").unwrap();
        store::organisations::create(&mut tx, ORGANISATION, &name, NOW)
            .await
            .unwrap();
        store::projects::create(&mut tx, PROJECT, ORGANISATION, &name, NOW)
            .await
            .unwrap();
        let key: PublicKey = DSN.parse().unwrap();
        store::dsns::create(&mut tx, DsnId(3), PROJECT, key, &name, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        publisher
    }

    /// Publishes at a door.
    async fn post(&self, door: &str, body: impl Into<Body>) -> Answer {
        self.send(Self::request(door), body).await
    }

    fn request(door: &str) -> Builder {
        Request::post(format!("{door}?dsn={DSN}"))
    }

    async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        self.site.browser().send(request, body).await
    }

    /// Changes the database as pages would.
    async fn change(&self, query: Query) {
        let mut tx = self.site.app.db.begin().await.unwrap();
        query.execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// How many data points the project has.
    async fn stored(&self) -> u64 {
        let totals = self.site.app.points.totals(PROJECT, &days()).await.unwrap();
        totals.into_iter().sum()
    }

    /// How many hits a Hit Counter has, or data points any other metric.
    async fn count(&self, name: &str, kind: MetricType) -> u64 {
        self.series(name, kind).await.iter().map(|bucket| bucket.count).sum()
    }

    async fn series(&self, name: &str, kind: MetricType) -> Vec<Bucket> {
        let metrics = store::metrics::of_project(&self.site.app.db, PROJECT).await.unwrap();
        match metrics.iter().find(|m| m.name.as_str() == name && m.kind == kind) {
            Some(metric) => self.site.app.points.series(metric.id, &days(), false).await.unwrap(),
            None => Vec::new(),
        }
    }
}

/// More than a project keeps.
fn days() -> Buckets {
    let range = Range::new(NOW - 120 * DAY, NOW + 2 * DAY).unwrap();
    range.buckets("1d".parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap()
}

/// A valid data point.
fn hit(name: &str) -> String {
    format!(r#"{{"name":"{name}","type":"Hit Counter"}}"#)
}

/// A body of data points.
fn list(points: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let points: Vec<_> = points.into_iter().map(|point| point.as_ref().to_owned()).collect();
    format!("[{}]", points.join(","))
}
