//! "Invite my Team" by mail, as Administrators do it.

use axum::http::StatusCode;
use domain::name::Name;
use domain::role::Role;
use domain::time::{DAY, HOUR};

use crate::smtp::SmtpServer;
use crate::team::{Team, between, path_to};

#[tokio::test]
async fn each_address_gets_one_mail_with_a_link_of_its_own_and_says_what_it_must() {
    let mut team = Team::new().await;
    let copied = team
        .invite("bob@example.com,\n Cyd@Example.com; bob@EXAMPLE.com", "Viewer")
        .await;
    let mut mails = team.site.deliver().await;
    mails.sort_by_key(|mail| mail.to.to_lowercase());
    assert_eq!((copied.len(), mails.len()), (2, 2));
    assert_eq!(
        (mails[0].to.as_str(), mails[1].to.as_str()),
        ("bob@example.com", "Cyd@Example.com")
    );
    let mut paths: Vec<_> = mails.iter().map(|mail| mail.path("/invitations/")).collect();
    paths.extend(copied);
    for path in &paths {
        // 256 random bits
        assert_eq!(path.len(), "/invitations/".len() + 43);
        assert_eq!(team.site.browser().open(path).await.status, StatusCode::OK);
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 4);
    assert_eq!(mails[1].subject, "Ada invites you to Ada's Organisation");
    for part in [&mails[1].text, &mails[1].html.replace("&#39;", "'")] {
        for said in [
            "Ada invites you to join Ada's Organisation on micro stat, as Viewer.",
            "It is for Cyd@Example.com, holds until 1 Dec 2026, 10:00 UTC, and works once.",
            "If you didn't expect this, ignore this mail",
        ] {
            assert!(part.contains(said), "{said} in {part}");
        }
    }
    assert!(
        team.log()
            .await
            .contains(&"invitation.sent | Cyd@Example.com | Viewer".to_owned())
    );
}

