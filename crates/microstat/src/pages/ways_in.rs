//! The ways into an organisation that are open, as "Your Organisation" lists them: pending invitations and codes.

use domain::id::OrganisationId;
use domain::role::Role;
use store::invitation_codes::{Code, State};
use store::invitations::{Delivery, Pending};

use crate::auth::member::Member;
use crate::error::AppError;
use crate::state::Shared;

/// Pending invitations and codes.
pub(crate) struct WaysIn {
    pub(crate) invitations: Vec<PendingRow>,
    pub(crate) codes: Vec<CodeRow>,
}

/// An invitation, and how its mail fares.
pub(crate) struct PendingRow {
    pub(crate) of: Pending,
    pub(crate) expired: bool,
    /// How the badge looks, what it says, and why.
    pub(crate) tone: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) reason: String,
}

/// A code, and whether it lets people in.
pub(crate) struct CodeRow {
    pub(crate) of: Code,
    pub(crate) active: bool,
    pub(crate) tone: &'static str,
    pub(crate) state: &'static str,
}

impl WaysIn {
    /// What there is, for an Administrator; others see nothing of it.
    ///
    /// # Errors
    /// If the database refuses.
    pub(crate) async fn of(app: &Shared, at: &Member) -> Result<Option<Self>, AppError> {
        if at.role < Role::Administrator {
            return Ok(None);
        }
        let (now, id): (_, OrganisationId) = (app.now(), at.organisation.id);
        let smtp = app.config.smtp.is_some();
        let invitations = store::invitations::pending(&app.db, id, now).await?;
        let codes = store::invitation_codes::of_organisation(&app.db, id, now).await?;
        Ok(Some(Self {
            invitations: invitations
                .into_iter()
                .map(|of| PendingRow::new(of.expires_at <= now, smtp, of))
                .collect(),
            codes: codes.into_iter().map(CodeRow::new).collect(),
        }))
    }
}

impl PendingRow {
    fn new(expired: bool, smtp: bool, of: Pending) -> Self {
        let (tone, delivery, reason) = match &of.delivery {
            Delivery::Queued(None) => ("info", "Queued", String::new()),
            Delivery::Queued(Some(reason)) => (
                "warning",
                "Queued",
                format!("Will be tried again. The last time: {reason}"),
            ),
            Delivery::Sent(_) if smtp => ("good", "Sent", String::new()),
            Delivery::Sent(_) => ("good", "Sent", "To a file in the data folder's mail/".to_owned()),
            Delivery::Failed(reason) => ("bad", "Failed", reason.clone()),
        };
        Self {
            of,
            expired,
            tone,
            delivery,
            reason,
        }
    }
}

impl CodeRow {
    fn new(of: Code) -> Self {
        let (tone, state) = match of.state {
            State::Active => ("good", "Active"),
            State::Expired => ("", "Expired"),
            State::UsedUp => ("", "Used up"),
            State::TurnedOff => ("", "Turned off"),
        };
        Self {
            active: of.state == State::Active,
            of,
            tone,
            state,
        }
    }
}
