//! Projects: one app or site being measured. A deleted one can be restored for 30 days, as long as its
//! organisation is there.

use std::collections::{HashMap, HashSet};

use domain::id::{OrganisationId, ProjectId, UserId};
use domain::name::{self, Name};
use domain::retention::Retention;
use domain::role::Role;
use domain::time::Micros;
use domain::zone::Zone;

use crate::db::{Row, sql};
use crate::organisations::{Deletion, RESTORABLE_FOR};
use crate::{On, Result, Tx};

/// A project that isn't deleted, of an organisation that isn't either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The organisation it belongs to.
    pub organisation: OrganisationId,
    /// That organisation's name.
    pub organisation_name: String,
    /// When it was made.
    pub created_at: Micros,
    /// Since when it keeps nothing, if it is paused.
    pub paused_at: Option<Micros>,
    /// Origins a browser may publish from; empty: every origin.
    pub allowed_origins: Vec<String>,
    /// How long what is kept.
    pub retention: Retention,
    /// Most metrics it may have.
    pub metric_limit: i64,
    /// Its own clock and calendar.
    pub zone: Zone,
}

/// Columns of a project; a macro, since a query's text is put together when compiling.
macro_rules! columns {
    () => {
        "p.id, p.name, p.organisation_id, o.name as organisation_name, p.created_at, p.paused_at, p.allowed_origins, \
         p.retention_days, p.minutes_days, p.hours_days, p.days_days, p.metric_limit, \
         p.time_zone"
    };
}

/// They and what they are read from.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select ",
            columns!(),
            " from projects p join organisations o on o.id = p.organisation_id and o.deleted_at is null ",
            $rest
        )
    };
}

impl Project {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            organisation: row.get("organisation_id")?,
            organisation_name: row.get("organisation_name")?,
            created_at: row.get("created_at")?,
            paused_at: row.get("paused_at")?,
            allowed_origins: lines(&row.get::<String>("allowed_origins")?),
            retention: retention(row)?,
            metric_limit: row.get("metric_limit")?,
            zone: Zone::from_stored(&row.get::<String>("time_zone")?),
        })
    }
}

fn retention(row: &Row) -> Result<Retention> {
    Ok(Retention {
        data_points: row.get("retention_days")?,
        minutes: row.get("minutes_days")?,
        hours: row.get("hours_days")?,
        days: row.get("days_days")?,
    })
}

pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Makes a project, still without a DSN.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, id: ProjectId, organisation: OrganisationId, name: &Name, now: Micros) -> Result<()> {
    sql("insert into projects (id, organisation_id, name, created_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(organisation)
        .bind(name)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives a project a clock and calendar of its own.
///
/// # Errors
/// If the database refuses.
pub async fn set_zone(tx: &mut Tx, id: ProjectId, zone: &Zone) -> Result<()> {
    sql("update projects set time_zone = $2 where id = $1")
        .bind(id)
        .bind(zone.name())
        .execute(tx)
        .await?;
    Ok(())
}

/// A project, unless it or its organisation is deleted.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, id: ProjectId) -> Result<Option<Project>> {
    let row = sql(select!("where p.id = $1 and p.deleted_at is null"))
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Project::read).transpose()
}

/// A project and the person's role in its organisation; `None` too if they aren't a member of it.
///
/// # Errors
/// If the database refuses.
pub async fn open(on: impl Into<On<'_>>, id: ProjectId, user: UserId) -> Result<Option<(Project, Role)>> {
    let Some(row) = sql(concat!(
        "select ",
        columns!(),
        ", m.role from projects p \
         join organisations o on o.id = p.organisation_id and o.deleted_at is null \
         join memberships m on m.organisation_id = o.id and m.user_id = $2 \
         where p.id = $1 and p.deleted_at is null"
    ))
    .bind(id)
    .bind(user)
    .optional(on)
    .await?
    else {
        return Ok(None);
    };
    Ok(Some((Project::read(&row)?, row.get("role")?)))
}

