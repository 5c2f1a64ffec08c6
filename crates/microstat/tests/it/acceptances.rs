//! Being invited by a link.

use axum::http::{Method, Request, StatusCode, header};
use domain::role::Role;
use domain::time::DAY;

use crate::harness::{Browser, PASSWORD, Site};
use crate::smtp::SmtpServer;
use crate::team::Team;

const BOB: [(&str, &str); 3] = [("name", "Bob"), ("email", "bob@example.com"), ("password", PASSWORD)];

/// Clicks "Join …" on the page that is open.
async fn join(browser: &mut Browser, link: &str) -> crate::harness::Answer {
    browser.post(&format!("{link}/acceptance"), &[]).await
}

#[tokio::test]
async fn looking_changes_nothing_and_tells_nobody_where_one_came_from() {
    let mut team = Team::new().await;
    let (mailed, copied) = team.invite_one("bob@example.com", "Viewer").await;
    for link in [&mailed, &copied] {
        for method in [Method::GET, Method::HEAD, Method::GET] {
            let request = Request::builder().method(method).uri(link);
            let answer = team.site.browser().send(request, "").await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        }
    }
    let page = team.site.browser().open(&mailed).await.text.replace("&#39;", "'");
    for said in [
        "Ada's Organisation",
        "<strong><bdi>Ada</bdi></strong> invites you",
        "Viewer",
        "bob@example.com",
        "1 Dec 2026",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    for way in ["sign-in", "sign-up"] {
        assert!(page.contains(&format!("href=\"{mailed}/{way}\"")), "{page}");
        let form = team.site.browser().open(&format!("{mailed}/{way}")).await;
        assert!(form.text.contains("value=\"bob@example.com\""), "{}", form.text);
        assert_eq!(form.headers[header::REFERRER_POLICY], "no-referrer");
    }
    assert_eq!(team.others().await, Vec::<String>::new());
    assert_eq!(team.site.browser().open(&mailed).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_up_with_the_link_makes_an_account_and_ends_in_the_inviting_organisation() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Viewer").await;
    let mut bob = team.site.browser();
    bob.open(&format!("{link}/sign-up")).await;
    let answer = bob.post(&format!("{link}/sign-up"), &BOB).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, team.project.as_str())
    );
    let page = bob
        .open(&format!("{}/settings", team.path))
        .await
        .text
        .replace("&#39;", "'");
    assert_eq!(page.matches("You're now a member of Ada's Organisation.").count(), 1);
    assert!(
        page.contains("Bob's Organisation") && page.contains("My First Project"),
        "{page}"
    );
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    assert!(
        team.log()
            .await
            .contains(&"member.joined | Bob <bob@example.com> | as Viewer, by invitation".to_owned())
    );
    // whoever invited is told
    let mails = team.site.deliver().await;
    let told = mails.last().unwrap();
    assert_eq!(
        (told.to.as_str(), told.subject.as_str()),
        ("ada@example.com", "Bob joined Ada's Organisation")
    );
    assert!(
        told.text
            .contains("Bob accepted your invitation and is now a member of Ada's Organisation, as Viewer.")
    );
}

#[tokio::test]
async fn signing_in_with_the_link_ends_in_the_inviting_organisation() {
    let mut team = Team::new().await;
    team.site.browser().sign_up("Bob", "Bob@Example.com").await;
    let (link, _) = team.invite_one("bob@example.com", "Member").await;
    let mut bob = team.site.browser();
    bob.open(&format!("{link}/sign-in")).await;
    let wrong = [("email", "bob@example.com"), ("password", "not-the-password")];
    let answer = bob.submit(&format!("{link}/sign-in"), &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains(&format!("action=\"{link}/sign-in\"")),
        "{}",
        answer.text
    );
    let answer = bob.post(&format!("{link}/sign-in"), &BOB[1..]).await;
    assert_eq!(answer.location(), team.project);
    let page = bob.open(&format!("{}/settings", team.path)).await.text;
    assert!(
        page.contains("You&#39;re now a member of Ada&#39;s Organisation."),
        "{page}"
    );
    assert_eq!(team.others().await, ["Bob@Example.com Member"]);
}

#[tokio::test]
async fn without_a_project_one_lands_on_the_organisation() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Member").await;
    let project = team.project.trim_start_matches("/projects/").parse().unwrap();
    let ada = team.site.user("ada@example.com").await;
    let mut tx = team.site.app.db.begin().await.unwrap();
    store::projects::delete(&mut tx, project, "My First Project", ada, team.site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    bob.open(&link).await;
    assert_eq!(join(&mut bob, &link).await.location(), team.path);
    assert!(
        bob.open(&team.path.clone())
            .await
            .text
            .contains("You&#39;re now a member of")
    );
}

