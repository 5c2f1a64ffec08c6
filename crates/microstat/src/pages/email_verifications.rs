//! Mailed links that prove an address: a page with one button, since mail scanners open links.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::time::{HOUR, MINUTE};
use store::Tx;
use store::mailed_links::{MailedLink, Purpose, find, pending, use_once};
use store::throttles::Limit;

use super::frame::Frame;
use super::sign_up::slow_down;
use super::{html, redirect};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::session::{SignedIn, Visitor};
use crate::error::AppError;
use crate::jobs::links;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::secrets::hash;
use crate::state::Shared;

/// Mails that one person may ask for.
pub(crate) const PER_PERSON: Limit = Limit::Growing {
    free: 3,
    first: MINUTE,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::POST, "/email-verifications", send)
        .route(Method::GET, "/email-verifications/{token}", show)
        .route(Method::POST, "/email-verifications/{token}", create)
}

#[derive(Template)]
#[template(path = "email_verifications/show.html")]
struct VerifyPage {
    frame: Frame,
    /// Whose account it would be.
    name: String,
    email: String,
}

fn gone() -> AppError {
    let text = "This link was used, has expired or was replaced by a newer one. Sign in; you can have a new one sent.";
    AppError::Gone(text.to_owned())
}

async fn show(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, AppError> {
    let found = find(&app.db, hash(&token), Purpose::VerifyEmail, app.now()).await?;
    let link = found.ok_or_else(gone)?;
    let user = store::users::find(&app.db, link.user).await?.ok_or_else(gone)?;
    html(&VerifyPage {
        name: user.name.to_string(),
        frame: Frame::bare(&app, &visitor, "Verify your email address"),
        email: link.email.to_string(),
    })
}

async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(token): Path<String>,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    let used = use_once(&mut tx, hash(&token), Purpose::VerifyEmail, app.now()).await?;
    let link = used.ok_or_else(gone)?;
    prove(&mut tx, &app, &link).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    let theirs = visitor.signed_in.is_some_and(|signed| signed.user.id == link.user);
    let leaving = redirect(if theirs { "/account" } else { "/sign-in" });
    let text = format!("{} is verified.", link.email);
    Ok(leaving.notice(&app, &text).into_response())
}

/// The address the link was sent to is its person's. If it isn't the account's yet, it becomes it, the old one is
/// told, and a link to reset the password that lies there stops.
async fn prove(tx: &mut Tx, app: &Shared, link: &MailedLink) -> Result<(), AppError> {
    let user = store::users::find(&mut *tx, link.user).await?.ok_or_else(gone)?;
    if store::users::verify_email(tx, user.id, &link.email, app.now()).await? {
        return Ok(());
    }
    if !store::users::set_email(tx, user.id, &link.email, Some(app.now())).await? {
        let text = "Another account has this address, so it can't become yours. Sign in there with it, or use another.";
        return Err(AppError::Conflict(text.to_owned()));
    }
    store::mailed_links::end(tx, user.id, Purpose::ResetPassword).await?;
    let (to, old, new) = (user.id, user.email.to_string(), link.email.to_string());
    queue(tx, app, &Mail::EmailChanged { to, old, new }).await
}

/// "Send again": to the address that waits for its proof.
async fn send(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let user = signed.user;
    slow_down(&app, &format!("verify {}", user.id), PER_PERSON).await?;
    let mut tx = app.db.begin().await?;
    let waiting = pending(&mut tx, user.id, Purpose::VerifyEmail, app.now()).await?;
    let email = match waiting {
        Some(link) => link.email,
        None if app.is_verified(&user) => return Ok(redirect("/account").into_response()),
        None => user.email,
    };
    links::verify(&mut tx, &app, user.id, &email).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    let text = format!("A mail with a new link is on its way to {email}.");
    Ok(redirect("/account").notice(&app, &text).into_response())
}
