//! People with an account.

use domain::email::EmailAddress;
use domain::id::{OrganisationId, UserId};
use domain::name::Name;
use domain::role::Role;
use domain::time::Micros;
use domain::zone::Clock;

use crate::db::{Row, sql};
use crate::{Error, On, Result, Tx};

/// The columns of a user in any query that joins `users u`.
macro_rules! user_columns {
    () => {
        "u.id as user_id, u.name as user_name, u.email as user_email, u.email_verified_at as user_verified_at, \
         u.created_at as user_created_at, u.clock as user_clock"
    };
}
pub(crate) use user_columns;

/// A person. What proves them is not in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they are called.
    pub name: Name,
    /// Their address.
    pub email: EmailAddress,
    /// When they proved that the address is theirs.
    pub email_verified_at: Option<Micros>,
    /// When they signed up.
    pub created_at: Micros,
    /// What they read times by.
    pub clock: Clock,
}

impl User {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("user_id")?,
            name: Name::from_stored(row.get("user_name")?),
            email: EmailAddress::from_stored(row.get("user_email")?),
            email_verified_at: row.get("user_verified_at")?,
            created_at: row.get("user_created_at")?,
            clock: Clock::parse(&row.get::<String>("user_clock")?).unwrap_or_default(),
        })
    }
}

/// Has a person read times by this clock.
///
/// # Errors
/// If the database refuses.
pub async fn set_clock(tx: &mut Tx, id: UserId, clock: &Clock) -> Result<()> {
    sql("update users set clock = $2 where id = $1")
        .bind(id)
        .bind(clock.code())
        .execute(tx)
        .await?;
    Ok(())
}

/// Somebody who signs up.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// Their id.
    pub id: UserId,
    /// What they are called.
    pub name: &'a Name,
    /// Their address.
    pub email: &'a EmailAddress,
    /// Set if the address needs no proof any more.
    pub email_verified_at: Option<Micros>,
    /// The password, hashed.
    pub password_hash: &'a str,
}

/// Makes an account. `false` if the address has one: of any number at once, one succeeds.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, new: NewUser<'_>, now: Micros) -> Result<bool> {
    let made = sql(
        "insert into users (id, name, email, email_canonical, email_verified_at, password_hash, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (email_canonical) do nothing",
    )
    .bind(new.id)
    .bind(new.name.as_str())
    .bind(new.email.as_str())
    .bind(new.email.canonical())
    .bind(new.email_verified_at)
    .bind(new.password_hash)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(made == 1)
}

/// Whether anybody has an account.
///
/// # Errors
/// If the database refuses.
pub async fn any(on: impl Into<On<'_>>) -> Result<bool> {
    let somebody = sql("select 1 as one from users limit 1").optional(on).await?;
    Ok(somebody.is_some())
}

/// The person with this id.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, id: UserId) -> Result<Option<User>> {
    let row = sql(concat!("select ", user_columns!(), " from users u where u.id = $1"))
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(User::read).transpose()
}

/// The person with this address, in its canonical form, and their password's hash.
///
/// # Errors
/// If the database refuses.
pub async fn find_by_email(on: impl Into<On<'_>>, canonical: &str) -> Result<Option<(User, String)>> {
    let row = sql(concat!(
        "select ",
        user_columns!(),
        ", u.password_hash from users u where u.email_canonical = $1"
    ))
    .bind(canonical)
    .optional(on)
    .await?;
    row.map(|row| Ok((User::read(&row)?, row.get("password_hash")?)))
        .transpose()
}

/// The hash of this person's password.
///
/// # Errors
/// If the database refuses.
pub async fn password_hash(on: impl Into<On<'_>>, id: UserId) -> Result<Option<String>> {
    let row = sql("select password_hash from users where id = $1")
        .bind(id)
        .optional(on)
        .await?;
    row.map(|row| row.get("password_hash")).transpose()
}

/// Waits until no other transaction changes this account, or gives it a membership.
///
/// # Errors
/// If the database refuses.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<()> {
    sql("select id from users where id = $1 for update")
        .bind(id)
        .all(tx)
        .await?;
    Ok(())
}

/// Locks this account, if `hash` is still what is kept of its password: `false` if it was changed meanwhile, or the
/// account is gone.
///
/// # Errors
/// If the database refuses.
pub async fn lock_with_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<bool> {
    // `for update` would hold up, and be held up by, whoever makes this person a member
    replace_password_hash(tx, id, hash, hash).await
}

