//! The people of the demo, their organisations and projects, and what they did in them.

use domain::dsn::PublicKey;
use domain::email::EmailAddress;
use domain::id::{CodeId, DsnId, EventId, InvitationId, OrganisationId, ProjectId, UserId};
use domain::invitation_code::{InvitationCode, Terms};
use domain::name::Name;
use domain::reason::Reason;
use domain::role::Role;
use domain::time::{DAY, HOUR, Micros};
use store::Tx;
use store::audit_events::{Action, Actor, NewEvent};
use store::invitation_codes::NewCode;
use store::invitations::{Delivery, NewInvitation};
use store::memberships::How;
use store::rejections::{Rejected, Sample};
use store::users::NewUser;

use super::rhythm::Year;
use crate::state::App;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Who signs in.
pub(super) const EMAIL: &str = "robin@example.com";

/// Name, address, role in the shop's organisation, and how many days ago they joined; whoever made it comes first.
const SHOP: [(&str, &str, Role, i64); 5] = [
    ("Robin Berger", EMAIL, Role::Administrator, 366),
    ("Mira Okafor", "mira@example.com", Role::Administrator, 340),
    ("Jonas Lindqvist", "jonas@example.com", Role::Member, 211),
    ("Salma Haddad", "salma@example.com", Role::Member, 96),
    ("Kenji Tanaka", "kenji@example.com", Role::Viewer, 40),
];
/// Places in [`SHOP`] of those who are in the choir's organisation, with their role there.
const CHOIR: [(usize, Role, i64); 3] = [
    (1, Role::Administrator, 62),
    (0, Role::Member, 58),
    (4, Role::Viewer, 30),
];

/// Where the demo is set up: whatever happens there happened so many days ago, at half past eight or so.
pub(super) struct Stage<'s> {
    pub(super) tx: &'s mut Tx,
    pub(super) app: &'s App,
    pub(super) year: Year,
}

