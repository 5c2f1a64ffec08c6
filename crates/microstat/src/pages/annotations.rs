//! Annotations of a project: what happened beside the data. Viewers see them, everybody else writes them.

mod form;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::annotation::{Content, Kind, MAX_OF_PROJECT, Place};
use domain::id::{AnnotationId, MetricId, ProjectId};
use domain::range::Range;
use domain::role::Role;
use serde::Deserialize;
use store::Tx;
use store::annotations::{Addition, Annotation, Listed};
use store::audit_events::Action;

use self::form::{Faults, Form, FormPage, Of};
use super::arrival::local_path;
use super::frame::{Frame, Tab};
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

/// Annotations a page.
const PER_PAGE: usize = 50;

pub(crate) fn routes(table: Table) -> Table {
    const ONE: &str = "/projects/{project}/annotations/{annotation}";
    table
        .route(Method::GET, "/projects/{project}/annotations", index)
        .route(Method::POST, "/projects/{project}/annotations", create)
        .route(Method::GET, "/projects/{project}/annotations/new", new)
        .route(Method::GET, ONE, edit)
        .route(Method::POST, ONE, update)
        .route(
            Method::POST,
            "/projects/{project}/annotations/{annotation}/deletion",
            delete,
        )
        .route(
            Method::POST,
            "/projects/{project}/annotations/{annotation}/restoration",
            restore,
        )
}

/// The path of a project's annotations.
fn path(project: ProjectId) -> String {
    format!("/projects/{project}/annotations")
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "annotations/index.html")]
struct IndexPage {
    frame: Frame,
    project: ProjectId,
    annotations: Vec<Annotation>,
    all: i64,
    /// Whether this isn't the first page.
    is_later: bool,
    next: Option<Place>,
}

impl IndexPage {
    /// Where a link leads, as people read it.
    fn host(link: &str) -> &str {
        domain::annotation::host(link).unwrap_or(link)
    }
}

async fn index(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let before: Option<Place> = asked.before.as_deref().map(str::parse).transpose().map_err(|_| {
        AppError::Invalid("This page of annotations could not be found. Start from the latest ones.".to_owned())
    })?;
    let listed = Listed {
        metric: None,
        range: Range::EVER,
        before,
        limit: i64::try_from(PER_PAGE).unwrap_or(i64::MAX) + 1,
    };
    let mut annotations = store::annotations::list(&app.db, at.project.id, listed).await?;
    let is_more = annotations.len() > PER_PAGE;
    annotations.truncate(PER_PAGE);
    html(&IndexPage {
        frame: Frame::project(&app, &at, Tab::Metrics, "Annotations").await?,
        project: at.project.id,
        all: store::annotations::count(&app.db, at.project.id).await?,
        is_later: before.is_some(),
        next: annotations.last().filter(|_| is_more).map(Annotation::place),
        annotations,
    })
}

/// `?metric=` of which metric it may be, `?at=` when, `?return=` where to go afterwards.
#[derive(Deserialize)]
struct New {
    #[serde(default)]
    metric: String,
    #[serde(default)]
    at: String,
    #[serde(default, rename = "return")]
    back: String,
}

async fn new(State(app): State<Shared>, at: InProject, Query(asked): Query<New>) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let form = Form::new(asked.metric, &asked.at, asked.back, &at.zone());
    let page = FormPage::load(&app, &at, form, None, Faults::default()).await?;
    html(&page)
}

