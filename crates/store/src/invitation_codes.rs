//! Invitation codes: several people come in by one, until it expires, runs out or is turned off. Kept as a keyed hash.

use domain::id::{CodeId, OrganisationId, UserId};
use domain::invitation_code::{MAX_ACTIVE, Terms};
use domain::role::Role;
use domain::time::{DAY, Micros};

use crate::db::{Row, sql};
use crate::memberships::{self, How};
use crate::{On, Result, Tx, organisations};

/// How long an ended code is still listed, so that who joined by it can be removed.
const LISTED_FOR: i64 = 30 * DAY;

/// What a code is while it lets people in; `$3` is now.
macro_rules! active {
    () => {
        " turned_off_at is null and expires_at > $3 and uses < max_uses "
    };
}

/// A code to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewCode<'a> {
    /// Its id.
    pub id: CodeId,
    /// Its keyed hash.
    pub code_hash: [u8; 32],
    /// What it is recognised by afterwards.
    pub last_four: &'a str,
    /// What it promises.
    pub terms: Terms,
}

/// What became of the wish to make a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there.
    Created,
    /// Ten are active already.
    TooMany,
    /// Whoever asked is no Administrator (any more).
    NotAllowed,
}

/// Makes a code.
///
/// # Errors
/// If the database refuses.
pub async fn create(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    new: NewCode<'_>,
    now: Micros,
) -> Result<Creation> {
    if memberships::lock_for(tx, organisation, by).await? != Some(Role::Administrator) {
        return Ok(Creation::NotAllowed);
    }
    let made = sql(concat!(
        "insert into invitation_codes (organisation_id, created_by, created_at, id, code_hash, last_four, role, \
         expires_at, max_uses) select $1, $2, $3, $4, $5, $6, $7, $8, $9 \
         where (select count(*) from invitation_codes where organisation_id = $1 and",
        active!(),
        ") < $10"
    ))
    .bind(organisation)
    .bind(by)
    .bind(now)
    .bind(new.id)
    .bind(new.code_hash)
    .bind(new.last_four)
    .bind(new.terms.role())
    .bind(now + new.terms.holds_for())
    .bind(new.terms.max_uses())
    .bind(MAX_ACTIVE)
    .execute(tx)
    .await?;
    Ok(if made == 1 {
        Creation::Created
    } else {
        Creation::TooMany
    })
}

/// What became of the wish to join by a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joining {
    /// They are a member now.
    Joined {
        /// Of this organisation.
        organisation: OrganisationId,
        /// As this.
        role: Role,
        /// By the code of this person.
        invited_by: UserId,
        /// By which.
        last_four: String,
    },
    /// They were a member already: no use was counted and nothing changed.
    Already(OrganisationId),
    /// No such code, or it is over, or an Administrator removed them: which, nobody is told.
    Refused,
}

/// Joins by a code. Never more people than it has uses, however many ask at once.
///
/// # Errors
/// If the database refuses.
pub async fn join(tx: &mut Tx, code_hash: [u8; 32], user: UserId, now: Micros) -> Result<Joining> {
    let row = sql("select id, organisation_id from invitation_codes where code_hash = $1")
        .bind(code_hash)
        .optional(&mut *tx)
        .await?;
    let Some(row) = row else {
        return Ok(Joining::Refused);
    };
    let (id, organisation): (CodeId, OrganisationId) = (row.get("id")?, row.get("organisation_id")?);
    if organisations::lock(tx, organisation).await?.is_none() {
        return Ok(Joining::Refused);
    }
    if memberships::role_of(&mut *tx, organisation, user).await?.is_some() {
        return Ok(Joining::Already(organisation));
    }
    let counted = sql(concat!(
        "update invitation_codes set uses = uses + 1 where id = $1 \
         and not exists (select 1 from removals where organisation_id = $4 and user_id = $2) and",
        active!(),
        "returning role, created_by, last_four"
    ))
    .bind(id)
    .bind(user)
    .bind(now)
    .bind(organisation)
    .optional(&mut *tx)
    .await?;
    let Some(code) = counted else {
        return Ok(Joining::Refused);
    };
    let role = code.get("role")?;
    memberships::add(tx, organisation, user, role, How::Code(id), now).await?;
    Ok(Joining::Joined {
        organisation,
        role,
        invited_by: code.get("created_by")?,
        last_four: code.get("last_four")?,
    })
}

