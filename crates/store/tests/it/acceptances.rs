use domain::role::Role;
use domain::time::DAY;
use store::acceptances::{self, Acceptance, Key};
use store::{Tx, invitations, memberships, organisations};

use crate::team::{NOW, TEAM, Team, at_once};

async fn accept(team: &Team, key: Key, user: domain::id::UserId) -> Acceptance {
    let mut tx = team.db.begin().await.unwrap();
    let done = acceptances::accept(&mut tx, key, user, NOW).await.unwrap();
    tx.commit().await.unwrap();
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clicks_on_one_link_at_once_make_one_membership() {
    let team = Team::new().await;
    let bob = team.person("bob@example.com").await;
    let (_, mailed, copied) = team.invite("Bob@Example.com", Role::Viewer).await;
    let done = at_once((0..50).map(|n| {
        let team = team.clone();
        let link = if n % 2 == 0 { mailed } else { copied };
        async move { accept(&team, Key::Link(link), bob).await }
    }))
    .await;
    let joined = done.iter().filter(|done| matches!(done, Acceptance::Joined(_))).count();
    let already = done.iter().filter(|done| **done == Acceptance::Already(TEAM)).count();
    assert_eq!((joined, already), (1, 49));
    assert_eq!(team.role(bob).await, Some(Role::Viewer));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_people_with_one_link_only_the_addressee_gets_in() {
    let team = Team::new().await;
    let mut people = vec![team.person("bob@example.com").await];
    for n in 1..50 {
        people.push(team.person(&format!("p{n}@example.com")).await);
    }
    let (_, mailed, _) = team.invite("bob@example.com", Role::Member).await;
    at_once(people.clone().into_iter().rev().map(|user| {
        let team = team.clone();
        async move { accept(&team, Key::Link(mailed), user).await }
    }))
    .await;
    let members = memberships::of_organisation(&team.db, TEAM).await.unwrap();
    let mut members: Vec<_> = members.iter().map(|member| member.user).collect();
    members.sort();
    assert_eq!(members, [team.ada, people[0]]);
    // and the others are told nothing but that it is over
    assert_eq!(accept(&team, Key::Link(mailed), people[1]).await, Acceptance::Gone);
}

#[tokio::test]
async fn somebody_else_uses_nothing_up() {
    let team = Team::new().await;
    let (bob, eve) = (
        team.person("bob@example.com").await,
        team.person("eve@example.com").await,
    );
    let (id, mailed, _) = team.invite("bob@example.com", Role::Member).await;
    for key in [Key::Link(mailed), Key::Id(id)] {
        assert_eq!(accept(&team, key, eve).await, Acceptance::ForAnother);
    }
    assert!(matches!(accept(&team, Key::Id(id), bob).await, Acceptance::Joined(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_replacing_and_revoking_at_once_leave_one_truth() {
    let team = Team::new().await;
    for round in 0..5 {
        let email = format!("bob{round}@example.com");
        let bob = team.person(&email).await;
        let (id, mailed, _) = team.invite(&email, Role::Viewer).await;
        let done = at_once((0..50).map(|n| {
            let (team, email) = (team.clone(), email.clone());
            async move {
                match n % 10 {
                    3 => {
                        let new = [team.new_invitation(&email)];
                        let _ = team.invite_as(TEAM, team.ada, Role::Member, &new, NOW).await;
                        false
                    }
                    7 => {
                        let mut tx = team.db.begin().await.unwrap();
                        invitations::revoke(&mut tx, TEAM, team.ada, id, NOW).await.unwrap();
                        tx.commit().await.unwrap();
                        false
                    }
                    _ => matches!(accept(&team, Key::Link(mailed), bob).await, Acceptance::Joined(_)),
                }
            }
        }))
        .await;
        let joined = done.into_iter().filter(|&joined| joined).count();
        assert!(joined <= 1);
        // the old link gave the old role or nothing, and never works afterwards
        assert_eq!(team.role(bob).await, (joined == 1).then_some(Role::Viewer));
        assert_eq!(acceptances::find(&team.db, Key::Link(mailed), NOW).await.unwrap(), None);
        let pending = invitations::pending(&team.db, TEAM, NOW).await.unwrap();
        assert!(pending.iter().filter(|one| one.email.as_str() == email).count() <= 1);
    }
}

#[tokio::test]
async fn accepting_as_a_member_changes_nothing_and_leads_to_the_organisation() {
    let team = Team::new().await;
    let bob = team.person("bob@example.com").await;
    let (_, mailed, _) = team.invite("bob@example.com", Role::Administrator).await;
    team.add(TEAM, bob, Role::Viewer).await;
    for _ in 0..2 {
        assert_eq!(accept(&team, Key::Link(mailed), bob).await, Acceptance::Already(TEAM));
    }
    assert_eq!(team.role(bob).await, Some(Role::Viewer));
}

#[tokio::test]
async fn an_invitation_lets_back_in_whom_an_administrator_removed() {
    let team = Team::new().await;
    let bob = team.member("bob@example.com", Role::Member).await;
    let mut tx = team.db.begin().await.unwrap();
    memberships::remove(&mut tx, TEAM, team.ada, bob, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let (_, mailed, _) = team.invite("bob@example.com", Role::Viewer).await;
    assert!(matches!(
        accept(&team, Key::Link(mailed), bob).await,
        Acceptance::Joined(_)
    ));
    assert_eq!(team.role(bob).await, Some(Role::Viewer));
}

#[tokio::test]
async fn what_is_over_lets_nobody_in() {
    let team = Team::new().await;
    let bob = team.person("bob@example.com").await;
    let (id, mailed, _) = team.invite("bob@example.com", Role::Member).await;
    let gone = async |tx: &mut Tx, now| acceptances::accept(tx, Key::Link(mailed), bob, now).await.unwrap();
    let mut tx = team.db.begin().await.unwrap();
    assert_eq!(gone(&mut tx, NOW + 7 * DAY).await, Acceptance::Gone);
    assert_eq!(
        acceptances::decline(&mut tx, id, bob, NOW + 7 * DAY).await.unwrap(),
        None
    );
    drop(tx);
    let mut tx = team.db.begin().await.unwrap();
    organisations::delete(&mut tx, TEAM, "Team", team.ada, NOW)
        .await
        .unwrap();
    assert_eq!(gone(&mut tx, NOW).await, Acceptance::Gone);
    drop(tx);
    let mut tx = team.db.begin().await.unwrap();
    assert_eq!(acceptances::decline(&mut tx, id, bob, NOW).await.unwrap(), Some(TEAM));
    assert_eq!(gone(&mut tx, NOW).await, Acceptance::Gone);
    tx.commit().await.unwrap();
    assert_eq!(accept(&team, Key::Id(id), bob).await, Acceptance::Gone);
    assert!(invitations::pending(&team.db, TEAM, NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_person_sees_their_own_invitations_and_declines_no_others() {
    let team = Team::new().await;
    let (bob, eve) = (
        team.person("Bob@example.com").await,
        team.person("eve@example.com").await,
    );
    let (id, ..) = team.invite("bob@Example.com", Role::Member).await;
    assert_eq!(acceptances::of_user(&team.db, bob, NOW).await.unwrap()[0].id, id);
    assert_eq!(acceptances::of_user(&team.db, bob, NOW + 7 * DAY).await.unwrap(), []);
    assert_eq!(acceptances::of_user(&team.db, eve, NOW).await.unwrap(), []);
    let mut tx = team.db.begin().await.unwrap();
    assert_eq!(acceptances::decline(&mut tx, id, eve, NOW).await.unwrap(), None);
    assert_eq!(acceptances::decline(&mut tx, id, bob, NOW).await.unwrap(), Some(TEAM));
    assert_eq!(acceptances::of_user(&mut tx, bob, NOW).await.unwrap(), []);
}

#[tokio::test]
async fn the_mailed_link_proves_the_mailbox_and_the_copied_one_does_not() {
    for mailed in [true, false] {
        let team = Team::new().await;
        let bob = team.person("bob@example.com").await;
        let (_, mail, copy) = team.invite("bob@example.com", Role::Member).await;
        accept(&team, Key::Link(if mailed { mail } else { copy }), bob).await;
        let bob = store::users::find(&team.db, bob).await.unwrap().unwrap();
        assert_eq!(bob.email_verified_at, mailed.then_some(NOW));
    }
}
