//! Public links to boards and charts. One holds as long as it isn't over or revoked, whoever made it may share, the
//! organisation allows it, and what it shows is there.

use domain::id::{BoardId, MetricId, OrganisationId, ProjectId, ShareId, UserId};
use domain::role::Role;
use domain::share::{LISTED_FOR, MAX_ACTIVE, Number};
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{Error, On, Result, Tx, memberships};

/// What a link shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A board.
    Board(BoardId),
    /// The chart of a metric.
    Chart {
        /// The project it is of.
        project: ProjectId,
        /// The metric.
        metric: MetricId,
        /// How it is looked at: what stands behind the question mark of a link.
        view: String,
        /// What its badge shows.
        number: Number,
    },
}

impl What {
    fn read(row: &Row) -> Result<Self> {
        if let Some(board) = row.get("board_id")? {
            return Ok(Self::Board(board));
        }
        let missing = || Error::Unreadable("metric_id");
        Ok(Self::Chart {
            project: row.get::<Option<ProjectId>>("project_id")?.ok_or_else(missing)?,
            metric: row.get::<Option<MetricId>>("metric_id")?.ok_or_else(missing)?,
            view: row.get("view")?,
            number: row.get("number")?,
        })
    }
}

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewShare<'a> {
    /// Its id.
    pub id: ShareId,
    /// What it shows: of this organisation.
    pub what: &'a What,
    /// Its token's hash.
    pub token_hash: [u8; 32],
    /// What it is recognised by afterwards.
    pub last_four: &'a str,
    /// Whether its page names the organisation.
    pub names_organisation: bool,
    /// When it is over; none: when it is revoked.
    pub expires_at: Option<Micros>,
}

/// What became of the wish to make a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there.
    Created,
    /// The organisation has as many as it may.
    TooMany,
    /// An Administrator forbids public links.
    Off,
    /// Whoever asked is no Member (any more).
    NotAllowed,
}

/// Makes a link.
///
/// # Errors
/// If the database refuses.
pub async fn create(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    new: NewShare<'_>,
    now: Micros,
) -> Result<Creation> {
    let role = memberships::lock_for(tx, organisation, by).await?;
    if role.is_none_or(|role| role < Role::Member) {
        return Ok(Creation::NotAllowed);
    }
    if !is_allowed(&mut *tx, organisation).await? {
        return Ok(Creation::Off);
    }
    let (board, project, metric, view, number) = match new.what {
        What::Board(board) => (Some(*board), None, None, "", Number::First),
        What::Chart {
            project,
            metric,
            view,
            number,
        } => (None, Some(*project), Some(*metric), view.as_str(), *number),
    };
    let made = sql(
        "insert into shares (id, organisation_id, board_id, project_id, metric_id, view, number, token_hash, last_four, \
         names_organisation, created_at, created_by, expires_at) \
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 \
         where (select count(*) from shares where organisation_id = $2 and revoked_at is null \
         and (expires_at is null or expires_at > $11)) < $14",
    )
    .bind(new.id)
    .bind(organisation)
    .bind(board)
    .bind(project)
    .bind(metric)
    .bind(view)
    .bind(number)
    .bind(new.token_hash)
    .bind(new.last_four)
    .bind(new.names_organisation)
    .bind(now)
    .bind(by)
    .bind(new.expires_at)
    .bind(MAX_ACTIVE)
    .execute(tx)
    .await?;
    Ok(if made == 1 {
        Creation::Created
    } else {
        Creation::TooMany
    })
}

/// What somebody without an account may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The link's id.
    pub id: ShareId,
    /// The organisation whose it is.
    pub organisation: OrganisationId,
    /// Its name, if the page is to say so.
    pub organisation_name: Option<String>,
    /// What it shows.
    pub what: What,
    /// The start of the last day it was opened on.
    pub last_seen_at: Option<Micros>,
}

/// What a link shows; nothing if there is none, or it doesn't hold (any more). One query, whatever the reason.
///
/// # Errors
/// If the database refuses.
pub async fn open(on: impl Into<On<'_>>, token_hash: [u8; 32], now: Micros) -> Result<Option<Open>> {
    let row = sql("select s.*, o.name as organisation_name from shares s \
         join organisations o on o.id = s.organisation_id and o.deleted_at is null and o.sharing = 1 \
         join memberships ms on ms.organisation_id = o.id and ms.user_id = s.created_by and ms.role >= $3 \
         left join boards b on b.id = s.board_id and b.deleted_at is null \
         left join projects p on p.id = s.project_id and p.organisation_id = o.id and p.deleted_at is null \
         left join metrics k on k.id = s.metric_id and k.project_id = p.id \
         left join metrics m on m.id = coalesce(k.merged_into, k.id) and m.deleted_at is null \
         where s.token_hash = $1 and s.revoked_at is null and (s.expires_at is null or s.expires_at > $2) \
         and (b.id is not null or m.id is not null)")
    .bind(token_hash)
    .bind(now)
    .bind(Role::Member)
    .optional(on)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let is_named: bool = row.get("names_organisation")?;
    let name: String = row.get("organisation_name")?;
    Ok(Some(Open {
        id: row.get("id")?,
        organisation: row.get("organisation_id")?,
        organisation_name: is_named.then_some(name),
        what: What::read(&row)?,
        last_seen_at: row.get("last_seen_at")?,
    }))
}