/// Turns a code off, and tells its last four. Doing it again changes nothing. `None` if there is no such code, or
/// whoever asks is no Administrator.
///
/// # Errors
/// If the database refuses.
pub async fn turn_off(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    id: CodeId,
    now: Micros,
) -> Result<Option<String>> {
    if memberships::lock_for(tx, organisation, by).await? != Some(Role::Administrator) {
        return Ok(None);
    }
    let row = sql(
        "update invitation_codes set turned_off_at = coalesce(turned_off_at, $3) \
         where id = $1 and organisation_id = $2 returning last_four",
    )
    .bind(id)
    .bind(organisation)
    .bind(now)
    .optional(tx)
    .await?;
    row.map(|row| row.get("last_four")).transpose()
}

/// Whether a code lets people in, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// It was used as often as it may be.
    UsedUp,
    /// It was turned off.
    TurnedOff,
}

/// A code as the organisation's settings list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its id.
    pub id: CodeId,
    /// What it is recognised by.
    pub last_four: String,
    /// What whoever uses it becomes.
    pub role: Role,
    /// Who made it, if they still have an account.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Micros,
    /// Until when it holds; it may be over.
    pub expires_at: Micros,
    /// How often it was used.
    pub uses: i64,
    /// How often it may be.
    pub max_uses: i64,
    /// Whether it lets people in now.
    pub state: State,
    /// Members who joined by it, in that order: id, name and address.
    pub joined: Vec<(UserId, String, String)>,
}

impl Code {
    fn read(row: &Row, now: Micros) -> Result<Self> {
        let (uses, max_uses): (i64, i64) = (row.get("uses")?, row.get("max_uses")?);
        let expires_at: Micros = row.get("expires_at")?;
        let state = if row.get::<Option<Micros>>("turned_off_at")?.is_some() {
            State::TurnedOff
        } else if expires_at <= now {
            State::Expired
        } else if uses >= max_uses {
            State::UsedUp
        } else {
            State::Active
        };
        Ok(Self {
            id: row.get("id")?,
            last_four: row.get("last_four")?,
            role: row.get("role")?,
            created_by: row.get("created_by_name")?,
            created_at: row.get("created_at")?,
            expires_at,
            uses,
            max_uses,
            state,
            joined: Vec::new(),
        })
    }
}

/// The codes of an organisation, the newest first: active ones, and ended ones for 30 days or as long as somebody who
/// joined by them is a member.
///
/// # Errors
/// If the database refuses.
pub async fn of_organisation(on: impl Into<On<'_>>, organisation: OrganisationId, now: Micros) -> Result<Vec<Code>> {
    let rows = sql(
        "select c.*, m.name as created_by_name, u.id as joined_id, u.name as joined_name, u.email as joined_email \
         from invitation_codes c left join users m on m.id = c.created_by \
         left join memberships j on j.code_id = c.id and j.organisation_id = c.organisation_id \
         left join users u on u.id = j.user_id where c.organisation_id = $1 \
         and (u.id is not null or coalesce(c.turned_off_at, c.expires_at) > $2) \
         order by c.created_at desc, c.id, j.joined_at, j.user_id",
    )
    .bind(organisation)
    .bind(now - LISTED_FOR)
    .all(on)
    .await?;
    let mut codes: Vec<Code> = Vec::new();
    for row in &rows {
        if codes.last().map(|code| code.id) != Some(row.get("id")?) {
            codes.push(Code::read(row, now)?);
        }
        if let (Some(code), Some(user)) = (codes.last_mut(), row.get("joined_id")?) {
            code.joined
                .push((user, row.get("joined_name")?, row.get("joined_email")?));
        }
    }
    Ok(codes)
}
