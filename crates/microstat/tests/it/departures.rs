//! "Leave Organisation".

use axum::http::StatusCode;
use domain::id::{MetricId, OrganisationId, ProjectId, TokenId};
use domain::metric::{MetricName, MetricType};
use domain::name::Name;
use domain::role::Role;
use store::api_tokens::NewToken;

use crate::harness::{Browser, Site};

/// Ada's organisation, with Bob in it as `role`: Ada's browser, Bob's, its id, its first project's path.
async fn with_bob(site: &Site, role: Role) -> (Browser, Browser, OrganisationId, String) {
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let bob = site.member(organisation, "Bob", role).await;
    (ada, bob, organisation, project)
}

#[tokio::test]
async fn any_member_leaves_by_typing_the_name_and_finds_nothing_there_afterwards() {
    for role in Role::ALL {
        let site = Site::new().await;
        let (_ada, mut bob, organisation, project) = with_bob(&site, role).await;
        let path = format!("/organisations/{organisation}/departure");
        bob.open(&path).await;
        assert!(bob.page.contains("My First Project"));
        let answer = bob.submit(&path, &[("name", "  Ada's Organisation\t")]).await;
        assert_eq!(answer.location(), "/");
        assert!(bob.page.contains("You left Ada&#39;s Organisation."));
        for gone in [
            path,
            format!("{project}/settings"),
            format!("/organisations/{organisation}/settings"),
        ] {
            assert_eq!(bob.fetch(&gone).await.status, StatusCode::NOT_FOUND, "{gone}");
        }
        let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
            .await
            .unwrap();
        assert_eq!(events[0].action, "member.left");
        assert_eq!(events[0].subject, "Bob <bob@example.com>");
    }
}

