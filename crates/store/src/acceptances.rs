//! What whoever is invited does with an invitation: look at it, accept it, decline it.

use domain::email::EmailAddress;
use domain::id::{InvitationId, OrganisationId, UserId};
use domain::role::Role;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::invitations::undecided;
use crate::memberships::{self, How};
use crate::{On, Result, Tx, organisations, users};

/// What points at an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The hash of a link's token, mailed or copied.
    Link([u8; 32]),
    /// Its id, which "Your Account" lists for whoever has proven that the address is theirs.
    Id(InvitationId),
}

/// An invitation that can be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: InvitationId,
    /// The organisation it leads into.
    pub organisation: OrganisationId,
    /// That organisation's name.
    pub organisation_name: String,
    /// Whom it is for.
    pub email: EmailAddress,
    /// What it makes of them.
    pub role: Role,
    /// Who invites.
    pub invited_by: UserId,
    /// What they are called.
    pub invited_by_name: String,
    /// The last moment before which it holds.
    pub expires_at: Micros,
    /// The hash of the token in its mailed link, which only whoever reads that mailbox has.
    mailed_hash: [u8; 32],
}

impl Offer {
    fn read(row: &Row) -> Result<Self> {
        let mailed_hash: Vec<u8> = row.get("mailed_hash")?;
        Ok(Self {
            id: row.get("id")?,
            organisation: row.get("organisation_id")?,
            organisation_name: row.get("organisation_name")?,
            email: EmailAddress::from_stored(row.get("email")?),
            role: row.get("role")?,
            invited_by: row.get("invited_by")?,
            invited_by_name: row.get("invited_by_name")?,
            expires_at: row.get("expires_at")?,
            mailed_hash: mailed_hash
                .try_into()
                .map_err(|_| crate::Error::Unreadable("mailed_hash"))?,
        })
    }
}

/// Invitations that can be accepted: by a macro, since a query's text is put together when compiling.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, i.organisation_id, o.name as organisation_name, i.email, i.role, i.invited_by, \
             u.name as invited_by_name, i.expires_at, i.mailed_hash from invitations i \
             join organisations o on o.id = i.organisation_id and o.deleted_at is null \
             join users u on u.id = i.invited_by where i.expires_at > $2 and",
            undecided!(),
            $rest
        )
    };
}

/// The invitation this key points at, if it can be accepted. Looking changes nothing: mail scanners look, too.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, key: Key, now: Micros) -> Result<Option<Offer>> {
    let query = match key {
        Key::Link(hash) => sql(select!("and (i.mailed_hash = $1 or i.copied_hash = $1)")).bind(hash),
        Key::Id(id) => sql(select!("and i.id = $1")).bind(id),
    };
    let row = query.bind(now).optional(on).await?;
    row.as_ref().map(Offer::read).transpose()
}

/// The invitations to this person's address that can be accepted, the newest first. Show them only to somebody who
/// has proven that the address is theirs.
///
/// # Errors
/// If the database refuses.
pub async fn of_user(on: impl Into<On<'_>>, user: UserId, now: Micros) -> Result<Vec<Offer>> {
    let rows = sql(select!(
        "and i.email_canonical = (select email_canonical from users where id = $1) \
         order by i.created_at desc, i.id"
    ))
    .bind(user)
    .bind(now)
    .all(on)
    .await?;
    rows.iter().map(Offer::read).collect()
}

/// What became of the wish to accept an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// They are a member now.
    Joined(Offer),
    /// They were a member already: nothing changed, their role included.
    Already(OrganisationId),
    /// It is for another address; nothing happened.
    ForAnother,
    /// It can't be accepted (any more).
    Gone,
}

/// Accepts an invitation. Of any number of times at once, by however many people, one gets a membership; whoever got
/// it and asks again is told that they are a member. The mailed link proves that the address is theirs.
///
/// # Errors
/// If the database refuses.
pub async fn accept(tx: &mut Tx, key: Key, user: UserId, now: Micros) -> Result<Acceptance> {
    let Some(seen) = find(&mut *tx, key, now).await? else {
        return used_by(tx, key, user).await;
    };
    if organisations::lock(tx, seen.organisation).await?.is_none() {
        return Ok(Acceptance::Gone);
    }
    // what was seen before the lock may be over by now
    let Some(offer) = find(&mut *tx, key, now).await? else {
        return used_by(tx, key, user).await;
    };
    let accepted = sql(concat!(
        "update invitations set accepted_at = $3, accepted_by = $2 where id = $1 and expires_at > $3 \
         and email_canonical = (select email_canonical from users where id = $2) and",
        undecided!()
    ))
    .bind(offer.id)
    .bind(user)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if accepted == 0 {
        return Ok(Acceptance::ForAnother);
    }
    if key == Key::Link(offer.mailed_hash) {
        users::verify_email(tx, user, &offer.email, now).await?;
    }
    let how = How::Invitation(offer.id);
    let added = memberships::add(tx, offer.organisation, user, offer.role, how, now).await?;
    Ok(if added {
        Acceptance::Joined(offer)
    } else {
        Acceptance::Already(offer.organisation)
    })
}

/// Somebody who clicks twice has used the link up with the first click, and is where it leads.
async fn used_by(tx: &mut Tx, key: Key, user: UserId) -> Result<Acceptance> {
    let query = match key {
        Key::Link(hash) => sql("select m.organisation_id from invitations i join memberships m \
             on m.organisation_id = i.organisation_id and m.user_id = i.accepted_by \
             where (i.mailed_hash = $1 or i.copied_hash = $1) and i.accepted_by = $2")
        .bind(hash),
        Key::Id(id) => sql("select m.organisation_id from invitations i join memberships m \
             on m.organisation_id = i.organisation_id and m.user_id = i.accepted_by \
             where i.id = $1 and i.accepted_by = $2")
        .bind(id),
    };
    let row = query.bind(user).optional(tx).await?;
    Ok(match row {
        Some(row) => Acceptance::Already(row.get("organisation_id")?),
        None => Acceptance::Gone,
    })
}

/// Declines an invitation to this person's own address, and tells which organisation's it was. `None` if it can't be
/// declined (any more).
///
/// # Errors
/// If the database refuses.
pub async fn decline(tx: &mut Tx, id: InvitationId, user: UserId, now: Micros) -> Result<Option<OrganisationId>> {
    let row = sql(concat!(
        "update invitations set declined_at = $3 where id = $1 and expires_at > $3 \
         and email_canonical = (select email_canonical from users where id = $2) and",
        undecided!(),
        "returning organisation_id"
    ))
    .bind(id)
    .bind(user)
    .bind(now)
    .optional(tx)
    .await?;
    row.map(|row| row.get("organisation_id")).transpose()
}
