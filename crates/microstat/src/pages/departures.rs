//! "Leave Organisation": shows what will be lost, asks for the name, and never leaves an organisation without an
//! Administrator.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::UserId;
use domain::role::Role;
use serde::Deserialize;
use store::Tx;
use store::audit_events::Action;
use store::departures::Belongings;
use store::memberships::{Departure, Member as Row};
use store::organisations::Organisation;
use store::projects::Project;

use super::frame::Frame;
use super::members::{role_changed, subject};
use super::organisations::settings_path;
use super::typed_name::TypedName;
use super::{html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::jobs::mail::queue;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/organisations/{organisation}/departure", new)
        .route(Method::POST, "/organisations/{organisation}/departure", create)
}

#[derive(Template)]
#[template(path = "departures/new.html")]
struct DeparturePage {
    frame: Frame,
    organisation: Organisation,
    projects: Vec<Project>,
    belongings: Belongings,
    /// The only Administrator, who has not chosen an heir, can't leave.
    held: bool,
    /// Who could become Administrator.
    others: Vec<Row>,
    /// Who will.
    heir: Option<Row>,
    confirm: TypedName,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    heir: String,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    name: String,
    #[serde(default)]
    heir: String,
}

async fn page(app: &Shared, at: &Member, choice: &str, typed: Option<String>) -> Result<DeparturePage, AppError> {
    let id = at.organisation.id;
    let (me, members) = (
        at.signed.user.id,
        store::memberships::of_organisation(&app.db, id).await?,
    );
    let others: Vec<Row> = members.into_iter().filter(|member| member.user != me).collect();
    let needed = at.role == Role::Administrator && !others.iter().any(|other| other.role == Role::Administrator);
    let heir = others
        .iter()
        .find(|other| needed && other.user.to_string() == choice)
        .cloned();
    let button = heir.as_ref().map_or_else(
        || "Leave Organisation".to_owned(),
        |heir| format!("Make {} Administrator and leave", heir.name),
    );
    Ok(DeparturePage {
        frame: Frame::organisation(app, at, "Leave Organisation").await?,
        organisation: at.organisation.clone(),
        projects: store::projects::of_organisation(&app.db, id).await?,
        belongings: store::departures::belongings(&app.db, id, me, app.now()).await?,
        held: needed && heir.is_none(),
        others,
        heir,
        confirm: TypedName {
            action: format!("/organisations/{id}/departure"),
            back: settings_path(id),
            label: "Organisation name",
            name: at.organisation.name.clone(),
            wrong: typed.is_some(),
            typed: typed.unwrap_or_default(),
            button,
        },
    })
}

async fn new(State(app): State<Shared>, at: Member, Query(choice): Query<Choice>) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &at, &choice.heir, None).await?)
}

async fn create(
    State(app): State<Shared>,
    mut at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    let departure = if let Ok(heir) = form.heir.parse() {
        promote_and_leave(&mut tx, &app, &at, &client, heir, &form.name).await?
    } else {
        let me = at.signed.user.id;
        store::memberships::leave(&mut tx, at.organisation.id, me, &form.name, app.now()).await?
    };
    match departure {
        Departure::Left(_) => {}
        Departure::WrongName => {
            drop(tx);
            at.organisation = store::organisations::find(&app.db, at.organisation.id)
                .await?
                .ok_or(AppError::NotFound)?;
            let again = page(&app, &at, &form.heir, Some(form.name)).await?;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
        Departure::NotAMember if form.heir.is_empty() => return Err(AppError::NotFound),
        // the page says why not; so it does to whoever chose somebody who is gone meanwhile
        Departure::LastAdministrator | Departure::NotAMember => {
            drop(tx);
            return html_with(StatusCode::CONFLICT, &page(&app, &at, "", None).await?);
        }
    }
    let by = actor(&at.signed.user, &client);
    audit(&mut tx, &app, &by, at.organisation.id, Action::MemberLeft, &by.name, "").await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    let text = format!(
        "You left {}. To come back you need a new invitation.",
        at.organisation.name
    );
    Ok(redirect("/").notice(&app, &text).into_response())
}

/// Both or neither; the heir is told by mail, unless they were Administrator already.
async fn promote_and_leave(
    tx: &mut Tx,
    app: &Shared,
    at: &Member,
    client: &Client,
    heir: UserId,
    typed: &str,
) -> Result<Departure, AppError> {
    let (id, me) = (at.organisation.id, at.signed.user.id);
    store::organisations::lock(tx, id).await?;
    let before = store::memberships::find(&mut *tx, id, heir).await?;
    let departure = store::memberships::promote_and_leave(tx, id, me, heir, typed, app.now()).await?;
    if let (Departure::Left(_), Some(mut member)) = (departure, before)
        && member.role != Role::Administrator
    {
        let detail = format!("{} → {}", member.role, Role::Administrator);
        let by = actor(&at.signed.user, client);
        audit(tx, app, &by, id, Action::RoleChanged, &subject(&member), &detail).await?;
        member.role = Role::Administrator;
        queue(tx, app, &role_changed(at, &member)).await?;
    }
    Ok(departure)
}
