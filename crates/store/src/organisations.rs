//! Organisations: made, renamed, deleted, restored for 30 days, and then erased.

use std::collections::HashMap;

use domain::id::{OrganisationId, ProjectId, UserId};
use domain::name::{self, Name};
use domain::role::Role;
use domain::time::{DAY, Micros};

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// A deleted organisation, and a deleted project, can be restored for this long.
pub const RESTORABLE_FOR: i64 = 30 * DAY;

/// An organisation that isn't deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Micros,
}

impl Organisation {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Makes an organisation, still without anybody in it.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, id: OrganisationId, name: &Name, now: Micros) -> Result<()> {
    sql("insert into organisations (id, name, created_at) values ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// An organisation that isn't deleted.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, id: OrganisationId) -> Result<Option<Organisation>> {
    let row = sql("select id, name, created_at from organisations where id = $1 and deleted_at is null")
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Organisation::read).transpose()
}

/// Locks an organisation that isn't deleted until the transaction ends: whatever is decided by counting its
/// members, invitations or codes begins here, so that two decisions never overlap.
///
/// # Errors
/// If the database refuses.
pub async fn lock(tx: &mut Tx, id: OrganisationId) -> Result<Option<Organisation>> {
    let row = sql("select id, name, created_at from organisations where id = $1 and deleted_at is null for update")
        .bind(id)
        .optional(tx)
        .await?;
    row.as_ref().map(Organisation::read).transpose()
}

/// Gives an organisation another name. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn rename(tx: &mut Tx, id: OrganisationId, name: &Name) -> Result<bool> {
    let renamed = sql("update organisations set name = $2 where id = $1 and deleted_at is null")
        .bind(id)
        .bind(name)
        .execute(tx)
        .await?;
    Ok(renamed == 1)
}

/// What became of the wish to delete something whose name had to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is deleted.
    Deleted,
    /// Another name was typed; nothing happened.
    WrongName,
    /// There is no such thing, or only an Administrator may.
    NotFound,
}

/// Deletes an organisation if `by` is an Administrator of it who typed its name: its DSNs stop, its pages are
/// gone, and any Administrator can restore it for 30 days.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, id: OrganisationId, typed: &str, by: UserId, now: Micros) -> Result<Deletion> {
    let Some(organisation) = lock(tx, id).await? else {
        return Ok(Deletion::NotFound);
    };
    if !name::is_typed(&organisation.name, typed) {
        return Ok(Deletion::WrongName);
    }
    let deleted = sql(
        "update organisations set deleted_at = $3, deleted_by = $2 where id = $1 and exists (\
         select 1 from memberships where organisation_id = $1 and user_id = $2 and role = $4)",
    )
    .bind(id)
    .bind(by)
    .bind(now)
    .bind(Role::Administrator)
    .execute(tx)
    .await?;
    Ok(if deleted == 1 {
        Deletion::Deleted
    } else {
        Deletion::NotFound
    })
}

/// A deleted organisation that can still be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Micros,
    /// Who deleted it, if they still have an account.
    pub deleted_by: Option<String>,
}

impl Deleted {
    /// When it is erased for good.
    #[must_use]
    pub fn erased_at(&self) -> Micros {
        self.deleted_at + RESTORABLE_FOR
    }
}

/// The deleted organisations that this person is an Administrator of and can restore, the last deleted first.
///
/// # Errors
/// If the database refuses.
pub async fn restorable_by(on: impl Into<On<'_>>, user: UserId, now: Micros) -> Result<Vec<Deleted>> {
    let rows = sql(
        "select o.id, o.name, o.deleted_at, u.name as deleted_by from organisations o \
         join memberships m on m.organisation_id = o.id and m.user_id = $1 and m.role = $2 \
         left join users u on u.id = o.deleted_by \
         where o.deleted_at > $3 order by o.deleted_at desc, o.id",
    )
    .bind(user)
    .bind(Role::Administrator)
    .bind(now - RESTORABLE_FOR)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Deleted {
                id: row.get("id")?,
                name: row.get("name")?,
                deleted_at: row.get("deleted_at")?,
                deleted_by: row.get("deleted_by")?,
            })
        })
        .collect()
}

