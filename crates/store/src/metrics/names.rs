//! What every metric that a person can open is called.

use domain::id::{MetricId, ProjectId, UserId};
use domain::metric::MetricType;

use crate::db::{Row, sql};
use crate::{On, Result};

/// A metric by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: MetricId,
    /// Its project.
    pub project: ProjectId,
    /// What people call it.
    pub title: String,
    /// What it is published as.
    pub published: String,
    /// Its type.
    pub kind: MetricType,
}

/// The names of every metric of every project a person can open, but those merged into others or deleted.
///
/// # Errors
/// If the database refuses.
pub async fn names_of_user(on: impl Into<On<'_>>, user: UserId) -> Result<Vec<Named>> {
    let rows = sql(
        "select x.id, x.project_id, x.name, coalesce(x.display_name, x.name) as title, x.type \
         from memberships m join organisations o on o.id = m.organisation_id and o.deleted_at is null \
         join projects p on p.organisation_id = o.id and p.deleted_at is null \
         join metrics x on x.project_id = p.id and x.merged_into is null and x.deleted_at is null \
         where m.user_id = $1 order by x.name, x.type, x.id",
    )
    .bind(user)
    .all(on)
    .await?;
    let named = |row: &Row| {
        Ok(Named {
            id: row.get("id")?,
            project: row.get("project_id")?,
            title: row.get("title")?,
            published: row.get("name")?,
            kind: row.get("type")?,
        })
    };
    rows.iter().map(named).collect()
}
