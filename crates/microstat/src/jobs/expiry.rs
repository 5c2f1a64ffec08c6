//! Erasing for good: organisations and projects whose 30 days are over, metrics whose 48 hours are, and data points
//! older than their project keeps them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::{MetricId, OrganisationId, ProjectId};
use domain::retention::{Level, Retention};
use domain::time::Micros;

use crate::error::AppError;
use crate::state::{App, Shared};

/// Erases whatever is due. Data points go before the rows that lead to them, so that a crash in between only means
/// that the next call begins there again. What can't be erased doesn't keep anything else from it.
///
/// # Errors
/// If a database refuses; what was erased until then is. Where something alone can't be erased, all else is.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    let mut failures = Failures::default();
    for (organisation, projects) in store::organisations::due_for_erasure(&app.db, app.now()).await? {
        failures.note(erase_organisation(app, organisation, projects).await)?;
    }
    for project in store::projects::due_for_erasure(&app.db, app.now()).await? {
        failures.note(erase_project(app, project).await)?;
    }
    for metric in store::metrics::due_for_erasure(&app.db, app.now()).await? {
        failures.note(erase_metric(app, metric).await)?;
    }
    failures.note(expire(app).await)?;
    failures.first.map_or(Ok(()), Err)
}

/// What went wrong: the first is told, others are in the log.
#[derive(Default)]
struct Failures {
    first: Option<AppError>,
}

impl Failures {
    /// # Errors
    /// If what failed fails for all: a server is away.
    fn note(&mut self, done: Result<(), AppError>) -> Result<(), AppError> {
        match done {
            Err(away @ AppError::Away(..)) => {
                if let Some(error) = &self.first {
                    tracing::error!(%error, "something that is due can't be erased");
                }
                return Err(away);
            }
            Err(error) if self.first.is_some() => tracing::error!(%error, "something that is due can't be erased"),
            Err(error) => self.first = Some(error),
            Ok(()) => {}
        }
        Ok(())
    }
}

async fn erase_organisation(
    app: &Shared,
    organisation: OrganisationId,
    projects: Vec<ProjectId>,
) -> Result<(), AppError> {
    for project in projects {
        erase_data_points(app, project).await?;
    }
    let mut tx = app.db.begin().await?;
    if store::organisations::erase(&mut tx, organisation, app.now()).await? {
        tx.commit().await?;
        tracing::info!(%organisation, "erased an organisation 30 days after its deletion");
    }
    Ok(())
}

async fn erase_project(app: &Shared, project: ProjectId) -> Result<(), AppError> {
    erase_data_points(app, project).await?;
    let mut tx = app.db.begin().await?;
    if store::projects::erase(&mut tx, project, app.now()).await? {
        tx.commit().await?;
        tracing::info!(%project, "erased a project 30 days after its deletion");
    }
    Ok(())
}

async fn erase_metric(app: &Shared, metric: MetricId) -> Result<(), AppError> {
    let erased = app.points.delete_metric(metric).await?;
    let mut tx = app.db.begin().await?;
    if store::metrics::erase(&mut tx, metric, app.now()).await? {
        tx.commit().await?;
        tracing::info!(%metric, erased, "erased a metric 48 hours after its deletion");
    }
    Ok(())
}

/// Erases what projects needn't keep any longer, of each once a day and after each change: whole days go, so in between
/// there is nothing to be found.
async fn expire(app: &App) -> Result<(), AppError> {
    let mut due = Vec::new();
    let mut failures = Failures::default();
    for (project, retention) in store::projects::retentions(&app.db).await? {
        let kept = kept(&retention, app.now());
        if app.expired.was(project, kept) {
            continue;
        }
        let first = app.points.first_data_point(project).await?;
        // nothing is kept for a shorter time than data points
        if first.is_some_and(|first| first < kept.raw) {
            due.push((project, kept));
        } else {
            app.expired.note(project, kept);
        }
    }
    if !due.is_empty()
        && let Err(error) = app.points.seal().await
    {
        // Of data points that go unsealed nothing is left; but erasing may be what makes room to seal.
        tracing::warn!(%error, "data points can't be sealed before old ones are erased");
    }
    for (project, kept) in due {
        failures.note(retain(app, project, kept).await)?;
    }
    failures.first.map_or(Ok(()), Err)
}

async fn retain(app: &App, project: ProjectId, kept: points::Retention) -> Result<(), AppError> {
    let erased = app.points.retain(project, kept).await?;
    app.expired.note(project, kept);
    if erased > 0 {
        tracing::info!(%project, erased, "erased data points older than their project keeps them");
    }
    Ok(())
}

fn kept(retention: &Retention, now: Micros) -> points::Retention {
    // nothing is from before 1970
    let since = |level| retention.since(level, now).unwrap_or_default();
    points::Retention {
        raw: since(Level::DataPoints),
        minutes: since(Level::Minutes),
        hours: since(Level::Hours),
        days: since(Level::Days),
    }
}

/// What each project was last told to keep since this program started.
#[derive(Debug, Default)]
pub struct Expired(Mutex<BTreeMap<ProjectId, points::Retention>>);

impl Expired {
    fn was(&self, project: ProjectId, kept: points::Retention) -> bool {
        self.lock().get(&project) == Some(&kept)
    }

    fn note(&self, project: ProjectId, kept: points::Retention) {
        self.lock().insert(project, kept);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProjectId, points::Retention>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn erase_data_points(app: &Shared, project: ProjectId) -> Result<(), AppError> {
    let erased = app.points.delete_project(project).await?;
    tracing::info!(%project, erased, "erased the data points of a deleted project");
    Ok(())
}
