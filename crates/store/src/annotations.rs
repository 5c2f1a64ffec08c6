//! Annotations of projects and metrics. A deleted one can be brought back for a day; those of a metric that is deleted
//! are not shown, those of one that is merged into another are shown as that other's.

use domain::annotation::{Content, MAX_OF_PROJECT, Place, UNDO_FOR};
use domain::id::{AnnotationId, MetricId, ProjectId, UserId};
use domain::range::Range;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// An annotation as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its id.
    pub id: AnnotationId,
    /// The metric it is of, or the one that is merged into; none: of the whole project.
    pub metric: Option<MetricId>,
    /// That metric's name.
    pub metric_name: Option<String>,
    /// What it says of which time.
    pub content: Content,
    /// When it was made.
    pub created_at: Micros,
    /// Who made it, if they still have an account.
    pub created_by: Option<String>,
}

impl Annotation {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            metric: row.get("shown_metric_id")?,
            metric_name: row.get("metric_name")?,
            content: Content {
                kind: row.get("kind")?,
                text: row.get("text")?,
                link: row.get("link")?,
                at: row.get("at")?,
                until: row.get("until")?,
            },
            created_at: row.get("created_at")?,
            created_by: row.get("created_by_name")?,
        })
    }

    /// Its place in a list.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place {
            at: self.content.at,
            id: self.id,
        }
    }
}

/// Annotations that are there, those of a merged metric with the one it is part of, with the names of their metric and maker; `$1` is the project.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select a.*, m.id as shown_metric_id, coalesce(m.display_name, m.former_name, m.name) as metric_name, \
             u.name as created_by_name from annotations a left join metrics k on k.id = a.metric_id \
             left join metrics m on m.id = coalesce(k.merged_into, k.id) and m.deleted_at is null \
             left join users u on u.id = a.created_by \
             where a.project_id = $1 and a.deleted_at is null and (a.metric_id is null or m.id is not null) ",
            $rest
        )
    };
}

/// What became of the wish to add one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It is there.
    Added,
    /// The same text, kind and time is there already, of the same metric or none: this one.
    Already(Box<Annotation>),
    /// The project has as many as it may.
    Full,
    /// The project is gone, or has no such metric.
    NotFound,
}

/// Adds an annotation. The same again changes nothing: whatever deploys may try once more.
///
/// # Errors
/// If the database refuses.
pub async fn add(
    tx: &mut Tx,
    id: AnnotationId,
    (project, metric): (ProjectId, Option<MetricId>),
    content: &Content,
    by: UserId,
    now: Micros,
) -> Result<Addition> {
    if !lock(tx, project, metric).await? {
        return Ok(Addition::NotFound);
    }
    let same = sql(select!(
        "and a.kind = $2 and a.at = $3 and a.text = $4 and coalesce(a.metric_id, -1) = coalesce($5, -1) \
         order by a.id limit 1"
    ))
    .bind(project)
    .bind(content.kind)
    .bind(content.at)
    .bind(&content.text)
    .bind(metric)
    .optional(&mut *tx)
    .await?;
    if let Some(row) = same {
        return Ok(Addition::Already(Box::new(Annotation::read(&row)?)));
    }
    let added = sql(
        "insert into annotations (id, project_id, metric_id, kind, text, link, at, until, created_at, created_by) \
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 \
         where (select count(*) from annotations where project_id = $2 and deleted_at is null) < $11",
    )
    .bind(id)
    .bind(project)
    .bind(metric)
    .bind(content.kind)
    .bind(&content.text)
    .bind(content.link.as_deref())
    .bind(content.at)
    .bind(content.until)
    .bind(now)
    .bind(by)
    .bind(MAX_OF_PROJECT)
    .execute(tx)
    .await?;
    Ok(if added == 1 { Addition::Added } else { Addition::Full })
}

/// Locks the project, so that what is decided by counting its annotations is decided once at a time. `false` if it is
/// gone, or has no such metric.
async fn lock(tx: &mut Tx, project: ProjectId, metric: Option<MetricId>) -> Result<bool> {
    let found = sql("select id from projects where id = $1 and deleted_at is null for update")
        .bind(project)
        .optional(&mut *tx)
        .await?;
    let Some(metric) = metric.filter(|_| found.is_some()) else {
        return Ok(found.is_some());
    };
    Ok(crate::metrics::find(tx, project, metric).await?.is_some())
}

