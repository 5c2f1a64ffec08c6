//! Deleting one's account, unless an organisation would be left without an Administrator.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::canonical;
use domain::id::OrganisationId;
use domain::name::Name;
use serde::Deserialize;
use store::audit_events::Action;
use store::users::Deletion;

use super::frame::Frame;
use super::passwords::{WRONG, prove};
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::session::{self, SignedIn};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/deletion", new)
        .route(Method::POST, "/account/deletion", create)
}

#[derive(Template)]
#[template(path = "accounts/deletion.html")]
struct DeletionPage {
    frame: Frame,
    email: String,
    typed: String,
    /// Organisations that would be left without an Administrator.
    needed: Vec<(OrganisationId, Name)>,
    email_error: Option<&'static str>,
    password_error: Option<&'static str>,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

async fn page(app: &Shared, signed: &SignedIn, typed: String) -> Result<DeletionPage, AppError> {
    Ok(DeletionPage {
        frame: Frame::account(app, signed, None, "Delete account").await?,
        email: signed.user.email.to_string(),
        typed,
        needed: store::users::needed_by(&app.db, signed.user.id).await?,
        email_error: None,
        password_error: None,
    })
}

async fn new(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    html(&page(&app, &signed, String::new()).await?)
}

async fn create(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let user = &signed.user;
    let typed = canonical(&form.email) == user.email.canonical();
    if !typed || prove(&app, user, &form.password).await?.is_none() {
        let mut again = page(&app, &signed, form.email).await?;
        again.email_error = (!typed).then_some("This is another address, so nothing happened.");
        again.password_error = typed.then_some(WRONG);
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    let mut tx = app.db.begin().await?;
    let left = match store::users::delete(&mut tx, user.id, app.now()).await? {
        Deletion::Done(left) => left,
        Deletion::LastAdministrator(_) => {
            drop(tx);
            return html_with(StatusCode::CONFLICT, &page(&app, &signed, form.email).await?);
        }
    };
    let by = actor(user, &client);
    for organisation in left {
        audit(
            &mut tx,
            &app,
            &by,
            organisation,
            Action::MemberLeft,
            &by.name,
            "deleted the account",
        )
        .await?;
    }
    tx.commit().await?;
    let leaving = redirect("/sign-in").cookie(session::end(&app.config));
    Ok(leaving.notice(&app, "Your account is deleted.").into_response())
}
