//! Opening an account: the person, an organisation of theirs, a first project and its DSN, all or nothing.

use domain::dsn::PublicKey;
use domain::email::EmailAddress;
use domain::id::{DsnId, OrganisationId, ProjectId, UserId};
use domain::name::Name;
use domain::role::Role;
use domain::time::Micros;
use store::Tx;
use store::memberships::How;
use store::users::NewUser;

use crate::error::AppError;
use crate::state::Core;

/// What a first project is called.
const FIRST_PROJECT: &str = "My First Project";

/// What was opened.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The person.
    pub user: UserId,
    /// Their organisation.
    pub organisation: OrganisationId,
    /// Its first project.
    pub project: ProjectId,
    /// The project's DSN.
    pub dsn: PublicKey,
}

/// Opens an account; `None` if the address has one.
///
/// # Errors
/// If the database refuses.
pub async fn open(
    tx: &mut Tx,
    core: &Core,
    name: &Name,
    email: &EmailAddress,
    password_hash: &str,
    verified_at: Option<Micros>,
) -> Result<Option<Opened>, AppError> {
    let now = core.now();
    let random = &core.random;
    let user = UserId::from_random(random.bits());
    let new = NewUser {
        id: user,
        name,
        email,
        email_verified_at: verified_at,
        password_hash,
    };
    if !store::users::create(tx, new, now).await? {
        return Ok(None);
    }
    let organisation = OrganisationId::from_random(random.bits());
    store::organisations::create(tx, organisation, &Name::of_organisation_of(name), now).await?;
    store::memberships::add(tx, organisation, user, Role::Administrator, How::Founded, now).await?;
    let (project, dsn) = first_project(tx, core, organisation).await?;
    Ok(Some(Opened {
        user,
        organisation,
        project,
        dsn,
    }))
}

/// The first project of an organisation, with its DSN.
///
/// # Errors
/// If the database refuses.
pub async fn first_project(
    tx: &mut Tx,
    core: &Core,
    organisation: OrganisationId,
) -> Result<(ProjectId, PublicKey), AppError> {
    project(tx, core, organisation, &Name::from_stored(FIRST_PROJECT.to_owned())).await
}

/// A project with a DSN.
///
/// # Errors
/// If the database refuses.
pub async fn project(
    tx: &mut Tx,
    core: &Core,
    organisation: OrganisationId,
    name: &Name,
) -> Result<(ProjectId, PublicKey), AppError> {
    let id = ProjectId::from_random(core.random.bits());
    store::projects::create(tx, id, organisation, name, core.now()).await?;
    let key = PublicKey::from_random(core.random.bytes());
    let label = Name::from_stored("First DSN".to_owned());
    store::dsns::create(tx, DsnId::from_random(core.random.bits()), id, key, &label, core.now()).await?;
    Ok((id, key))
}
