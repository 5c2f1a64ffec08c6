//! "Sign in" and "Sign out".

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::email::canonical;
use domain::password::Password;
use domain::time::{HOUR, MINUTE, SECOND};
use serde::Deserialize;
use store::Tx;
use store::throttles::Limit;
use store::users::User;

use super::acceptances::Invited;
use super::frame::Frame;
use super::joining::{self, Outcome};
use super::sign_up::slow_down;
use super::{arrival, html, html_with, redirect};
use crate::auth::csrf::Checked;
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
pub(crate) struct SignInPage {
    frame: Frame,
    /// What the form's path begins with: an invitation's page, or nothing.
    base: String,
    /// The organisation whose invitation is in hand.
    joins: Option<String>,
    email: String,
    back: String,
    error: Option<String>,
}

impl SignInPage {
    /// The page as it is opened, with an invitation in hand or without.
    pub(crate) fn new(app: &Shared, visitor: &Visitor, invited: Option<&Invited>) -> Self {
        Self {
            frame: Frame::bare(app, visitor, "Sign in"),
            base: invited.map(|invited| invited.path.clone()).unwrap_or_default(),
            joins: invited.map(|invited| invited.offer.organisation_name.clone()),
            email: invited
                .map(|invited| invited.offer.email.to_string())
                .unwrap_or_default(),
            back: String::new(),
            error: None,
        }
    }
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
        back,
        ..SignInPage::new(&app, &visitor, None)
    })
}

async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    sign_in(&app, &visitor, &client, form, None).await
}

/// Signs in; with an invitation in hand, into the organisation that invites.
pub(crate) async fn sign_in(
    app: &Shared,
    visitor: &Visitor,
    client: &Client,
    form: Form,
    invited: Option<&Invited>,
) -> Result<Response, AppError> {
    let (user, kept) = match admit(app, client, &form).await {
        Ok(admitted) => admitted,
        Err(refusal) => return again(app, visitor, form, invited, refusal),
    };
    let mut tx = app.db.begin().await?;
    // the password may have been changed in this very moment, which ends every session: this one as well
    if !store::users::lock_with_password(&mut tx, user.id, &kept).await? {
        drop(tx);
        return again(app, visitor, form, invited, wrong());
    }
    store::throttles::reset(&mut tx, &account_key(user.email.canonical())).await?;
    let path = arrival::local_path(&form.back).unwrap_or("/").to_owned();
    let (path, notice) = match invited {
        Some(invited) => accept(&mut tx, app, client, &user, invited).await?,
        None => (path, None),
    };
    if let Some(before) = &visitor.signed_in {
        store::sessions::end(&mut tx, before.user.id, before.session.id).await?;
    }
    let mut leaving = arrival::arrive(&mut tx, app, client, user.id, &path).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    if let Some(notice) = notice {
        leaving = leaving.notice(app, &notice);
    }
    Ok(leaving.into_response())
}

/// Who the address and the password belong to, and the hash that is kept of the password, renewed if it was weak.
async fn admit(app: &Shared, client: &Client, form: &Form) -> Result<(User, String), AppError> {
    let email = canonical(&form.email);
    slow_down(app, &format!("sign-in from {}", client.address), PER_ADDRESS).await?;
    slow_down(app, &account_key(&email), PER_ACCOUNT).await?;
    let found = store::users::find_by_email(&app.db, &email).await?;
    let password = Password::typed(&form.password);
    let tried = verify(app, password.clone(), found.as_ref().map(|(_, kept)| kept.clone())).await?;
    match (found, tried) {
        (Some((user, kept)), Tried::Right) => Ok((user, kept)),
        (Some((user, kept)), Tried::RightButOld) => {
            let renewed = hash(app, password).await?;
            let mut tx = app.db.begin().await?;
            let done = store::users::replace_password_hash(&mut tx, user.id, &kept, &renewed).await?;
            tx.commit().await?;
            if done { Ok((user, renewed)) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

fn wrong() -> AppError {
    AppError::Invalid("The e-mail address or the password is wrong.".to_owned())
}

/// The page again, with what was typed, where it was to lead, and why it didn't.
fn again(
    app: &Shared,
    visitor: &Visitor,
    form: Form,
    invited: Option<&Invited>,
    refusal: AppError,
) -> Result<Response, AppError> {
    let (status, text, wait) = match refusal {
        AppError::Invalid(text) => (StatusCode::UNPROCESSABLE_ENTITY, text, None),
        AppError::TooMany { retry_after_s, text } => (StatusCode::TOO_MANY_REQUESTS, text, Some(retry_after_s)),
        other => return Err(other),
    };
    let view = SignInPage {
        email: form.email,
        back: form.back,
        error: Some(text),
        ..SignInPage::new(app, visitor, invited)
    };
    let mut response = html_with(status, &view)?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// Where the invitation leads, and what to say there; back to its page, if it isn't for this person.
async fn accept(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    user: &User,
    invited: &Invited,
) -> Result<(String, Option<String>), AppError> {
    Ok(match joining::accept(tx, app, client, user, invited.key).await? {
        Outcome::In(landing) => (landing.path, Some(landing.notice)),
        Outcome::ForAnother | Outcome::Gone => (invited.path.clone(), None),
    })
}

#[derive(Deserialize)]
struct Leave {
    #[serde(default, rename = "return")]
    back: String,
}

async fn delete(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(form): Checked<Leave>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    store::sessions::end(&mut tx, signed.user.id, signed.session.id).await?;
    tx.commit().await?;
    let path = arrival::local_path(&form.back).unwrap_or("/sign-in");
    Ok(redirect(path).cookie(session::end(&app.config)).into_response())
}
