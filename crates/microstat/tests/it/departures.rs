//! "Leave Organisation".

use axum::http::{Request, StatusCode};
use domain::email::EmailAddress;
use domain::id::{CodeId, InvitationId, OrganisationId, ProjectId, TokenId, UserId};
use domain::invitation_code::Terms;
use domain::name::Name;
use domain::role::Role;
use domain::time::DAY;
use microstat::secrets::hash;
use store::api_tokens::NewToken;
use store::invitation_codes::{Creation, NewCode};
use store::invitations::NewInvitation;

use crate::harness::{Browser, Site};

/// Ada's organisation, with Bob in it as `role`: Ada's browser, Bob's, its id, its first project's path.
async fn with_bob(site: &Site, role: Role) -> (Browser, Browser, OrganisationId, String) {
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let bob = site.member(organisation, "Bob", role).await;
    site.app.clock.advance(1);
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
    assert!(ada.says("You are the only Administrator of Ada's Organisation."));
    assert!(ada.says("Make Bob Administrator and leave") && ada.page.contains("Delete Organisation"));
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
    assert!(ada.says("Make Bob Administrator and leave"), "still chosen");
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
    assert_eq!(actions, ["member.left", "member.role_changed", "organisation.created"]);
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

/// A token of this person's, whose text is its name.
async fn token(site: &Site, id: i64, user: UserId, only: Option<OrganisationId>, name: &str) {
    let mut tx = site.app.db.begin().await.unwrap();
    let new = NewToken {
        id: TokenId(id),
        user,
        organisation: only,
        role: Role::Member,
        name: &Name::new(name).unwrap(),
        token_hash: hash(name),
        last_four: "abcd",
    };
    assert!(store::api_tokens::create(&mut tx, new, site.app.now()).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn tokens_and_favourites_go_and_dsns_and_data_stay() {
    let site = Site::new().await;
    let (_ada, mut bob, organisation, project) = with_bob(&site, Role::Member).await;
    let project: ProjectId = project.split('/').nth(2).unwrap().parse().unwrap();
    let user = site.user("bob@example.com").await;
    token(&site, 1, user, Some(organisation), "deploy").await;
    token(&site, 2, user, None, "everywhere").await;
    site.publish(project, site.app.now()).await;
    let metric = store::metrics::of_project(&site.app.db, project).await.unwrap()[0].id;
    let mut tx = site.app.db.begin().await.unwrap();
    store::db::sql("insert into favourites (user_id, metric_id, created_at) values ($1, $2, 0)")
        .bind(user)
        .bind(metric)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let metrics = format!("/api/v1/projects/{project}/metrics");
    let ask = async |token: &str| {
        let request = Request::get(&metrics).header("authorization", format!("Bearer {token}"));
        site.browser().send(request, "").await.status
    };
    assert_eq!(
        (ask("deploy").await, ask("everywhere").await),
        (StatusCode::OK, StatusCode::OK)
    );
    let path = format!("/organisations/{organisation}/departure");
    bob.open(&path).await;
    assert!(bob.page.contains("your 1 favourite there"));
    assert!(bob.page.contains("your API token for it: <bdi>deploy</bdi>"));
    bob.submit(&path, &[("name", "Ada's Organisation")]).await;
    assert_eq!(
        (ask("deploy").await, ask("everywhere").await),
        (StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND)
    );
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
    assert!(site.app.points.any(project).await.unwrap());
}

/// Bob invites somebody by mail and makes a code.
async fn offer(site: &Site, organisation: OrganisationId, bob: UserId) {
    let mut tx = site.app.db.begin().await.unwrap();
    let invitation = NewInvitation {
        id: InvitationId(1),
        email: EmailAddress::new("guest@example.com").unwrap(),
        mailed_hash: [1; 32],
        copied_hash: [2; 32],
    };
    let new = [invitation];
    let sent = store::invitations::create(&mut tx, organisation, bob, Role::Member, &new, site.app.now());
    assert_eq!(sent.await.unwrap(), Ok(Vec::new()));
    let code = NewCode {
        id: CodeId(1),
        code_hash: [3; 32],
        last_four: "ABCD",
        terms: Terms::new(Role::Viewer, 7 * DAY, 10).unwrap(),
    };
    let made = store::invitation_codes::create(&mut tx, organisation, bob, code, site.app.now());
    assert_eq!(made.await.unwrap(), Creation::Created);
    tx.commit().await.unwrap();
}

/// How many invitations and codes still let somebody in.
async fn offers(site: &Site) -> i64 {
    let open = store::db::sql(
        "select (select count(*) from invitations where revoked_at is null) \
         + (select count(*) from invitation_codes where turned_off_at is null) as n",
    );
    open.one(&site.app.db).await.unwrap().get("n").unwrap()
}

#[tokio::test]
async fn what_an_administrator_offered_goes_when_they_leave_are_removed_or_demoted() {
    for way in ["leaving", "removal", "demotion"] {
        let site = Site::new().await;
        let (mut ada, mut bob, organisation, _) = with_bob(&site, Role::Administrator).await;
        let bob_id = site.user("bob@example.com").await;
        offer(&site, organisation, bob_id).await;
        assert_eq!(offers(&site).await, 2);
        let path = format!("/organisations/{organisation}/departure");
        bob.open(&path).await;
        assert!(bob.page.contains("nobody answered yet: guest@example.com"));
        assert!(bob.page.contains("the 1 invitation code you made"));
        ada.open(&format!("/organisations/{organisation}/settings")).await;
        let member = format!("/organisations/{organisation}/members/{bob_id}");
        match way {
            "leaving" => bob.submit(&path, &[("name", "Ada's Organisation")]).await,
            "removal" => ada.submit(&format!("{member}/removal"), &[]).await,
            _ => ada.submit(&format!("{member}/role"), &[("role", "Member")]).await,
        };
        assert_eq!(offers(&site).await, 0, "{way}");
    }
}

#[tokio::test]
async fn whoever_left_their_only_organisation_is_offered_another() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let (_, mut guest) = site.crowd(organisation, Role::Member, 1).await.remove(0);
    let path = format!("/organisations/{organisation}/departure");
    guest.submit(&path, &[("name", "Ada's Organisation")]).await;
    assert_eq!(guest.fetch("/").await.location(), "/welcome");
    assert!(guest.page.contains("You left Ada&#39;s Organisation."));
    assert!(guest.page.contains("Create Organisation") && guest.page.contains("Join an Organisation"));
}
