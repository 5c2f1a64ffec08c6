//! DSNs of a project: made, turned off, rotated.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::dsn::PublicKey;
use domain::id::{DsnId, OrganisationId, ProjectId};
use domain::role::Role;
use domain::time::{DAY, Micros};
use serde::Deserialize;
use store::Tx;
use store::audit_events::{Action, Actor};
use store::dsns::Dsn;
use store::projects::Project;

use super::frame::{Frame, Tab};
use super::naming::{Form, NamingPage};
use super::projects::settings_path;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

/// Days for which a DSN that is rotated out goes on working, unless another number is typed.
pub(crate) const DAYS: i64 = 7;
/// Most days for which it may.
pub(crate) const MOST_DAYS: i64 = 90;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/projects/{project}/dsns", new)
        .route(Method::POST, "/projects/{project}/dsns", create)
        .route(Method::GET, "/projects/{project}/dsns/{dsn}/ending", ask_ending)
        .route(Method::POST, "/projects/{project}/dsns/{dsn}/ending", end)
        .route(Method::GET, "/projects/{project}/dsns/{dsn}/rotation", ask_rotation)
        .route(Method::POST, "/projects/{project}/dsns/{dsn}/rotation", rotate)
}

async fn new_page(app: &Shared, at: &InProject) -> Result<NamingPage, AppError> {
    at.require(Role::Administrator)?;
    Ok(NamingPage {
        frame: Frame::project(app, at, Tab::Project, "Create DSN").await?,
        lead: "Give each app its own, say: then one can be turned off without the others. The label is for you alone."
            .to_owned(),
        action: format!("/projects/{}/dsns", at.project.id),
        back: settings_path(at.project.id),
        label: "Label",
        value: String::new(),
        error: None,
    })
}

async fn new(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    new_page(&app, &at).await?.ask()
}

async fn create(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut view = new_page(&app, &at).await?;
    let Some(label) = view.read(form) else {
        return view.ask_again();
    };
    let (id, key) = draw(&app);
    let by = actor(&at.signed.user, &client);
    let subject = subject(&at.project.name, label.as_str());
    let mut tx = app.db.begin().await?;
    store::dsns::create(&mut tx, id, at.project.id, key, &label, app.now()).await?;
    audit(
        &mut tx,
        &app,
        &by,
        at.project.organisation,
        Action::DsnCreated,
        &subject,
        "",
    )
    .await?;
    tx.commit().await?;
    let text = format!("The DSN “{label}” is there.");
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, &text)
        .into_response())
}

fn draw(app: &Shared) -> (DsnId, PublicKey) {
    let id = DsnId::from_random(app.random.bits());
    (id, PublicKey::from_random(app.random.bytes()))
}

/// A DSN as audit logs name it.
fn subject(project: &str, label: &str) -> String {
    format!("{project}: {label}")
}

/// The DSN the path names, for an Administrator, if it takes data points still.
async fn working(app: &Shared, at: &InProject, ids: &Ids) -> Result<Option<Dsn>, AppError> {
    at.require(Role::Administrator)?;
    let dsn = store::dsns::find(&app.db, at.project.id, ids.get("dsn")?).await?;
    let dsn = dsn.ok_or(AppError::NotFound)?;
    Ok(Some(dsn).filter(|dsn| dsn.publishes_at(app.now())))
}

fn is_off(app: &Shared, project: ProjectId) -> Response {
    let text = "This DSN is turned off, or being rotated out, already.";
    redirect(settings_path(project)).notice(app, text).into_response()
}

#[derive(Template)]
#[template(path = "dsns/ending.html")]
struct EndingPage {
    frame: Frame,
    project: Project,
    dsn: Dsn,
    /// Whether the project could publish nothing any more.
    last: bool,
}

async fn ask_ending(State(app): State<Shared>, at: InProject, ids: Ids) -> Result<Response, AppError> {
    let Some(dsn) = working(&app, &at, &ids).await? else {
        return Ok(is_off(&app, at.project.id));
    };
    let all = store::dsns::of_project(&app.db, at.project.id).await?;
    html(&EndingPage {
        frame: Frame::project(&app, &at, Tab::Project, "Turn off DSN").await?,
        last: !all.iter().any(|one| one.id != dsn.id && one.publishes_at(app.now())),
        dsn,
        project: at.project,
    })
}

