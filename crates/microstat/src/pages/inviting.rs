//! "Invite my Team": one page with the form for invitations by mail and the one for codes.

use askama::Template;
use domain::invitation_code::{HOLDS_FOR, MAX_USES, Terms};
use domain::role::Role;
use domain::time::HOUR;
use store::organisations::Organisation;

use super::frame::Frame;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::state::Shared;

/// How long a code may hold: hours, and what people read.
const HOURS: [(i64, &str); 7] = [
    (1, "1 hour"),
    (24, "1 day"),
    (3 * 24, "3 days"),
    (7 * 24, "7 days"),
    (14 * 24, "14 days"),
    (30 * 24, "30 days"),
    (90 * 24, "90 days"),
];

/// The page, with what was typed into it and what is wrong with that.
#[derive(Template)]
#[template(path = "invitations/new.html")]
pub(crate) struct InvitingPage {
    pub(crate) frame: Frame,
    pub(crate) organisation: Organisation,
    /// Whether this person may have mails sent to others.
    pub(crate) verified: bool,
    /// Whether a mail server is configured.
    pub(crate) smtp: bool,
    pub(crate) emails: String,
    pub(crate) emails_error: Option<String>,
    pub(crate) role: Role,
    pub(crate) code_role: Role,
    pub(crate) hours: i64,
    pub(crate) uses: String,
    pub(crate) role_error: Option<String>,
    pub(crate) hours_error: Option<String>,
    pub(crate) uses_error: Option<String>,
    /// Why there can be no further code.
    pub(crate) code_error: Option<String>,
}

impl InvitingPage {
    /// The page as it is opened; Administrators alone may.
    ///
    /// # Errors
    /// If somebody else asks, or the database refuses.
    pub(crate) async fn open(app: &Shared, at: &Member) -> Result<Self, AppError> {
        at.require(Role::Administrator)?;
        Ok(Self {
            frame: Frame::organisation(app, at, "Invite my Team").await?,
            organisation: at.organisation.clone(),
            verified: app.is_verified(&at.signed.user),
            smtp: app.config.smtp.is_some(),
            emails: String::new(),
            emails_error: None,
            role: Role::Member,
            code_role: Role::Member,
            hours: HOLDS_FOR / HOUR,
            uses: MAX_USES.to_string(),
            role_error: None,
            hours_error: None,
            uses_error: None,
            code_error: None,
        })
    }

    fn code_roles() -> [Role; 2] {
        Terms::ROLES
    }

    /// How long a code may hold; what was chosen is among them, whatever it was.
    fn choices(&self) -> Vec<(i64, String)> {
        let mut choices: Vec<_> = HOURS.iter().map(|&(hours, text)| (hours, text.to_owned())).collect();
        if HOURS.iter().all(|&(hours, _)| hours != self.hours) {
            choices.push((self.hours, format!("{} hours", self.hours)));
        }
        choices
    }
}
