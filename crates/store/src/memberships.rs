//! Who is in an organisation, and as what. An organisation always has an Administrator: each verb here that
//! could break that locks the organisation first and holds the rule inside its statement.

use domain::id::{CodeId, InvitationId, OrganisationId, UserId};
use domain::name;
use domain::role::Role;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::organisations::{self, Organisation};
use crate::{On, Result, Tx, boards, shares};

/// How somebody came into an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By making it.
    Founded,
    /// By an e-mailed invitation.
    Invitation(InvitationId),
    /// By a code.
    Code(CodeId),
}

/// A member as the organisation's settings list them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub joined_at: Micros,
    /// How.
    pub how: How,
}

impl Member {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            user: row.get("user_id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            role: row.get("role")?,
            joined_at: row.get("joined_at")?,
            how: match (row.get("invitation_id")?, row.get("code_id")?) {
                (Some(invitation), _) => How::Invitation(invitation),
                (None, Some(code)) => How::Code(code),
                (None, None) => How::Founded,
            },
        })
    }
}

/// Makes somebody a member. `false` if they are one already: then nothing changes, their role included.
/// An invitation lets back in whom an Administrator removed.
///
/// # Errors
/// If the database refuses.
pub async fn add(
    tx: &mut Tx,
    organisation: OrganisationId,
    user: UserId,
    role: Role,
    how: How,
    now: Micros,
) -> Result<bool> {
    let (invitation, code) = match how {
        How::Founded => (None, None),
        How::Invitation(id) => (Some(id), None),
        How::Code(id) => (None, Some(id)),
    };
    let added = sql(
        "insert into memberships (organisation_id, user_id, role, joined_at, invitation_id, code_id) \
         values ($1, $2, $3, $4, $5, $6) on conflict (organisation_id, user_id) do nothing",
    )
    .bind(organisation)
    .bind(user)
    .bind(role)
    .bind(now)
    .bind(invitation)
    .bind(code)
    .execute(&mut *tx)
    .await?;
    if added == 1 && invitation.is_some() {
        sql("delete from removals where organisation_id = $1 and user_id = $2")
            .bind(organisation)
            .bind(user)
            .execute(tx)
            .await?;
    }
    Ok(added == 1)
}

/// A person's role in an organisation; `None` if they aren't in it, or it is deleted.
///
/// # Errors
/// If the database refuses.
pub async fn role_of(on: impl Into<On<'_>>, organisation: OrganisationId, user: UserId) -> Result<Option<Role>> {
    Ok(open(on, organisation, user).await?.map(|(_, role)| role))
}

/// An organisation and a person's role in it; `None` if they aren't in it, or it is deleted.
///
/// # Errors
/// If the database refuses.
pub async fn open(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    user: UserId,
) -> Result<Option<(Organisation, Role)>> {
    let row = sql("select o.id, o.name, o.created_at, m.role from organisations o \
         join memberships m on m.organisation_id = o.id and m.user_id = $2 \
         where o.id = $1 and o.deleted_at is null")
    .bind(organisation)
    .bind(user)
    .optional(on)
    .await?;
    row.map(|row| Ok((Organisation::read(&row)?, row.get("role")?)))
        .transpose()
}

/// Every member of an organisation, Administrators first, then by when they joined.
///
/// # Errors
/// If the database refuses.
pub async fn of_organisation(on: impl Into<On<'_>>, organisation: OrganisationId) -> Result<Vec<Member>> {
    let rows = sql(
        "select m.*, u.name, u.email from memberships m join users u on u.id = m.user_id \
         where m.organisation_id = $1 order by m.role desc, m.joined_at, m.user_id",
    )
    .bind(organisation)
    .all(on)
    .await?;
    rows.iter().map(Member::read).collect()
}

/// One member of an organisation.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, organisation: OrganisationId, user: UserId) -> Result<Option<Member>> {
    let row = sql(
        "select m.*, u.name, u.email from memberships m join users u on u.id = m.user_id \
         where m.organisation_id = $1 and m.user_id = $2",
    )
    .bind(organisation)
    .bind(user)
    .optional(on)
    .await?;
    row.as_ref().map(Member::read).transpose()
}

