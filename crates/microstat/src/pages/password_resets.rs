//! "Forgot password": a mailed link lets its person choose a new one, and always works, however slowed down signing
//! in is.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::EmailAddress;
use domain::password::Password;
use domain::time::{HOUR, MINUTE, SECOND};
use serde::Deserialize;
use store::Tx;
use store::mailed_links::{MailedLink, Purpose, end, find, use_once};
use store::throttles::Limit;

use super::frame::Frame;
use super::sign_in::account_key;
use super::sign_up::{sentence, slow_down};
use super::{arrival, html, html_with, passwords};
use crate::auth::csrf::Checked;
use crate::auth::password;
use crate::auth::session::Visitor;
use crate::error::AppError;
use crate::jobs::links;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::secrets::hash;
use crate::state::Shared;
use crate::web::Client;

/// Mails to one address.
const PER_MAILBOX: Limit = Limit::Growing {
    free: 3,
    first: MINUTE,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};
/// Asked for from one client address.
const PER_ADDRESS: Limit = Limit::Growing {
    free: 20,
    first: 10 * SECOND,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/forgot-password", new)
        .route(Method::POST, "/forgot-password", create)
        .route(Method::GET, "/password-resets/{token}", edit)
        .route(Method::POST, "/password-resets/{token}", update)
}

#[derive(Template)]
#[template(path = "password_resets/new.html")]
struct ForgotPage {
    frame: Frame,
    email: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "password_resets/sent.html")]
struct SentPage {
    frame: Frame,
    email: String,
    mailed: bool,
}

#[derive(Template)]
#[template(path = "password_resets/edit.html")]
struct ResetPage {
    frame: Frame,
    email: String,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Forgotten {
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    password: String,
}

async fn new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, AppError> {
    let signed = visitor.signed_in.as_ref();
    html(&ForgotPage {
        frame: Frame::bare(&app, &visitor, "Forgot password"),
        email: signed.map_or_else(String::new, |signed| signed.user.email.to_string()),
        error: None,
    })
}

/// The same work and the same answer, whether or not the address has an account.
async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Checked(form): Checked<Forgotten>,
) -> Result<Response, AppError> {
    let email = match EmailAddress::new(&form.email) {
        Ok(email) => email,
        Err(error) => {
            let view = ForgotPage {
                frame: Frame::bare(&app, &visitor, "Forgot password"),
                email: form.email,
                error: Some(sentence(&error.to_string())),
            };
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    slow_down(&app, &format!("reset from {}", client.address), PER_ADDRESS).await?;
    slow_down(&app, &format!("reset {}", email.canonical()), PER_MAILBOX).await?;
    let mut tx = app.db.begin().await?;
    links::forgotten(&mut tx, &app, &email).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    html(&SentPage {
        frame: Frame::bare(&app, &visitor, "Check your mail"),
        email: email.to_string(),
        mailed: app.config.smtp.is_some(),
    })
}

fn gone() -> AppError {
    let text = "This link was used, has expired or was replaced by a newer one. Ask for a new one under \"Forgot password\" on the sign-in page.";
    AppError::Gone(text.to_owned())
}

fn page(app: &Shared, visitor: &Visitor, link: &MailedLink, error: Option<String>) -> ResetPage {
    ResetPage {
        frame: Frame::bare(app, visitor, "Choose a new password"),
        email: link.email.to_string(),
        error,
    }
}

async fn edit(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, AppError> {
    let found = find(&app.db, hash(&token), Purpose::ResetPassword, app.now()).await?;
    let link = found.ok_or_else(gone)?;
    html(&page(&app, &visitor, &link, None))
}

async fn update(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Path(token): Path<String>,
    Checked(form): Checked<Chosen>,
) -> Result<Response, AppError> {
    let found = find(&app.db, hash(&token), Purpose::ResetPassword, app.now()).await?;
    let link = found.ok_or_else(gone)?;
    let chosen = Password::typed(&form.password);
    if let Err(error) = chosen.check(&link.email) {
        let view = page(&app, &visitor, &link, Some(sentence(&error.to_string())));
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    }
    let hashed = password::hash(&app, chosen).await?;
    let mut tx = app.db.begin().await?;
    let used = use_once(&mut tx, hash(&token), Purpose::ResetPassword, app.now()).await?;
    let link = used.ok_or_else(gone)?;
    take_back(&mut tx, &app, &link, &hashed).await?;
    let leaving = arrival::arrive(&mut tx, &app, &client, link.user, "/").await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    Ok(leaving
        .notice(&app, "Your password is changed, and every other device is signed out.")
        .into_response())
}

/// The account is whose mailbox it is, and nobody else's: every session ends, a change of address that waits is
/// forgotten, the door that was tried too often opens.
async fn take_back(tx: &mut Tx, app: &Shared, link: &MailedLink, hashed: &str) -> Result<(), AppError> {
    let user = store::users::find(&mut *tx, link.user).await?.ok_or_else(gone)?;
    store::users::set_password_hash(tx, user.id, hashed).await?;
    store::sessions::end_others(tx, user.id, None).await?;
    if !app.is_verified(&user) {
        // made by somebody who never showed that the address is theirs
        store::api_tokens::delete_all(tx, user.id).await?;
    }
    end(tx, user.id, Purpose::VerifyEmail).await?;
    store::users::verify_email(tx, user.id, &link.email, app.now()).await?;
    store::throttles::reset(tx, &account_key(link.email.canonical())).await?;
    store::throttles::reset(tx, &passwords::key(&user)).await?;
    queue(tx, app, &Mail::PasswordChanged { to: user.id }).await
}