#[tokio::test]
async fn another_name_or_one_just_given_up_changes_nothing() {
    let site = Site::new().await;
    let (mut ada, mut bob, organisation, project) = with_bob(&site, Role::Member).await;
    let path = format!("/organisations/{organisation}/departure");
    bob.open(&path).await;
    for wrong in ["", "Bob's Organisation", "ada's organisation", "Ada's  Organisation"] {
        let answer = bob.submit(&path, &[("name", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(bob.page.contains("That is another name, so nothing happened."));
    }
    ada.open(&format!("/organisations/{organisation}/name")).await;
    ada.submit(&format!("/organisations/{organisation}/name"), &[("name", "Café")])
        .await;
    let answer = bob.submit(&path, &[("name", "Ada's Organisation")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bob.page.contains("Type <strong><bdi>Café</bdi></strong>"));
    assert_eq!(bob.fetch(&format!("{project}/settings")).await.status, StatusCode::OK);
    // typed in the other normal form
    assert_eq!(bob.submit(&path, &[("name", "Cafe\u{301}")]).await.location(), "/");
}

#[tokio::test]
async fn the_only_administrator_sees_why_not_and_what_to_do() {
    let site = Site::new().await;
    let (mut ada, _bob, organisation, project) = with_bob(&site, Role::Member).await;
    let path = format!("/organisations/{organisation}/departure");
    ada.open(&path).await;
    assert!(
        ada.page
            .contains("You are the only Administrator of Ada&#39;s Organisation.")
    );
    assert!(ada.page.contains("Make Bob Administrator and leave") && ada.page.contains("Delete Organisation"));
    assert!(!ada.page.contains("Organisation name"));
    let answer = ada.submit(&path, &[("name", "Ada's Organisation")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(ada.page.contains("only Administrator"));
    assert_eq!(ada.fetch(&format!("{project}/settings")).await.status, StatusCode::OK);
    // alone in it, there is nobody to make Administrator
    let mut cyd = site.browser();
    cyd.sign_up("Cyd", "cyd@example.com").await;
    let alone = site.organisation_of("cyd@example.com").await;
    cyd.open(&format!("/organisations/{alone}/departure")).await;
    assert!(cyd.page.contains("only Administrator") && cyd.page.contains("Invite my Team"));
}

#[tokio::test]
async fn making_someone_administrator_and_leaving_is_one_step() {
    let site = Site::new().await;
    let (mut ada, mut bob, organisation, project) = with_bob(&site, Role::Viewer).await;
    let heir = site.user("bob@example.com").await.to_string();
    let path = format!("/organisations/{organisation}/departure");
    ada.open(&format!("{path}?heir={heir}")).await;
    assert!(
        ada.page
            .contains("<button class=\"button danger primary\">Make Bob Administrator and leave</button>")
    );
    let wrong = ada.submit(&path, &[("name", "x"), ("heir", &heir)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.page.contains("Make Bob Administrator and leave"), "still chosen");
    assert_eq!(
        bob.fetch(&format!("/organisations/{organisation}/name")).await.status,
        StatusCode::FORBIDDEN
    );
    let answer = ada
        .submit(&path, &[("name", "Ada's Organisation"), ("heir", &heir)])
        .await;
    assert_eq!(answer.location(), "/");
    assert_eq!(
        ada.fetch(&format!("{project}/settings")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        bob.fetch(&format!("/organisations/{organisation}/name")).await.status,
        StatusCode::OK
    );
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let mut actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["member.left", "member.role_changed"]);
    let told = site.deliver().await.pop().unwrap();
    assert_eq!(
        (told.to.as_str(), told.subject.as_str()),
        ("bob@example.com", "You are now Administrator in Ada's Organisation")
    );
}

#[tokio::test]
async fn somebody_who_is_no_member_inherits_nothing_and_nobody_leaves() {
    let site = Site::new().await;
    let (mut ada, _bob, organisation, project) = with_bob(&site, Role::Member).await;
    site.browser().sign_up("Eve", "eve@example.com").await;
    let path = format!("/organisations/{organisation}/departure");
    ada.open(&path).await;
    for heir in ["eve@example.com", "ada@example.com"] {
        let heir = site.user(heir).await.to_string();
        let answer = ada
            .submit(&path, &[("name", "Ada's Organisation"), ("heir", &heir)])
            .await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
    }
    assert_eq!(ada.fetch(&format!("{project}/settings")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_and_favourites_go_and_dsns_and_data_stay() {
    let site = Site::new().await;
    let (_ada, mut bob, organisation, project) = with_bob(&site, Role::Member).await;
    let project: ProjectId = project.split('/').nth(2).unwrap().parse().unwrap();
    let user = site.user("bob@example.com").await;
    let name = Name::new("deploy").unwrap();
    let mut tx = site.app.db.begin().await.unwrap();
    for (id, only) in [(1, Some(organisation)), (2, None)] {
        let new = NewToken {
            id: TokenId(id),
            user,
            organisation: only,
            role: Role::Member,
            name: &name,
            token_hash: [u8::try_from(id).unwrap(); 32],
            last_four: "abcd",
        };
        assert!(store::api_tokens::create(&mut tx, new, site.app.now()).await.unwrap());
    }
    let metric = MetricName::new("Cart").unwrap();
    store::metrics::upsert(
        &mut tx,
        MetricId(1),
        project,
        &metric,
        MetricType::Counter,
        site.app.now(),
    )
    .await
    .unwrap();
    store::db::sql("insert into favourites (user_id, metric_id, created_at) values ($1, 1, 0)")
        .bind(user)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let path = format!("/organisations/{organisation}/departure");
    bob.open(&path).await;
    assert!(bob.page.contains("your 1 favourite there") && bob.page.contains("your API token for it: deploy"));
    bob.submit(&path, &[("name", "Ada's Organisation")]).await;
    let tokens = store::api_tokens::of_user(&site.app.db, user).await.unwrap();
    assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [TokenId(2)]);
    let left = store::db::sql("select count(*) as n from favourites")
        .one(&site.app.db)
        .await
        .unwrap();
    assert_eq!(left.get::<i64>("n").unwrap(), 0);
    let dsn = store::dsns::current(&site.app.db, project).await.unwrap().unwrap();
    let resolved = store::dsns::resolve(&site.app.db, dsn.public_key, site.app.now())
        .await
        .unwrap();
    assert!(matches!(resolved, store::dsns::Resolved::Publishes(_)));
    assert_eq!(
        store::metrics::of_project(&site.app.db, project).await.unwrap().len(),
        1
    );
}
