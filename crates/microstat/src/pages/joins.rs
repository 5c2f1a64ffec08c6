//! "Join an Organisation": a code is typed in.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::invitation_code::InvitationCode;
use domain::time::{HOUR, MINUTE};
use serde::Deserialize;
use store::throttles::Limit;

use super::frame::Frame;
use super::joining::{self, Landing};
use super::sign_up::slow_down;
use super::{html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

/// Tries from one client address.
const PER_ADDRESS: Limit = Limit::Window {
    length: 3 * MINUTE,
    tries: 10,
};
/// Tries of one account.
const PER_ACCOUNT: Limit = Limit::Window {
    length: HOUR,
    tries: 20,
};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/join", new)
        .route(Method::POST, "/account/join", create)
}

#[derive(Template)]
#[template(path = "joins/new.html")]
struct JoinPage {
    frame: Frame,
    code: String,
    wrong: bool,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    code: String,
}

async fn new(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    html(&JoinPage {
        frame: Frame::account(&app, &signed, None, "Join an Organisation").await?,
        code: String::new(),
        wrong: false,
    })
}

/// Wrong, expired, used up or turned off, or somebody an Administrator removed: the answer is one and the same.
async fn create(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    slow_down(&app, &format!("codes from {}", client.address), PER_ADDRESS).await?;
    slow_down(&app, &format!("codes of {}", signed.user.id), PER_ACCOUNT).await?;
    if let Some(landing) = join(&app, &client, &signed, &form.code).await? {
        return Ok(redirect(landing.path).notice(&app, &landing.notice).into_response());
    }
    let view = JoinPage {
        frame: Frame::account(&app, &signed, None, "Join an Organisation").await?,
        code: form.code,
        wrong: true,
    };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

async fn join(app: &Shared, client: &Client, signed: &SignedIn, typed: &str) -> Result<Option<Landing>, AppError> {
    let Ok(code) = InvitationCode::read(typed) else {
        return Ok(None);
    };
    let mut tx = app.db.begin().await?;
    let landing = joining::use_code(&mut tx, app, client, &signed.user, &code).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    Ok(landing)
}
