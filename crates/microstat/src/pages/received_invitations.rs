//! Pending invitations to one's own address, under "Your Account": a lost mail costs nothing.

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::id::InvitationId;
use store::acceptances::{Key, Offer};
use store::audit_events::Action;

use super::joining::{self, Outcome};
use super::redirect;
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::POST, "/account/invitations/{invitation}/acceptance", accept)
        .route(Method::POST, "/account/invitations/{invitation}/refusal", decline)
}

/// What "Your Account" shows of them.
pub(crate) struct Received {
    /// Only whoever has proven that the address is theirs sees what was sent to it.
    pub(crate) verified: bool,
    pub(crate) offers: Vec<Offer>,
}

impl Received {
    /// The invitations of this person.
    ///
    /// # Errors
    /// If the database refuses.
    pub(crate) async fn of(app: &Shared, signed: &SignedIn) -> Result<Self, AppError> {
        let verified = app.is_verified(&signed.user);
        let offers = if verified {
            store::acceptances::of_user(&app.db, signed.user.id, app.now()).await?
        } else {
            Vec::new()
        };
        Ok(Self { verified, offers })
    }
}

fn over() -> AppError {
    let text = "This invitation was answered, replaced or revoked meanwhile, or it has expired.";
    AppError::Conflict(text.to_owned())
}

fn require_verified(app: &Shared, signed: &SignedIn) -> Result<(), AppError> {
    if app.is_verified(&signed.user) {
        return Ok(());
    }
    let text = "Verify your e-mail address first: open the link in the mail you were sent.";
    Err(AppError::Forbidden(text.to_owned()))
}

async fn accept(
    State(app): State<Shared>,
    signed: SignedIn,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    require_verified(&app, &signed)?;
    let key = Key::Id(ids.get("invitation")?);
    let mut tx = app.db.begin().await?;
    match joining::accept(&mut tx, &app, &client, &signed.user, key).await? {
        Outcome::In(landing) => {
            tx.commit().await?;
            app.job_queued.notify_one();
            Ok(redirect(landing.path).notice(&app, &landing.notice).into_response())
        }
        // another person's looks like one that is over
        Outcome::ForAnother | Outcome::Gone => Err(over()),
    }
}

async fn decline(
    State(app): State<Shared>,
    signed: SignedIn,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    require_verified(&app, &signed)?;
    let id: InvitationId = ids.get("invitation")?;
    let mut tx = app.db.begin().await?;
    let declined = store::acceptances::decline(&mut tx, id, signed.user.id, app.now()).await?;
    let organisation = declined.ok_or_else(over)?;
    let by = actor(&signed.user, &client);
    let email = signed.user.email.as_str();
    audit(&mut tx, &app, &by, organisation, Action::InvitationDeclined, email, "").await?;
    tx.commit().await?;
    Ok(redirect("/account")
        .notice(&app, "You declined the invitation.")
        .into_response())
}
