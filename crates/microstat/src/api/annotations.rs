//! `…/projects/{project}/annotations`: what happened beside the data; written by whatever deploys, too.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::annotation::{Bad, Content, Kind, MAX_OF_PROJECT};
use domain::id::{AnnotationId, MetricId};
use domain::time::Micros;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::annotations::{Addition, Listed};
use store::audit_events::Action;

use super::body::Body;
use super::query::{Parameters, time};
use crate::auth::actor::{actor, audit};
use crate::auth::token::{TokenProject, TokenWriter};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

/// Annotations answered with if the request names no limit.
const ANNOTATIONS: u32 = 100;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/api/v1/projects/{project}/annotations", index)
        .route(Method::POST, "/api/v1/projects/{project}/annotations", create)
        .route(
            Method::DELETE,
            "/api/v1/projects/{project}/annotations/{annotation}",
            delete,
        )
}

#[derive(Serialize)]
struct Index {
    annotations: Vec<Annotation>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Annotation {
    id: AnnotationId,
    kind: Kind,
    text: String,
    at: Micros,
    until: Option<Micros>,
    url: Option<String>,
    metric: Option<MetricId>,
    by: Option<String>,
}

impl Annotation {
    fn new(id: AnnotationId, metric: Option<MetricId>, content: Content, by: Option<String>) -> Self {
        Self {
            id,
            kind: content.kind,
            text: content.text,
            at: content.at,
            until: content.until,
            url: content.link,
            metric,
            by,
        }
    }
}

impl From<store::annotations::Annotation> for Annotation {
    fn from(kept: store::annotations::Annotation) -> Self {
        Self::new(kept.id, kept.metric, kept.content, kept.created_by)
    }
}

async fn index(State(app): State<Shared>, at: TokenProject, parameters: Parameters) -> Result<Json<Index>, AppError> {
    let metric = match parameters.metric() {
        Some(text) => Some(metric(&app, &at, text).await?),
        None => None,
    };
    let limit = parameters.limit(ANNOTATIONS)?;
    let listed = Listed {
        metric,
        range: parameters.open_range()?,
        before: parameters.before()?,
        // one more tells whether there is a next page
        limit: i64::from(limit) + 1,
    };
    let mut found = store::annotations::list(&app.db, at.project.id, listed).await?;
    let is_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| is_more).map(|last| last.place().to_string());
    Ok(Json(Index {
        annotations: found.into_iter().map(Annotation::from).collect(),
        next,
    }))
}

/// What is sent; times are texts or numbers, as data points have them.
#[derive(Deserialize)]
struct New {
    #[serde(default)]
    text: String,
    kind: Option<String>,
    at: Option<Value>,
    until: Option<Value>,
    url: Option<String>,
    metric: Option<String>,
}

impl New {
    fn content(&self, now: Micros) -> Result<Content, AppError> {
        let kind = self.kind.as_deref().map_or(Some(Kind::Note), Kind::from_word);
        let kind = kind.ok_or_else(|| AppError::Invalid("\"kind\" must be deploy or note.".to_owned()))?;
        let at = moment("at", self.at.as_ref())?.unwrap_or(now);
        let until = moment("until", self.until.as_ref())?;
        let url = self.url.as_deref().unwrap_or_default();
        Content::new(kind, &self.text, url, (at, until), now).map_err(|bad| AppError::Invalid(said(&bad)))
    }
}

/// A time that was sent; `null` is none.
fn moment(name: &str, given: Option<&Value>) -> Result<Option<Micros>, AppError> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => time(name, Some(text)),
        Some(other) => time(name, Some(&other.to_string())),
    }
}

fn said(bad: &[Bad]) -> String {
    let sentences: Vec<String> = bad
        .iter()
        .map(|bad| {
            let error = bad.to_string();
            let (part, rest) = error.split_once(' ').unwrap_or((&error, ""));
            format!("\"{part}\" {rest}.")
        })
        .collect();
    sentences.join(" ")
}

/// The metric of the project that is named by its id.
async fn metric(app: &Shared, at: &TokenProject, text: &str) -> Result<MetricId, AppError> {
    let none = || AppError::Invalid("\"metric\" must be the id of a metric of this project.".to_owned());
    let id: MetricId = text.parse().map_err(|_| none())?;
    let found = store::metrics::find(&app.db, at.project.id, id).await?;
    found.map(|metric| metric.id).ok_or_else(none)
}

async fn create(
    State(app): State<Shared>,
    TokenWriter(at): TokenWriter,
    client: Client,
    Body(new): Body<New>,
) -> Result<Response, AppError> {
    let content = new.content(app.now())?;
    let metric = match new.metric.as_deref() {
        Some(text) => Some(metric(&app, &at, text).await?),
        None => None,
    };
    let id = AnnotationId::from_random(app.random.bits());
    let place = (at.project.id, metric);
    let mut tx = app.db.begin().await?;
    match store::annotations::add(&mut tx, id, place, &content, at.user.id, app.now()).await? {
        Addition::Added => {}
        Addition::Already(kept) => return Ok(Json(Annotation::from(*kept)).into_response()),
        Addition::Full => return Err(AppError::Conflict(full())),
        Addition::NotFound => return Err(AppError::NotFound),
    }
    let by = actor(&at.user, &client);
    let organisation = at.project.organisation;
    let (action, subject) = (Action::AnnotationAdded, content.text.as_str());
    audit(&mut tx, &app, &by, organisation, action, subject, &at.project.name).await?;
    tx.commit().await?;
    app.live.touched(at.project.id);
    let made = Annotation::new(id, metric, content, Some(at.user.name.to_string()));
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn full() -> String {
    format!("This project has {MAX_OF_PROJECT} annotations, as many as it may have. Delete some that nobody needs.")
}

async fn delete(
    State(app): State<Shared>,
    TokenWriter(at): TokenWriter,
    ids: Ids,
    client: Client,
) -> Result<StatusCode, AppError> {
    let id: AnnotationId = ids.get("annotation")?;
    let found = store::annotations::find(&app.db, at.project.id, id).await?;
    let kept = found.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    if !store::annotations::delete(&mut tx, at.project.id, id, app.now()).await? {
        return Err(AppError::NotFound);
    }
    let by = actor(&at.user, &client);
    let organisation = at.project.organisation;
    let (action, subject) = (Action::AnnotationDeleted, kept.content.text.as_str());
    audit(&mut tx, &app, &by, organisation, action, subject, &at.project.name).await?;
    tx.commit().await?;
    app.live.touched(at.project.id);
    Ok(StatusCode::NO_CONTENT)
}