/// What became of the wish to change a role or remove somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It happened; this was the role before.
    Done(Role),
    /// It was so already.
    Unchanged,
    /// The organisation would be left without an Administrator.
    LastAdministrator,
    /// They aren't a member.
    NotAMember,
    /// Whoever asked is no Administrator (any more).
    Refused,
}

/// Gives a member another role. Who stops being Administrator, stops inviting: see [`withdraw_offers`]; the public links
/// of who becomes a Viewer are revoked.
///
/// # Errors
/// If the database refuses.
pub async fn set_role(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    user: UserId,
    role: Role,
    now: Micros,
) -> Result<Change> {
    let before = match begin_change(tx, organisation, by, user).await? {
        Ok(before) => before,
        Err(refused) => return Ok(refused),
    };
    if before == role {
        return Ok(Change::Unchanged);
    }
    let changed = sql(
        "update memberships set role = $3 where organisation_id = $1 and user_id = $2 \
         and (role <> $4 or exists (select 1 from memberships other \
         where other.organisation_id = $1 and other.user_id <> $2 and other.role = $4))",
    )
    .bind(organisation)
    .bind(user)
    .bind(role)
    .bind(Role::Administrator)
    .execute(&mut *tx)
    .await?;
    if changed == 0 {
        return Ok(Change::LastAdministrator);
    }
    if before == Role::Administrator {
        withdraw_offers(tx, organisation, user, now).await?;
    }
    if role < Role::Member {
        shares::withdraw(tx, organisation, user, now).await?;
    }
    Ok(Change::Done(before))
}

/// Removes a member; no code lets them back in. Not for oneself: that is [`leave`].
///
/// # Errors
/// If the database refuses.
pub async fn remove(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    user: UserId,
    now: Micros,
) -> Result<Change> {
    let before = match begin_change(tx, organisation, by, user).await? {
        Ok(before) => before,
        Err(refused) => return Ok(refused),
    };
    if !depart(tx, organisation, user, before, now).await? {
        return Ok(Change::LastAdministrator);
    }
    bar(tx, organisation, user, now).await?;
    Ok(Change::Done(before))
}

/// Removes everybody who joined by this code, Administrators they have become since included unless they are the
/// last, and whoever asks excepted. Gives back who is gone.
///
/// # Errors
/// If the database refuses.
pub async fn remove_joined_by(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    code: CodeId,
    now: Micros,
) -> Result<Vec<Member>> {
    if organisations::lock(tx, organisation).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = sql(
        "select m.*, u.name, u.email from memberships m join users u on u.id = m.user_id \
         where m.organisation_id = $1 and m.code_id = $2 and m.user_id <> $3 order by m.joined_at, m.user_id",
    )
    .bind(organisation)
    .bind(code)
    .bind(by)
    .all(&mut *tx)
    .await?;
    let mut gone = Vec::new();
    for row in &rows {
        let member = Member::read(row)?;
        if depart(tx, organisation, member.user, member.role, now).await? {
            bar(tx, organisation, member.user, now).await?;
            gone.push(member);
        }
    }
    Ok(gone)
}

/// What became of the wish to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// They left; this was their role.
    Left(Role),
    /// Another name was typed, or it was just renamed; nothing happened.
    WrongName,
    /// They are the only Administrator; nothing happened.
    LastAdministrator,
    /// They aren't a member.
    NotAMember,
}

/// Leaves an organisation whose name was typed.
///
/// # Errors
/// If the database refuses.
pub async fn leave(
    tx: &mut Tx,
    organisation: OrganisationId,
    user: UserId,
    typed: &str,
    now: Micros,
) -> Result<Departure> {
    let Some(locked) = organisations::lock(tx, organisation).await? else {
        return Ok(Departure::NotAMember);
    };
    let Some(role) = role_of(&mut *tx, organisation, user).await? else {
        return Ok(Departure::NotAMember);
    };
    if !name::is_typed(&locked.name, typed) {
        return Ok(Departure::WrongName);
    }
    let left = depart(tx, organisation, user, role, now).await?;
    Ok(if left {
        Departure::Left(role)
    } else {
        Departure::LastAdministrator
    })
}