/// Remembers the day a link was opened on.
///
/// # Errors
/// If the database refuses.
pub async fn seen(tx: &mut Tx, id: ShareId, day: Micros) -> Result<()> {
    sql("update shares set last_seen_at = $2 where id = $1")
        .bind(id)
        .bind(day)
        .execute(tx)
        .await?;
    Ok(())
}

/// A link as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// What it shows.
    pub what: What,
    /// What that is called; none if it is deleted.
    pub title: Option<String>,
    /// What it is recognised by.
    pub last_four: String,
    /// Whether its page names the organisation.
    pub names_organisation: bool,
    /// When it was made.
    pub created_at: Micros,
    /// Who made it.
    pub created_by: UserId,
    /// Their name.
    pub maker: String,
    /// When it is over, if it ends by itself.
    pub expires_at: Option<Micros>,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// The start of the last day it was opened on.
    pub last_seen_at: Option<Micros>,
}

impl Share {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            what: What::read(row)?,
            title: row.get("title")?,
            last_four: row.get("last_four")?,
            names_organisation: row.get("names_organisation")?,
            created_at: row.get("created_at")?,
            created_by: row.get("created_by")?,
            maker: row.get("maker")?,
            expires_at: row.get("expires_at")?,
            revoked_at: row.get("revoked_at")?,
            last_seen_at: row.get("last_seen_at")?,
        })
    }

    /// Whether it is neither over nor revoked.
    #[must_use]
    pub fn holds_at(&self, now: Micros) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// The links of an organisation, the newest first; those that are over for a month still. Boards that only their maker
/// sees are named to nobody else.
///
/// # Errors
/// If the database refuses.
pub async fn of_organisation(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    user: UserId,
    now: Micros,
) -> Result<Vec<Share>> {
    let rows = sql(
        "select s.*, u.name as maker, coalesce(b.name, m.display_name, m.former_name, m.name) as title from shares s \
         join users u on u.id = s.created_by \
         left join boards b on b.id = s.board_id and b.deleted_at is null and (b.is_shared = 1 or b.made_by = $2) \
         left join metrics k on k.id = s.metric_id \
         left join metrics m on m.id = coalesce(k.merged_into, k.id) and m.deleted_at is null \
         where s.organisation_id = $1 and (s.revoked_at is null or s.revoked_at > $3) \
         and (s.expires_at is null or s.expires_at > $3) order by s.created_at desc, s.id",
    )
    .bind(organisation)
    .bind(user)
    .bind(now - LISTED_FOR)
    .all(on)
    .await?;
    rows.iter().map(Share::read).collect()
}

/// Revokes a link of this organisation at once: its maker's or an Administrator's to do. Tells its last four; `None` if
/// there is none, or somebody else asks. Doing it again changes nothing.
///
/// # Errors
/// If the database refuses.
pub async fn revoke(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    id: ShareId,
    now: Micros,
) -> Result<Option<String>> {
    let role = memberships::lock_for(tx, organisation, by).await?;
    let row = sql("update shares set revoked_at = coalesce(revoked_at, $3) \
         where organisation_id = $1 and id = $2 and (created_by = $4 or $5 = 1) returning last_four")
    .bind(organisation)
    .bind(id)
    .bind(now)
    .bind(by)
    .bind(role == Some(Role::Administrator))
    .optional(tx)
    .await?;
    row.filter(|_| role.is_some())
        .map(|row| row.get("last_four"))
        .transpose()
}

/// Revokes every link this person made in the organisation: nobody sees anything on the word of somebody who may not
/// share any more.
pub(crate) async fn withdraw(tx: &mut Tx, organisation: OrganisationId, user: UserId, now: Micros) -> Result<()> {
    sql("update shares set revoked_at = $3 where organisation_id = $1 and created_by = $2 and revoked_at is null")
        .bind(organisation)
        .bind(user)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether an organisation allows public links.
///
/// # Errors
/// If the database refuses.
pub async fn is_allowed(on: impl Into<On<'_>>, organisation: OrganisationId) -> Result<bool> {
    let row = sql("select sharing from organisations where id = $1")
        .bind(organisation)
        .one(on)
        .await?;
    row.get("sharing")
}

/// Allows or forbids public links; while they are forbidden, none is opened. `false` if it was so already.
///
/// # Errors
/// If the database refuses.
pub async fn allow(tx: &mut Tx, organisation: OrganisationId, allowed: bool) -> Result<bool> {
    let changed = sql("update organisations set sharing = $2 where id = $1 and sharing <> $2")
        .bind(organisation)
        .bind(allowed)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Forgets links that have been over for a month.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from shares where revoked_at <= $1 or expires_at <= $1")
        .bind(now - LISTED_FOR)
        .execute(tx)
        .await
}
