use domain::email::EmailAddress;
use domain::id::OrganisationId;
use domain::role::Role;
use domain::time::{DAY, Micros};
use store::acceptances::{self, Key};
use store::invitations::{self, Delivery, Refusal};
use store::memberships::{self, Change, Departure};

use crate::team::{NOW, TEAM, Team, at_once};

#[tokio::test]
async fn an_invitation_replaces_the_one_before_it_to_the_same_address_with_its_role() {
    let team = Team::new().await;
    let (_, mailed, copied) = team.invite("Bob@example.com", Role::Member).await;
    let (_, new, _) = team.invite("bob@EXAMPLE.com", Role::Viewer).await;
    for old in [mailed, copied] {
        assert_eq!(acceptances::find(&team.db, Key::Link(old), NOW).await.unwrap(), None);
    }
    let offer = acceptances::find(&team.db, Key::Link(new), NOW).await.unwrap().unwrap();
    assert_eq!(offer.role, Role::Viewer);
    let pending = invitations::pending(&team.db, TEAM, NOW).await.unwrap();
    assert_eq!((pending.len(), pending[0].email.as_str()), (1, "bob@EXAMPLE.com"));
}

#[tokio::test]
async fn members_are_told_of_and_not_invited() {
    let team = Team::new().await;
    team.member("Bob@example.com", Role::Viewer).await;
    let new = [
        team.new_invitation("bob@Example.com"),
        team.new_invitation("cyd@example.com"),
    ];
    let members = team.invite_as(TEAM, team.ada, Role::Member, &new, NOW).await;
    assert_eq!(members, Ok(vec![EmailAddress::new("bob@example.com").unwrap()]));
    let pending = invitations::pending(&team.db, TEAM, NOW).await.unwrap();
    assert_eq!((pending.len(), pending[0].email.as_str()), (1, "cyd@example.com"));
}

