//! An organisation always has an Administrator, however many go at the same instant.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::id::{OrganisationId, UserId};
use domain::role::Role;
use tokio::sync::Barrier;

use crate::harness::{Browser, Site};

/// How many at once.
const MANY: usize = 50;

/// An organisation without anybody.
async fn organisation(site: &Site) -> OrganisationId {
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let mut tx = site.app.db.begin().await.unwrap();
    store::db::sql("delete from memberships where organisation_id = $1")
        .bind(organisation)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    organisation
}

/// Everybody sends their form at the same instant; what each was answered.
async fn at_once(crowd: Vec<Browser>, forms: Vec<(String, Vec<(&'static str, String)>)>) -> Vec<StatusCode> {
    let barrier = Arc::new(Barrier::new(crowd.len()));
    let mut tasks = Vec::new();
    for (mut browser, (path, fields)) in crowd.into_iter().zip(forms) {
        let barrier = Arc::clone(&barrier);
        tasks.push(tokio::spawn(async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            barrier.wait().await;
            browser.post(&path, &fields).await.status
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

fn count(answers: &[StatusCode], status: StatusCode) -> usize {
    answers.iter().filter(|&&answer| answer == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_administrators_leaving_at_once_one_stays() {
    let site = Site::spread(&[]).await;
    let organisation = organisation(&site).await;
    let crowd = site.crowd(organisation, Role::Administrator, MANY).await;
    let name = vec![("name", "Ada's Organisation".to_owned())];
    let form = (format!("/organisations/{organisation}/departure"), name);
    let browsers = crowd.into_iter().map(|(_, browser)| browser).collect();
    let answers = at_once(browsers, vec![form; MANY]).await;
    assert_eq!(count(&answers, StatusCode::SEE_OTHER), MANY - 1, "{answers:?}");
    assert_eq!(count(&answers, StatusCode::CONFLICT), 1);
    assert_eq!(site.administrators(organisation).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_administrators_stepping_down_at_once_one_stays() {
    let site = Site::spread(&[]).await;
    let organisation = organisation(&site).await;
    let crowd = site.crowd(organisation, Role::Administrator, MANY).await;
    let form = |user: UserId| {
        let path = format!("/organisations/{organisation}/members/{user}/role");
        (path, vec![("role", "Viewer".to_owned())])
    };
    let forms = crowd.iter().map(|(user, _)| form(*user)).collect();
    let browsers = crowd.into_iter().map(|(_, browser)| browser).collect();
    let answers = at_once(browsers, forms).await;
    assert_eq!(count(&answers, StatusCode::SEE_OTHER), MANY - 1, "{answers:?}");
    assert_eq!(count(&answers, StatusCode::CONFLICT), 1);
    assert_eq!(site.administrators(organisation).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_who_demote_and_remove_each_other_in_a_ring_never_leave_none() {
    let site = Site::spread(&[]).await;
    let organisation = organisation(&site).await;
    let crowd = site.crowd(organisation, Role::Administrator, MANY).await;
    let forms = (0..MANY).map(|place| {
        let (next, _) = crowd[(place + 1) % MANY];
        let path = format!("/organisations/{organisation}/members/{next}");
        if place % 2 == 0 {
            (format!("{path}/role"), vec![("role", "Member".to_owned())])
        } else {
            (format!("{path}/removal"), Vec::new())
        }
    });
    let forms = forms.collect();
    let browsers = crowd.into_iter().map(|(_, browser)| browser).collect();
    let answers = at_once(browsers, forms).await;
    let left = site.administrators(organisation).await;
    assert!(left >= 1, "{answers:?}");
    // each who succeeded took the role from one other, and nobody else lost it
    assert_eq!(left, MANY - count(&answers, StatusCode::SEE_OTHER), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_stepping_down_removing_and_deleting_accounts_at_once_never_leave_none() {
    let site = Site::spread(&[]).await;
    let organisation = organisation(&site).await;
    let crowd = site.crowd(organisation, Role::Administrator, MANY).await;
    let (deleting, acting): (Vec<_>, Vec<_>) = crowd.into_iter().enumerate().partition(|(place, _)| place % 4 == 3);
    let form = |place: usize, user: UserId| match place % 4 {
        0 => (
            format!("/organisations/{organisation}/departure"),
            vec![("name", "Ada's Organisation".to_owned())],
        ),
        1 => (
            format!("/organisations/{organisation}/members/{user}/role"),
            vec![("role", "Member".to_owned())],
        ),
        _ => (
            format!("/organisations/{organisation}/members/{}/removal", deleting[0].1.0),
            Vec::new(),
        ),
    };
    let forms = acting.iter().map(|(place, (user, _))| form(*place, *user)).collect();
    let browsers = acting.iter().map(|(_, (_, browser))| browser.clone()).collect();
    let accounts: Vec<_> = deleting
        .iter()
        .map(|(_, (user, _))| {
            let (app, user) = (Arc::clone(&site.app), *user);
            tokio::spawn(async move {
                let mut tx = app.db.begin().await.unwrap();
                let deletion = store::users::delete(&mut tx, user, app.now()).await.unwrap();
                if matches!(deletion, store::users::Deletion::Done(_)) {
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let answers = at_once(browsers, forms).await;
    for account in accounts {
        account.await.unwrap();
    }
    assert!(site.administrators(organisation).await >= 1, "{answers:?}");
    assert_eq!(count(&answers, StatusCode::INTERNAL_SERVER_ERROR), 0, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_heir_who_leaves_in_the_same_instant_leaves_no_organisation_without_administrator() {
    let site = Site::spread(&[]).await;
    for _ in 0..10 {
        let mut founder = site.browser();
        let email = format!("{}@example.com", site.app.random.bits());
        founder.sign_up("Founder", &email).await;
        let organisation = site.organisation_of(&email).await;
        let mut heir = site.browser();
        let email = format!("{}@example.com", site.app.random.bits());
        heir.sign_up("Heir", &email).await;
        let id = site.user(&email).await;
        let mut tx = site.app.db.begin().await.unwrap();
        let how = store::memberships::How::Founded;
        store::memberships::add(&mut tx, organisation, id, Role::Member, how, site.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        founder.open("/organisations/new").await;
        heir.open("/organisations/new").await;
        let path = format!("/organisations/{organisation}/departure");
        let name = ("name", "Founder's Organisation".to_owned());
        let forms = vec![
            (path.clone(), vec![name.clone(), ("heir", id.to_string())]),
            (path, vec![name]),
        ];
        let answers = at_once(vec![founder, heir], forms).await;
        assert_eq!(count(&answers, StatusCode::SEE_OTHER), 1, "{answers:?}");
        assert_eq!(site.administrators(organisation).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_while_it_is_renamed_happens_by_the_right_name_or_not_at_all() {
    let site = Site::spread(&[]).await;
    let organisation = organisation(&site).await;
    let mut crowd = site.crowd(organisation, Role::Administrator, MANY).await;
    let members = crowd.split_off(1);
    let (_, renamer) = crowd.remove(0);
    let leaving = (
        format!("/organisations/{organisation}/departure"),
        vec![("name", "Ada's Organisation".to_owned())],
    );
    let mut forms = vec![leaving; MANY - 1];
    // in the middle of the crowd
    let renaming = (
        format!("/organisations/{organisation}/name"),
        vec![("name", "Renamed".to_owned())],
    );
    forms.insert(MANY / 2, renaming);
    let mut browsers: Vec<_> = members.into_iter().map(|(_, browser)| browser).collect();
    browsers.insert(MANY / 2, renamer);
    let mut answers = at_once(browsers, forms).await;
    assert_eq!(answers.remove(MANY / 2), StatusCode::SEE_OTHER);
    let left = count(&answers, StatusCode::SEE_OTHER);
    assert_eq!(
        count(&answers, StatusCode::UNPROCESSABLE_ENTITY),
        MANY - 1 - left,
        "{answers:?}"
    );
    assert_eq!(site.administrators(organisation).await, MANY - left);
    // and whoever stayed is told the new name
    let found = store::organisations::find(&site.app.db, organisation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.name, "Renamed");
}
