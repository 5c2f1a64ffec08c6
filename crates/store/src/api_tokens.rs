//! API tokens: what programs sign in with. Kept hashed.

use domain::id::{OrganisationId, TokenId, UserId};
use domain::name::Name;
use domain::role::Role;
use domain::time::{MINUTE, Micros};

use crate::db::{Row, sql};
use crate::users::{User, user_columns};
use crate::{On, Result, Tx};

/// How exactly the last use is known.
const USED_STEP: i64 = MINUTE;

/// A token. It can do what its person can, or less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// The one organisation it is for; none: every organisation of the person.
    pub organisation: Option<OrganisationId>,
    /// Most it may do, however great the person's own role is.
    pub role: Role,
    /// What its person calls it.
    pub name: Name,
    /// Its last four characters, to recognise it by.
    pub last_four: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Micros>,
}

impl ApiToken {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            user: row.get("user_id")?,
            organisation: row.get("organisation_id")?,
            role: row.get("role")?,
            name: Name::from_stored(row.get("name")?),
            last_four: row.get("last_four")?,
            created_at: row.get("created_at")?,
            last_used_at: row.get("last_used_at")?,
        })
    }

    /// Whether its last use is known so inexactly that [`touch`] would write.
    #[must_use]
    pub fn is_stale(&self, now: Micros) -> bool {
        self.last_used_at.is_none_or(|at| now - at >= USED_STEP)
    }
}

/// A token to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// The one organisation it is for; none: every organisation of the person.
    pub organisation: Option<OrganisationId>,
    /// Most it may do.
    pub role: Role,
    /// What its person calls it.
    pub name: &'a Name,
    /// Its hash.
    pub token_hash: [u8; 32],
    /// Its last four characters.
    pub last_four: &'a str,
}

/// Keeps a token. `false` if it is for an organisation its person isn't in.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, new: NewToken<'_>, now: Micros) -> Result<bool> {
    if let Some(organisation) = new.organisation {
        // or a token made while its person leaves would outlive the membership
        sql("select id from organisations where id = $1 for update")
            .bind(organisation)
            .all(&mut *tx)
            .await?;
        let member = sql("select 1 as one from memberships where organisation_id = $1 and user_id = $2")
            .bind(organisation)
            .bind(new.user)
            .optional(&mut *tx)
            .await?;
        if member.is_none() {
            return Ok(false);
        }
    }
    sql(
        "insert into api_tokens (id, user_id, organisation_id, role, name, token_hash, last_four, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.id)
    .bind(new.user)
    .bind(new.organisation)
    .bind(new.role)
    .bind(new.name.as_str())
    .bind(new.token_hash)
    .bind(new.last_four)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(true)
}

/// The token with this hash, and whose it is.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, token_hash: [u8; 32]) -> Result<Option<(ApiToken, User)>> {
    let row = sql(concat!(
        "select t.id, t.organisation_id, t.role, t.name, t.last_four, t.created_at, t.last_used_at, ",
        user_columns!(),
        " from api_tokens t join users u on u.id = t.user_id where t.token_hash = $1"
    ))
    .bind(token_hash)
    .optional(on)
    .await?;
    row.map(|row| Ok((ApiToken::read(&row)?, User::read(&row)?)))
        .transpose()
}

/// Every token of this person, the newest first.
///
/// # Errors
/// If the database refuses.
pub async fn of_user(on: impl Into<On<'_>>, user: UserId) -> Result<Vec<ApiToken>> {
    let rows = sql(
        "select id, user_id, organisation_id, role, name, last_four, created_at, last_used_at \
         from api_tokens where user_id = $1 order by created_at desc, id",
    )
    .bind(user)
    .all(on)
    .await?;
    rows.iter().map(ApiToken::read).collect()
}

/// Ends one of this person's tokens. `false` if it is none of theirs.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, user: UserId, id: TokenId) -> Result<bool> {
    let gone = sql("delete from api_tokens where user_id = $1 and id = $2")
        .bind(user)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(gone == 1)
}

/// Ends all of this person's tokens.
///
/// # Errors
/// If the database refuses.
pub async fn delete_all(tx: &mut Tx, user: UserId) -> Result<u64> {
    sql("delete from api_tokens where user_id = $1")
        .bind(user)
        .execute(tx)
        .await
}

/// Ends this person's tokens that are for one organisation alone.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of_member(tx: &mut Tx, organisation: OrganisationId, user: UserId) -> Result<u64> {
    sql("delete from api_tokens where organisation_id = $1 and user_id = $2")
        .bind(organisation)
        .bind(user)
        .execute(tx)
        .await
}

/// The token is used. Writes at most once a minute.
///
/// # Errors
/// If the database refuses.
pub async fn touch(tx: &mut Tx, id: TokenId, now: Micros) -> Result<()> {
    sql("update api_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at <= $3)")
        .bind(id)
        .bind(now)
        .bind(now - USED_STEP)
        .execute(tx)
        .await?;
    Ok(())
}
