//! E-mailed invitations as their organisation sees them: made, listed, delivered, revoked.
//! What whoever is invited does with one is in [`crate::acceptances`].

use std::collections::BTreeMap;

use domain::email::EmailAddress;
use domain::id::{InvitationId, OrganisationId, UserId};
use domain::invitation::{HOLDS_FOR, LISTED_FOR, MAX_MAILS_A_DAY, MAX_MAILS_TO_ONE_A_DAY, MAX_PENDING};
use domain::role::Role;
use domain::time::{DAY, Micros};

use crate::db::{Row, sql};
use crate::throttles::{self, Limit, Verdict};
use crate::{Error, On, Result, Tx, memberships};

/// What an invitation is until somebody decides about it, even if it has expired meanwhile.
macro_rules! undecided {
    () => {
        " accepted_at is null and declined_at is null and revoked_at is null "
    };
}
pub(crate) use undecided;

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The invitation's id.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: EmailAddress,
    /// The hash of the token in the mailed link, which proves the mailbox.
    pub mailed_hash: [u8; 32],
    /// The hash of the token in the link that can be copied, which doesn't.
    pub copied_hash: [u8; 32],
}

/// Why nobody was invited. Drop the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Whoever asked is no Administrator (any more).
    NotAllowed,
    /// There would be more than 100 pending invitations.
    TooManyPending,
    /// The organisation has sent 200 mails within a day; it may send more then.
    TooManyMails(Micros),
    /// Five mails within a day went to this address; the next may then.
    TooManyMailsTo(EmailAddress, Micros),
}

/// Invites everybody in `new`, except members, who are given back; or nobody. An invitation replaces the one before
/// it to the same address, whose links stop.
///
/// # Errors
/// If the database refuses.
pub async fn create(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    role: Role,
    new: &[NewInvitation],
    now: Micros,
) -> Result<std::result::Result<Vec<EmailAddress>, Refusal>> {
    // theirs is the highest role, so they may give any
    if memberships::lock_for(tx, organisation, by).await? != Some(Role::Administrator) {
        return Ok(Err(Refusal::NotAllowed));
    }
    let mut members = Vec::new();
    // by address, so that two organisations that invite the same people never wait for each other
    let ordered: BTreeMap<&str, &NewInvitation> = new.iter().map(|one| (one.email.canonical(), one)).collect();
    for one in ordered.into_values() {
        if is_member(tx, organisation, &one.email).await? {
            members.push(one.email.clone());
        } else if let Some(refusal) = count_mail(tx, organisation, &one.email, now).await? {
            return Ok(Err(refusal));
        } else if !replace(tx, organisation, by, role, one, now).await? {
            return Ok(Err(Refusal::TooManyPending));
        }
    }
    Ok(Ok(members))
}

async fn is_member(tx: &mut Tx, organisation: OrganisationId, email: &EmailAddress) -> Result<bool> {
    let row = sql("select 1 as one from memberships m join users u on u.id = m.user_id \
         where m.organisation_id = $1 and u.email_canonical = $2")
    .bind(organisation)
    .bind(email.canonical())
    .optional(tx)
    .await?;
    Ok(row.is_some())
}

/// Counts a mail of this organisation to this address, and tells which limit is reached if one is. The limit of an
/// address is common to all organisations, which its row in `throttles` makes wait for each other.
async fn count_mail(
    tx: &mut Tx,
    organisation: OrganisationId,
    email: &EmailAddress,
    now: Micros,
) -> Result<Option<Refusal>> {
    let a_day = |tries| Limit::Window { length: DAY, tries };
    let key = format!("invitations of {organisation}");
    if let Verdict::Blocked { until } = throttles::attempt(tx, &key, now, a_day(MAX_MAILS_A_DAY)).await? {
        return Ok(Some(Refusal::TooManyMails(until)));
    }
    let key = format!("invitations to {}", email.canonical());
    if let Verdict::Blocked { until } = throttles::attempt(tx, &key, now, a_day(MAX_MAILS_TO_ONE_A_DAY)).await? {
        return Ok(Some(Refusal::TooManyMailsTo(email.clone(), until)));
    }
    Ok(None)
}

