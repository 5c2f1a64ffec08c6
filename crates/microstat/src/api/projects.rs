//! `GET /api/v1/projects`: what the token's person may open.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use serde::Serialize;

use crate::auth::token::Bearer;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects", index)
}

#[derive(Serialize)]
struct Index {
    projects: Vec<Project>,
}

#[derive(Serialize)]
struct Project {
    id: ProjectId,
    name: String,
    /// None if all its DSNs are turned off.
    dsn: Option<String>,
    role: Role,
    organisation: Organisation,
}

#[derive(Serialize)]
struct Organisation {
    id: OrganisationId,
    name: String,
}

async fn index(State(app): State<Shared>, bearer: Bearer) -> Result<Json<Index>, AppError> {
    let mine = store::projects::of_user(&app.db, bearer.user.id).await?;
    let dsns = store::dsns::current_of_user(&app.db, bearer.user.id).await?;
    let mut projects = Vec::with_capacity(mine.len());
    for (project, role) in mine {
        let Some(role) = bearer.role_in(project.organisation, role) else {
            continue;
        };
        projects.push(Project {
            id: project.id,
            dsn: dsns.get(&project.id).map(|dsn| dsn.public_key.to_string()),
            name: project.name,
            role,
            organisation: Organisation {
                id: project.organisation,
                name: project.organisation_name,
            },
        });
    }
    Ok(Json(Index { projects }))
}
