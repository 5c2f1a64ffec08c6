//! Coming into an organisation: what is the same by a link, from "Your Account" and by a code.

use domain::id::{OrganisationId, UserId};
use domain::invitation_code::InvitationCode;
use domain::role::Role;
use store::Tx;
use store::acceptances::{Acceptance, Key};
use store::audit_events::Action;
use store::invitation_codes::Joining;
use store::users::User;

use crate::auth::actor::{actor, audit};
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::state::Shared;
use crate::web::Client;

/// Where somebody lands who is in, and what they are told there.
pub(crate) struct Landing {
    pub(crate) path: String,
    pub(crate) notice: String,
}

/// What became of the wish to accept an invitation.
pub(crate) enum Outcome {
    /// They are a member.
    In(Landing),
    /// It is for another address.
    ForAnother,
    /// It can't be accepted (any more).
    Gone,
}

/// Accepts an invitation. Notify the queue after the commit.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn accept(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    user: &User,
    key: Key,
) -> Result<Outcome, AppError> {
    let landing = match store::acceptances::accept(tx, key, user.id, app.now()).await? {
        Acceptance::Joined(offer) => {
            let by = (offer.invited_by, None);
            joined(tx, app, client, user, offer.organisation, offer.role, by).await?
        }
        Acceptance::Already(organisation) => already(tx, organisation).await?,
        Acceptance::ForAnother => return Ok(Outcome::ForAnother),
        Acceptance::Gone => return Ok(Outcome::Gone),
    };
    Ok(Outcome::In(landing))
}

/// Joins by a code; `None` if it lets this person in nowhere. Notify the queue after the commit.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn use_code(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    user: &User,
    code: &InvitationCode,
) -> Result<Option<Landing>, AppError> {
    let hash = app.keys.code_hash(code.digits());
    Ok(
        match store::invitation_codes::join(tx, hash, user.id, app.now()).await? {
            Joining::Joined {
                organisation,
                role,
                invited_by,
                last_four,
            } => {
                let by = (invited_by, Some(last_four));
                Some(joined(tx, app, client, user, organisation, role, by).await?)
            }
            Joining::Already(organisation) => Some(already(tx, organisation).await?),
            Joining::Refused => None,
        },
    )
}

/// Writes it down, and tells whoever invited.
async fn joined(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    user: &User,
    organisation: OrganisationId,
    role: Role,
    (invited_by, code): (UserId, Option<String>),
) -> Result<Landing, AppError> {
    let by = actor(user, client);
    let how = match &code {
        Some(last_four) => format!("as {role}, by the code …-{last_four}"),
        None => format!("as {role}, by invitation"),
    };
    audit(tx, app, &by, organisation, Action::MemberJoined, &by.name, &how).await?;
    let name = name_of(tx, organisation).await?;
    let mail = Mail::Joined {
        to: invited_by,
        organisation: name.clone(),
        person: user.name.to_string(),
        role,
        code,
    };
    queue(tx, app, &mail).await?;
    landing(tx, organisation, format!("You're now a member of {name}.")).await
}

async fn already(tx: &mut Tx, organisation: OrganisationId) -> Result<Landing, AppError> {
    let name = name_of(tx, organisation).await?;
    landing(tx, organisation, format!("You're already a member of {name}.")).await
}

async fn name_of(tx: &mut Tx, organisation: OrganisationId) -> Result<String, AppError> {
    let found = store::organisations::find(tx, organisation).await?;
    Ok(found.ok_or(AppError::NotFound)?.name)
}

/// The organisation's first project; its own page, if it has none.
async fn landing(tx: &mut Tx, organisation: OrganisationId, notice: String) -> Result<Landing, AppError> {
    let projects = store::projects::of_organisation(tx, organisation).await?;
    let path = match projects.first() {
        Some(project) => format!("/projects/{}", project.id),
        None => format!("/organisations/{organisation}"),
    };
    Ok(Landing { path, notice })
}
