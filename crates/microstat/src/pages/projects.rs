//! "Your Project", "Create Project" and "Change Project Name".

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use domain::retention::{self, Level};
use domain::role::Role;
use domain::time::Micros;
use store::audit_events::Action;
use store::dsns::Dsn;
use store::projects::Project;

use super::frame::{Frame, Tab};
use super::naming::{Form, NamingPage};
use super::organisations;
use super::rejections::Rejections;
use super::rotations::{self, Offer};
use super::{html, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::{InProject, Member};
use crate::auth::opening;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/projects/{project}/settings", settings)
        .route(Method::GET, "/projects/{project}/name", edit)
        .route(Method::POST, "/projects/{project}/name", update)
        .route(Method::GET, "/organisations/{organisation}/projects/new", new)
        .route(Method::POST, "/organisations/{organisation}/projects", create)
}

/// The path of "Your Project".
pub(crate) fn settings_path(project: ProjectId) -> String {
    format!("/projects/{project}/settings")
}

#[derive(Template)]
#[template(path = "projects/your_project.html")]
struct SettingsPage {
    frame: Frame,
    project: Project,
    administrator: bool,
    dsns: Vec<Dsn>,
    /// Whether any of them takes data points.
    publishes: bool,
    rejections: Rejections,
    offer: Option<Offer>,
    now: Micros,
}

async fn settings(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    let dsns = store::dsns::of_project(&app.db, at.project.id).await?;
    html(&SettingsPage {
        frame: Frame::project(&app, &at, Tab::Project, "Your Project").await?,
        publishes: dsns.iter().any(|dsn| dsn.publishes_at(app.now())),
        dsns,
        rejections: Rejections::of(&app, &at.project).await?,
        offer: rotations::offer(&app, at.project.organisation, at.role).await?,
        administrator: at.role == Role::Administrator,
        project: at.project,
        now: app.now(),
    })
}

async fn new_page(app: &Shared, at: &Member) -> Result<NamingPage, AppError> {
    at.require(Role::Administrator)?;
    let organisation = &at.organisation;
    Ok(NamingPage {
        frame: Frame::organisation(app, at, "Create Project").await?,
        lead: format!(
            "A project is one app or site that you measure. Every member of {} can open it.",
            organisation.name
        ),
        action: format!("/organisations/{}/projects", organisation.id),
        back: organisations::settings_path(organisation.id),
        label: "Project name",
        value: String::new(),
        error: None,
    })
}

async fn new(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    new_page(&app, &at).await?.ask()
}

async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut view = new_page(&app, &at).await?;
    let Some(name) = view.read(form) else {
        return view.ask_again();
    };
    let organisation = at.organisation.id;
    let by = actor(&at.signed.user, &client);
    let mut tx = app.db.begin().await?;
    // nothing is made in an organisation that is just being deleted
    store::organisations::lock(&mut tx, organisation)
        .await?
        .ok_or(AppError::NotFound)?;
    let (project, _) = opening::project(&mut tx, &app, organisation, &name).await?;
    store::projects::set_zone(&mut tx, project, &at.signed.zone()).await?;
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::ProjectCreated,
        name.as_str(),
        "",
    )
    .await?;
    tx.commit().await?;
    Ok(redirect(format!("/projects/{project}/tutorial"))
        .notice(&app, &format!("{name} is there."))
        .into_response())
}

async fn edit_page(app: &Shared, at: &InProject) -> Result<NamingPage, AppError> {
    at.require(Role::Administrator)?;
    Ok(NamingPage {
        frame: Frame::project(app, at, Tab::Project, "Change Project Name").await?,
        lead: "Every member sees the new name at once. Addresses and DSNs stay as they are.".to_owned(),
        action: format!("/projects/{}/name", at.project.id),
        back: settings_path(at.project.id),
        label: "Project name",
        value: at.project.name.clone(),
        error: None,
    })
}

async fn edit(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    edit_page(&app, &at).await?.ask()
}

async fn update(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut view = edit_page(&app, &at).await?;
    let Some(name) = view.read(form) else {
        return view.ask_again();
    };
    let project = &at.project;
    if project.name != name.as_str() {
        let mut tx = app.db.begin().await?;
        if !store::projects::rename(&mut tx, project.id, &name).await? {
            return Err(AppError::NotFound);
        }
        let by = actor(&at.signed.user, &client);
        let was = format!("was {}", project.name);
        audit(
            &mut tx,
            &app,
            &by,
            project.organisation,
            Action::ProjectRenamed,
            name.as_str(),
            &was,
        )
        .await?;
        tx.commit().await?;
    }
    Ok(redirect(settings_path(project.id))
        .notice(&app, &format!("The project is called {name}."))
        .into_response())
}