#[tokio::test]
async fn bad_addresses_are_named_the_good_ones_kept_and_nothing_is_half_sent() {
    let mut team = Team::new().await;
    let path = format!("{}/invitations", team.path);
    team.ada.open(&format!("{path}/new")).await;
    let typed = "bob@example.com, cyd@, dot@example.com <eve>";
    let answer = team.ada.submit(&path, &[("emails", typed), ("role", "Viewer")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let field = between(&answer.text, "<textarea", "</div>");
    assert!(
        field.contains("aria-invalid=\"true\"") && field.contains("emails-error"),
        "{field}"
    );
    assert!(
        field.contains("“cyd@”, “&#60;eve&#62;” are not e-mail addresses."),
        "{field}"
    );
    assert!(
        field.contains("bob@example.com, cyd@, dot@example.com &#60;eve&#62;</textarea>"),
        "{field}"
    );
    assert!(answer.text.contains("<option selected>Viewer"), "{}", answer.text);
    assert_eq!(team.site.deliver().await, []);
    assert!(!team.settings().await.contains("bob@example.com"));
    for (typed, said) in [
        (" ,\n", "Enter at least one e-mail address."),
        (&many(51), "These are 51 addresses"),
    ] {
        team.ada.open(&format!("{path}/new")).await;
        let answer = team.ada.submit(&path, &[("emails", typed), ("role", "Viewer")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(said), "{}", answer.text);
    }
    assert_eq!(team.invite(&many(50), "Member").await.len(), 50);
}

fn many(count: usize) -> String {
    let all: Vec<_> = (0..count).map(|n| format!("p{n}@example.com")).collect();
    all.join("\n")
}

#[tokio::test]
async fn members_are_said_so_and_known_and_unknown_addresses_get_the_same_answer() {
    let mut team = Team::new().await;
    team.site.member(team.organisation, "Bob", Role::Viewer).await;
    let links = team.invite("BOB@example.com ada@example.com", "Administrator").await;
    assert_eq!(links, Vec::<String>::new());
    let said = "These people are members already, so nothing was sent to them: ada@example.com, BOB@example.com.";
    assert!(team.ada.page.contains(said), "{}", team.ada.page);
    assert_eq!(team.site.deliver().await, []);
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    team.site.person("Cyd", "known@example.com").await;
    let mut pages = Vec::new();
    for email in ["known@example.com", "other@example.com"] {
        let link = team.invite(email, "Member").await.remove(0);
        let csrf = team.ada.csrf();
        pages.push(team.ada.page.replace(email, "").replace(&link, "").replace(&csrf, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn only_administrators_see_or_do_any_of_it() {
    let mut team = Team::new().await;
    team.invite("dot@example.com", "Member").await;
    let pending = store::invitations::pending(&team.site.app.db, team.organisation, team.site.app.now()).await;
    let one = format!("{}/invitations/{}", team.path, pending.unwrap()[0].id);
    for (name, role, status) in [
        ("Bob", Some(Role::Member), StatusCode::FORBIDDEN),
        ("Cyd", Some(Role::Viewer), StatusCode::FORBIDDEN),
        ("Eve", None, StatusCode::NOT_FOUND),
    ] {
        let mut other = match role {
            Some(role) => team.site.member(team.organisation, name, role).await,
            None => team.site.person(name, "eve@example.com").await,
        };
        other.open("/account/join").await;
        assert_eq!(
            other.fetch(&format!("{}/invitations/new", team.path)).await.status,
            status
        );
        let fields = [("emails", "fay@example.com"), ("role", "Viewer")];
        let sent = other.post(&format!("{}/invitations", team.path), &fields).await;
        assert_eq!(sent.status, status);
        for path in [format!("{one}/resending"), format!("{one}/revocation")] {
            assert_eq!(other.post(&path, &[]).await.status, status, "{path}");
        }
        let settings = other.open(&format!("{}/settings", team.path)).await.text;
        assert!(!settings.contains("dot@example.com") && !settings.contains("Invite my Team"));
    }
    // nor may an Administrator of another organisation touch an invitation of this one
    let mut gus = team.site.person("Gus", "gus@example.com").await;
    let theirs = team.site.organisation_of("gus@example.com").await;
    gus.open("/account/join").await;
    let elsewhere = one.replace(&team.organisation.to_string(), &theirs.to_string());
    for path in [format!("{elsewhere}/resending"), format!("{elsewhere}/revocation")] {
        assert_eq!(gus.post(&path, &[]).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(team.site.deliver().await.len(), 1);
    assert!(team.settings().await.contains("dot@example.com"));
}

#[tokio::test]
async fn until_their_address_is_verified_people_send_no_invitations() {
    let server = SmtpServer::start();
    let mut team = Team::with(&["--smtp", &server.url]).await;
    let mut bob = team.site.member(team.organisation, "Bob", Role::Administrator).await;
    let page = bob.open(&format!("{}/invitations/new", team.path)).await.text;
    assert!(!page.contains("Send invitations"), "{page}");
    assert!(
        page.contains("verify your own e-mail address") && page.contains("/email-verifications"),
        "{page}"
    );
    let path = format!("{}/invitations", team.path);
    let fields = [("emails", "cyd@example.com"), ("role", "Viewer")];
    assert_eq!(bob.post(&path, &fields).await.status, StatusCode::FORBIDDEN);
    team.invite("dot@example.com", "Member").await;
    let pending = store::invitations::pending(&team.site.app.db, team.organisation, team.site.app.now()).await;
    let resending = format!("{path}/{}/resending", pending.unwrap()[0].id);
    assert_eq!(bob.post(&resending, &[]).await.status, StatusCode::FORBIDDEN);
    team.site.verify("bob@example.com").await;
    bob.open(&format!("{path}/new")).await;
    assert_eq!(bob.post(&path, &fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_mail_server_the_page_says_what_that_means() {
    let mut team = Team::new().await;
    let page = team.ada.open(&format!("{}/invitations/new", team.path)).await.text;
    for said in [
        "No mail server is configured",
        "mail/",
        "nobody can prove that an address is theirs",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let mut team = Team::with(&["--smtp", "smtp://127.0.0.1:1"]).await;
    let page = team.ada.open(&format!("{}/invitations/new", team.path)).await.text;
    assert!(!page.contains("No mail server is configured"));
}

#[tokio::test]
async fn resending_makes_a_new_link_and_revoking_ends_it() {
    let mut team = Team::new().await;
    let (mailed, copied) = team.invite_one("bob@example.com", "Viewer").await;
    let settings = team.settings().await;
    let row = between(&settings, "Pending invitations", "Invitation codes").to_owned();
    for said in [
        "bob@example.com",
        "Viewer",
        "by <bdi>Ada</bdi>",
        "24 Nov 2026",
        "1 Dec 2026",
        "Sent",
    ] {
        assert!(row.contains(said), "{said} in {row}");
    }
    let answer = team.ada.submit(&path_to(&row, "resending"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mails = team.site.deliver().await;
    let new = mails[1].path("/invitations/");
    let stranger = team.site.browser();
    let open = async |path: &str| stranger.clone().open(path).await.status;
    assert_eq!(
        (open(&mailed).await, open(&copied).await),
        (StatusCode::GONE, StatusCode::GONE)
    );
    assert_eq!(open(&new).await, StatusCode::OK);
    // the page that was open before acts on what is no longer there
    assert_eq!(
        team.ada.post(&path_to(&row, "resending"), &[]).await.status,
        StatusCode::CONFLICT
    );
    let settings = team.settings().await;
    team.ada.submit(&path_to(&settings, "revocation"), &[]).await;
    assert!(team.ada.page.contains("The invitation for bob@example.com is revoked."));
    assert_eq!(open(&new).await, StatusCode::GONE);
    let mut log = team.log().await;
    log.sort();
    assert_eq!(
        log,
        [
            "invitation.resent | bob@example.com | Viewer",
            "invitation.revoked | bob@example.com | ",
            "invitation.sent | bob@example.com | Viewer",
        ]
    );
}

#[tokio::test]
async fn an_expired_one_is_listed_for_30_days_with_resend() {
    let mut team = Team::new().await;
    let (mailed, _) = team.invite_one("bob@example.com", "Viewer").await;
    team.site.app.clock.advance(7 * DAY);
    assert_eq!(team.site.browser().open(&mailed).await.status, StatusCode::GONE);
    let settings = team.settings().await;
    assert!(settings.contains("Expired") && settings.contains("Resend"));
    team.site.app.clock.advance(20 * DAY);
    let resending = path_to(&team.settings().await, "resending");
    assert_eq!(team.ada.submit(&resending, &[]).await.status, StatusCode::OK);
    let mails = team.site.deliver().await;
    assert_eq!(
        team.site.browser().open(&mails[1].path("/invitations/")).await.status,
        StatusCode::OK
    );
    for _ in 0..4 {
        team.site.app.clock.advance(9 * DAY);
        assert!(team.settings().await.contains("bob@example.com"));
    }
    team.site.app.clock.advance(DAY);
    assert!(!team.settings().await.contains("bob@example.com"));
}

#[tokio::test]
async fn the_list_shows_how_each_mail_fares_and_why() {
    let server = SmtpServer::start();
    let mut team = Team::with(&["--smtp", &server.url]).await;
    team.invite("bob@example.com later@example.com never@example.com", "Member")
        .await;
    let badge = async |team: &mut Team, email: &str| {
        let settings = team.settings().await;
        let row = between(&settings, &format!("{email}</strong>"), "</li>");
        between(row, "<span class=\"badge ", "</p>").to_owned()
    };
    assert!(badge(&mut team, "bob@example.com").await.contains("Queued"));
    team.site.deliver().await;
    assert_eq!(server.arrived().len(), 1);
    assert!(badge(&mut team, "bob@example.com").await.contains("Sent"));
    let later = badge(&mut team, "later@example.com").await;
    assert!(later.contains("Queued") && later.contains("451"), "{later}");
    let never = badge(&mut team, "never@example.com").await;
    assert!(never.contains("Failed") && never.contains("550"), "{never}");
    server.open_door();
    team.site.app.clock.advance(HOUR);
    team.site.deliver().await;
    assert!(badge(&mut team, "later@example.com").await.contains("Sent"));
}

#[tokio::test]
async fn of_what_was_revoked_or_replaced_no_mail_is_sent() {
    let mut team = Team::new().await;
    team.invite("bob@example.com", "Member").await;
    team.invite("bob@example.com", "Viewer").await;
    let mails = team.site.deliver().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("as Viewer"));
    team.invite("cyd@example.com", "Viewer").await;
    let settings = team.settings().await;
    let revocation = path_to(between(&settings, "cyd@example.com</strong>", "</li>"), "revocation");
    team.ada.submit(&revocation, &[]).await;
    assert_eq!(team.site.deliver().await.len(), 1);
}

#[tokio::test]
async fn names_in_mails_are_escaped_one_line_and_never_links() {
    let mut team = Team::new().await;
    let mut tx = team.site.app.db.begin().await.unwrap();
    let (ada, organisation) = (team.site.user("ada@example.com").await, team.organisation);
    let name = Name::new("<b>Ada</b> http://evil.example/x").unwrap();
    store::users::rename(&mut tx, ada, &name).await.unwrap();
    let name = Name::new("\"Win\" & go to www.evil.example").unwrap();
    store::organisations::rename(&mut tx, organisation, &name)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    team.invite("bob@example.com", "Member").await;
    let mails = team.site.deliver().await;
    let mail = &mails[0];
    assert_eq!(
        mail.subject,
        "<b>Ada</b> http·//evil·example/x invites you to \"Win\" & go to www·evil·example"
    );
    for part in [&mail.text, &mail.html, &mail.subject] {
        assert!(
            !part.contains("evil.example") && !part.contains("http://evil"),
            "{part}"
        );
    }
    assert!(
        mail.html.contains("&#60;b&#62;Ada&#60;/b&#62;") && !mail.html.contains("<b>"),
        "{}",
        mail.html
    );
    // on pages they are as they were typed, escaped
    let page = team.site.browser().open(&mail.path("/invitations/")).await.text;
    assert!(
        page.contains("&#60;b&#62;Ada&#60;/b&#62; http://evil.example/x"),
        "{page}"
    );
    assert!(!page.contains("href=\"http://evil") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn the_sixth_mail_to_one_address_in_a_day_is_refused_and_nobody_else_gets_one_with_it() {
    let mut team = Team::new().await;
    for _ in 0..5 {
        team.invite("bob@example.com", "Member").await;
    }
    let path = format!("{}/invitations", team.path);
    let fields = [("emails", "cyd@example.com bob@example.com"), ("role", "Member")];
    let answer = team.ada.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer
            .text
            .contains("bob@example.com was sent five of these mails within a day"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("25 Nov 2026, 10:00 UTC"), "{}", answer.text);
    let mails = team.site.deliver().await;
    assert!(mails.iter().all(|mail| mail.to == "bob@example.com"));
    team.site.app.clock.advance(DAY);
    assert_eq!(team.ada.post(&path, &fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn administrators_give_any_role_as_long_as_they_are_administrators() {
    let mut team = Team::new().await;
    let path = format!("{}/invitations", team.path);
    let page = team.ada.open(&format!("{path}/new")).await.text;
    let select = between(&page, "<select id=\"role\"", "</select>");
    assert!(
        select.contains("Administrator") && select.contains("selected>Member"),
        "{select}"
    );
    // an Administrator who was demoted since the page was opened
    let mut bob = team.site.member(team.organisation, "Bob", Role::Administrator).await;
    bob.open(&format!("{path}/new")).await;
    let (ada, user) = (
        team.site.user("ada@example.com").await,
        team.site.user("bob@example.com").await,
    );
    let mut tx = team.site.app.db.begin().await.unwrap();
    store::memberships::set_role(&mut tx, team.organisation, ada, user, Role::Member, team.site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let fields = [("emails", "cyd@example.com"), ("role", "Administrator")];
    assert_eq!(bob.post(&path, &fields).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_invitations_of_one_address_at_once_leave_one_that_holds() {
    let mut team = Team::spread(&[]).await;
    let path = format!("{}/invitations", team.path);
    team.ada.open(&format!("{path}/new")).await;
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let (mut ada, path) = (team.ada.clone(), path.clone());
        let fields = [("emails", "bob@example.com"), ("role", "Member")];
        tasks.push(tokio::spawn(async move { ada.post(&path, &fields).await.status }));
    }
    let mut sent = 0;
    for task in tasks {
        match task.await.unwrap() {
            StatusCode::OK => sent += 1,
            other => assert_eq!(other, StatusCode::UNPROCESSABLE_ENTITY),
        }
    }
    // five mails to one address a day
    assert_eq!(sent, 5);
    let pending = store::invitations::pending(&team.site.app.db, team.organisation, team.site.app.now()).await;
    assert_eq!(pending.unwrap().len(), 1);
    let mails = team.site.deliver().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        team.site.browser().open(&mails[0].path("/invitations/")).await.status,
        StatusCode::OK
    );
}
