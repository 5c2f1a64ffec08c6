//! An organisation's audit log: who did what to whom, when, from where. Appended only.

use domain::id::{EventId, OrganisationId, UserId};
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $text:literal;)+) => {
        /// What was done: a closed list. The words are kept in the database and stand in exports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word it is kept and exported as.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What people read.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

actions! {
    /// An organisation was made.
    OrganisationCreated = "organisation.created", "Created the organisation";
    /// It was given another name.
    OrganisationRenamed = "organisation.renamed", "Changed the organisation's name";
    /// It was deleted.
    OrganisationDeleted = "organisation.deleted", "Deleted the organisation";
    /// It was restored.
    OrganisationRestored = "organisation.restored", "Restored the organisation";
    /// Somebody was invited by mail.
    InvitationSent = "invitation.sent", "Sent an invitation";
    /// An invitation was sent again, with a new link.
    InvitationResent = "invitation.resent", "Sent an invitation again";
    /// An invitation was revoked.
    InvitationRevoked = "invitation.revoked", "Revoked an invitation";
    /// Somebody declined an invitation.
    InvitationDeclined = "invitation.declined", "Declined an invitation";
    /// An invitation code was made.
    CodeCreated = "code.created", "Created an invitation code";
    /// An invitation code was turned off.
    CodeTurnedOff = "code.turned_off", "Turned off an invitation code";
    /// Somebody joined.
    MemberJoined = "member.joined", "Joined";
    /// A member was given another role.
    RoleChanged = "member.role_changed", "Changed a member's role";
    /// A member was removed.
    MemberRemoved = "member.removed", "Removed a member";
    /// A member left.
    MemberLeft = "member.left", "Left";
    /// A project was made.
    ProjectCreated = "project.created", "Created a project";
    /// A project was given another name.
    ProjectRenamed = "project.renamed", "Changed a project's name";
    /// A project's origins, retention or pause was changed.
    ProjectChanged = "project.changed", "Changed a project's settings";
    /// What is known of its rejected data points was cleared.
    RejectionsCleared = "project.rejections_cleared", "Cleared rejected data points";
    /// A project was deleted.
    ProjectDeleted = "project.deleted", "Deleted a project";
    /// A project was restored.
    ProjectRestored = "project.restored", "Restored a project";
    /// A DSN was made.
    DsnCreated = "dsn.created", "Made a DSN";
    /// A DSN was turned off, or will be at a time.
    DsnTurnedOff = "dsn.turned_off", "Turned off a DSN";
    /// What people say of a metric was changed, or whether lists show it.
    MetricChanged = "metric.changed", "Changed a metric";
    /// A metric was merged into another.
    MetricMerged = "metric.merged", "Merged a metric into another";
    /// A merged metric was separated again.
    MetricSeparated = "metric.separated", "Separated a metric again";
    /// A deleted metric was restored.
    MetricRestored = "metric.restored", "Restored a metric";
    /// A metric was deleted.
    MetricDeleted = "metric.deleted", "Deleted a metric";
    /// Data points of a metric were deleted, those between two times.
    DataPointsDeleted = "metric.data_points_deleted", "Deleted data points";
    /// An annotation was added.
    AnnotationAdded = "annotation.added", "Added an annotation";
    /// An annotation was changed.
    AnnotationChanged = "annotation.changed", "Changed an annotation";
    /// An annotation was deleted.
    AnnotationDeleted = "annotation.deleted", "Deleted an annotation";
    /// A deleted annotation was brought back.
    AnnotationRestored = "annotation.restored", "Brought back an annotation";
    /// A board was shared with the organisation.
    BoardCreated = "board.created", "Shared a board";
    /// A shared board, or a chart on it, was changed.
    BoardChanged = "board.changed", "Changed a board";
    /// A shared board was deleted.
    BoardDeleted = "board.deleted", "Deleted a board";
    /// A deleted board was brought back.
    BoardRestored = "board.restored", "Brought back a board";
    /// A public link was made.
    ShareCreated = "share.created", "Made a public link";
    /// A public link was revoked.
    ShareRevoked = "share.revoked", "Revoked a public link";
    /// Public links were allowed or forbidden.
    SharingChanged = "sharing.changed", "Changed whether there may be public links";
    /// A file was begun to be imported.
    ImportStarted = "import.started", "Began an import";
    /// An import ended.
    ImportEnded = "import.ended", "Ended an import";
    /// An API token for this organisation was made.
    TokenCreated = "token.created", "Made an API token";
    /// An API token for this organisation was revoked.
    TokenRevoked = "token.revoked", "Revoked an API token";
}

/// Who acts, as the log remembers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; nobody, if micro stat acted by itself.
    pub user: Option<UserId>,
    /// Their name and address at the time, like `Ada <ada@example.com>`.
    pub name: String,
    /// The client's address.
    pub address: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Micros,
    /// Who did it.
    pub actor: Actor,
    /// What they did, as its word: a newer version may have written one that this one doesn't know.
    pub action: String,
    /// To whom or to what: a person, a project, a code's last four.
    pub subject: String,
    /// What else there is to say: the old name, the new role.
    pub detail: String,
}

impl Event {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            actor: Actor {
                user: row.get("actor_id")?,
                name: row.get("actor")?,
                address: row.get("address")?,
            },
            action: row.get("action")?,
            subject: row.get("subject")?,
            detail: row.get("detail")?,
        })
    }

    /// What people read of the action; its word if this version doesn't know it.
    #[must_use]
    pub fn text(&self) -> &str {
        let known = Action::ALL.iter().find(|action| action.word() == self.action);
        known.map_or(&self.action, |action| action.text())
    }
}

/// Something to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Its id.
    pub id: EventId,
    /// Whose log.
    pub organisation: OrganisationId,
    /// Who did it.
    pub actor: &'a Actor,
    /// What they did.
    pub action: Action,
    /// To whom or to what.
    pub subject: &'a str,
    /// What else there is to say.
    pub detail: &'a str,
}

/// Writes an event down, in the transaction that makes it true.
///
/// # Errors
/// If the database refuses.
pub async fn record(tx: &mut Tx, new: NewEvent<'_>, now: Micros) -> Result<()> {
    sql(
        "insert into audit_events (id, organisation_id, at, actor_id, actor, address, action, subject, detail) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.id)
    .bind(new.organisation)
    .bind(now)
    .bind(new.actor.user)
    .bind(&new.actor.name)
    .bind(&new.actor.address)
    .bind(new.action.word())
    .bind(new.subject)
    .bind(new.detail)
    .execute(tx)
    .await?;
    Ok(())
}

/// Some events of an organisation, newest first, from just before `before` on.
///
/// # Errors
/// If the database refuses.
pub async fn of_organisation(
    on: impl Into<On<'_>>,
    organisation: OrganisationId,
    before: Option<(Micros, EventId)>,
    limit: i64,
) -> Result<Vec<Event>> {
    let (at, id) = before.unwrap_or((Micros(i64::MAX), EventId(i64::MAX)));
    let rows = sql(
        "select * from audit_events where organisation_id = $1 and (at < $2 or (at = $2 and id < $3)) \
         order by at desc, id desc limit $4",
    )
    .bind(organisation)
    .bind(at)
    .bind(id)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(Event::read).collect()
}