/// The projects of an organisation, the oldest first: the first is where a new member lands.
///
/// # Errors
/// If the database refuses.
pub async fn of_organisation(on: impl Into<On<'_>>, organisation: OrganisationId) -> Result<Vec<Project>> {
    let rows = sql(select!(
        "where p.organisation_id = $1 and p.deleted_at is null order by p.created_at, p.id"
    ))
    .bind(organisation)
    .all(on)
    .await?;
    rows.iter().map(Project::read).collect()
}

/// Every project a person can open, with their role in its organisation; by organisation, then the oldest first.
///
/// # Errors
/// If the database refuses.
pub async fn of_user(on: impl Into<On<'_>>, user: UserId) -> Result<Vec<(Project, Role)>> {
    let rows = sql(concat!(
        "select ",
        columns!(),
        ", m.role from memberships m \
         join organisations o on o.id = m.organisation_id and o.deleted_at is null \
         join projects p on p.organisation_id = o.id and p.deleted_at is null \
         where m.user_id = $1 order by o.created_at, o.id, p.created_at, p.id"
    ))
    .bind(user)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((Project::read(row)?, row.get("role")?)))
        .collect()
}

/// The ids of every project a person can open.
///
/// # Errors
/// If the database refuses.
pub async fn ids_of_user(on: impl Into<On<'_>>, user: UserId) -> Result<HashSet<ProjectId>> {
    let rows = sql("select p.id from memberships m \
         join organisations o on o.id = m.organisation_id and o.deleted_at is null \
         join projects p on p.organisation_id = o.id and p.deleted_at is null where m.user_id = $1")
    .bind(user)
    .all(on)
    .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// What an overview says of a project beside its data points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it keeps nothing it is sent.
    pub is_paused: bool,
    /// How many metrics it has; those merged into others aren't counted.
    pub metrics: i64,
}

/// The state of every project a person can open.
///
/// # Errors
/// If the database refuses.
pub async fn states_of_user(on: impl Into<On<'_>>, user: UserId) -> Result<HashMap<ProjectId, State>> {
    let rows = sql(
        "select p.id, p.paused_at, (select count(*) from metrics x where x.project_id = p.id \
         and x.merged_into is null and x.deleted_at is null) as metrics from memberships m \
         join organisations o on o.id = m.organisation_id and o.deleted_at is null \
         join projects p on p.organisation_id = o.id and p.deleted_at is null where m.user_id = $1",
    )
    .bind(user)
    .all(on)
    .await?;
    let state = |row: &Row| {
        let paused_at: Option<Micros> = row.get("paused_at")?;
        let state = State {
            is_paused: paused_at.is_some(),
            metrics: row.get("metrics")?,
        };
        Ok((row.get("id")?, state))
    };
    rows.iter().map(state).collect()
}

/// Gives a project another name. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn rename(tx: &mut Tx, id: ProjectId, name: &Name) -> Result<bool> {
    let renamed = sql("update projects set name = $2 where id = $1 and deleted_at is null")
        .bind(id)
        .bind(name)
        .execute(tx)
        .await?;
    Ok(renamed == 1)
}

/// Sets which origins may publish from a browser; none: every origin.
///
/// # Errors
/// If the database refuses.
pub async fn set_origins(tx: &mut Tx, id: ProjectId, origins: &[String]) -> Result<()> {
    sql("update projects set allowed_origins = $2 where id = $1")
        .bind(id)
        .bind(origins.join("\n"))
        .execute(tx)
        .await?;
    Ok(())
}

/// Sets how long what is kept.
///
/// # Errors
/// If the database refuses.
pub async fn set_retention(tx: &mut Tx, id: ProjectId, retention: Retention) -> Result<()> {
    sql("update projects set retention_days = $2, minutes_days = $3, hours_days = $4, days_days = $5 where id = $1")
        .bind(id)
        .bind(retention.data_points)
        .bind(retention.minutes)
        .bind(retention.hours)
        .bind(retention.days)
        .execute(tx)
        .await?;
    Ok(())
}

