use domain::id::{CodeId, UserId};
use domain::invitation_code::Terms;
use domain::role::Role;
use domain::time::{DAY, HOUR, Micros};
use store::invitation_codes::{self, Creation, Joining, NewCode, State};
use store::{memberships, organisations};

use crate::team::{NOW, TEAM, Team, at_once, hash};

async fn create(team: &Team, by: UserId, uses: i64) -> (CodeId, Creation) {
    let number = team.draw();
    let new = NewCode {
        id: CodeId(number),
        code_hash: hash(number),
        last_four: "WXYZ",
        terms: Terms::new(Role::Viewer, DAY, uses).unwrap(),
    };
    let mut tx = team.db.begin().await.unwrap();
    let done = invitation_codes::create(&mut tx, TEAM, by, new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    (new.id, done)
}

async fn join_at(team: &Team, code: CodeId, user: UserId, now: Micros) -> Joining {
    let mut tx = team.db.begin().await.unwrap();
    let done = invitation_codes::join(&mut tx, hash(code.0), user, now).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn join(team: &Team, code: CodeId, user: UserId) -> Joining {
    join_at(team, code, user, NOW).await
}

fn is_in(joining: &Joining) -> bool {
    matches!(joining, Joining::Joined { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_limit_holds_under_fifty_joins_at_once() {
    let team = Team::new().await;
    let (code, _) = create(&team, team.ada, 7).await;
    let mut people = Vec::new();
    for n in 0..50 {
        people.push(team.person(&format!("p{n}@example.com")).await);
    }
    let done = at_once(people.into_iter().map(|user| {
        let team = team.clone();
        async move { join(&team, code, user).await }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| is_in(done)).count(), 7);
    assert_eq!(done.iter().filter(|done| **done == Joining::Refused).count(), 43);
    assert_eq!(memberships::of_organisation(&team.db, TEAM).await.unwrap().len(), 8);
    let listed = invitation_codes::of_organisation(&team.db, TEAM, NOW).await.unwrap();
    assert_eq!(
        (listed[0].uses, listed[0].joined.len(), listed[0].state),
        (7, 7, State::UsedUp)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_who_joins_fifty_times_at_once_uses_one() {
    let team = Team::new().await;
    let (code, _) = create(&team, team.ada, 1).await;
    let bob = team.person("bob@example.com").await;
    let done = at_once((0..50).map(|_| {
        let team = team.clone();
        async move { join(&team, code, bob).await }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| is_in(done)).count(), 1);
    assert_eq!(done.iter().filter(|done| **done == Joining::Already(TEAM)).count(), 49);
    assert_eq!(team.role(bob).await, Some(Role::Viewer));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_codes_are_active_at_once() {
    let team = Team::new().await;
    let done = at_once((0..50).map(|_| {
        let team = team.clone();
        async move { create(&team, team.ada, 1).await }
    }))
    .await;
    let made: Vec<_> = done.iter().filter(|(_, done)| *done == Creation::Created).collect();
    assert_eq!(made.len(), 10);
    // a used up one makes room, and so does one that was turned off
    let bob = team.person("bob@example.com").await;
    assert!(is_in(&join(&team, made[0].0, bob).await));
    assert_eq!(create(&team, team.ada, 1).await.1, Creation::Created);
    assert_eq!(create(&team, team.ada, 1).await.1, Creation::TooMany);
    let mut tx = team.db.begin().await.unwrap();
    let off = invitation_codes::turn_off(&mut tx, TEAM, team.ada, made[1].0, NOW)
        .await
        .unwrap();
    assert_eq!(off.as_deref(), Some("WXYZ"));
    tx.commit().await.unwrap();
    assert_eq!(create(&team, team.ada, 1).await.1, Creation::Created);
}

#[tokio::test]
async fn only_administrators_make_codes_and_turn_them_off() {
    let team = Team::new().await;
    let (code, _) = create(&team, team.ada, 1).await;
    let people = [
        team.member("bob@example.com", Role::Member).await,
        team.person("cyd@example.com").await,
    ];
    for by in people {
        assert_eq!(create(&team, by, 1).await.1, Creation::NotAllowed);
        let mut tx = team.db.begin().await.unwrap();
        assert_eq!(
            invitation_codes::turn_off(&mut tx, TEAM, by, code, NOW).await.unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn wrong_expired_used_up_and_turned_off_codes_and_removed_people_are_refused_alike() {
    let team = Team::new().await;
    let eve = team.person("eve@example.com").await;
    assert_eq!(join(&team, CodeId(7), eve).await, Joining::Refused);
    let (code, _) = create(&team, team.ada, 1).await;
    assert_eq!(join_at(&team, code, eve, NOW + DAY).await, Joining::Refused);
    let bob = team.person("bob@example.com").await;
    assert!(is_in(&join_at(&team, code, bob, NOW + DAY - 1).await));
    assert_eq!(join(&team, code, eve).await, Joining::Refused);
    let (code, _) = create(&team, team.ada, 9).await;
    let mut tx = team.db.begin().await.unwrap();
    memberships::remove(&mut tx, TEAM, team.ada, bob, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(join(&team, code, bob).await, Joining::Refused);
    let mut tx = team.db.begin().await.unwrap();
    invitation_codes::turn_off(&mut tx, TEAM, team.ada, code, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(join(&team, code, eve).await, Joining::Refused);
    let (code, _) = create(&team, team.ada, 9).await;
    let mut tx = team.db.begin().await.unwrap();
    organisations::delete(&mut tx, TEAM, "Team", team.ada, NOW)
        .await
        .unwrap();
    assert_eq!(
        invitation_codes::join(&mut tx, hash(code.0), eve, NOW).await.unwrap(),
        Joining::Refused
    );
}

#[tokio::test]
async fn who_left_by_choice_may_come_back_by_a_code_as_long_as_it_holds() {
    let team = Team::new().await;
    let (code, _) = create(&team, team.ada, 2).await;
    let bob = team.person("bob@example.com").await;
    for _ in 0..2 {
        assert!(is_in(&join(&team, code, bob).await));
        let mut tx = team.db.begin().await.unwrap();
        memberships::leave(&mut tx, TEAM, bob, "Team", NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(join(&team, code, bob).await, Joining::Refused);
}

#[tokio::test]
async fn a_member_uses_nothing_and_keeps_their_role() {
    let team = Team::new().await;
    let (code, _) = create(&team, team.ada, 5).await;
    assert_eq!(join(&team, code, team.ada).await, Joining::Already(TEAM));
    assert_eq!(team.role(team.ada).await, Some(Role::Administrator));
    assert_eq!(
        invitation_codes::of_organisation(&team.db, TEAM, NOW).await.unwrap()[0].uses,
        0
    );
}

#[tokio::test]
async fn a_leak_is_undone() {
    let team = Team::new().await;
    let (leaked, _) = create(&team, team.ada, 9).await;
    let (other, _) = create(&team, team.ada, 9).await;
    let (bob, cyd) = (
        team.person("bob@example.com").await,
        team.person("cyd@example.com").await,
    );
    assert!(is_in(&join(&team, leaked, bob).await) && is_in(&join(&team, other, cyd).await));
    let mut tx = team.db.begin().await.unwrap();
    invitation_codes::turn_off(&mut tx, TEAM, team.ada, leaked, NOW)
        .await
        .unwrap();
    let gone = memberships::remove_joined_by(&mut tx, TEAM, team.ada, leaked, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(gone.iter().map(|member| member.user).collect::<Vec<_>>(), [bob]);
    assert_eq!((team.role(bob).await, team.role(cyd).await), (None, Some(Role::Viewer)));
    assert_eq!(join(&team, other, bob).await, Joining::Refused);
}

#[tokio::test]
async fn codes_of_who_stops_being_administrator_are_turned_off() {
    let team = Team::new().await;
    let bob = team.member("bob@example.com", Role::Administrator).await;
    let (code, _) = create(&team, bob, 9).await;
    let mut tx = team.db.begin().await.unwrap();
    memberships::set_role(&mut tx, TEAM, team.ada, bob, Role::Member, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let eve = team.person("eve@example.com").await;
    assert_eq!(join(&team, code, eve).await, Joining::Refused);
}

#[tokio::test]
async fn ended_codes_are_listed_for_30_days_or_while_somebody_who_joined_by_them_is_there() {
    let team = Team::new().await;
    let (unused, _) = create(&team, team.ada, 9).await;
    let (used, _) = create(&team, team.ada, 9).await;
    let bob = team.person("bob@example.com").await;
    assert!(is_in(&join(&team, used, bob).await));
    let listed = async |now: Micros| {
        let all = invitation_codes::of_organisation(&team.db, TEAM, now).await.unwrap();
        all.into_iter().map(|code| (code.id, code.state)).collect::<Vec<_>>()
    };
    assert_eq!(listed(NOW).await, [(unused, State::Active), (used, State::Active)]);
    let end = NOW + DAY;
    assert_eq!(
        listed(end + HOUR).await,
        [(unused, State::Expired), (used, State::Expired)]
    );
    assert_eq!(listed(end + 30 * DAY).await, [(used, State::Expired)]);
}
