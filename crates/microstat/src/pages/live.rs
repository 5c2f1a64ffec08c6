//! Streams that tell open pages to look again: `<live-page src="…">` in web/js/live-page.js listens.

use std::collections::HashSet;

use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::Response;
use domain::id::ProjectId;
use domain::time::Micros;
use serde::Deserialize;

use crate::auth::member::InProject;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::live::{self, Full};
use crate::router::Table;
use crate::state::Shared;

/// Most projects of one stream.
const PROJECTS: usize = 500;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/projects/{project}/live", show)
        .route(Method::GET, "/live", index)
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Asked {
    /// Milliseconds since the page was asked for.
    ago: u32,
    /// Ids with commas between.
    projects: String,
}

impl Asked {
    fn since(&self, now: Micros) -> Micros {
        now - i64::from(self.ago) * 1_000
    }
}

/// Of one project.
async fn show(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    follow(&app, &at.signed, vec![at.project.id], &asked)
}

/// Of several, whatever organisations they are of.
async fn index(State(app): State<Shared>, signed: SignedIn, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let mut projects = HashSet::new();
    for id in asked.projects.split(',').filter(|id| !id.is_empty()) {
        projects.insert(id.parse::<ProjectId>().map_err(|_| AppError::NotFound)?);
    }
    if projects.len() > PROJECTS {
        return Err(AppError::Invalid(format!("Ask for {PROJECTS} projects at most.")));
    }
    let mine = store::projects::ids_of_user(&app.db, signed.user.id).await?;
    if projects.is_empty() || !projects.is_subset(&mine) {
        return Err(AppError::NotFound);
    }
    follow(&app, &signed, projects.into_iter().collect(), &asked)
}

fn follow(app: &Shared, signed: &SignedIn, projects: Vec<ProjectId>, asked: &Asked) -> Result<Response, AppError> {
    live::follow(app, signed, projects, asked.since(app.now())).map_err(|full| match full {
        Full::Person => AppError::TooMany {
            retry_after_s: 60,
            text: "You have too many pages open that update themselves. Close some; this one still shows what there is when it is reloaded.".to_owned(),
        },
        Full::All => AppError::Busy {
            retry_after_s: 60,
            text: "Too many people look at live pages at the moment. Pages still show what there is when they are reloaded.".to_owned(),
        },
    })
}
