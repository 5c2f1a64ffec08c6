//! Members of an organisation: another role, and removal. Both are an Administrator's to do.

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::id::UserId;
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::memberships::{Change, Member as Row};
use store::organisations::Organisation;

use super::frame::Frame;
use super::organisations::{refused, settings_path};
use super::{html, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::Member;
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const ROLE: &str = "/organisations/{organisation}/members/{user}/role";
    const REMOVAL: &str = "/organisations/{organisation}/members/{user}/removal";
    table
        .route(Method::POST, ROLE, set_role)
        .route(Method::GET, REMOVAL, ask_removal)
        .route(Method::POST, REMOVAL, remove)
}

/// A member as audit logs name them.
pub(crate) fn subject(member: &Row) -> String {
    format!("{} <{}>", member.name, member.email)
}

#[derive(Deserialize)]
struct RoleForm {
    role: Role,
}

/// Gives a member another role; oneself by the same rule.
async fn set_role(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(form): Checked<RoleForm>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (organisation, me, user) = (at.organisation.id, at.signed.user.id, ids.get::<UserId>("user")?);
    let mut tx = app.db.begin().await?;
    let change = store::memberships::set_role(&mut tx, organisation, me, user, form.role, app.now()).await?;
    let member = store::memberships::find(&mut tx, organisation, user).await?;
    let member = member.ok_or(AppError::NotFound)?;
    match change {
        Change::Done(before) => {
            let by = actor(&at.signed.user, &client);
            let detail = format!("{before} → {}", form.role);
            audit(
                &mut tx,
                &app,
                &by,
                organisation,
                Action::RoleChanged,
                &subject(&member),
                &detail,
            )
            .await?;
            if user != me {
                queue(&mut tx, &app, &role_changed(&at, &member)).await?;
            }
            tx.commit().await?;
            app.job_queued.notify_one();
            let text = format!("{}'s role is {} now.", member.name, form.role);
            Ok(redirect(settings_path(organisation))
                .notice(&app, &text)
                .into_response())
        }
        Change::Unchanged => Ok(redirect(settings_path(organisation)).into_response()),
        Change::LastAdministrator => {
            drop(tx);
            let text = format!(
                "{} is the only Administrator. Make someone else Administrator first, or delete the organisation.",
                member.name
            );
            refused(&app, at, text).await
        }
        Change::NotAMember => Err(AppError::NotFound),
        Change::Refused => Err(no_longer_administrator()),
    }
}

/// The mail that tells a member of their new role.
pub(crate) fn role_changed(at: &Member, member: &Row) -> Mail {
    Mail::RoleChanged {
        to: member.user,
        organisation: at.organisation.name.clone(),
        role: member.role,
        by: at.signed.user.name.to_string(),
    }
}

/// Somebody else has just taken the role away.
fn no_longer_administrator() -> AppError {
    AppError::Forbidden("You are no longer an Administrator of this organisation; ask one of them to do it.".to_owned())
}

#[derive(Template)]
#[template(path = "members/removal.html")]
struct RemovalPage {
    frame: Frame,
    organisation: Organisation,
    member: Row,
}

async fn ask_removal(State(app): State<Shared>, at: Member, ids: Ids) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let user: UserId = ids.get("user")?;
    if user == at.signed.user.id {
        return Ok(redirect(format!("/organisations/{}/departure", at.organisation.id)).into_response());
    }
    let member = store::memberships::find(&app.db, at.organisation.id, user).await?;
    let member = member.ok_or(AppError::NotFound)?;
    html(&RemovalPage {
        frame: Frame::organisation(&app, &at, &format!("Remove {}", member.name)).await?,
        organisation: at.organisation,
        member,
    })
}

async fn remove(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (organisation, me, user) = (at.organisation.id, at.signed.user.id, ids.get::<UserId>("user")?);
    if user == me {
        return Ok(redirect(format!("/organisations/{organisation}/departure")).into_response());
    }
    let mut tx = app.db.begin().await?;
    let member = store::memberships::find(&mut tx, organisation, user).await?;
    let member = member.ok_or(AppError::NotFound)?;
    match store::memberships::remove(&mut tx, organisation, me, user, app.now()).await? {
        Change::Done(_) => {}
        Change::Refused => return Err(no_longer_administrator()),
        Change::Unchanged | Change::LastAdministrator | Change::NotAMember => return Err(AppError::NotFound),
    }
    let by = actor(&at.signed.user, &client);
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::MemberRemoved,
        &subject(&member),
        "",
    )
    .await?;
    let mail = Mail::Removed {
        to: user,
        organisation: at.organisation.name.clone(),
        by: at.signed.user.name.to_string(),
    };
    queue(&mut tx, &app, &mail).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    let text = format!("{} is no longer a member.", member.name);
    Ok(redirect(settings_path(organisation))
        .notice(&app, &text)
        .into_response())
}
