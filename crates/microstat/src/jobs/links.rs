//! Links that are mailed to a person, each made together with the mail that carries it.

use domain::email::{EmailAddress, canonical};
use domain::id::{JobId, UserId};
use domain::time::{DAY, MINUTE};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::jobs::Job;
use store::mailed_links::Purpose as Link;

use super::mail::{Mail, queue};
use crate::error::AppError;
use crate::secrets::Purpose;
use crate::state::{App, Shared};

/// How long a verification's link holds.
const VERIFIES_FOR: i64 = 7 * DAY;
/// How long a reset's link holds.
const RESETS_FOR: i64 = 60 * MINUTE;

/// The kind of job that looks for the account somebody forgot the password of.
pub(crate) const RESET: &str = "password-reset";

/// Queues a mail with a link that proves `email` to be this person's. Earlier ones stop.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn verify(tx: &mut Tx, app: &App, user: UserId, email: &EmailAddress) -> Result<(), AppError> {
    let nonce = app.random.bytes();
    let hash = app.keys.mailed_token(Purpose::VerificationMail, &nonce).hash();
    let now = app.now();
    store::mailed_links::make(tx, hash, Link::VerifyEmail, user, email, now, now + VERIFIES_FOR).await?;
    queue(tx, app, &Mail::Verification { user, nonce }).await
}

#[derive(Serialize, Deserialize)]
struct Forgotten {
    email: String,
}

/// Somebody forgot the password of the account with this address. Whether there is one is found out by the worker:
/// the request does the same work for every address.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn forgotten(tx: &mut Tx, app: &App, email: &EmailAddress) -> Result<(), AppError> {
    let payload = serde_json::to_string(&Forgotten {
        email: email.canonical().to_owned(),
    })?;
    let id = JobId::from_random(app.random.bits());
    store::jobs::enqueue(tx, id, RESET, &payload, app.now(), app.now()).await?;
    Ok(())
}

/// Makes the link and queues its mail, if the address has an account. Earlier ones stop.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn reset(app: &Shared, job: &Job) -> Result<(), AppError> {
    let asked: Forgotten = serde_json::from_str(&job.payload)?;
    let mut tx = app.db.begin().await?;
    if let Some((user, _)) = store::users::find_by_email(&mut tx, &canonical(&asked.email)).await? {
        let nonce = app.random.bytes();
        let hash = app.keys.mailed_token(Purpose::ResetMail, &nonce).hash();
        let now = app.now();
        let until = now + RESETS_FOR;
        store::mailed_links::make(&mut tx, hash, Link::ResetPassword, user.id, &user.email, now, until).await?;
        queue(&mut tx, app, &Mail::PasswordReset { user: user.id, nonce }).await?;
    }
    store::jobs::finish(&mut tx, job).await?;
    tx.commit().await?;
    Ok(())
}
