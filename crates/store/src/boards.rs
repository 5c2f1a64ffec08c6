//! Boards of an organisation: seen by their maker alone, or shared with every member. A deleted one can be brought back
//! for a day. Whether somebody may change one is the domain's to say; these verbs are for those who may.

mod charts;

use domain::board::{MAX_BOARDS, UNDO_FOR, may_change, may_see};
use domain::id::{BoardId, OrganisationId, UserId};
use domain::name::Name;
use domain::period::Preset;
use domain::role::Role;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx, memberships};

pub use charts::{
    Addition, BoardChart, NewChart, Said, add_chart, change_chart, charts, copy_charts, find_chart, place,
    remove_chart, restore_chart, set_width,
};

/// A board as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its id.
    pub id: BoardId,
    /// The organisation whose metrics it may show.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// Who made it, if they still have an account.
    pub made_by: Option<UserId>,
    /// That person's name.
    pub maker: Option<String>,
    /// Whether every member sees it.
    pub is_shared: bool,
    /// The time its charts show.
    pub range: Preset,
    /// How many charts are on it.
    pub charts: i64,
}

impl Board {
    fn read(row: &Row) -> Result<Self> {
        let range: String = row.get("range")?;
        Ok(Self {
            id: row.get("id")?,
            organisation: row.get("organisation_id")?,
            name: row.get("name")?,
            made_by: row.get("made_by")?,
            maker: row.get("maker")?,
            is_shared: row.get("is_shared")?,
            range: Preset::from_code(&range).unwrap_or_default(),
            charts: row.get("charts")?,
        })
    }

    /// Whether this member may change it.
    #[must_use]
    pub fn may_change(&self, user: UserId, role: Role) -> bool {
        may_change(role, self.made_by == Some(user), self.is_shared)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select b.*, u.name as maker, (select count(*) from board_charts c where c.board_id = b.id \
             and c.deleted_at is null) as charts from boards b left join users u on u.id = b.made_by \
             where b.organisation_id = $1 and ",
            $rest
        )
    };
}

/// A board to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewBoard<'a> {
    /// Its id.
    pub id: BoardId,
    /// Its name.
    pub name: &'a Name,
    /// Whether every member sees it.
    pub is_shared: bool,
    /// The time its charts show.
    pub range: Preset,
}

/// Makes a board. `false` if the organisation has as many as it may, or `by` is no Member of it (any more).
///
/// # Errors
/// If the database refuses.
pub async fn create(
    tx: &mut Tx,
    organisation: OrganisationId,
    by: UserId,
    new: NewBoard<'_>,
    now: Micros,
) -> Result<bool> {
    let role = memberships::lock_for(tx, organisation, by).await?;
    if role.is_none_or(|role| role < Role::Member) {
        return Ok(false);
    }
    let made = sql(
        "insert into boards (id, organisation_id, name, made_by, is_shared, range, created_at) \
         select $1, $2, $3, $4, $5, $6, $7 \
         where (select count(*) from boards where organisation_id = $2 and deleted_at is null) < $8",
    )
    .bind(new.id)
    .bind(organisation)
    .bind(new.name)
    .bind(by)
    .bind(new.is_shared)
    .bind(new.range.code())
    .bind(now)
    .bind(MAX_BOARDS)
    .execute(tx)
    .await?;
    Ok(made == 1)
}

/// The boards of an organisation that this person sees, by name.
///
/// # Errors
/// If the database refuses.
pub async fn visible(on: impl Into<On<'_>>, organisation: OrganisationId, user: UserId) -> Result<Vec<Board>> {
    let rows = sql(select!("b.deleted_at is null and (b.is_shared = 1 or b.made_by = $2)"))
        .bind(organisation)
        .bind(user)
        .all(on)
        .await?;
    let mut boards: Vec<Board> = rows.iter().map(Board::read).collect::<Result<_>>()?;
    boards.sort_by_cached_key(|board| (board.name.to_lowercase(), board.id));
    Ok(boards)
}

/// A board that this person sees.
///
/// # Errors
/// If the database refuses.
pub async fn find(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    id: BoardId,
    user: UserId,
) -> Result<Option<Board>> {
    let row = sql(select!("b.id = $2 and b.deleted_at is null"))
        .bind(organisation)
        .bind(id)
        .optional(on)
        .await?;
    seen_by(row.as_ref(), user)
}

fn seen_by(row: Option<&Row>, user: UserId) -> Result<Option<Board>> {
    let board = row.map(Board::read).transpose()?;
    Ok(board.filter(|board| may_see(board.made_by == Some(user), board.is_shared)))
}

/// A board that was deleted and can be brought back, if this person saw it.
///
/// # Errors
/// If the database refuses.
pub async fn find_deleted(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    id: BoardId,
    user: UserId,
    now: Micros,
) -> Result<Option<Board>> {
    let row = sql(select!("b.id = $2 and b.deleted_at > $3"))
        .bind(organisation)
        .bind(id)
        .bind(now - UNDO_FOR)
        .optional(on)
        .await?;
    seen_by(row.as_ref(), user)
}

/// A board, whoever sees it: for its public links.
///
/// # Errors
/// If the database refuses.
pub async fn of_link(on: impl Into<On<'_>>, organisation: OrganisationId, id: BoardId) -> Result<Option<Board>> {
    let row = sql(select!("b.id = $2 and b.deleted_at is null"))
        .bind(organisation)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Board::read).transpose()
}

/// Changes a board's name, time, and who sees it. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &mut Tx, id: BoardId, name: &Name, range: Preset, is_shared: bool) -> Result<bool> {
    let changed = sql("update boards set name = $2, range = $3, is_shared = $4 where id = $1 and deleted_at is null")
        .bind(id)
        .bind(name)
        .bind(range.code())
        .bind(is_shared)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Deletes a board: its public links stop. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, id: BoardId, now: Micros) -> Result<bool> {
    let deleted = sql("update boards set deleted_at = $2 where id = $1 and deleted_at is null")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(deleted == 1)
}

/// Brings a deleted board back, and its public links with it.
///
/// # Errors
/// If the database refuses.
pub async fn restore(tx: &mut Tx, id: BoardId) -> Result<bool> {
    let restored = sql("update boards set deleted_at = null where id = $1 and deleted_at is not null")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(restored == 1)
}

/// Somebody goes: boards that nobody else sees go with them. The organisation is locked.
pub(crate) async fn withdraw(tx: &mut Tx, organisation: OrganisationId, user: UserId) -> Result<()> {
    sql("delete from boards where organisation_id = $1 and made_by = $2 and is_shared = 0")
        .bind(organisation)
        .bind(user)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets what can't be brought back any more, and boards that nobody sees since an account is gone.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from board_charts where deleted_at <= $1")
        .bind(now - UNDO_FOR)
        .execute(&mut *tx)
        .await?;
    sql("delete from boards where deleted_at <= $1 or (made_by is null and is_shared = 0)")
        .bind(now - UNDO_FOR)
        .execute(tx)
        .await
}
