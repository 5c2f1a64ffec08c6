//! Membership: whatever is of an organisation one isn't in, or isn't there at all, answers 404. Rights are read
//! from the database at each request.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use domain::zone::Zone;
use store::organisations::Organisation;
use store::projects::Project;

use super::session::{NotSignedIn, SignedIn};
use crate::error::AppError;
use crate::state::Shared;
use crate::web::Ids;

/// A member of the organisation that the path names.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub signed: SignedIn,
    /// Of which organisation.
    pub organisation: Organisation,
    /// As what.
    pub role: Role,
}

/// A member of the organisation whose project the path names.
#[derive(Clone, Debug)]
pub struct InProject {
    /// Who.
    pub signed: SignedIn,
    /// The project, which names its organisation.
    pub project: Project,
    /// As what.
    pub role: Role,
}

/// Refuses whoever has a lesser role.
///
/// # Errors
/// If `role` is less than `least`.
pub fn require(role: Role, least: Role) -> Result<(), AppError> {
    if role >= least {
        return Ok(());
    }
    let who = match least {
        Role::Administrator => "an Administrator",
        Role::Member | Role::Viewer => "a Member or an Administrator",
    };
    Err(AppError::Forbidden(format!(
        "Only {who} of this organisation may do this. Your role is {role}; ask an Administrator to do it or to change your role."
    )))
}

impl Member {
    /// Refuses whoever has a lesser role.
    ///
    /// # Errors
    /// If the member's role is less than `least`.
    pub fn require(&self, least: Role) -> Result<(), AppError> {
        require(self.role, least)
    }
}

impl InProject {
    /// Refuses whoever has a lesser role.
    ///
    /// # Errors
    /// If the member's role is less than `least`.
    pub fn require(&self, least: Role) -> Result<(), AppError> {
        require(self.role, least)
    }

    /// The time zone that this person reads the project's times in.
    #[must_use]
    pub fn zone(&self) -> Zone {
        let (user, visit) = (&self.signed.user, &self.signed.visit);
        user.clock.zone(visit.zone.as_ref(), Some(&self.project.zone))
    }

    /// Has the session remember this project as the place where its person was last; writes only if that is news.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn remember(&self, app: &Shared) -> Result<(), AppError> {
        let session = &self.signed.session;
        let (organisation, project) = (self.project.organisation, self.project.id);
        if (session.last_organisation, session.last_project) == (Some(organisation), Some(project)) {
            return Ok(());
        }
        let mut tx = app.db.begin().await?;
        store::sessions::remember(&mut tx, session.id, organisation, Some(project)).await?;
        Ok(tx.commit().await?)
    }
}

/// Why somebody is no member.
#[derive(Debug)]
pub enum NotAMember {
    /// Not signed in.
    NotSignedIn(NotSignedIn),
    /// Not in it, or it doesn't exist, or it could not be found out.
    Failed(AppError),
}

impl IntoResponse for NotAMember {
    fn into_response(self) -> Response {
        match self {
            Self::NotSignedIn(rejection) => rejection.into_response(),
            Self::Failed(error) => error.into_response(),
        }
    }
}

impl From<NotSignedIn> for NotAMember {
    fn from(rejection: NotSignedIn) -> Self {
        Self::NotSignedIn(rejection)
    }
}

impl<E: Into<AppError>> From<E> for NotAMember {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// An id in the path.
pub(crate) async fn path_id<T: FromStr>(parts: &mut Parts, name: &str) -> Result<T, AppError> {
    Ids::from_request_parts(parts, &()).await?.get(name)
}

impl FromRequestParts<Shared> for Member {
    type Rejection = NotAMember;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotAMember> {
        let signed = SignedIn::from_request_parts(parts, app).await?;
        let id: OrganisationId = path_id(parts, "organisation").await?;
        let found = store::memberships::open(&app.db, id, signed.user.id).await?;
        let (organisation, role) = found.ok_or(AppError::NotFound)?;
        Ok(Self {
            signed,
            organisation,
            role,
        })
    }
}

impl FromRequestParts<Shared> for InProject {
    type Rejection = NotAMember;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotAMember> {
        let signed = SignedIn::from_request_parts(parts, app).await?;
        let id: ProjectId = path_id(parts, "project").await?;
        let (project, role) = store::projects::open(&app.db, id, signed.user.id)
            .await?
            .ok_or(AppError::NotFound)?;
        Ok(Self { signed, project, role })
    }
}