async fn end(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let Some(dsn) = working(&app, &at, &ids).await? else {
        return Ok(is_off(&app, at.project.id));
    };
    let by = actor(&at.signed.user, &client);
    let subject = subject(&at.project.name, &dsn.label);
    let mut tx = app.db.begin().await?;
    if store::dsns::disable(&mut tx, at.project.id, dsn.id, app.now())
        .await?
        .is_some()
    {
        audit(
            &mut tx,
            &app,
            &by,
            at.project.organisation,
            Action::DsnTurnedOff,
            &subject,
            "",
        )
        .await?;
    }
    tx.commit().await?;
    let text = format!("The DSN “{}” is turned off.", dsn.label);
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, &text)
        .into_response())
}

#[derive(Template)]
#[template(path = "dsns/rotation.html")]
struct RotationPage {
    frame: Frame,
    project: Project,
    dsn: Dsn,
    days: String,
    wrong: bool,
}

#[derive(Deserialize)]
struct RotationForm {
    #[serde(default)]
    days: String,
}

async fn rotation_page(app: &Shared, at: &InProject, dsn: &Dsn, days: String) -> Result<RotationPage, AppError> {
    Ok(RotationPage {
        frame: Frame::project(app, at, Tab::Project, "Rotate DSN").await?,
        project: at.project.clone(),
        dsn: dsn.clone(),
        days,
        wrong: false,
    })
}

async fn ask_rotation(State(app): State<Shared>, at: InProject, ids: Ids) -> Result<Response, AppError> {
    let Some(dsn) = working(&app, &at, &ids).await?.filter(|dsn| dsn.disabled_at.is_none()) else {
        return Ok(is_off(&app, at.project.id));
    };
    html(&rotation_page(&app, &at, &dsn, DAYS.to_string()).await?)
}

async fn rotate(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(form): Checked<RotationForm>,
) -> Result<Response, AppError> {
    let Some(dsn) = working(&app, &at, &ids).await? else {
        return Ok(is_off(&app, at.project.id));
    };
    let Some(days) = days(&form.days) else {
        let mut view = rotation_page(&app, &at, &dsn, form.days).await?;
        view.wrong = true;
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    let by = actor(&at.signed.user, &client);
    let mut tx = app.db.begin().await?;
    let place = (at.project.organisation, at.project.id, at.project.name.as_str());
    if !replace(&mut tx, &app, &by, place, dsn.id, app.now() + days * DAY).await? {
        return Ok(is_off(&app, at.project.id));
    }
    tx.commit().await?;
    let text = format!(
        "The DSN “{}” is new; the old one works until {}.",
        dsn.label,
        (app.now() + days * DAY).day_and_clock()
    );
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, &text)
        .into_response())
}

/// The days in a text for which an old DSN goes on working.
pub(crate) fn days(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|days| (1..=MOST_DAYS).contains(days))
}

/// Puts a new DSN in the place of an old one, which stops at `stops_at`. `false` if the old one is turned off, or
/// is being rotated out already.
pub(crate) async fn replace(
    tx: &mut Tx,
    app: &Shared,
    by: &Actor,
    (organisation, project, name): (OrganisationId, ProjectId, &str),
    old: DsnId,
    stops_at: Micros,
) -> Result<bool, AppError> {
    let Some(label) = store::dsns::rotate(tx, project, old, draw(app), stops_at, app.now()).await? else {
        return Ok(false);
    };
    let (subject, stops) = (subject(name, &label), format!("stops {}", stops_at.day_and_clock()));
    audit(
        tx,
        app,
        by,
        organisation,
        Action::DsnCreated,
        &subject,
        "in place of an older one",
    )
    .await?;
    audit(tx, app, by, organisation, Action::DsnTurnedOff, &subject, &stops).await?;
    Ok(true)
}
