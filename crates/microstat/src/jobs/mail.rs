//! Mails: queued in the transaction that calls for them, written and sent by the worker.
//!
//! A queued mail holds no secret: the token in a link is made from the nonce and the installation's key when the mail
//! is sent ([`Keys::mailed_token`](crate::secrets::Keys::mailed_token)), the same at every try.

use domain::id::{JobId, UserId};
use domain::role::Role;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::invitations::Delivery;
use store::jobs::{Job, Next};

use super::letter::{Envelope, Letter};
use super::letters;
use super::post::Undelivered;
use crate::error::AppError;
use crate::secrets::Purpose;
use crate::state::{App, Shared};

/// The kind of job that sends a mail.
pub(crate) const KIND: &str = "mail";

/// What a link's token is made from.
pub(crate) type Nonce = [u8; 32];

/// A mail to be sent. What its text needs is in here or, where it may change until then, looked up when it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub(crate) enum Mail {
    /// Prove that the address the link was made for is yours.
    Verification { user: UserId, nonce: Nonce },
    /// Choose a new password.
    PasswordReset { user: UserId, nonce: Nonce },
    /// You're invited. Not sent any more if the invitation isn't pending any more; its delivery is written down.
    Invitation { nonce: Nonce },
    /// To whoever invited: this person joined.
    Joined {
        to: UserId,
        organisation: String,
        person: String,
        role: Role,
        /// By which code, if not by an e-mailed invitation: its last four.
        code: Option<String>,
    },
    /// Your role is another one now.
    RoleChanged {
        to: UserId,
        organisation: String,
        role: Role,
        by: String,
    },
    /// You're no longer a member.
    Removed {
        to: UserId,
        organisation: String,
        by: String,
    },
    /// To the old address: the account has another one now.
    EmailChanged { to: UserId, old: String, new: String },
    /// Your password was changed.
    PasswordChanged { to: UserId },
    /// Somebody signed in from a device that hasn't been seen before.
    NewDevice {
        to: UserId,
        device: String,
        address: String,
    },
}

/// Queues a mail, due now. Call [`Notify::notify_one`](tokio::sync::Notify) on `app.job_queued` after the commit.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn queue(tx: &mut Tx, app: &App, mail: &Mail) -> Result<(), AppError> {
    let payload = serde_json::to_string(mail)?;
    let id = JobId::from_random(app.random.bits());
    store::jobs::enqueue(tx, id, KIND, &payload, app.now(), app.now()).await?;
    Ok(())
}

/// Sends a queued mail and takes it from the queue. If the post refuses it for now, it waits for another try; if for
/// good, it is given up. A mail that nobody needs any more is dropped.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn send(app: &Shared, job: &Job) -> Result<(), AppError> {
    let mail: Mail = serde_json::from_str(&job.payload)?;
    let letter = letters::write(app, &mail).await?;
    let sent = match &letter {
        Some(letter) => post(app, job, letter).await,
        None => Ok(()),
    };
    let mut tx = app.db.begin().await?;
    let delivery = match sent {
        Ok(()) => {
            store::jobs::finish(&mut tx, job).await?;
            Delivery::Sent(app.now())
        }
        Err(undelivered) => refused(&mut tx, app, job, undelivered).await?,
    };
    if let (Mail::Invitation { nonce }, Some(_)) = (&mail, letter) {
        let token = app.keys.mailed_token(Purpose::InvitationMail, nonce);
        store::invitations::set_delivery(&mut tx, token.hash(), &delivery).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn post(app: &App, job: &Job, letter: &Letter) -> Result<(), Undelivered> {
    let envelope = Envelope {
        from: &app.config.mail_from,
        url: &app.config.url,
        id: job.id.to_string(),
        at: app.now(),
    };
    let message = letter
        .message(&envelope)
        .map_err(|error| Undelivered::for_good(&error))?;
    app.post.send(message, app.now()).await
}

async fn refused(tx: &mut Tx, app: &App, job: &Job, undelivered: Undelivered) -> Result<Delivery, AppError> {
    let Undelivered { reason, for_good } = undelivered;
    let next = if for_good {
        store::jobs::give_up(tx, job, &reason, app.now()).await?;
        Next::GivenUp
    } else {
        store::jobs::fail(tx, job, &reason, app.now()).await?
    };
    tracing::warn!(reason, ?next, job = %job.id, "a mail could not be sent");
    Ok(match next {
        Next::Retry(_) => Delivery::Queued(Some(reason)),
        Next::GivenUp => Delivery::Failed(reason),
    })
}