/// Changes what this person is called.
///
/// # Errors
/// If the database refuses.
pub async fn rename(tx: &mut Tx, id: UserId, name: &Name) -> Result<()> {
    sql("update users set name = $2 where id = $1")
        .bind(id)
        .bind(name.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives this person the address `email`, which they proved to be theirs at `verified_at` (again, or for the first
/// time) or not at all. `false` if another account has it; then drop the transaction.
///
/// # Errors
/// If the database refuses.
pub async fn set_email(tx: &mut Tx, id: UserId, email: &EmailAddress, verified_at: Option<Micros>) -> Result<bool> {
    let done = sql(
        "update users set email = $2, email_canonical = $3, email_verified_at = $4 where id = $1 \
         and not exists (select 1 from users where email_canonical = $3 and id <> $1)",
    )
    .bind(id)
    .bind(email.as_str())
    .bind(email.canonical())
    .bind(verified_at)
    .execute(tx)
    .await;
    match done {
        // somebody else took it in this very instant
        Err(Error::Database(sqlx::Error::Database(error))) if error.is_unique_violation() => Ok(false),
        done => Ok(done? == 1),
    }
}

/// This person proved that `email` is theirs. `false` if it is no longer their address. The first proof's time stays.
///
/// # Errors
/// If the database refuses.
pub async fn verify_email(tx: &mut Tx, id: UserId, email: &EmailAddress, now: Micros) -> Result<bool> {
    let done = sql("update users set email_verified_at = coalesce(email_verified_at, $3) \
         where id = $1 and email_canonical = $2")
    .bind(id)
    .bind(email.canonical())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(done == 1)
}

/// Changes the password's hash, whatever it was. Ending sessions is the caller's.
///
/// # Errors
/// If the database refuses.
pub async fn set_password_hash(tx: &mut Tx, id: UserId, hash: &str) -> Result<()> {
    sql("update users set password_hash = $2 where id = $1")
        .bind(id)
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// Changes the password's hash from `old` to `new`. `false` if the password was changed since `old` was read.
///
/// # Errors
/// If the database refuses.
pub async fn replace_password_hash(tx: &mut Tx, id: UserId, old: &str, new: &str) -> Result<bool> {
    let done = sql("update users set password_hash = $3 where id = $1 and password_hash = $2")
        .bind(id)
        .bind(old)
        .bind(new)
        .execute(tx)
        .await?;
    Ok(done == 1)
}

/// What became of a wish to delete an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone, with memberships, sessions, tokens, favourites and pending invitations. It was in these
    /// organisations.
    Done(Vec<OrganisationId>),
    /// These organisations would be left without an Administrator. Nothing happened.
    LastAdministrator(Vec<(OrganisationId, Name)>),
}

/// Deletes an account, unless an organisation would be left without an Administrator.
///
/// Their organisations are locked, then the account, so that nobody can be demoted, leave or be added meanwhile;
/// then those joined in between. Deleted organisations don't count: the refusal offers to delete them.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, id: UserId, now: Micros) -> Result<Deletion> {
    lock_organisations(tx, id).await?;
    lock(tx, id).await?;
    lock_organisations(tx, id).await?;
    let needed = needed_by(&mut *tx, id).await?;
    if !needed.is_empty() {
        return Ok(Deletion::LastAdministrator(needed));
    }
    let left = sql(
        "select o.id from organisations o join memberships m on m.organisation_id = o.id \
         where m.user_id = $1 and o.deleted_at is null order by o.id",
    )
    .bind(id)
    .all(&mut *tx)
    .await?;
    sql("update invitations set revoked_at = $2 where invited_by = $1 \
         and accepted_at is null and declined_at is null and revoked_at is null")
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    sql("update invitation_codes set turned_off_at = $2 where created_by = $1 and turned_off_at is null")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    sql("delete from users where id = $1 and not exists (\
             select 1 from memberships m join organisations o on o.id = m.organisation_id \
             where m.user_id = $1 and m.role = $2 and o.deleted_at is null and not exists (\
                 select 1 from memberships a where a.organisation_id = m.organisation_id \
                 and a.role = $2 and a.user_id <> $1))")
    .bind(id)
    .bind(Role::Administrator)
    .execute(tx)
    .await?;
    Ok(Deletion::Done(
        left.iter().map(|row| row.get("id")).collect::<Result<_>>()?,
    ))
}

async fn lock_organisations(tx: &mut Tx, id: UserId) -> Result<()> {
    sql(
        "select id from organisations where id in (select organisation_id from memberships where user_id = $1) \
         order by id for update",
    )
    .bind(id)
    .all(tx)
    .await?;
    Ok(())
}

/// The organisations that have this person as their only Administrator, by name.
///
/// # Errors
/// If the database refuses.
pub async fn needed_by(on: impl Into<On<'_>>, id: UserId) -> Result<Vec<(OrganisationId, Name)>> {
    let rows = sql(
        "select o.id, o.name from organisations o join memberships m on m.organisation_id = o.id \
         where m.user_id = $1 and m.role = $2 and o.deleted_at is null and not exists (\
             select 1 from memberships a where a.organisation_id = o.id and a.role = $2 and a.user_id <> $1) \
         order by o.name, o.id",
    )
    .bind(id)
    .bind(Role::Administrator)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("id")?, Name::from_stored(row.get("name")?))))
        .collect()
}