/// Says something else, of another time, or of another metric. `false` if there is no such annotation.
///
/// # Errors
/// If the database refuses.
pub async fn change(
    tx: &mut Tx,
    project: ProjectId,
    id: AnnotationId,
    metric: Option<MetricId>,
    content: &Content,
) -> Result<bool> {
    let changed = sql(
        "update annotations set metric_id = $3, kind = $4, text = $5, link = $6, at = $7, until = $8 \
         where project_id = $1 and id = $2 and deleted_at is null",
    )
    .bind(project)
    .bind(id)
    .bind(metric)
    .bind(content.kind)
    .bind(&content.text)
    .bind(content.link.as_deref())
    .bind(content.at)
    .bind(content.until)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes an annotation. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: AnnotationId, now: Micros) -> Result<bool> {
    let deleted =
        sql("update annotations set deleted_at = $3 where project_id = $1 and id = $2 and deleted_at is null")
            .bind(project)
            .bind(id)
            .bind(now)
            .execute(tx)
            .await?;
    Ok(deleted == 1)
}

/// Brings a deleted one back, and tells its text. `None` if it was deleted more than a day ago, or never, or the
/// project has as many as it may by now.
///
/// # Errors
/// If the database refuses.
pub async fn restore(tx: &mut Tx, project: ProjectId, id: AnnotationId, now: Micros) -> Result<Option<String>> {
    if !lock(tx, project, None).await? {
        return Ok(None);
    }
    let row = sql(
        "update annotations set deleted_at = null where project_id = $1 and id = $2 and deleted_at > $3 \
         and (select count(*) from annotations where project_id = $1 and deleted_at is null) < $4 returning text",
    )
    .bind(project)
    .bind(id)
    .bind(now - UNDO_FOR)
    .bind(MAX_OF_PROJECT)
    .optional(tx)
    .await?;
    row.map(|row| row.get("text")).transpose()
}

/// One annotation of a project.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, id: AnnotationId) -> Result<Option<Annotation>> {
    let row = sql(select!("and a.id = $2"))
        .bind(project)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Annotation::read).transpose()
}

/// Whether one is deleted and can be brought back, or was until lately.
///
/// # Errors
/// If the database refuses.
pub async fn is_deleted(on: impl Into<On<'_>>, project: ProjectId, id: AnnotationId) -> Result<bool> {
    let row = sql("select id from annotations where project_id = $1 and id = $2 and deleted_at is not null")
        .bind(project)
        .bind(id)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// What a chart of this range marks: annotations that touch it, the earliest first. With a metric, those of the whole
/// project and those of the metric; without, those of the whole project alone, as a chart of all its data points has
/// them. If there are more than `limit`, the latest.
///
/// # Errors
/// If the database refuses.
pub async fn in_range(
    on: impl Into<On<'_>>,
    project: ProjectId,
    metric: Option<MetricId>,
    range: Range,
    limit: i64,
) -> Result<Vec<Annotation>> {
    let rows = sql(select!(
        "and (a.metric_id is null or m.id = $2) and a.at < $4 and coalesce(a.until, a.at) >= $3 \
         order by a.at desc, a.id desc limit $5"
    ))
    .bind(project)
    .bind(metric)
    .bind(range.from())
    .bind(range.to())
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().rev().map(Annotation::read).collect()
}

/// Which annotations are listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Only those a chart of this metric marks; without, all of the project.
    pub metric: Option<MetricId>,
    /// Only those that touch this range.
    pub range: Range,
    /// Only those after this place.
    pub before: Option<Place>,
    /// At most so many.
    pub limit: i64,
}

/// Annotations of a project, the latest first.
///
/// # Errors
/// If the database refuses.
pub async fn list(on: impl Into<On<'_>>, project: ProjectId, listed: Listed) -> Result<Vec<Annotation>> {
    let before = listed.before.unwrap_or(Place {
        at: Micros(i64::MAX),
        id: AnnotationId(i64::MAX),
    });
    let rows = sql(select!(
        "and (cast($2 as bigint) is null or a.metric_id is null or m.id = $2) \
         and a.at < $4 and coalesce(a.until, a.at) >= $3 and (a.at < $5 or (a.at = $5 and a.id < $6)) \
         order by a.at desc, a.id desc limit $7"
    ))
    .bind(project)
    .bind(listed.metric)
    .bind(listed.range.from())
    .bind(listed.range.to())
    .bind(before.at)
    .bind(before.id)
    .bind(listed.limit)
    .all(on)
    .await?;
    rows.iter().map(Annotation::read).collect()
}

/// How many a project has.
///
/// # Errors
/// If the database refuses.
pub async fn count(on: impl Into<On<'_>>, project: ProjectId) -> Result<i64> {
    let row = sql("select count(*) as n from annotations where project_id = $1 and deleted_at is null")
        .bind(project)
        .one(on)
        .await?;
    row.get("n")
}

/// Forgets those that can't be brought back any more, and those of metrics that are gone for good.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from annotations where deleted_at <= $1 \
         or (metric_id is not null and not exists (select 1 from metrics m where m.id = annotations.metric_id))")
    .bind(now - UNDO_FOR)
    .execute(tx)
    .await
}
