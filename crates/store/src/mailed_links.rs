//! One-time links sent to a person's mailbox. Kept hashed; the newest of each purpose alone holds, once.

use domain::email::EmailAddress;
use domain::id::UserId;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx, users};

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Proves that the address is the person's; makes it the account's, if it isn't yet.
    VerifyEmail,
    /// Lets the person choose a new password.
    ResetPassword,
}

impl Purpose {
    /// The word it is kept as.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
        }
    }
}

/// A link that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedLink {
    /// Whom it was sent to.
    pub user: UserId,
    /// The address it was sent to.
    pub email: EmailAddress,
    /// The last moment before which it holds.
    pub expires_at: Micros,
}

impl MailedLink {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            user: row.get("user_id")?,
            email: EmailAddress::from_stored(row.get("email")?),
            expires_at: row.get("expires_at")?,
        })
    }
}

/// Keeps a link that holds until `expires_at`; earlier ones to the same person for the same purpose stop.
///
/// # Errors
/// If the database refuses.
pub async fn make(
    tx: &mut Tx,
    token_hash: [u8; 32],
    purpose: Purpose,
    user: UserId,
    email: &EmailAddress,
    now: Micros,
    expires_at: Micros,
) -> Result<()> {
    // or of two made at once both would hold
    users::lock(tx, user).await?;
    end(tx, user, purpose).await?;
    sql(
        "insert into mailed_links (token_hash, user_id, purpose, email, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token_hash)
    .bind(user)
    .bind(purpose.word())
    .bind(email.as_str())
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The link with this token, if it holds. Looking changes nothing: mail scanners look, too.
///
/// # Errors
/// If the database refuses.
pub async fn find(
    on: impl Into<On<'_>>,
    token_hash: [u8; 32],
    purpose: Purpose,
    now: Micros,
) -> Result<Option<MailedLink>> {
    let row = sql("select user_id, email, expires_at from mailed_links \
         where token_hash = $1 and purpose = $2 and expires_at > $3")
    .bind(token_hash)
    .bind(purpose.word())
    .bind(now)
    .optional(on)
    .await?;
    row.as_ref().map(MailedLink::read).transpose()
}

/// Uses the link up. Of any number of uses at once, one gets it.
///
/// # Errors
/// If the database refuses.
pub async fn use_once(tx: &mut Tx, token_hash: [u8; 32], purpose: Purpose, now: Micros) -> Result<Option<MailedLink>> {
    let row = sql(
        "delete from mailed_links where token_hash = $1 and purpose = $2 and expires_at > $3 \
         returning user_id, email, expires_at",
    )
    .bind(token_hash)
    .bind(purpose.word())
    .bind(now)
    .optional(tx)
    .await?;
    row.as_ref().map(MailedLink::read).transpose()
}

/// The newest link of this purpose to this person that still holds.
///
/// # Errors
/// If the database refuses.
pub async fn pending(on: impl Into<On<'_>>, user: UserId, purpose: Purpose, now: Micros) -> Result<Option<MailedLink>> {
    let row = sql("select user_id, email, expires_at from mailed_links \
         where user_id = $1 and purpose = $2 and expires_at > $3")
    .bind(user)
    .bind(purpose.word())
    .bind(now)
    .optional(on)
    .await?;
    row.as_ref().map(MailedLink::read).transpose()
}

/// Links of this purpose to this person stop.
///
/// # Errors
/// If the database refuses.
pub async fn end(tx: &mut Tx, user: UserId, purpose: Purpose) -> Result<()> {
    sql("delete from mailed_links where user_id = $1 and purpose = $2")
        .bind(user)
        .bind(purpose.word())
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets links that no longer hold.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from mailed_links where expires_at <= $1")
        .bind(now)
        .execute(tx)
        .await
}
