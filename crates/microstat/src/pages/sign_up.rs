//! "Sign up".

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::EmailAddress;
use domain::name::Name;
use domain::password::Password;
use domain::time::{HOUR, MINUTE, SECOND};
use serde::Deserialize;
use store::Tx;
use store::audit_events::Action;
use store::throttles::{Limit, Verdict};

use super::acceptances::{self, Invited};
use super::frame::Frame;
use super::joining::{self, Outcome};
use super::{arrival, html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::opening::{self, Opened};
use crate::auth::password::hash;
use crate::auth::session::Visitor;
use crate::config::SignUp;
use crate::error::AppError;
use crate::jobs::links;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

/// Accounts made from one client address: slowed down, so that nobody tries out who has one.
const PER_ADDRESS: Limit = Limit::Growing {
    free: 60,
    first: 10 * SECOND,
    most: 15 * MINUTE,
    forgotten_after: HOUR,
};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/sign-up", new)
        .route(Method::POST, "/sign-up", create)
}

#[derive(Template)]
#[template(path = "sign_up.html")]
pub(crate) struct SignUpPage {
    frame: Frame,
    /// What the form's path begins with: an invitation's page, or nothing.
    base: String,
    /// The organisation whose invitation is in hand.
    joins: Option<String>,
    open: bool,
    name: String,
    email: String,
    name_error: Option<String>,
    email_error: Option<String>,
    password_error: Option<String>,
    error: Option<&'static str>,
}

#[derive(Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

impl SignUpPage {
    /// The page as it is opened, with an invitation in hand or without.
    pub(crate) fn new(app: &Shared, visitor: &Visitor, invited: Option<&Invited>) -> Self {
        Self {
            frame: Frame::bare(app, visitor, "Sign up"),
            base: invited.map(|invited| invited.path.clone()).unwrap_or_default(),
            joins: invited.map(|invited| invited.offer.organisation_name.clone()),
            open: app.config.sign_up == SignUp::Open || invited.is_some(),
            name: String::new(),
            email: invited
                .map(|invited| invited.offer.email.to_string())
                .unwrap_or_default(),
            name_error: None,
            email_error: None,
            password_error: None,
            error: None,
        }
    }

    /// The page again, with what was typed.
    fn again(app: &Shared, visitor: &Visitor, invited: Option<&Invited>, form: Form) -> Self {
        Self {
            name: form.name,
            email: form.email,
            ..Self::new(app, visitor, invited)
        }
    }
}

async fn new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, AppError> {
    if visitor.signed_in.is_some() {
        return Ok(redirect("/").into_response());
    }
    html(&SignUpPage::new(&app, &visitor, None))
}

async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    sign_up(&app, &visitor, &client, form, None).await
}

