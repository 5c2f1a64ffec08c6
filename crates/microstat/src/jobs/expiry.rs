//! Erasing for good: organisations and projects whose 30 days are over, and data points older than their project
//! keeps them.

use domain::id::ProjectId;
use domain::time::DAY;

use crate::error::AppError;
use crate::state::Shared;

/// Erases whatever is due. Data points go before the rows that lead to them, so that a crash in between only means
/// that the next call begins there again.
///
/// # Errors
/// If a database refuses; what was erased until then is.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    for (organisation, projects) in store::organisations::due_for_erasure(&app.db, app.now()).await? {
        for project in projects {
            erase_data_points(app, project).await?;
        }
        let mut tx = app.db.begin().await?;
        if store::organisations::erase(&mut tx, organisation, app.now()).await? {
            tx.commit().await?;
            tracing::info!(%organisation, "erased an organisation 30 days after its deletion");
        }
    }
    for project in store::projects::due_for_erasure(&app.db, app.now()).await? {
        erase_data_points(app, project).await?;
        let mut tx = app.db.begin().await?;
        if store::projects::erase(&mut tx, project, app.now()).await? {
            tx.commit().await?;
            tracing::info!(%project, "erased a project 30 days after its deletion");
        }
    }
    for (project, days) in store::projects::retentions(&app.db).await? {
        let erased = app.points.forget_before(project, app.now() - days * DAY).await?;
        if erased > 0 {
            tracing::info!(%project, erased, "erased data points older than their project keeps them");
        }
    }
    Ok(())
}

async fn erase_data_points(app: &Shared, project: ProjectId) -> Result<(), AppError> {
    let erased = app.points.delete_project(project).await?;
    tracing::info!(%project, erased, "erased the data points of a deleted project");
    Ok(())
}