impl Stage<'_> {
    /// Makes everybody and everything but the metrics; gives whoever signs in.
    pub(super) async fn set(
        &mut self,
        [mine, others]: [&str; 2],
        [shop, box_office]: [ProjectId; 2],
    ) -> Result<UserId> {
        let mut people = Vec::with_capacity(SHOP.len());
        for (name, email, _, joined) in SHOP {
            let hash = if email == EMAIL { mine } else { others };
            people.push(self.person(name, email, hash, joined).await?);
        }
        let paper = self.organisation("Paper & Thread", people[0], SHOP[0].3).await?;
        for (person, (.., role, joined)) in people.iter().zip(SHOP).skip(1) {
            self.join(paper, *person, role, joined).await?;
        }
        let (founder, _, since) = CHOIR[0];
        let choir = self.organisation("Riverside Choir", people[founder], since).await?;
        for (place, role, joined) in CHOIR.into_iter().skip(1) {
            self.join(choir, people[place], role, joined).await?;
        }
        let wholesale = ProjectId::from_random(self.app.random.bits());
        self.project(paper, people[0], shop, "Web Shop", SHOP[0].3).await?;
        self.project(paper, people[1], wholesale, "Wholesale", 3).await?;
        self.project(choir, people[founder], box_office, "Box Office", since)
            .await?;
        self.invite(paper, people[1], "noor@example.com", 2).await?;
        self.code(paper, people[0], 1).await?;
        let sample = r#"{"name":"Basket Items","type":"Counter","value":null}"#;
        self.reject(shop, Reason::InvalidValue, 41, sample, 1).await?;
        let sample = r#"{"name":"Order Value","type":"Money","value":12.5}"#;
        self.reject(shop, Reason::UnknownType, 3, sample, 6).await?;
        Ok(people[0])
    }

    fn morning(&self, days_ago: i64) -> Micros {
        self.year.day(days_ago) + 8 * HOUR + days_ago % 7 * HOUR / 6
    }

    async fn person(&mut self, name: &str, email: &str, hash: &str, days_ago: i64) -> Result<UserId> {
        let id = UserId::from_random(self.app.random.bits());
        let (name, email, at) = (Name::new(name)?, EmailAddress::new(email)?, self.morning(days_ago));
        let new = NewUser {
            id,
            name: &name,
            email: &email,
            email_verified_at: Some(at),
            password_hash: hash,
        };
        if store::users::create(self.tx, new, at).await? {
            Ok(id)
        } else {
            Err(format!("{email} has an account already").into())
        }
    }

    async fn organisation(&mut self, name: &str, by: UserId, days_ago: i64) -> Result<OrganisationId> {
        let (id, at) = (
            OrganisationId::from_random(self.app.random.bits()),
            self.morning(days_ago),
        );
        store::organisations::create(self.tx, id, &Name::new(name)?, at).await?;
        store::memberships::add(self.tx, id, by, Role::Administrator, How::Founded, at).await?;
        self.record(id, by, Action::OrganisationCreated, name, "", at).await?;
        Ok(id)
    }

    async fn join(&mut self, organisation: OrganisationId, user: UserId, role: Role, days_ago: i64) -> Result<()> {
        let at = self.morning(days_ago);
        store::memberships::add(self.tx, organisation, user, role, How::Founded, at).await?;
        let (action, detail) = (Action::MemberJoined, role.name());
        let name = self.name(user).await?;
        self.record(organisation, user, action, &name, detail, at).await
    }

    async fn project(
        &mut self,
        of: OrganisationId,
        by: UserId,
        id: ProjectId,
        name: &str,
        days_ago: i64,
    ) -> Result<()> {
        let at = self.morning(days_ago) + HOUR / 4;
        store::projects::create(self.tx, id, of, &Name::new(name)?, at).await?;
        let key = PublicKey::from_random(self.app.random.bytes());
        let dsn = DsnId::from_random(self.app.random.bits());
        store::dsns::create(self.tx, dsn, id, key, &Name::new("First DSN")?, at).await?;
        self.record(of, by, Action::ProjectCreated, name, "", at).await
    }

    /// An invitation that was sent and is still to be accepted. Nobody has its link.
    async fn invite(&mut self, of: OrganisationId, by: UserId, email: &str, days_ago: i64) -> Result<()> {
        let at = self.morning(days_ago);
        let mailed_hash = self.app.random.bytes();
        let new = NewInvitation {
            id: InvitationId::from_random(self.app.random.bits()),
            email: EmailAddress::new(email)?,
            mailed_hash,
            copied_hash: self.app.random.bytes(),
        };
        let invited = store::invitations::create(self.tx, of, by, Role::Member, &[new], at).await?;
        invited.map_err(|refusal| format!("{refusal:?}"))?;
        store::invitations::set_delivery(self.tx, mailed_hash, &Delivery::Sent(at)).await?;
        let (action, detail) = (Action::InvitationSent, Role::Member.name());
        self.record(of, by, action, email, detail, at).await
    }

    /// A code that nobody has written down.
    async fn code(&mut self, of: OrganisationId, by: UserId, days_ago: i64) -> Result<()> {
        let at = self.morning(days_ago);
        let code = InvitationCode::from_random(self.app.random.bytes());
        let new = NewCode {
            id: CodeId::from_random(self.app.random.bits()),
            code_hash: self.app.keys.code_hash(code.digits()),
            last_four: code.last_four(),
            terms: Terms::new(Role::Viewer, 7 * DAY, 10)?,
        };
        store::invitation_codes::create(self.tx, of, by, new, at).await?;
        let (action, detail) = (Action::CodeCreated, Role::Viewer.name());
        self.record(of, by, action, code.last_four(), detail, at).await
    }

    async fn reject(
        &mut self,
        project: ProjectId,
        reason: Reason,
        data_points: i64,
        sample: &str,
        days_ago: i64,
    ) -> Result<()> {
        let at = self.morning(days_ago);
        let rejected = Rejected {
            reason,
            data_points,
            sample: sample.to_owned(),
            last_at: at,
        };
        store::rejections::add(self.tx, project, at.floor(DAY), &rejected).await?;
        let sample = Sample {
            at,
            text: sample.to_owned(),
            message: reason.message().to_owned(),
        };
        store::rejections::keep(self.tx, project, reason, &[sample]).await?;
        Ok(())
    }

    async fn name(&mut self, user: UserId) -> Result<String> {
        let person = store::users::find(&mut *self.tx, user).await?.ok_or("nobody")?;
        Ok(format!("{} <{}>", person.name, person.email))
    }

    async fn record(
        &mut self,
        organisation: OrganisationId,
        by: UserId,
        action: Action,
        subject: &str,
        detail: &str,
        at: Micros,
    ) -> Result<()> {
        let actor = Actor {
            user: Some(by),
            name: self.name(by).await?,
            address: "192.0.2.24".to_owned(),
        };
        let event = NewEvent {
            id: EventId::from_random(self.app.random.bits()),
            organisation,
            actor: &actor,
            action,
            subject,
            detail,
        };
        store::audit_events::record(self.tx, event, at).await?;
        Ok(())
    }
}
