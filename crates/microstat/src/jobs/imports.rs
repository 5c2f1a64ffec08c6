//! Imports: read beside everything else, one at a time.

mod work;

use std::collections::HashMap;
use std::time::Duration;

use domain::id::ImportId;

use crate::error::AppError;
use crate::imports::files;
use crate::state::{App, Shared};
use work::Work;

/// How often it is looked for imports without being told of one.
const LOOK: Duration = Duration::from_secs(2);

/// Works on imports until the task is ended.
pub(super) async fn run(app: &Shared) {
    loop {
        if let Err(error) = run_due(app).await {
            tracing::error!(?error, "imports could not be worked on");
        }
        tokio::select! {
            () = app.imports.started.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Reads every import that is due to its end.
///
/// # Errors
/// If the database refuses; nothing is lost then.
pub async fn run_due(app: &Shared) -> Result<(), AppError> {
    while store::imports::is_any_due(&app.db, app.now()).await? {
        let mut tx = app.db.begin().await?;
        let claimed = store::imports::claim(&mut tx, app.now()).await?;
        tx.commit().await?;
        match claimed {
            Some(claimed) => Work::new(app, claimed).go_on().await?,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Removes files that nothing leads to any more, and forgets what ended long ago.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(app: &App) -> Result<(), AppError> {
    let there = files::all(app).await?;
    let mut tx = app.db.begin().await?;
    store::imports::sweep(&mut tx, app.now()).await?;
    tx.commit().await?;
    let known: HashMap<ImportId, bool> = store::imports::everywhere(&app.db).await?.into_iter().collect();
    for id in there {
        let Some(_alone) = app.imports.write(id) else {
            continue;
        };
        match known.get(&id) {
            None => files::remove(app, id, false).await,
            Some(false) => files::remove(app, id, true).await,
            Some(true) => {}
        }
    }
    Ok(())
}