#[tokio::test]
async fn only_administrators_invite() {
    let team = Team::new().await;
    let people = [
        team.member("bob@example.com", Role::Member).await,
        team.member("cyd@example.com", Role::Viewer).await,
        team.person("dot@example.com").await,
    ];
    for by in people {
        let new = [team.new_invitation("eve@example.com")];
        let refused = team.invite_as(TEAM, by, Role::Viewer, &new, NOW).await;
        assert_eq!(refused, Err(Refusal::NotAllowed));
        let (id, ..) = team.invite("eve@example.com", Role::Member).await;
        let mut tx = team.db.begin().await.unwrap();
        assert_eq!(invitations::revoke(&mut tx, TEAM, by, id, NOW).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_are_more_than_100_pending_and_expired_ones_do_not_count() {
    let team = Team::new().await;
    let all: Vec<_> = (0..99)
        .map(|n| team.new_invitation(&format!("p{n}@example.com")))
        .collect();
    team.invite_as(TEAM, team.ada, Role::Member, &all, NOW).await.unwrap();
    let done = at_once((0..50).map(|n| {
        let team = team.clone();
        async move {
            let new = [team.new_invitation(&format!("q{n}@example.com"))];
            team.invite_as(TEAM, team.ada, Role::Member, &new, NOW).await
        }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(
        done.iter()
            .filter(|done| **done == Err(Refusal::TooManyPending))
            .count(),
        49
    );
    // replacing one of them is no further one
    team.invite("p1@example.com", Role::Viewer).await;
    let new = [team.new_invitation("later@example.com")];
    assert_eq!(
        team.invite_as(TEAM, team.ada, Role::Member, &new, NOW + 7 * DAY).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn an_organisation_sends_200_mails_a_day() {
    let team = Team::new().await;
    for round in 0..4 {
        let all: Vec<_> = (0..50)
            .map(|n| team.new_invitation(&format!("p{n}@r{round}.example")))
            .collect();
        // a day's mails, though the pending ones are revoked in between
        team.invite_as(TEAM, team.ada, Role::Member, &all, NOW).await.unwrap();
        for one in all {
            let mut tx = team.db.begin().await.unwrap();
            invitations::revoke(&mut tx, TEAM, team.ada, one.id, NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    let new = [team.new_invitation("bob@example.com")];
    let refused = team.invite_as(TEAM, team.ada, Role::Member, &new, NOW + 1).await;
    assert_eq!(refused, Err(Refusal::TooManyMails(NOW + DAY)));
    assert!(
        team.invite_as(TEAM, team.ada, Role::Member, &new, NOW + DAY)
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_mails_a_day_go_to_one_address_whichever_organisations_send_them() {
    let team = Team::new().await;
    for id in 2..=20 {
        team.organisation(OrganisationId(id)).await;
        team.add(OrganisationId(id), team.ada, Role::Administrator).await;
    }
    let done = at_once((1..=20).map(|id| {
        let team = team.clone();
        async move {
            // in opposite orders: they must not wait for each other in a circle
            let mut new = vec![
                team.new_invitation("bob@example.com"),
                team.new_invitation("cyd@example.com"),
            ];
            if id % 2 == 0 {
                new.reverse();
            }
            team.invite_as(OrganisationId(id), team.ada, Role::Member, &new, NOW)
                .await
        }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 5);
    let bob = EmailAddress::new("bob@example.com").unwrap();
    let refused = Err(Refusal::TooManyMailsTo(bob, NOW + DAY));
    assert_eq!(done.iter().filter(|done| **done == refused).count(), 15);
}

#[tokio::test]
async fn expired_ones_stay_listed_for_30_days_and_revoked_ones_do_not() {
    let team = Team::new().await;
    let (_, mailed, _) = team.invite("bob@example.com", Role::Member).await;
    let listed = async |now: Micros| invitations::pending(&team.db, TEAM, now).await.unwrap().len();
    let end = NOW + 7 * DAY;
    let holds = async |now: Micros| {
        acceptances::find(&team.db, Key::Link(mailed), now)
            .await
            .unwrap()
            .is_some()
    };
    assert!(holds(end - 1).await && !holds(end).await);
    assert_eq!((listed(end + 30 * DAY - 1).await, listed(end + 30 * DAY).await), (1, 0));
    let (id, mailed, copied) = team.invite("bob@example.com", Role::Member).await;
    let mut tx = team.db.begin().await.unwrap();
    let revoked = invitations::revoke(&mut tx, TEAM, team.ada, id, NOW).await.unwrap();
    assert_eq!(revoked.unwrap().as_str(), "bob@example.com");
    assert_eq!(
        invitations::revoke(&mut tx, TEAM, team.ada, id, NOW).await.unwrap(),
        None
    );
    tx.commit().await.unwrap();
    assert_eq!(listed(NOW).await, 0);
    for link in [mailed, copied] {
        assert_eq!(acceptances::find(&team.db, Key::Link(link), NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn delivery_is_that_of_the_newest_mail() {
    let team = Team::new().await;
    let (_, old, _) = team.invite("bob@example.com", Role::Member).await;
    let (_, new, _) = team.invite("bob@example.com", Role::Member).await;
    let states = [
        Delivery::Queued(Some("connection refused".to_owned())),
        Delivery::Failed("no such mailbox".to_owned()),
        Delivery::Sent(NOW + 5),
    ];
    let delivery = async || {
        invitations::pending(&team.db, TEAM, NOW).await.unwrap()[0]
            .delivery
            .clone()
    };
    assert_eq!(delivery().await, Delivery::Queued(None));
    for state in states {
        let mut tx = team.db.begin().await.unwrap();
        invitations::set_delivery(&mut tx, new, &state).await.unwrap();
        invitations::set_delivery(&mut tx, old, &Delivery::Failed("late".to_owned()))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(delivery().await, state);
    }
}

#[tokio::test]
async fn who_stops_being_administrator_stops_inviting() {
    for way in ["removed", "demoted", "left"] {
        let team = Team::new().await;
        let bob = team.member("bob@example.com", Role::Administrator).await;
        let new = [team.new_invitation("eve@example.com")];
        team.invite_as(TEAM, bob, Role::Member, &new, NOW).await.unwrap();
        let (_, adas, _) = team.invite("fay@example.com", Role::Member).await;
        let mut tx = team.db.begin().await.unwrap();
        match way {
            "removed" => {
                let done = memberships::remove(&mut tx, TEAM, team.ada, bob, NOW).await.unwrap();
                assert_eq!(done, Change::Done(Role::Administrator));
            }
            "demoted" => {
                let done = memberships::set_role(&mut tx, TEAM, bob, bob, Role::Member, NOW)
                    .await
                    .unwrap();
                assert_eq!(done, Change::Done(Role::Administrator));
            }
            _ => {
                let done = memberships::leave(&mut tx, TEAM, bob, "Team", NOW).await.unwrap();
                assert_eq!(done, Departure::Left(Role::Administrator));
            }
        }
        tx.commit().await.unwrap();
        let holds = async |hash| {
            acceptances::find(&team.db, Key::Link(hash), NOW)
                .await
                .unwrap()
                .is_some()
        };
        assert!(
            !holds(new[0].mailed_hash).await && !holds(new[0].copied_hash).await,
            "{way}"
        );
        assert!(holds(adas).await, "{way}");
    }
}