#[tokio::test]
async fn signed_in_with_the_invited_address_there_is_one_button() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Member").await;
    let mut bob = team.site.person("Bob", "BOB@example.com").await;
    let page = bob.open(&link).await.text.replace("&#39;", "'");
    assert_eq!(page.matches("<button").count(), 1);
    assert!(page.contains(">Join <bdi>Ada's Organisation</bdi></button>"), "{page}");
    for way in ["sign-in", "sign-up"] {
        assert_eq!(bob.fetch(&format!("{link}/{way}")).await.location(), link);
    }
    let answer = join(&mut bob, &link).await;
    assert_eq!(answer.location(), team.project);
    assert_eq!(team.others().await, ["BOB@example.com Member"]);
    // a second click, still on the page that was open
    assert_eq!(join(&mut bob, &link).await.location(), team.project);
}

#[tokio::test]
async fn a_forwarded_link_lets_nobody_else_in() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Member").await;
    let mut eve = team.site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    let page = eve.open(&link).await.text;
    assert!(page.contains("eve@example.com") && page.contains("this invitation is for <strong>bob@example.com"));
    assert!(
        !page.contains("/acceptance") && page.contains(">Sign out</button>"),
        "{page}"
    );
    let answer = join(&mut eve, &link).await;
    assert_eq!(answer.location(), link);
    // signing out leads back to it
    assert_eq!(eve.submit("/sign-out", &[("return", &link)]).await.location(), link);
    assert!(eve.page.contains("/sign-in"));
    // neither does signing in or up with the link
    eve.open(&format!("{link}/sign-in")).await;
    let eves = [("email", "eve@example.com"), ("password", PASSWORD)];
    assert_eq!(eve.submit(&format!("{link}/sign-in"), &eves).await.location(), link);
    assert!(eve.page.contains("this invitation is for"), "{}", eve.page);
    let mut mia = team.site.browser();
    mia.open(&format!("{link}/sign-up")).await;
    let mias = [("name", "Mia"), ("email", "mia@example.com"), ("password", PASSWORD)];
    let answer = mia.post(&format!("{link}/sign-up"), &mias).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("This invitation is for bob@example.com."),
        "{}",
        answer.text
    );
    let made = store::users::find_by_email(&team.site.app.db, "mia@example.com")
        .await
        .unwrap();
    assert!(made.is_none());
    assert_eq!(team.others().await, Vec::<String>::new());
    assert_eq!(team.site.browser().open(&link).await.status, StatusCode::OK);
}

