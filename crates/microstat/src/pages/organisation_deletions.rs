//! "Delete Organisation", and its restoration within 30 days.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::OrganisationId;
use domain::role::Role;
use domain::time::Micros;
use store::audit_events::Action;
use store::organisations::{Deletion, Organisation, RESTORABLE_FOR};
use store::projects::Project;

use super::frame::Frame;
use super::organisations::settings_path;
use super::typed_name::{Form, TypedName};
use super::{html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::Member;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/organisations/{organisation}/deletion", new)
        .route(Method::POST, "/organisations/{organisation}/deletion", create)
        .route(Method::POST, "/organisations/{organisation}/restoration", restore)
}

#[derive(Template)]
#[template(path = "organisations/deletion.html")]
struct DeletionPage {
    frame: Frame,
    organisation: Organisation,
    projects: Vec<Project>,
    /// How many members there are beside the one who asks.
    others: usize,
    /// When it would be erased.
    erased_at: Micros,
    confirm: TypedName,
}

async fn page(app: &Shared, at: &Member, typed: Option<String>) -> Result<DeletionPage, AppError> {
    let id = at.organisation.id;
    let members = store::memberships::of_organisation(&app.db, id).await?;
    Ok(DeletionPage {
        frame: Frame::organisation(app, at, "Delete Organisation").await?,
        projects: store::projects::of_organisation(&app.db, id).await?,
        others: members.len().saturating_sub(1),
        erased_at: app.now() + RESTORABLE_FOR,
        confirm: TypedName {
            action: format!("/organisations/{id}/deletion"),
            back: settings_path(id),
            label: "Organisation name",
            name: at.organisation.name.clone(),
            wrong: typed.is_some(),
            typed: typed.unwrap_or_default(),
            button: "Delete Organisation".to_owned(),
        },
        organisation: at.organisation.clone(),
    })
}

async fn new(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    html_with(StatusCode::OK, &page(&app, &at, None).await?)
}

async fn create(
    State(app): State<Shared>,
    mut at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (id, me) = (at.organisation.id, at.signed.user.id);
    let mut tx = app.db.begin().await?;
    match store::organisations::delete(&mut tx, id, &form.name, me, app.now()).await? {
        Deletion::Deleted => {}
        Deletion::NotFound => return Err(AppError::NotFound),
        Deletion::WrongName => {
            drop(tx);
            at.organisation = store::organisations::find(&app.db, id)
                .await?
                .ok_or(AppError::NotFound)?;
            let again = page(&app, &at, Some(form.name)).await?;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
    }
    let by = actor(&at.signed.user, &client);
    audit(
        &mut tx,
        &app,
        &by,
        id,
        Action::OrganisationDeleted,
        &at.organisation.name,
        "",
    )
    .await?;
    tx.commit().await?;
    let text = format!(
        "{} is deleted. Any of its Administrators can restore it until {}, under Your Account.",
        at.organisation.name,
        (app.now() + RESTORABLE_FOR).day()
    );
    Ok(redirect("/").notice(&app, &text).into_response())
}

/// Nobody is a member of what is deleted, as far as pages go: the store says who may.
async fn restore(
    State(app): State<Shared>,
    signed: SignedIn,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let id: OrganisationId = ids.get("organisation")?;
    let mut tx = app.db.begin().await?;
    if !store::organisations::restore(&mut tx, id, signed.user.id, app.now()).await? {
        return Err(AppError::NotFound);
    }
    let restored = store::organisations::find(&mut tx, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let by = actor(&signed.user, &client);
    audit(&mut tx, &app, &by, id, Action::OrganisationRestored, &restored.name, "").await?;
    tx.commit().await?;
    let text = format!("{} is back, with its members, projects and DSNs.", restored.name);
    Ok(redirect(format!("/organisations/{id}"))
        .notice(&app, &text)
        .into_response())
}
