//! What an API token proves: its person, with that person's rights or less.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::id::{MetricId, OrganisationId, ProjectId};
use domain::role::Role;
use store::api_tokens::ApiToken;
use store::metrics::Metric;
use store::projects::Project;
use store::users::User;

use super::member::{path_id, require};
use crate::error::AppError;
use crate::secrets::hash;
use crate::state::Shared;

/// Whoever a request's `Authorization: Bearer` token acts for.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The person.
    pub user: User,
    /// The token.
    pub token: ApiToken,
}

/// A project the token's person may open.
#[derive(Clone, Debug)]
pub struct TokenProject {
    /// The token's person.
    pub user: User,
    /// The project.
    pub project: Project,
    /// The lesser of the person's role and the token's.
    pub role: Role,
}

/// A project the token may change things of: as a Member at least.
#[derive(Clone, Debug)]
pub struct TokenWriter(pub TokenProject);

/// A metric of a project the token's person may open.
#[derive(Clone, Debug)]
pub struct TokenMetric(pub Metric);

impl Bearer {
    /// The lesser of the person's role in an organisation and the token's; `None` where either has none.
    #[must_use]
    pub fn role_in(&self, organisation: OrganisationId, role: Role) -> Option<Role> {
        let within = self.token.organisation.is_none_or(|only| only == organisation);
        within.then(|| role.min(self.token.role))
    }
}

impl FromRequestParts<Shared> for Bearer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let refuse = || {
            AppError::Unauthorised(
                "Send an API token as \"Authorization: Bearer <token>\"; make one under Settings, Your Account."
                    .to_owned(),
            )
        };
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let given = given
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = given
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty())
            .ok_or_else(refuse)?;
        let found = store::api_tokens::find(&app.db, hash(token)).await?;
        let (token, user) = found.ok_or_else(refuse)?;
        if token.is_stale(app.now()) {
            let mut tx = app.db.begin().await?;
            store::api_tokens::touch(&mut tx, token.id, app.now()).await?;
            tx.commit().await?;
        }
        Ok(Self { user, token })
    }
}

impl FromRequestParts<Shared> for TokenProject {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let bearer = Bearer::from_request_parts(parts, app).await?;
        let id: ProjectId = path_id(parts, "project").await?;
        let found = store::projects::open(&app.db, id, bearer.user.id).await?;
        let (project, role) = found.ok_or(AppError::NotFound)?;
        let role = bearer.role_in(project.organisation, role).ok_or(AppError::NotFound)?;
        Ok(Self {
            user: bearer.user,
            project,
            role,
        })
    }
}

impl FromRequestParts<Shared> for TokenWriter {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let at = TokenProject::from_request_parts(parts, app).await?;
        require(at.role, Role::Member)?;
        Ok(Self(at))
    }
}

impl FromRequestParts<Shared> for TokenMetric {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let project = TokenProject::from_request_parts(parts, app).await?.project;
        let id: MetricId = path_id(parts, "metric").await?;
        let found = store::metrics::find(&app.db, project.id, id).await?;
        found.map(Self).ok_or(AppError::NotFound)
    }
}
