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
use store::throttles::{Limit, Verdict};

use super::frame::Frame;
use super::{arrival, html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::opening;
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
struct SignUpPage {
    frame: Frame,
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

fn page(app: &Shared, visitor: &Visitor, form: Form) -> SignUpPage {
    SignUpPage {
        frame: Frame::bare(app, visitor, "Sign up"),
        open: app.config.sign_up == SignUp::Open,
        name: form.name,
        email: form.email,
        name_error: None,
        email_error: None,
        password_error: None,
        error: None,
    }
}

async fn new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, AppError> {
    if visitor.signed_in.is_some() {
        return Ok(redirect("/").into_response());
    }
    html(&page(
        &app,
        &visitor,
        Form {
            name: String::new(),
            email: String::new(),
            password: String::new(),
        },
    ))
}

/// An address that has an account gets the same work done and an answer that doesn't say so. It can't be the very
/// same answer, since a new account is signed in at once; the slow-down keeps that from being of use.
async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    if app.config.sign_up == SignUp::Invited {
        let text = "Accounts are made by invitation here. Ask an Administrator of your organisation for one.";
        return Err(AppError::Forbidden(text.to_owned()));
    }
    let (name, email) = (Name::new(&form.name), EmailAddress::new(&form.email));
    let password = Password::typed(&form.password);
    // a wrong address is told of first; the password is checked against it once it is right
    let password = match &email {
        Ok(email) => password.check(email).map(|()| password),
        Err(_) => Ok(password),
    };
    let (name, email, password) = match (name, email, password) {
        (Ok(name), Ok(email), Ok(password)) => (name, email, password),
        (name, email, password) => {
            let mut view = page(&app, &visitor, form);
            view.name_error = name.err().map(|error| error.advice().to_owned());
            view.email_error = email.err().map(|error| sentence(&error.to_string()));
            view.password_error = password.err().map(|error| sentence(&error.to_string()));
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    slow_down(&app, &format!("sign-up {}", client.address), PER_ADDRESS).await?;
    let hashed = hash(&app, password).await?;
    let mut tx = app.db.begin().await?;
    let Some(opened) = opening::open(&mut tx, &app, &name, &email, &hashed, None).await? else {
        drop(tx);
        let mut view = page(&app, &visitor, form);
        view.error = Some(
            "We couldn't make an account with these details. If you have one already, sign in or reset your password.",
        );
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    if app.config.smtp.is_some() {
        links::verify(&mut tx, &app, opened.user, &email).await?;
    }
    let path = format!("/projects/{}/tutorial", opened.project);
    let leaving = arrival::arrive(&mut tx, &app, &client, opened.user, &path).await?;
    tx.commit().await?;
    app.job_queued.notify_one();
    Ok(leaving.into_response())
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
