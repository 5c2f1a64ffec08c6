//! Being invited by a link: what it says, and the ways to accept it. Looking changes nothing: mail scanners look, too.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use store::acceptances::{Key, Offer, find};

use super::frame::Frame;
use super::joining::{self, Outcome};
use super::{html, redirect, sign_in, sign_up};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::session::Visitor;
use crate::error::AppError;
use crate::router::Table;
use crate::secrets::hash;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/invitations/{token}", show)
        .route(Method::POST, "/invitations/{token}/acceptance", create)
        .route(Method::GET, "/invitations/{token}/sign-in", ask_sign_in)
        .route(Method::POST, "/invitations/{token}/sign-in", sign_in)
        .route(Method::GET, "/invitations/{token}/sign-up", ask_sign_up)
        .route(Method::POST, "/invitations/{token}/sign-up", sign_up)
}

/// The link in a path, good or not.
struct Link {
    key: Key,
    /// Its page.
    path: String,
}

/// A link in a path that can be accepted; whatever is over or never was is gone, the one like the other.
pub(crate) struct Invited {
    /// The invitation.
    pub(crate) offer: Offer,
    /// What points at it.
    pub(crate) key: Key,
    /// The link's page.
    pub(crate) path: String,
}

/// Over, or never was: the one like the other, and nothing about the organisation.
pub(crate) fn gone() -> AppError {
    let text =
        "This invitation was used, replaced or revoked, or it has expired. Ask whoever invited you for a new one.";
    AppError::Gone(text.to_owned())
}

impl FromRequestParts<Shared> for Link {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let ids = Ids::from_request_parts(parts, app).await.map_err(|_| gone())?;
        let token: String = ids.get("token").map_err(|_| gone())?;
        if !token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(gone());
        }
        Ok(Self {
            key: Key::Link(hash(&token)),
            path: format!("/invitations/{token}"),
        })
    }
}

impl FromRequestParts<Shared> for Invited {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let Link { key, path } = Link::from_request_parts(parts, app).await?;
        let offer = find(&app.db, key, app.now()).await?.ok_or_else(gone)?;
        Ok(Self { offer, key, path })
    }
}

#[derive(Template)]
#[template(path = "acceptances/show.html")]
struct InvitationPage {
    frame: Frame,
    offer: Offer,
    path: String,
    /// The address of whoever is signed in.
    mine: Option<String>,
    /// Whether it is the invited one.
    for_me: bool,
}

async fn show(State(app): State<Shared>, visitor: Visitor, invited: Invited) -> Result<Response, AppError> {
    let user = visitor.signed_in.as_ref().map(|signed| &signed.user);
    html(&InvitationPage {
        frame: Frame::bare(&app, &visitor, "Invitation"),
        mine: user.map(|user| user.email.to_string()),
        for_me: user.is_some_and(|user| user.email == invited.offer.email),
        offer: invited.offer,
        path: invited.path,
    })
}

async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    link: Link,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let Some(signed) = visitor.signed_in else {
        return Ok(redirect(link.path).into_response());
    };
    let mut tx = app.db.begin().await?;
    match joining::accept(&mut tx, &app, &client, &signed.user, link.key).await? {
        Outcome::In(landing) => {
            tx.commit().await?;
            app.job_queued.notify_one();
            Ok(redirect(landing.path).notice(&app, &landing.notice).into_response())
        }
        Outcome::ForAnother => Ok(redirect(link.path).into_response()),
        Outcome::Gone => Err(gone()),
    }
}

async fn ask_sign_in(State(app): State<Shared>, visitor: Visitor, invited: Invited) -> Result<Response, AppError> {
    if visitor.signed_in.is_some() {
        return Ok(redirect(invited.path).into_response());
    }
    html(&sign_in::SignInPage::new(&app, &visitor, Some(&invited)))
}

async fn sign_in(
    State(app): State<Shared>,
    visitor: Visitor,
    invited: Invited,
    client: Client,
    Checked(form): Checked<sign_in::Form>,
) -> Result<Response, AppError> {
    sign_in::sign_in(&app, &visitor, &client, form, Some(&invited)).await
}

async fn ask_sign_up(State(app): State<Shared>, visitor: Visitor, invited: Invited) -> Result<Response, AppError> {
    if visitor.signed_in.is_some() {
        return Ok(redirect(invited.path).into_response());
    }
    html(&sign_up::SignUpPage::new(&app, &visitor, Some(&invited)))
}

async fn sign_up(
    State(app): State<Shared>,
    visitor: Visitor,
    invited: Invited,
    client: Client,
    Checked(form): Checked<sign_up::Form>,
) -> Result<Response, AppError> {
    sign_up::sign_up(&app, &visitor, &client, form, Some(&invited)).await
}
