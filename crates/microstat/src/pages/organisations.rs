//! "Your Organisation", where an organisation's own address leads, "Create Organisation" and
//! "Change Organisation Name".

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::{OrganisationId, UserId};
use domain::role::Role;
use store::audit_events::Action;
use store::memberships::{How, Member as Row};
use store::organisations::Organisation;
use store::projects::{Deleted, Project};

use super::frame::Frame;
use super::naming::{Form, NamingPage};
use super::rotations::{self, Offer};
use super::shares::SharingCard;
use super::ways_in::WaysIn;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::Member;
use crate::auth::opening;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/organisations/new", new)
        .route(Method::POST, "/organisations", create)
        .route(Method::GET, "/organisations/{organisation}", show)
        .route(Method::GET, "/organisations/{organisation}/settings", settings)
        .route(Method::GET, "/organisations/{organisation}/name", edit)
        .route(Method::POST, "/organisations/{organisation}/name", update)
}

/// The path of "Your Organisation".
pub(crate) fn settings_path(organisation: OrganisationId) -> String {
    format!("/organisations/{organisation}/settings")
}

#[derive(Template)]
#[template(path = "organisations/without_project.html")]
struct WithoutProject {
    frame: Frame,
    organisation: Organisation,
    role: Role,
    administrator: bool,
}

/// Leads to the first project; without one, offers to create it.
async fn show(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    let projects = store::projects::of_organisation(&app.db, at.organisation.id).await?;
    if let Some(first) = projects.first() {
        let mut leaving = redirect(format!("/projects/{}", first.id));
        if let Some(notice) = &at.signed.visit.notice {
            leaving = leaving.leave(&app, notice);
        }
        return Ok(leaving.into_response());
    }
    html(&WithoutProject {
        frame: Frame::organisation(&app, &at, &at.organisation.name).await?,
        organisation: at.organisation,
        role: at.role,
        administrator: at.role == Role::Administrator,
    })
}

#[derive(Template)]
#[template(path = "organisations/your_organisation.html")]
struct SettingsPage {
    frame: Frame,
    organisation: Organisation,
    role: Role,
    administrator: bool,
    me: UserId,
    members: Vec<Row>,
    projects: Vec<Project>,
    /// Restorable ones, for those who may restore them.
    deleted: Vec<Deleted>,
    offer: Option<Offer>,
    ways_in: Option<WaysIn>,
    sharing: Option<SharingCard>,
    refusal: Option<String>,
}

async fn settings_page(app: &Shared, at: Member, refusal: Option<String>) -> Result<SettingsPage, AppError> {
    let id = at.organisation.id;
    let administrator = at.role == Role::Administrator;
    let deleted = if administrator {
        store::projects::restorable(&app.db, id, app.now()).await?
    } else {
        Vec::new()
    };
    Ok(SettingsPage {
        frame: Frame::organisation(app, &at, "Your Organisation").await?,
        members: store::memberships::of_organisation(&app.db, id).await?,
        projects: store::projects::of_organisation(&app.db, id).await?,
        offer: rotations::offer(app, id, at.role).await?,
        ways_in: WaysIn::of(app, &at).await?,
        sharing: SharingCard::of(app, &at).await?,
        me: at.signed.user.id,
        organisation: at.organisation,
        role: at.role,
        administrator,
        deleted,
        refusal,
    })
}

async fn settings(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    html(&settings_page(&app, at, None).await?)
}

/// "Your Organisation" again, saying why something on it was not done.
pub(crate) async fn refused(app: &Shared, at: Member, refusal: String) -> Result<Response, AppError> {
    html_with(StatusCode::CONFLICT, &settings_page(app, at, Some(refusal)).await?)
}

async fn new_page(app: &Shared, signed: &SignedIn) -> Result<NamingPage, AppError> {
    let frame = Frame::account(app, signed, None, "Create Organisation").await?;
    Ok(NamingPage {
        lead: "An organisation holds projects and the people who may open them. You'll be its Administrator, and it \
               begins with one project."
            .to_owned(),
        action: "/organisations".to_owned(),
        back: frame.account_path(),
        label: "Organisation name",
        value: String::new(),
        error: None,
        frame,
    })
}

async fn new(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    new_page(&app, &signed).await?.ask()
}

/// Makes an organisation with this person as its Administrator, and a first project.
async fn create(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut view = new_page(&app, &signed).await?;
    let Some(name) = view.read(form) else {
        return view.ask_again();
    };
    let by = actor(&signed.user, &client);
    let id = OrganisationId::from_random(app.random.bits());
    let mut tx = app.db.begin().await?;
    store::organisations::create(&mut tx, id, &name, app.now()).await?;
    store::memberships::add(
        &mut tx,
        id,
        signed.user.id,
        Role::Administrator,
        How::Founded,
        app.now(),
    )
    .await?;
    let (project, _) = opening::first_project(&mut tx, &app, id).await?;
    store::projects::set_zone(&mut tx, project, &signed.zone()).await?;
    audit(&mut tx, &app, &by, id, Action::OrganisationCreated, name.as_str(), "").await?;
    tx.commit().await?;
    let leaving = redirect(format!("/projects/{project}/tutorial"));
    Ok(leaving
        .notice(&app, &format!("{name} is there, with you as its Administrator."))
        .into_response())
}

async fn edit_page(app: &Shared, at: &Member) -> Result<NamingPage, AppError> {
    at.require(Role::Administrator)?;
    Ok(NamingPage {
        frame: Frame::organisation(app, at, "Change Organisation Name").await?,
        lead: "Every member sees the new name at once. Addresses and DSNs stay as they are.".to_owned(),
        action: format!("/organisations/{}/name", at.organisation.id),
        back: settings_path(at.organisation.id),
        label: "Organisation name",
        value: at.organisation.name.clone(),
        error: None,
    })
}

async fn edit(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    edit_page(&app, &at).await?.ask()
}

async fn update(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut view = edit_page(&app, &at).await?;
    let Some(name) = view.read(form) else {
        return view.ask_again();
    };
    let id = at.organisation.id;
    let mut tx = app.db.begin().await?;
    let before = store::organisations::lock(&mut tx, id)
        .await?
        .ok_or(AppError::NotFound)?;
    if before.name != name.as_str() {
        store::organisations::rename(&mut tx, id, &name).await?;
        let by = actor(&at.signed.user, &client);
        let was = format!("was {}", before.name);
        audit(&mut tx, &app, &by, id, Action::OrganisationRenamed, name.as_str(), &was).await?;
    }
    tx.commit().await?;
    let leaving = redirect(settings_path(id));
    Ok(leaving
        .notice(&app, &format!("The organisation is called {name}."))
        .into_response())
}
