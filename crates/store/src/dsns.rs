//! DSNs: the public keys apps publish with.

use std::collections::HashMap;
use std::sync::Arc;

use domain::dsn::PublicKey;
use domain::id::{DsnId, OrganisationId, ProjectId, UserId};
use domain::name::Name;
use domain::reason::Reason;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::projects::lines;
use crate::{On, Result, Tx};

/// A DSN of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsn {
    /// The row's id.
    pub id: DsnId,
    /// What apps publish with.
    pub public_key: PublicKey,
    /// What people call it.
    pub label: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it stops, or stopped, taking data points.
    pub disabled_at: Option<Micros>,
}

impl Dsn {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            public_key: row.get("public_key")?,
            label: row.get("label")?,
            created_at: row.get("created_at")?,
            disabled_at: row.get("disabled_at")?,
        })
    }

    /// Whether it takes data points.
    #[must_use]
    pub fn publishes_at(&self, now: Micros) -> bool {
        self.disabled_at.is_none_or(|at| at > now)
    }
}

/// Makes a DSN.
///
/// # Errors
/// If the database refuses.
pub async fn create(
    tx: &mut Tx,
    id: DsnId,
    project: ProjectId,
    key: PublicKey,
    label: &Name,
    now: Micros,
) -> Result<()> {
    sql("insert into dsns (id, project_id, public_key, label, created_at) values ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(project)
        .bind(key)
        .bind(label)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// The DSNs of a project, the newest first.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, project: ProjectId) -> Result<Vec<Dsn>> {
    let rows = sql("select * from dsns where project_id = $1 order by created_at desc, id")
        .bind(project)
        .all(on)
        .await?;
    rows.iter().map(Dsn::read).collect()
}

/// The DSN to show first: the newest that takes data points and isn't being rotated out.
///
/// # Errors
/// If the database refuses.
pub async fn current(on: impl Into<On<'_>>, project: ProjectId) -> Result<Option<Dsn>> {
    let row =
        sql("select * from dsns where project_id = $1 and disabled_at is null order by created_at desc, id limit 1")
            .bind(project)
            .optional(on)
            .await?;
    row.as_ref().map(Dsn::read).transpose()
}

/// The DSN to show first of every project that a person can open; projects without one are left out.
///
/// # Errors
/// If the database refuses.
pub async fn current_of_user(on: impl Into<On<'_>>, user: UserId) -> Result<HashMap<ProjectId, Dsn>> {
    let rows = sql(
        "select d.* from memberships m join projects p on p.organisation_id = m.organisation_id \
         and p.deleted_at is null join dsns d on d.project_id = p.id and d.disabled_at is null \
         where m.user_id = $1 order by d.created_at, d.id desc",
    )
    .bind(user)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("project_id")?, Dsn::read(row)?)))
        .collect()
}

/// Stops a DSN at `at`: now, or in some days while it is rotated out. Gives it back; `None` if the
/// project has no such DSN, or it stops earlier already.
///
/// # Errors
/// If the database refuses.
pub async fn disable(tx: &mut Tx, project: ProjectId, id: DsnId, at: Micros) -> Result<Option<Dsn>> {
    let row = sql("update dsns set disabled_at = $3 where id = $2 and project_id = $1 \
         and (disabled_at is null or disabled_at > $3) returning *")
    .bind(project)
    .bind(id)
    .bind(at)
    .optional(tx)
    .await?;
    row.as_ref().map(Dsn::read).transpose()
}

/// One DSN of a project.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, id: DsnId) -> Result<Option<Dsn>> {
    let row = sql("select * from dsns where project_id = $1 and id = $2")
        .bind(project)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Dsn::read).transpose()
}

/// Puts a new DSN in the place of one that takes data points: both do until `stops_at`, then the new one alone.
/// Gives back the old one's label, which the new one bears too; `None` if the old one is turned off, or is being
/// rotated out already.
///
/// # Errors
/// If the database refuses.
pub async fn rotate(
    tx: &mut Tx,
    project: ProjectId,
    old: DsnId,
    new: (DsnId, PublicKey),
    stops_at: Micros,
    now: Micros,
) -> Result<Option<String>> {
    let row = sql(
        "update dsns set disabled_at = $3 where id = $2 and project_id = $1 and disabled_at is null \
         returning label",
    )
    .bind(project)
    .bind(old)
    .bind(stops_at)
    .optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let label = Name::from_stored(row.get("label")?);
    create(tx, new.0, project, new.1, &label, now).await?;
    Ok(Some(label.to_string()))
}

/// What a public key leads to, as an app that publishes sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// To a project that takes data points.
    Publishes(Arc<Target>),
    /// To one that takes none: the DSN is turned off, the project or its organisation is deleted, or it is paused.
    Gone {
        /// The project, on whose settings the loss is counted.
        project: ProjectId,
        /// Paused or deleted.
        reason: Reason,
    },
    /// To nothing: it never existed, or was erased.
    Unknown,
}

/// Where data points go, and what they are measured against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The project.
    pub project: ProjectId,
    /// Origins a browser may publish from; empty: every origin.
    pub allowed_origins: Vec<String>,
    /// How many days data points are kept.
    pub retention_days: i64,
    /// Most metrics the project may have.
    pub metric_limit: i64,
    /// Another number after each deletion of a metric: ids remembered under a smaller one may be stale.
    pub metrics_version: i64,
}

/// What this public key leads to, read by its index: asked by whoever publishes.
///
/// # Errors
/// If the database refuses.
pub async fn resolve(on: impl Into<On<'_>>, key: PublicKey, now: Micros) -> Result<Resolved> {
    let Some(row) = sql(
        "select p.id, p.allowed_origins, p.retention_days, p.metric_limit, p.metrics_version, p.paused_at, \
         coalesce(o.deleted_at, p.deleted_at) as deleted_at, d.disabled_at from dsns d \
         join projects p on p.id = d.project_id join organisations o on o.id = p.organisation_id \
         where d.public_key = $1",
    )
    .bind(key)
    .optional(on)
    .await?
    else {
        return Ok(Resolved::Unknown);
    };
    let project = row.get("id")?;
    let disabled_at: Option<Micros> = row.get("disabled_at")?;
    let deleted_at: Option<Micros> = row.get("deleted_at")?;
    if deleted_at.is_some() || disabled_at.is_some_and(|at| at <= now) {
        let reason = Reason::ProjectDeleted;
        return Ok(Resolved::Gone { project, reason });
    }
    if row.get::<Option<Micros>>("paused_at")?.is_some() {
        let reason = Reason::ProjectPaused;
        return Ok(Resolved::Gone { project, reason });
    }
    Ok(Resolved::Publishes(Arc::new(Target {
        project,
        allowed_origins: lines(&row.get::<String>("allowed_origins")?),
        retention_days: row.get("retention_days")?,
        metric_limit: row.get("metric_limit")?,
        metrics_version: row.get("metrics_version")?,
    })))
}

/// The projects of an organisation with DSNs that were there before `at` and aren't being rotated out: somebody
/// who left at that time may still know them.
///
/// # Errors
/// If the database refuses.
pub async fn older_than(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    at: Micros,
) -> Result<Vec<(ProjectId, Dsn)>> {
    let rows = sql("select d.* from dsns d join projects p on p.id = d.project_id and p.deleted_at is null \
         where p.organisation_id = $1 and d.created_at <= $2 and d.disabled_at is null order by p.created_at, p.id, d.id")
    .bind(organisation)
    .bind(at)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("project_id")?, Dsn::read(row)?)))
        .collect()
}