#[tokio::test]
async fn used_revoked_replaced_expired_and_unknown_links_have_one_page_and_say_nothing_else() {
    let mut team = Team::new().await;
    let (used, used_copy) = team.invite_one("bob@example.com", "Member").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    bob.open(&used).await;
    join(&mut bob, &used).await;
    let (replaced, _) = team.invite_one("cyd@example.com", "Member").await;
    let (withdrawn, _) = team.invite_one("cyd@example.com", "Member").await;
    let mut tx = team.site.app.db.begin().await.unwrap();
    let ada = team.site.user("ada@example.com").await;
    store::memberships::withdraw_offers(&mut tx, team.organisation, ada, team.site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (expired, _) = team.invite_one("dot@example.com", "Member").await;
    team.site.app.clock.advance(7 * DAY);
    let unknown = format!("/invitations/{}", "x".repeat(43));
    let mut pages = Vec::new();
    for link in [&used, &used_copy, &replaced, &withdrawn, &expired, &unknown] {
        for below in ["", "/sign-in", "/sign-up"] {
            let answer = team.site.browser().open(&format!("{link}{below}")).await;
            assert_eq!(answer.status, StatusCode::GONE, "{link}{below}");
            assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
            assert!(answer.text.contains("Ask whoever invited you for a new one."));
            pages.push(answer.text);
        }
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert!(!pages[0].contains("Ada"));
    for odd in ["x", "%00", "%FF", "a%0Ab", "a%22b", "%2e%2e"] {
        let answer = team.site.browser().open(&format!("/invitations/{odd}")).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::GONE, pages[0].as_str()),
            "{odd}"
        );
    }
    // nor do the forms that were open
    let mut eve = team.site.browser();
    eve.open("/sign-up").await;
    for (below, fields) in [("sign-up", &BOB[..]), ("sign-in", &BOB[1..])] {
        assert_eq!(
            eve.post(&format!("{expired}/{below}"), fields).await.status,
            StatusCode::GONE
        );
    }
    let mut dot = team.site.person("Dot", "dot@example.com").await;
    dot.open("/account/join").await;
    assert_eq!(join(&mut dot, &expired).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn where_accounts_are_made_by_invitation_a_link_makes_one() {
    let mut team = Team::with(&["--sign-up", "invited"]).await;
    let (link, _) = team.invite_one("bob@example.com", "Member").await;
    let mut bob = team.site.browser();
    assert!(!bob.open("/sign-up").await.text.contains("<form"));
    assert_eq!(bob.post("/sign-up", &BOB).await.status, StatusCode::FORBIDDEN);
    bob.open(&format!("{link}/sign-up")).await;
    assert_eq!(
        bob.post(&format!("{link}/sign-up"), &BOB).await.location(),
        team.project
    );
}

#[tokio::test]
async fn the_mailed_link_verifies_the_address_and_the_copied_one_does_not() {
    let server = SmtpServer::start();
    let mut team = Team::with(&["--smtp", &server.url]).await;
    for mailed in [true, false] {
        let email = if mailed { "bob@example.com" } else { "cyd@example.com" };
        let copied = team.invite(email, "Member").await.remove(0);
        team.site.deliver().await;
        let link = if mailed {
            server.arrived().last().unwrap().path("/invitations/")
        } else {
            copied
        };
        let mut browser = team.site.browser();
        browser.open(&format!("{link}/sign-up")).await;
        let fields = [("name", "Somebody"), ("email", email), ("password", PASSWORD)];
        assert_eq!(
            browser.post(&format!("{link}/sign-up"), &fields).await.location(),
            team.project
        );
        let user = store::users::find_by_email(&team.site.app.db, email)
            .await
            .unwrap()
            .unwrap()
            .0;
        assert_eq!(user.email_verified_at.is_some(), mailed, "{email}");
        // who has proven it already is not asked to
        team.site.deliver().await;
        let asked = server
            .arrived()
            .iter()
            .any(|mail| mail.to == email && mail.subject.contains("Verify"));
        assert_eq!(asked, !mailed, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clicks_at_once_make_one_membership_and_all_lead_in() {
    let mut team = Team::spread(&[]).await;
    let (mailed, copied) = team.invite_one("bob@example.com", "Viewer").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    bob.open(&mailed).await;
    let mut tasks = Vec::new();
    for n in 0..50 {
        let (mut bob, link) = (bob.clone(), if n % 2 == 0 { &mailed } else { &copied }.clone());
        tasks.push(tokio::spawn(async move {
            join(&mut bob, &link).await.location().to_owned()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), team.project);
    }
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    let joined = team
        .log()
        .await
        .iter()
        .filter(|line| line.starts_with("member.joined"))
        .count();
    assert_eq!(joined, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_with_one_link_at_once_are_one_account_and_one_membership() {
    let mut team = Team::spread(&[]).await;
    let (link, _) = team.invite_one("bob@example.com", "Viewer").await;
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (mut browser, link) = (team.site.browser(), link.clone());
        browser.open(&format!("{link}/sign-up")).await;
        tasks.push(tokio::spawn(async move {
            browser.post(&format!("{link}/sign-up"), &BOB).await.status
        }));
    }
    for n in 0..40 {
        let mut other = team.site.person("Other", &format!("p{n}@example.com")).await;
        other.open(&link).await;
        let link = link.clone();
        tasks.push(tokio::spawn(async move { join(&mut other, &link).await.status }));
    }
    for task in tasks {
        let status = task.await.unwrap();
        assert!(!status.is_server_error() && status != StatusCode::FORBIDDEN, "{status}");
    }
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
}

#[tokio::test]
async fn accepting_as_a_member_keeps_the_role_and_leads_to_the_organisation() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Administrator").await;
    let mut bob = team.site.member(team.organisation, "Bob", Role::Viewer).await;
    bob.open(&link).await;
    assert_eq!(join(&mut bob, &link).await.location(), team.project);
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    let page = bob.open(&format!("{}/settings", team.path)).await.text;
    assert!(page.contains("You&#39;re already a member of Ada&#39;s Organisation."));
}

#[tokio::test]
async fn an_answer_needs_the_forms_token_and_works_where_the_browser_says_nothing_of_the_site() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Viewer").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    bob.open(&link).await;
    let form =
        Request::post(format!("{link}/acceptance")).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(bob.send(form, "csrf=").await.status, StatusCode::FORBIDDEN);
    // a page that sends no referrer sends no origin either
    let form = Request::post(format!("{link}/acceptance")).header(header::ORIGIN, "null");
    let body = serde_urlencoded::to_string([("csrf", bob.csrf())]).unwrap();
    assert_eq!(bob.send(form, body).await.location(), team.project);
}

#[tokio::test]
async fn an_answer_when_signed_out_leads_back_to_the_invitation() {
    let mut team = Team::new().await;
    let (link, _) = team.invite_one("bob@example.com", "Viewer").await;
    let mut browser: Browser = Site::browser(&team.site);
    browser.open(&format!("{link}/sign-in")).await;
    assert_eq!(join(&mut browser, &link).await.location(), link);
}