async fn create(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let content = match form.content(app.now()) {
        Ok(content) => content,
        Err(faults) => {
            let page = FormPage::load(&app, &at, form, None, faults).await?;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let id = AnnotationId::from_random(app.random.bits());
    let (project, user) = (at.project.id, at.signed.user.id);
    let mut tx = app.db.begin().await?;
    let place = (project, form.metric());
    let added = store::annotations::add(&mut tx, id, place, &content, user, app.now()).await?;
    let text = match added {
        Addition::Added => format!("Added: {}", content.text),
        Addition::Already(_) => format!("It is there already: {}", content.text),
        Addition::NotFound => return Err(AppError::NotFound),
        Addition::Full => {
            let page = FormPage::load(&app, &at, form, None, Faults::whole(full())).await?;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    if added == Addition::Added {
        record(&mut tx, &app, (&at, &client), Action::AnnotationAdded, &content.text).await?;
    }
    tx.commit().await?;
    app.live.touched(project);
    let list = path(project);
    let to = local_path(&form.back).unwrap_or(&list);
    let leaving = redirect(to);
    Ok(if added == Addition::Added {
        leaving
            .undoable(&app, &text, format!("{list}/{id}/deletion"))
            .into_response()
    } else {
        leaving.notice(&app, &text).into_response()
    })
}

fn full() -> String {
    format!("This project has {MAX_OF_PROJECT} annotations, as many as it may have. Delete some that nobody needs.")
}

/// The annotation the path names, for whoever may change it.
async fn named(app: &Shared, at: &InProject, ids: &Ids) -> Result<Annotation, AppError> {
    let found = store::annotations::find(&app.db, at.project.id, ids.get("annotation")?).await?;
    let found = found.ok_or(AppError::NotFound)?;
    at.require(Role::Member)?;
    Ok(found)
}

async fn edit(State(app): State<Shared>, at: InProject, ids: Ids) -> Result<Response, AppError> {
    let kept = named(&app, &at, &ids).await?;
    let form = Form::of(&kept, &at.zone());
    html(&FormPage::load(&app, &at, form, Some(of(&kept)), Faults::default()).await?)
}

const fn of(kept: &Annotation) -> Of {
    Of {
        id: kept.id,
        metric: kept.metric,
    }
}

async fn update(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let kept = named(&app, &at, &ids).await?;
    let content = match form.content(app.now()) {
        Ok(content) => content,
        Err(faults) => {
            let page = FormPage::load(&app, &at, form, Some(of(&kept)), faults).await?;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    // the whole project, or the metric that it is of
    let metric: Option<MetricId> = form.metric().filter(|chosen| kept.metric == Some(*chosen));
    let project = at.project.id;
    if (&content, metric) != (&kept.content, kept.metric) {
        let mut tx = app.db.begin().await?;
        if !store::annotations::change(&mut tx, project, kept.id, metric, &content).await? {
            return Err(AppError::NotFound);
        }
        let detail = changed(&kept.content, &content);
        record(&mut tx, &app, (&at, &client), Action::AnnotationChanged, &detail).await?;
        tx.commit().await?;
        app.live.touched(project);
    }
    let text = format!("Changed: {}", content.text);
    Ok(redirect(path(project)).notice(&app, &text).into_response())
}

fn changed(before: &Content, now: &Content) -> String {
    if before.text == now.text {
        now.text.clone()
    } else {
        format!("{} (was: {})", now.text, before.text)
    }
}

async fn delete(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let list = path(at.project.id);
    let id: AnnotationId = ids.get("annotation")?;
    if store::annotations::is_deleted(&app.db, at.project.id, id).await? {
        at.require(Role::Member)?;
        return Ok(redirect(list).notice(&app, "It is deleted.").into_response());
    }
    let kept = named(&app, &at, &ids).await?;
    let mut tx = app.db.begin().await?;
    if store::annotations::delete(&mut tx, at.project.id, kept.id, app.now()).await? {
        let text = &kept.content.text;
        record(&mut tx, &app, (&at, &client), Action::AnnotationDeleted, text).await?;
    }
    tx.commit().await?;
    app.live.touched(at.project.id);
    let undo = format!("{list}/{}/restoration", kept.id);
    let text = format!("Deleted: {}", kept.content.text);
    Ok(redirect(list).undoable(&app, &text, undo).into_response())
}

async fn restore(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let id: AnnotationId = ids.get("annotation")?;
    at.require(Role::Member)?;
    let mut tx = app.db.begin().await?;
    let restored = store::annotations::restore(&mut tx, at.project.id, id, app.now()).await?;
    let text = if let Some(text) = restored {
        record(&mut tx, &app, (&at, &client), Action::AnnotationRestored, &text).await?;
        text
    } else {
        // pressed twice, say
        let kept = store::annotations::find(&mut tx, at.project.id, id).await?;
        kept.ok_or(AppError::NotFound)?.content.text
    };
    tx.commit().await?;
    app.live.touched(at.project.id);
    let said = format!("It is back: {text}");
    Ok(redirect(path(at.project.id)).notice(&app, &said).into_response())
}

async fn record(
    tx: &mut Tx,
    app: &Shared,
    (at, client): (&InProject, &Client),
    action: Action,
    text: &str,
) -> Result<(), AppError> {
    let by = actor(&at.signed.user, client);
    let project = &at.project;
    Ok(audit(tx, app, &by, project.organisation, action, text, &project.name).await?)
}
