//! Signed-in devices. The cookie's token is kept hashed; a session ends by itself 30 days after it was last used,
//! and 90 days after it began.

use domain::id::{OrganisationId, ProjectId, SessionId, UserId};
use domain::time::{DAY, MINUTE, Micros};

use crate::db::{Row, sql};
use crate::users::{User, user_columns};
use crate::{On, Result, Tx};

/// How long a session lasts unused.
pub const IDLE: i64 = 30 * DAY;
/// How long a session lasts at most.
pub const LASTS: i64 = 90 * DAY;
/// How exactly the last use is known.
const SEEN_STEP: i64 = MINUTE;

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created_at: Micros,
    /// When it was last used, to the minute.
    pub last_seen_at: Micros,
    /// What the browser called itself.
    pub user_agent: String,
    /// Where from.
    pub address: String,
    /// The project this person was in last.
    pub last_project: Option<ProjectId>,
    /// The organisation this person was in last.
    pub last_organisation: Option<OrganisationId>,
}

impl Session {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            user: row.get("user_id")?,
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            user_agent: row.get("user_agent")?,
            address: row.get("address")?,
            last_project: row.get("last_project_id")?,
            last_organisation: row.get("last_organisation_id")?,
        })
    }

    /// Whether its last use is known so inexactly that [`touch`] would write.
    #[must_use]
    pub fn is_stale(&self, now: Micros) -> bool {
        now - self.last_seen_at >= SEEN_STEP
    }
}

/// A device that signs in.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// Who signs in.
    pub user: UserId,
    /// The hash of the cookie's token.
    pub token_hash: [u8; 32],
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// Where from.
    pub address: &'a str,
}

/// Begins a session.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, new: NewSession<'_>, now: Micros) -> Result<()> {
    sql(
        "insert into sessions (id, user_id, token_hash, created_at, last_seen_at, user_agent, address) \
         values ($1, $2, $3, $4, $4, $5, $6)",
    )
    .bind(new.id)
    .bind(new.user)
    .bind(new.token_hash)
    .bind(now)
    .bind(new.user_agent)
    .bind(new.address)
    .execute(tx)
    .await?;
    Ok(())
}

/// The session with this token, and whose it is, unless it has ended.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, token_hash: [u8; 32], now: Micros) -> Result<Option<(Session, User)>> {
    let row = sql(concat!(
        "select s.id, s.created_at, s.last_seen_at, s.user_agent, s.address, s.last_project_id, \
         s.last_organisation_id, ",
        user_columns!(),
        " from sessions s join users u on u.id = s.user_id \
         where s.token_hash = $1 and s.last_seen_at > $2 and s.created_at > $3"
    ))
    .bind(token_hash)
    .bind(now - IDLE)
    .bind(now - LASTS)
    .optional(on)
    .await?;
    row.map(|row| Ok((Session::read(&row)?, User::read(&row)?))).transpose()
}

/// The session is used. Writes at most once a minute.
///
/// # Errors
/// If the database refuses.
pub async fn touch(tx: &mut Tx, id: SessionId, now: Micros) -> Result<()> {
    sql("update sessions set last_seen_at = $2 where id = $1 and last_seen_at <= $3")
        .bind(id)
        .bind(now)
        .bind(now - SEEN_STEP)
        .execute(tx)
        .await?;
    Ok(())
}

/// Remembers where this person was last: only for choosing what `/` opens.
///
/// # Errors
/// If the database refuses.
pub async fn remember(
    tx: &mut Tx,
    id: SessionId,
    organisation: OrganisationId,
    project: Option<ProjectId>,
) -> Result<()> {
    sql("update sessions set last_organisation_id = $2, last_project_id = $3 where id = $1")
        .bind(id)
        .bind(organisation)
        .bind(project)
        .execute(tx)
        .await?;
    Ok(())
}

/// Every device on which this person is signed in, the one used last first.
///
/// # Errors
/// If the database refuses.
pub async fn of_user(on: impl Into<On<'_>>, user: UserId, now: Micros) -> Result<Vec<Session>> {
    let rows = sql(
        "select id, user_id, created_at, last_seen_at, user_agent, address, last_project_id, \
             last_organisation_id \
         from sessions where user_id = $1 and last_seen_at > $2 and created_at > $3 \
         order by last_seen_at desc, id",
    )
    .bind(user)
    .bind(now - IDLE)
    .bind(now - LASTS)
    .all(on)
    .await?;
    rows.iter().map(Session::read).collect()
}

/// Ends one of this person's sessions. `false` if it is none of theirs.
///
/// # Errors
/// If the database refuses.
pub async fn end(tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool> {
    let ended = sql("delete from sessions where user_id = $1 and id = $2")
        .bind(user)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(ended == 1)
}

/// Ends all of this person's sessions but `kept`.
///
/// # Errors
/// If the database refuses.
pub async fn end_others(tx: &mut Tx, user: UserId, kept: Option<SessionId>) -> Result<u64> {
    // no id is negative
    sql("delete from sessions where user_id = $1 and id <> $2")
        .bind(user)
        .bind(kept.unwrap_or(SessionId(-1)))
        .execute(tx)
        .await
}

/// Forgets the sessions that have ended by themselves.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from sessions where last_seen_at <= $1 or created_at <= $2")
        .bind(now - IDLE)
        .bind(now - LASTS)
        .execute(tx)
        .await
}