async fn replace(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    role: Role,
    new: &NewInvitation,
    now: Micros,
) -> Result<bool> {
    sql(concat!(
        "update invitations set revoked_at = $3 where organisation_id = $1 and email_canonical = $2 and",
        undecided!()
    ))
    .bind(organisation)
    .bind(new.email.canonical())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let made = sql(concat!(
        "insert into invitations (id, organisation_id, email, email_canonical, role, invited_by, created_at, \
         expires_at, mailed_hash, copied_hash, delivery) \
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued' \
         where (select count(*) from invitations where organisation_id = $2 and expires_at > $7 and",
        undecided!(),
        ") < $11"
    ))
    .bind(new.id)
    .bind(organisation)
    .bind(new.email.as_str())
    .bind(new.email.canonical())
    .bind(role)
    .bind(by)
    .bind(now)
    .bind(now + HOLDS_FOR)
    .bind(new.mailed_hash)
    .bind(new.copied_hash)
    .bind(MAX_PENDING)
    .execute(tx)
    .await?;
    Ok(made == 1)
}

/// How far the mail with an invitation has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits to be sent; for another time, if there is a reason why the last one failed.
    Queued(Option<String>),
    /// It was handed to the mail server, or written to its file, at this time.
    Sent(Micros),
    /// It was given up, for this reason.
    Failed(String),
}

impl Delivery {
    fn read(row: &Row) -> Result<Self> {
        let reason: Option<String> = row.get("delivery_error")?;
        match row.get::<String>("delivery")?.as_str() {
            "queued" => Ok(Self::Queued(reason)),
            "sent" => row.get("delivered_at").map(Self::Sent),
            "failed" => Ok(Self::Failed(reason.unwrap_or_default())),
            _ => Err(Error::Unreadable("delivery")),
        }
    }
}

/// An invitation nobody has decided about, as the organisation's settings list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: EmailAddress,
    /// What it makes of them.
    pub role: Role,
    /// Who invited them.
    pub invited_by: String,
    /// When.
    pub created_at: Micros,
    /// Until when its links hold; it may be over.
    pub expires_at: Micros,
    /// How far its mail has got.
    pub delivery: Delivery,
}

/// The invitations that nobody has decided about, the newest first. Expired ones are among them for 30 days.
///
/// # Errors
/// If the database refuses.
pub async fn pending(on: impl Into<On<'_>>, organisation: OrganisationId, now: Micros) -> Result<Vec<Pending>> {
    let rows = sql(concat!(
        "select i.*, u.name as invited_by_name from invitations i join users u on u.id = i.invited_by \
         where i.organisation_id = $1 and i.expires_at > $2 and",
        undecided!(),
        "order by i.created_at desc, i.email_canonical"
    ))
    .bind(organisation)
    .bind(now - LISTED_FOR)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Pending {
                id: row.get("id")?,
                email: EmailAddress::from_stored(row.get("email")?),
                role: row.get("role")?,
                invited_by: row.get("invited_by_name")?,
                created_at: row.get("created_at")?,
                expires_at: row.get("expires_at")?,
                delivery: Delivery::read(row)?,
            })
        })
        .collect()
}

/// Revokes an invitation that nobody has decided about, and tells whom it was for. `None` if there is none, or
/// whoever asks is no Administrator.
///
/// # Errors
/// If the database refuses.
pub async fn revoke(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    id: InvitationId,
    now: Micros,
) -> Result<Option<EmailAddress>> {
    if memberships::lock_for(tx, organisation, by).await? != Some(Role::Administrator) {
        return Ok(None);
    }
    let row = sql(concat!(
        "update invitations set revoked_at = $3 where id = $1 and organisation_id = $2 and",
        undecided!(),
        "returning email"
    ))
    .bind(id)
    .bind(organisation)
    .bind(now)
    .optional(tx)
    .await?;
    row.map(|row| row.get("email").map(EmailAddress::from_stored))
        .transpose()
}

/// Writes down how far the mail with this token has got. A link that was replaced meanwhile changes nothing.
///
/// # Errors
/// If the database refuses.
pub async fn set_delivery(tx: &mut Tx, mailed_hash: [u8; 32], delivery: &Delivery) -> Result<()> {
    let (word, reason, at) = match delivery {
        Delivery::Queued(reason) => ("queued", reason.as_deref(), None),
        Delivery::Sent(at) => ("sent", None, Some(*at)),
        Delivery::Failed(reason) => ("failed", Some(reason.as_str()), None),
    };
    sql("update invitations set delivery = $2, delivery_error = $3, delivered_at = $4 where mailed_hash = $1")
        .bind(mailed_hash)
        .bind(word)
        .bind(reason)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}