/// Restores a deleted organisation with everything in it. `false` if `by` is no Administrator of it, or the 30
/// days are over.
///
/// # Errors
/// If the database refuses.
pub async fn restore(tx: &mut Tx, id: OrganisationId, by: UserId, now: Micros) -> Result<bool> {
    let restored = sql("update organisations set deleted_at = null, deleted_by = null \
         where id = $1 and deleted_at > $2 and exists (\
         select 1 from memberships where organisation_id = $1 and user_id = $3 and role = $4)")
    .bind(id)
    .bind(now - RESTORABLE_FOR)
    .bind(by)
    .bind(Role::Administrator)
    .execute(tx)
    .await?;
    Ok(restored == 1)
}

/// Organisations whose 30 days are over, each with all its projects: their data points go first, then
/// [`erase`], so that a crash in between only means doing it again.
///
/// # Errors
/// If the database refuses.
pub async fn due_for_erasure(on: impl Into<On<'_>>, now: Micros) -> Result<Vec<(OrganisationId, Vec<ProjectId>)>> {
    let rows = sql("select o.id, p.id as project_id from organisations o \
         left join projects p on p.organisation_id = o.id where o.deleted_at <= $1 order by o.deleted_at, o.id, p.id")
    .bind(now - RESTORABLE_FOR)
    .all(on)
    .await?;
    let mut due: Vec<(OrganisationId, Vec<ProjectId>)> = Vec::new();
    for row in rows {
        let id = row.get("id")?;
        if due.last().is_none_or(|last| last.0 != id) {
            due.push((id, Vec::new()));
        }
        if let (Some(last), Some(project)) = (due.last_mut(), row.get("project_id")?) {
            last.1.push(project);
        }
    }
    Ok(due)
}

/// Erases an organisation whose 30 days are over, and everything that hangs on it. `false` if it isn't due.
///
/// # Errors
/// If the database refuses.
pub async fn erase(tx: &mut Tx, id: OrganisationId, now: Micros) -> Result<bool> {
    let erased = sql("delete from organisations where id = $1 and deleted_at <= $2")
        .bind(id)
        .bind(now - RESTORABLE_FOR)
        .execute(tx)
        .await?;
    Ok(erased == 1)
}

/// A project as the switcher lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectName {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
}

/// An organisation of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mine {
    /// The organisation.
    pub organisation: Organisation,
    /// The person's role in it.
    pub role: Role,
    /// Its projects, by name.
    pub projects: Vec<ProjectName>,
}

/// Every organisation of a person with its projects, both by name.
///
/// # Errors
/// If the database refuses.
pub async fn of_user(on: impl Into<On<'_>>, user: UserId) -> Result<Vec<Mine>> {
    let rows = sql(
        "select o.id, o.name, o.created_at, m.role, p.id as project_id, p.name as project_name \
         from memberships m join organisations o on o.id = m.organisation_id and o.deleted_at is null \
         left join projects p on p.organisation_id = o.id and p.deleted_at is null where m.user_id = $1",
    )
    .bind(user)
    .all(on)
    .await?;
    let mut found: HashMap<OrganisationId, Mine> = HashMap::new();
    for row in rows {
        let organisation = Organisation::read(&row)?;
        let role = row.get("role")?;
        let mine = found.entry(organisation.id).or_insert_with(|| Mine {
            organisation,
            role,
            projects: Vec::new(),
        });
        if let Some(id) = row.get("project_id")? {
            mine.projects.push(ProjectName {
                id,
                name: row.get("project_name")?,
            });
        }
    }
    let mut mine: Vec<Mine> = found.into_values().collect();
    for one in &mut mine {
        one.projects.sort_by_cached_key(|p| (p.name.to_lowercase(), p.id));
    }
    mine.sort_by_cached_key(|m| (m.organisation.name.to_lowercase(), m.organisation.id));
    Ok(mine)
}
