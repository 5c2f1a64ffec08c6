//! "Sign in" and "Sign out".

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::canonical;
use domain::password::Password;
use domain::time::{HOUR, MINUTE, SECOND};
use serde::Deserialize;
use store::throttles::Limit;

use super::frame::Frame;
use super::sign_up::slow_down;
use super::{arrival, html, html_with, redirect};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::password::{Tried, hash, verify};
use crate::auth::session::{self, SignedIn, Visitor};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

/// Tries at one account: the fifth waits two seconds, each further one twice as long, up to 15 minutes.
pub(crate) const PER_ACCOUNT: Limit = Limit::Growing {
    free: 5,
    first: 2 * SECOND,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};
/// Tries from one client address, at whatever account.
const PER_ADDRESS: Limit = Limit::Growing {
    free: 50,
    first: 2 * SECOND,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/sign-in", new)
        .route(Method::POST, "/sign-in", create)
        .route(Method::POST, "/sign-out", delete)
}

/// The key that tries at an account are counted under; a reset link clears it.
pub(crate) fn account_key(canonical_email: &str) -> String {
    format!("sign-in {canonical_email}")
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    email: String,
    back: String,
    error: Option<&'static str>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default, rename = "return")]
    back: String,
}

#[derive(Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default, rename = "return")]
    back: String,
}

async fn new(State(app): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let back = arrival::local_path(&asked.back).unwrap_or_default().to_owned();
    if visitor.signed_in.is_some() {
        return Ok(redirect(if back.is_empty() { "/" } else { &back }).into_response());
    }
    html(&SignInPage {
        frame: Frame::bare(&app, &visitor, "Sign in"),
        email: String::new(),
        back,
        error: None,
    })
}

async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let email = canonical(&form.email);
    let key = account_key(&email);
    slow_down(&app, &format!("sign-in from {}", client.address), PER_ADDRESS).await?;
    slow_down(&app, &key, PER_ACCOUNT).await?;
    let found = store::users::find_by_email(&app.db, &email).await?;
    let kept = found.as_ref().map(|(_, hash)| hash.clone());
    let password = Password::typed(&form.password);
    let tried = verify(&app, password.clone(), kept).await?;
    let (Some((user, old_hash)), Tried::Right | Tried::RightButOld) = (found, tried) else {
        let view = SignInPage {
            frame: Frame::bare(&app, &visitor, "Sign in"),
            email: form.email,
            back: form.back,
            error: Some("The e-mail address or the password is wrong."),
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    let renewed = if tried == Tried::RightButOld {
        Some(hash(&app, password).await?)
    } else {
        None
    };
    let mut tx = app.db.begin().await?;
    store::throttles::reset(&mut tx, &key).await?;
    if let Some(renewed) = renewed {
        store::users::replace_password_hash(&mut tx, user.id, &old_hash, &renewed).await?;
    }
    let path = arrival::local_path(&form.back).unwrap_or("/");
    let leaving = arrival::arrive(&mut tx, &app, &client, user.id, path).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    Ok(leaving.into_response())
}

async fn delete(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    store::sessions::end(&mut tx, signed.user.id, signed.session.id).await?;
    tx.commit().await?;
    Ok(redirect("/sign-in").cookie(session::end(&app.config)).into_response())
}
