//! An organisation with people in it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::email::EmailAddress;
use domain::id::{InvitationId, OrganisationId, UserId};
use domain::name::Name;
use domain::role::Role;
use domain::time::{HOUR, Micros};
use store::invitations::{self, NewInvitation, Refusal};
use store::memberships::{self, How};
use store::testing::Scratch;
use store::users::{self, NewUser};
use store::{Db, organisations};

pub(crate) const NOW: Micros = Micros(1_000_000 * HOUR);
pub(crate) const TEAM: OrganisationId = OrganisationId(1);

/// An organisation with one Administrator.
pub(crate) struct Team {
    pub(crate) db: Db,
    pub(crate) ada: UserId,
    next: AtomicI64,
    _scratch: Scratch,
}

impl Team {
    pub(crate) async fn new() -> Arc<Self> {
        let scratch = Scratch::new().await;
        let mut team = Self {
            db: scratch.db.clone(),
            ada: UserId(0),
            next: AtomicI64::new(100),
            _scratch: scratch,
        };
        team.organisation(TEAM).await;
        team.ada = team.member("ada@example.com", Role::Administrator).await;
        Arc::new(team)
    }

    pub(crate) fn draw(&self) -> i64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) async fn organisation(&self, id: OrganisationId) {
        let mut tx = self.db.begin().await.unwrap();
        organisations::create(&mut tx, id, &Name::new("Team").unwrap(), NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody with an account.
    pub(crate) async fn person(&self, email: &str) -> UserId {
        let id = UserId(self.draw());
        let new = NewUser {
            id,
            name: &Name::new(email).unwrap(),
            email: &EmailAddress::new(email).unwrap(),
            email_verified_at: None,
            password_hash: "",
        };
        let mut tx = self.db.begin().await.unwrap();
        assert!(users::create(&mut tx, new, NOW).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    /// Somebody who is in the organisation.
    pub(crate) async fn member(&self, email: &str, role: Role) -> UserId {
        let id = self.person(email).await;
        self.add(TEAM, id, role).await;
        id
    }

    pub(crate) async fn add(&self, organisation: OrganisationId, user: UserId, role: Role) {
        let mut tx = self.db.begin().await.unwrap();
        assert!(
            memberships::add(&mut tx, organisation, user, role, How::Founded, NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    }

    pub(crate) async fn role(&self, user: UserId) -> Option<Role> {
        memberships::role_of(&self.db, TEAM, user).await.unwrap()
    }

    /// An invitation by Ada, with its hashes: mailed and copied.
    pub(crate) async fn invite(&self, email: &str, role: Role) -> (InvitationId, [u8; 32], [u8; 32]) {
        let new = self.new_invitation(email);
        self.invite_as(TEAM, self.ada, role, std::slice::from_ref(&new), NOW)
            .await
            .unwrap();
        (new.id, new.mailed_hash, new.copied_hash)
    }

    pub(crate) fn new_invitation(&self, email: &str) -> NewInvitation {
        let number = self.draw();
        NewInvitation {
            id: InvitationId(number),
            email: EmailAddress::new(email).unwrap(),
            mailed_hash: hash(number),
            copied_hash: hash(-number),
        }
    }

    pub(crate) async fn invite_as(
        &self,
        organisation: OrganisationId,
        by: UserId,
        role: Role,
        new: &[NewInvitation],
        now: Micros,
    ) -> Result<Vec<EmailAddress>, Refusal> {
        let mut tx = self.db.begin().await.unwrap();
        let done = invitations::create(&mut tx, organisation, by, role, new, now)
            .await
            .unwrap();
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    }
}

/// Bytes that stand for a token's hash.
pub(crate) fn hash(number: i64) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

/// Runs all of them at once.
pub(crate) async fn at_once<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = work.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}