/// Makes `heir` an Administrator and leaves, both or neither. Only an Administrator may; an heir who isn't a
/// member makes nobody leave.
///
/// # Errors
/// If the database refuses.
pub async fn promote_and_leave(
    tx: &mut Tx,
    organisation: OrganisationId,
    user: UserId,
    heir: UserId,
    typed: &str,
    now: Micros,
) -> Result<Departure> {
    let Some(locked) = organisations::lock(tx, organisation).await? else {
        return Ok(Departure::NotAMember);
    };
    let role = role_of(&mut *tx, organisation, user).await?;
    let heir_role = role_of(&mut *tx, organisation, heir).await?;
    if role != Some(Role::Administrator) || heir_role.is_none() || heir == user {
        return Ok(Departure::NotAMember);
    }
    if !name::is_typed(&locked.name, typed) {
        return Ok(Departure::WrongName);
    }
    sql("update memberships set role = $3 where organisation_id = $1 and user_id = $2")
        .bind(organisation)
        .bind(heir)
        .bind(Role::Administrator)
        .execute(&mut *tx)
        .await?;
    let left = depart(tx, organisation, user, Role::Administrator, now).await?;
    Ok(if left {
        Departure::Left(Role::Administrator)
    } else {
        Departure::LastAdministrator
    })
}

/// Revokes the pending invitations and turns off the codes that this person made: nobody comes in on the word of
/// somebody who may not invite any more.
///
/// # Errors
/// If the database refuses.
pub async fn withdraw_offers(tx: &mut Tx, organisation: OrganisationId, user: UserId, now: Micros) -> Result<()> {
    sql(
        "update invitations set revoked_at = $3 where organisation_id = $1 and invited_by = $2 \
         and accepted_at is null and declined_at is null and revoked_at is null",
    )
    .bind(organisation)
    .bind(user)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sql(
        "update invitation_codes set turned_off_at = $3 where organisation_id = $1 and created_by = $2 \
         and turned_off_at is null",
    )
    .bind(organisation)
    .bind(user)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the organisation for somebody who acts on it, and tells their role; `None` if they aren't in it (any more).
pub(crate) async fn lock_for(tx: &mut Tx, organisation: OrganisationId, user: UserId) -> Result<Option<Role>> {
    match organisations::lock(tx, organisation).await? {
        Some(_) => role_of(tx, organisation, user).await,
        None => Ok(None),
    }
}

/// Locks the organisation, and tells the role of the one to be changed if `by` may change it.
async fn begin_change(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    user: UserId,
) -> Result<std::result::Result<Role, Change>> {
    if organisations::lock(tx, organisation).await?.is_none() {
        return Ok(Err(Change::NotAMember));
    }
    if role_of(&mut *tx, organisation, by).await? != Some(Role::Administrator) {
        return Ok(Err(Change::Refused));
    }
    Ok(role_of(tx, organisation, user).await?.ok_or(Change::NotAMember))
}

/// Ends a membership, unless it is the last Administrator's, and all that hung on it. The organisation is locked.
async fn depart(tx: &mut Tx, organisation: OrganisationId, user: UserId, role: Role, now: Micros) -> Result<bool> {
    let gone = sql("delete from memberships where organisation_id = $1 and user_id = $2 \
         and (role <> $3 or exists (select 1 from memberships other \
         where other.organisation_id = $1 and other.user_id <> $2 and other.role = $3))")
    .bind(organisation)
    .bind(user)
    .bind(Role::Administrator)
    .execute(&mut *tx)
    .await?;
    if gone == 0 {
        return Ok(false);
    }
    sql(
        "delete from favourites where user_id = $2 and metric_id in (select m.id from metrics m \
         join projects p on p.id = m.project_id where p.organisation_id = $1)",
    )
    .bind(organisation)
    .bind(user)
    .execute(&mut *tx)
    .await?;
    sql("delete from api_tokens where organisation_id = $1 and user_id = $2")
        .bind(organisation)
        .bind(user)
        .execute(&mut *tx)
        .await?;
    if role == Role::Administrator {
        withdraw_offers(tx, organisation, user, now).await?;
    }
    shares::withdraw(tx, organisation, user, now).await?;
    boards::withdraw(tx, organisation, user).await?;
    Ok(true)
}

async fn bar(tx: &mut Tx, organisation: OrganisationId, user: UserId, now: Micros) -> Result<()> {
    sql(
        "insert into removals (organisation_id, user_id, removed_at) values ($1, $2, $3) \
         on conflict (organisation_id, user_id) do update set removed_at = excluded.removed_at",
    )
    .bind(organisation)
    .bind(user)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