/// Makes an account and signs in; with an invitation in hand, into the organisation that invites, too.
///
/// An address that has an account gets the same work done and an answer that doesn't say so. It can't be the very
/// same answer, since a new account is signed in at once; the slow-down keeps that from being of use.
pub(crate) async fn sign_up(
    app: &Shared,
    visitor: &Visitor,
    client: &Client,
    form: Form,
    invited: Option<&Invited>,
) -> Result<Response, AppError> {
    if app.config.sign_up == SignUp::Invited && invited.is_none() {
        let text = "Accounts are made by invitation here. Ask an Administrator of your organisation for one.";
        return Err(AppError::Forbidden(text.to_owned()));
    }
    let (name, email, password) = match read(&form, invited) {
        Ok(right) => right,
        Err([name_error, email_error, password_error]) => {
            let view = SignUpPage {
                name_error,
                email_error,
                password_error,
                ..SignUpPage::again(app, visitor, invited, form)
            };
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    slow_down(app, &format!("sign-up {}", client.address), PER_ADDRESS).await?;
    let hashed = hash(app, password).await?;
    let mut tx = app.db.begin().await?;
    let Some(opened) = opening::open(&mut tx, app, &name, &email, &hashed, None).await? else {
        drop(tx);
        let mut view = SignUpPage::again(app, visitor, invited, form);
        view.error = Some(
            "We couldn't make an account with these details. If you have one already, sign in or reset your password.",
        );
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    if let Some(zone) = &visitor.visit.zone {
        store::projects::set_zone(&mut tx, opened.project, zone).await?;
    }
    let (path, notice) = settle(&mut tx, app, client, &opened, invited).await?;
    let mut leaving = arrival::arrive(&mut tx, app, client, opened.user, &path).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    if let Some(notice) = notice {
        leaving = leaving.notice(app, &notice);
    }
    Ok(leaving.into_response())
}

/// What was typed, or what is wrong with name, address and password.
fn read(form: &Form, invited: Option<&Invited>) -> Result<(Name, EmailAddress, Password), [Option<String>; 3]> {
    let (name, email) = (Name::new(&form.name), EmailAddress::new(&form.email));
    let email = email.map_err(|error| sentence(&error.to_string()));
    let email = email.and_then(|email| match invited {
        Some(Invited { offer, .. }) if offer.email != email => Err(format!(
            "This invitation is for {}. Sign up with that address, or ask for an invitation of this one.",
            offer.email
        )),
        _ => Ok(email),
    });
    let password = Password::typed(&form.password);
    // a wrong address is told of first; the password is checked against it once it is right
    let password = match &email {
        Ok(email) => password.check(email).map(|()| password),
        Err(_) => Ok(password),
    };
    match (name, email, password) {
        (Ok(name), Ok(email), Ok(password)) => Ok((name, email, password)),
        (name, email, password) => Err([
            name.err().map(|error| error.advice().to_owned()),
            email.err(),
            password.err().map(|error| sentence(&error.to_string())),
        ]),
    }
}

/// What follows from a new account: its organisation's log begins, the invitation in hand is accepted, an address that
/// isn't proven is asked about. Where this leads, and what to say there.
async fn settle(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    opened: &Opened,
    invited: Option<&Invited>,
) -> Result<(String, Option<String>), AppError> {
    let found = store::users::find(&mut *tx, opened.user).await?;
    let user = found.ok_or(AppError::NotFound)?;
    let (by, founded) = (actor(&user, client), Name::of_organisation_of(&user.name));
    let (action, name) = (Action::OrganisationCreated, founded.as_str());
    audit(tx, app, &by, opened.organisation, action, name, "at sign-up").await?;
    let leads = match invited {
        None => (format!("/projects/{}/tutorial", opened.project), None),
        Some(invited) => match joining::accept(tx, app, client, &user, invited.key).await? {
            Outcome::In(landing) => (landing.path, Some(landing.notice)),
            // decided about in this very moment: no account is made either
            Outcome::ForAnother | Outcome::Gone => return Err(acceptances::gone()),
        },
    };
    // the mailed link has proven it
    let found = store::users::find(&mut *tx, opened.user).await?;
    if !found.is_some_and(|user| app.is_verified(&user)) {
        links::verify(tx, app, user.id, &user.email).await?;
    }
    Ok(leads)
}

/// A short error as a whole sentence.
pub(crate) fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    format!("{}{}.", first.collect::<String>(), letters.as_str())
}

/// Counts a try, and refuses it with the time to wait if there were too many.
pub(crate) async fn slow_down(app: &Shared, key: &str, limit: Limit) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    let verdict = store::throttles::attempt(&mut tx, key, app.now(), limit).await?;
    tx.commit().await?;
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Blocked { until } => {
            let retry_after_s = ((until - app.now()) / SECOND).max(0) + 1;
            let wait = if retry_after_s < 90 {
                format!("{retry_after_s} seconds")
            } else {
                format!("{} minutes", (retry_after_s + 59) / 60)
            };
            Err(AppError::TooMany {
                retry_after_s,
                text: format!("There were too many tries. Wait {wait} and try again."),
            })
        }
    }
}
