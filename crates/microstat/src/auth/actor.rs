//! Who acts, for the audit log.

use domain::id::{EventId, OrganisationId};
use store::audit_events::{Action, Actor, NewEvent, record};
use store::users::User;
use store::{Result, Tx};

use crate::state::App;
use crate::web::Client;

/// A person at their browser or program.
pub(crate) fn actor(user: &User, client: &Client) -> Actor {
    Actor {
        user: Some(user.id),
        name: format!("{} <{}>", user.name, user.email),
        address: client.address.clone(),
    }
}

/// Writes down what was done, in the transaction that does it.
pub(crate) async fn audit(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    organisation: OrganisationId,
    action: Action,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let new = NewEvent {
        id: EventId::from_random(app.random.bits()),
        organisation,
        actor,
        action,
        subject,
        detail,
    };
    record(tx, new, app.now()).await
}
