//! Another e-mail address. With SMTP it becomes the account's once its mailed link was opened.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::EmailAddress;
use serde::Deserialize;
use store::Tx;
use store::mailed_links::{Purpose, end};
use store::users::User;

use super::email_verifications::PER_PERSON;
use super::frame::Frame;
use super::passwords::{WRONG, forget_new_email, prove};
use super::sign_up::{sentence, slow_down};
use super::{html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::jobs::links;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/email", edit)
        .route(Method::POST, "/account/email", update)
}

#[derive(Template)]
#[template(path = "accounts/email.html")]
struct EmailPage {
    frame: Frame,
    now: String,
    email: String,
    mailed: bool,
    email_error: Option<String>,
    password_error: Option<&'static str>,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

async fn page(app: &Shared, signed: &SignedIn, email: String) -> Result<EmailPage, AppError> {
    Ok(EmailPage {
        frame: Frame::account(app, signed, None, "Change email address").await?,
        now: signed.user.email.to_string(),
        email,
        mailed: app.config.smtp.is_some(),
        email_error: None,
        password_error: None,
    })
}

async fn edit(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    html(&page(&app, &signed, String::new()).await?)
}

async fn update(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let user = &signed.user;
    let email = match EmailAddress::new(&form.email) {
        Ok(email) => email,
        Err(error) => return wrong_email(&app, &signed, form.email, sentence(&error.to_string())).await,
    };
    if prove(&app, user, &form.password).await?.is_none() {
        let mut again = page(&app, &signed, form.email).await?;
        again.password_error = Some(WRONG);
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    // with SMTP too: whoever tries out which addresses have an account would mail every one of them
    slow_down(&app, &format!("verify {}", user.id), PER_PERSON).await?;
    let mut tx = app.db.begin().await?;
    let Some(text) = change(&mut tx, &app, user, &email).await? else {
        drop(tx);
        let text = "This address can't be used. Choose another one.".to_owned();
        return wrong_email(&app, &signed, form.email, text).await;
    };
    tx.commit().await?;
    app.job_queued.notify_one();
    Ok(redirect("/account").notice(&app, &text).into_response())
}

async fn wrong_email(app: &Shared, signed: &SignedIn, typed: String, error: String) -> Result<Response, AppError> {
    let mut again = page(app, signed, typed).await?;
    again.email_error = Some(error);
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
}

/// Changes the address or asks its mailbox first, and tells what was done; `None` if another account has it.
async fn change(tx: &mut Tx, app: &Shared, user: &User, email: &EmailAddress) -> Result<Option<String>, AppError> {
    // the same one, perhaps with other capitals: nothing to prove, and what waited is not wanted any more
    if *email == user.email {
        forget_new_email(tx, app, user).await?;
        store::users::set_email(tx, user.id, email, user.email_verified_at).await?;
        return Ok(Some(format!("Your email address is {email}.")));
    }
    if app.config.smtp.is_some() {
        links::verify(tx, app, user.id, email).await?;
        let text = format!("Open the link that we mailed to {email}: then it becomes your address.");
        return Ok(Some(text));
    }
    if !store::users::set_email(tx, user.id, email, None).await? {
        return Ok(None);
    }
    end(tx, user.id, Purpose::ResetPassword).await?;
    let (to, old, new) = (user.id, user.email.to_string(), email.to_string());
    queue(tx, app, &Mail::EmailChanged { to, old, new }).await?;
    Ok(Some(format!("Your email address is {email} now.")))
}
