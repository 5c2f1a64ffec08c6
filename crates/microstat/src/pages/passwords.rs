//! Another password, and the one there is as proof of who asks.

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::password::Password;
use serde::Deserialize;
use store::Tx;
use store::mailed_links::{Purpose, end, pending};
use store::users::User;

use super::accounts::{AccountPage, back};
use super::arrival;
use super::sign_in::PER_ACCOUNT;
use super::sign_up::{sentence, slow_down};
use crate::auth::csrf::Checked;
use crate::auth::password::{Tried, hash, verify};
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

/// What to say of a wrong one.
pub(crate) const WRONG: &str = "This is not your password.";

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/password", back)
        .route(Method::POST, "/account/password", update)
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

/// The key that tries at a password are counted under, by somebody who is signed in.
pub(crate) fn key(user: &User) -> String {
    format!("password {}", user.id)
}

/// The hash of this person's password, if that is what they typed. Slowed down, like signing in.
pub(crate) async fn prove(app: &Shared, user: &User, typed: &str) -> Result<Option<String>, AppError> {
    slow_down(app, &key(user), PER_ACCOUNT).await?;
    let kept = store::users::password_hash(&app.db, user.id).await?;
    if verify(app, Password::typed(typed), kept.clone()).await? == Tried::Wrong {
        return Ok(None);
    }
    let mut tx = app.db.begin().await?;
    store::throttles::reset(&mut tx, &key(user)).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Signs every other device out, and this one in anew.
async fn update(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let user = &signed.user;
    let Some(old) = prove(&app, user, &form.current).await? else {
        return refused(&app, &signed).await;
    };
    let new = Password::typed(&form.new);
    if let Err(error) = new.check(&user.email) {
        let mut page = AccountPage::load(&app, &signed, None).await?;
        page.password_error = Some(sentence(&error.to_string()));
        return page.again();
    }
    let hashed = hash(&app, new).await?;
    let mut tx = app.db.begin().await?;
    if !store::users::replace_password_hash(&mut tx, user.id, &old, &hashed).await? {
        drop(tx);
        return refused(&app, &signed).await;
    }
    store::sessions::end_others(&mut tx, user.id, None).await?;
    end(&mut tx, user.id, Purpose::ResetPassword).await?;
    forget_new_email(&mut tx, &app, user).await?;
    queue(&mut tx, &app, &Mail::PasswordChanged { to: user.id }).await?;
    let leaving = arrival::arrive(&mut tx, &app, &client, user.id, "/account").await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    let text = "Your password is changed, and every other device is signed out.";
    Ok(leaving.notice(&app, text).into_response())
}

async fn refused(app: &Shared, signed: &SignedIn) -> Result<Response, AppError> {
    let mut page = AccountPage::load(app, signed, None).await?;
    page.current_error = Some(WRONG.to_owned());
    page.again()
}

/// An address that waits to become the account's waits no longer: whoever asked for it may have been somebody else.
pub(crate) async fn forget_new_email(tx: &mut Tx, app: &Shared, user: &User) -> Result<(), AppError> {
    let waiting = pending(&mut *tx, user.id, Purpose::VerifyEmail, app.now()).await?;
    if waiting.is_some_and(|link| link.email != user.email) {
        end(tx, user.id, Purpose::VerifyEmail).await?;
    }
    Ok(())
}
