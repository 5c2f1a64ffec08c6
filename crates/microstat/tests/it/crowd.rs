//! Many people at once.

use domain::email::EmailAddress;
use domain::id::{OrganisationId, SessionId, UserId};
use domain::name::Name;
use domain::role::Role;
use microstat::secrets::Secret;
use store::memberships::How;
use store::sessions::NewSession;
use store::users::NewUser;

use crate::harness::{Browser, Site};

impl Site {
    /// Members without a password, each with a browser that is signed in: made faster than by signing up.
    pub(crate) async fn crowd(&self, organisation: OrganisationId, role: Role, n: usize) -> Vec<(UserId, Browser)> {
        let now = self.app.now();
        let mut crowd = Vec::new();
        let mut tx = self.app.db.begin().await.expect("begin");
        for place in 0..n {
            let user = UserId::from_random(self.app.random.bits());
            let new = NewUser {
                id: user,
                name: &Name::new(&format!("Person {place}")).expect("a name"),
                email: &EmailAddress::new(&format!("{place}@crowd.example")).expect("an address"),
                email_verified_at: None,
                password_hash: "",
            };
            assert!(store::users::create(&mut tx, new, now).await.expect("create"));
            let added = store::memberships::add(&mut tx, organisation, user, role, How::Founded, now).await;
            assert!(added.expect("add"));
            let token = Secret::token(&self.app.random);
            let session = NewSession {
                id: SessionId::from_random(self.app.random.bits()),
                user,
                token_hash: token.hash(),
                user_agent: "",
                address: "",
            };
            store::sessions::create(&mut tx, session, now).await.expect("sign in");
            let mut browser = self.browser();
            browser.jar.insert("session".to_owned(), token.reveal().to_owned());
            crowd.push((user, browser));
        }
        tx.commit().await.expect("commit");
        for (_, browser) in &mut crowd {
            // for the token of its forms
            browser.open("/organisations/new").await;
        }
        crowd
    }

    /// How many Administrators an organisation has.
    pub(crate) async fn administrators(&self, organisation: OrganisationId) -> usize {
        let members = store::memberships::of_organisation(&self.app.db, organisation).await;
        let members = members.expect("read");
        members
            .iter()
            .filter(|member| member.role == Role::Administrator)
            .count()
    }
}