/// Pauses a project, so that it keeps nothing it is sent, or resumes it. `false` if it was so already.
///
/// # Errors
/// If the database refuses.
pub async fn set_paused(tx: &mut Tx, id: ProjectId, paused: bool, now: Micros) -> Result<bool> {
    let changed = sql(
        "update projects set paused_at = $2 where id = $1 and deleted_at is null \
         and (paused_at is null) = ($2 is not null)",
    )
    .bind(id)
    .bind(paused.then_some(now))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Every project and how long it keeps what; those that can still be restored too, since what they keep grows old all
/// the same.
///
/// # Errors
/// If the database refuses.
pub async fn retentions(on: impl Into<On<'_>>) -> Result<Vec<(ProjectId, Retention)>> {
    let rows = sql("select id, retention_days, minutes_days, hours_days, days_days from projects order by id")
        .all(on)
        .await?;
    rows.iter().map(|row| Ok((row.get("id")?, retention(row)?))).collect()
}

/// Deletes a project whose name was typed: its DSNs stop, its pages are gone, and an Administrator can restore
/// it for 30 days.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, id: ProjectId, typed: &str, by: UserId, now: Micros) -> Result<Deletion> {
    let Some(row) = sql("select name from projects where id = $1 and deleted_at is null for update")
        .bind(id)
        .optional(&mut *tx)
        .await?
    else {
        return Ok(Deletion::NotFound);
    };
    if !name::is_typed(&row.get::<String>("name")?, typed) {
        return Ok(Deletion::WrongName);
    }
    sql("update projects set deleted_at = $2, deleted_by = $3 where id = $1")
        .bind(id)
        .bind(now)
        .bind(by)
        .execute(tx)
        .await?;
    Ok(Deletion::Deleted)
}

/// A deleted project that can still be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Micros,
}

impl Deleted {
    /// When it is erased for good.
    #[must_use]
    pub fn erased_at(&self) -> Micros {
        self.deleted_at + RESTORABLE_FOR
    }
}

/// The deleted projects of an organisation that can be restored, the last deleted first.
///
/// # Errors
/// If the database refuses.
pub async fn restorable(on: impl Into<On<'_>>, organisation: OrganisationId, now: Micros) -> Result<Vec<Deleted>> {
    let rows = sql(
        "select id, name, deleted_at from projects where organisation_id = $1 and deleted_at > $2 \
         order by deleted_at desc, id",
    )
    .bind(organisation)
    .bind(now - RESTORABLE_FOR)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Deleted {
                id: row.get("id")?,
                name: row.get("name")?,
                deleted_at: row.get("deleted_at")?,
            })
        })
        .collect()
}

/// Restores a deleted project of this organisation and tells its name. `None` if the 30 days are over.
///
/// # Errors
/// If the database refuses.
pub async fn restore(tx: &mut Tx, organisation: OrganisationId, id: ProjectId, now: Micros) -> Result<Option<String>> {
    let row = sql("update projects set deleted_at = null, deleted_by = null \
         where id = $1 and organisation_id = $2 and deleted_at > $3 returning name")
    .bind(id)
    .bind(organisation)
    .bind(now - RESTORABLE_FOR)
    .optional(tx)
    .await?;
    row.map(|row| row.get("name")).transpose()
}

/// Projects whose 30 days are over: their data points go first, then [`erase`].
///
/// # Errors
/// If the database refuses.
pub async fn due_for_erasure(on: impl Into<On<'_>>, now: Micros) -> Result<Vec<ProjectId>> {
    let rows = sql("select id from projects where deleted_at <= $1 order by deleted_at, id")
        .bind(now - RESTORABLE_FOR)
        .all(on)
        .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Erases a project whose 30 days are over. `false` if it isn't due.
///
/// # Errors
/// If the database refuses.
pub async fn erase(tx: &mut Tx, id: ProjectId, now: Micros) -> Result<bool> {
    let erased = sql("delete from projects where id = $1 and deleted_at <= $2")
        .bind(id)
        .bind(now - RESTORABLE_FOR)
        .execute(tx)
        .await?;
    Ok(erased == 1)
}
