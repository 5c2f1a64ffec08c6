//! Mails: queued in the transaction that calls for them, written and sent by the worker.
//!
//! A queued mail holds no secret: the token in a link is made from the nonce and the installation's key when the mail
//! is sent ([`Keys::mailed_token`](crate::secrets::Keys::mailed_token)), the same at every try.

use domain::id::{InvitationId, JobId, UserId};
use domain::role::Role;
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::error::AppError;
use crate::state::App;

/// The kind of job that sends a mail.
pub(crate) const KIND: &str = "mail";

/// What a link's token is made from.
pub(crate) type Nonce = [u8; 32];

/// A mail to be sent. What its text needs is in here or, where it may change until then, looked up when it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub(crate) enum Mail {
    /// Prove that this address is yours.
    Verification { user: UserId, email: String, nonce: Nonce },
    /// Choose a new password.
    PasswordReset { user: UserId, nonce: Nonce },
    /// You're invited. Not sent any more if the invitation isn't pending any more; its delivery is written down.
    Invitation { invitation: InvitationId, nonce: Nonce },
    /// To whoever invited: this person joined.
    Joined {
        to: UserId,
        organisation: String,
        person: String,
        role: Role,
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
    /// Your password was changed.
    PasswordChanged { to: UserId },
    /// Somebody signed in from a device that hasn't been seen before.
    NewDevice {
        to: UserId,
        user_agent: String,
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
