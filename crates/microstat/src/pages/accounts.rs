//! "Your Account": a card a subject. And the page for people without an organisation.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::device::describe;
use domain::id::ProjectId;
use domain::name::Name;
use domain::zone::Clock;
use serde::Deserialize;
use store::api_tokens::ApiToken;
use store::mailed_links::{Purpose, pending};
use store::organisations::Deleted;
use store::sessions::Session;

use super::frame::{Frame, Tab};
use super::naming::Form;
use super::received_invitations::Received;
use super::{html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account", show)
        .route(Method::GET, "/account/name", back)
        .route(Method::POST, "/account/name", update)
        .route(Method::GET, "/welcome", welcome)
}

/// Which project the page was opened from.
#[derive(Deserialize)]
struct From {
    #[serde(default)]
    project: String,
}

/// A signed-in device as the list shows it.
struct Device {
    session: Session,
    /// What people call it.
    name: String,
    /// Whether it is the one that asks.
    is_this: bool,
}

/// An API token as the list shows it.
struct Token {
    token: ApiToken,
    /// The one organisation it is for.
    organisation: Option<String>,
}

/// "Your Account".
#[derive(Template)]
#[template(path = "accounts/your_account.html")]
pub(crate) struct AccountPage {
    frame: Frame,
    /// What is in the field "Name".
    name: String,
    name_error: Option<&'static str>,
    email: String,
    /// What times are shown by, in words.
    clock: String,
    /// An address that waits for its proof before it becomes the account's.
    new_email: Option<String>,
    /// What is wrong with "Current password".
    pub(crate) current_error: Option<String>,
    /// What is wrong with "New password".
    pub(crate) password_error: Option<String>,
    received: Received,
    deleted: Vec<Deleted>,
    devices: Vec<Device>,
    tokens: Vec<Token>,
}

impl AccountPage {
    /// As it is now.
    pub(crate) async fn load(app: &Shared, signed: &SignedIn, from: Option<ProjectId>) -> Result<Self, AppError> {
        let (user, now) = (&signed.user, app.now());
        let frame = Frame::account(app, signed, from, "Your Account").await?;
        let waiting = pending(&app.db, user.id, Purpose::VerifyEmail, now).await?;
        let sessions = store::sessions::of_user(&app.db, user.id, now).await?;
        let device = |session: Session| Device {
            name: describe(&session.user_agent),
            is_this: session.id == signed.session.id,
            session,
        };
        let mut devices: Vec<Device> = sessions.into_iter().map(device).collect();
        devices.sort_by_key(|device| !device.is_this);
        let name_of = |token: &ApiToken| {
            let entry = frame
                .organisations
                .iter()
                .find(|entry| Some(entry.id) == token.organisation);
            entry.map(|entry| entry.name.clone())
        };
        let tokens = store::api_tokens::of_user(&app.db, user.id).await?;
        Ok(Self {
            name: user.name.to_string(),
            name_error: None,
            email: user.email.to_string(),
            clock: match &user.clock {
                Clock::Browser => format!("The one of my browser: {}", frame.zone.name()),
                Clock::Project => "The one of the project I look at".to_owned(),
                Clock::Of(zone) => zone.name().to_owned(),
            },
            new_email: waiting
                .filter(|link| link.email != user.email)
                .map(|link| link.email.to_string()),
            current_error: None,
            password_error: None,
            received: Received::of(app, signed).await?,
            deleted: store::organisations::restorable_by(&app.db, user.id, now).await?,
            devices,
            tokens: tokens
                .into_iter()
                .map(|token| Token {
                    organisation: name_of(&token),
                    token,
                })
                .collect(),
            frame,
        })
    }

    /// Again, with what is wrong.
    pub(crate) fn again(&self) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, self)
    }
}

async fn show(State(app): State<Shared>, signed: SignedIn, Query(from): Query<From>) -> Result<Response, AppError> {
    html(&AccountPage::load(&app, &signed, from.project.parse().ok()).await?)
}

/// Whoever reloads a form that was shown again lands on the page it is on.
pub(crate) async fn back(_: SignedIn) -> Response {
    redirect("/account").into_response()
}

async fn update(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let name = match Name::new(&form.name) {
        Ok(name) => name,
        Err(bad) => {
            let mut page = AccountPage::load(&app, &signed, None).await?;
            page.name = form.name;
            page.name_error = Some(bad.advice());
            return page.again();
        }
    };
    let mut tx = app.db.begin().await?;
    store::users::rename(&mut tx, signed.user.id, &name).await?;
    tx.commit().await?;
    let text = format!("You are called {name} now.");
    Ok(redirect("/account").notice(&app, &text).into_response())
}

#[derive(Template)]
#[template(path = "accounts/welcome.html")]
struct WelcomePage {
    frame: Frame,
    received: Received,
    deleted: Vec<Deleted>,
}

/// For people who are in no organisation.
async fn welcome(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    let mut frame = Frame::account(&app, &signed, None, "Welcome").await?;
    if !frame.organisations.is_empty() {
        return Ok(redirect("/").into_response());
    }
    frame.tab = Tab::None;
    html(&WelcomePage {
        frame,
        received: Received::of(&app, &signed).await?,
        deleted: store::organisations::restorable_by(&app.db, signed.user.id, app.now()).await?,
    })
}
