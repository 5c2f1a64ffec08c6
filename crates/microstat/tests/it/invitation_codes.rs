//! Invitation codes: made by Administrators, typed in by whoever was given one.

use axum::http::{Request, StatusCode, header};
use domain::role::Role;
use domain::time::{DAY, MINUTE, SECOND};

use crate::harness::{Answer, Browser};
use crate::team::{Team, between, path_to};

async fn join(browser: &mut Browser, code: &str) -> Answer {
    browser.open("/account/join").await;
    browser.post("/account/join", &[("code", code)]).await
}

#[tokio::test]
async fn a_code_is_shown_once_and_afterwards_known_by_its_last_four() {
    let mut team = Team::new().await;
    let code = team.code("Viewer", "3").await;
    assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    let settings = team.settings().await;
    assert!(
        !settings.contains(&code) && settings.contains(&format!("…-{}", &code[15..])),
        "{settings}"
    );
    assert!(settings.contains("Viewer, 0 of 3 uses,"), "{settings}");
    assert!(settings.contains("1 Dec 2026, 10:00 UTC"), "{settings}");
    let last_four = &code[15..];
    assert!(team.log().await.contains(&format!(
        "code.created | …-{last_four} | Viewer, 3 uses, until 1 Dec 2026, 10:00 UTC"
    )));
    // no other page, log or job holds it
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    join(&mut bob, &code).await;
    let all = format!("{:?} {}", team.log().await, team.settings().await);
    assert!(!all.contains(&code) && !all.contains(&code.replace('-', "")));
}

#[tokio::test]
async fn a_code_is_read_as_people_type_it_and_lets_in_at_once() {
    let mut team = Team::new().await;
    let code = team.code("Viewer", "10").await;
    for (name, typed) in [
        ("Bob", code.clone()),
        ("Cyd", format!("  {} ", code.to_lowercase().replace('-', " "))),
        ("Dot", code.replace('-', "").replace('0', "O").replace('1', "l")),
    ] {
        let mut browser = team.site.person(name, &format!("{name}@example.com")).await;
        let answer = join(&mut browser, &typed).await;
        assert_eq!(answer.location(), team.project, "{typed}");
        let page = browser.open(&format!("{}/settings", team.path)).await.text;
        assert!(page.contains("You&#39;re now a member of Ada&#39;s Organisation."));
    }
    let all = [
        "Bob@example.com Viewer",
        "Cyd@example.com Viewer",
        "Dot@example.com Viewer",
    ];
    let mut others = team.others().await;
    others.sort();
    assert_eq!(others, all);
    let settings = team.settings().await;
    assert!(
        settings.contains("3 of 10 uses,") && settings.contains("<bdi>Bob</bdi> (Bob@example.com)"),
        "{settings}"
    );
    let line = format!(
        "member.joined | Dot <Dot@example.com> | as Viewer, by the code …-{}",
        &code[15..]
    );
    assert!(team.log().await.contains(&line));
    let mails = team.site.deliver().await;
    let said = format!("used your invitation code …-{} and is now a member", &code[15..]);
    assert!(
        mails
            .iter()
            .all(|mail| mail.to == "ada@example.com" && mail.text.contains(&said))
    );
    assert_eq!(mails.len(), 3);
}

#[tokio::test]
async fn wrong_expired_used_up_and_turned_off_codes_and_removed_people_get_one_answer() {
    let mut team = Team::new().await;
    let mut eve = team.site.person("Eve", "eve@example.com").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    let used_up = team.code("Member", "1").await;
    assert_eq!(join(&mut bob, &used_up).await.location(), team.project);
    let off = team.code("Member", "1").await;
    let settings = team.settings().await;
    let ending = path_to(between(&settings, &format!("…-{}", &off[15..]), "</li>"), "ending");
    team.ada.submit(&ending, &[]).await;
    let holds = team.code("Member", "9").await;
    let mut answers = Vec::new();
    for code in ["0000-0000-0000-0000", "rubbish", "", &used_up, &off] {
        answers.push((join(&mut eve, code).await, code.to_owned()));
    }
    let ada = team.site.user("ada@example.com").await;
    let user = team.site.user("bob@example.com").await;
    let mut tx = team.site.app.db.begin().await.unwrap();
    store::memberships::remove(&mut tx, team.organisation, ada, user, team.site.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    answers.push((join(&mut bob, &holds).await, holds.clone()));
    team.site.app.clock.advance(7 * DAY);
    answers.push((join(&mut eve, &holds).await, holds.clone()));
    for (answer, code) in &answers {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        let field = between(&answer.text, "<div class=\"field\">", "</div>").replace(&format!("value=\"{code}\""), "");
        let first = between(&answers[0].0.text, "<div class=\"field\">", "</div>");
        assert_eq!(field, first.replace("value=\"0000-0000-0000-0000\"", ""), "{code}");
    }
    assert_eq!(team.others().await, Vec::<String>::new());
}

#[tokio::test]
async fn ten_tries_from_one_address_and_twenty_of_one_account_then_one_waits() {
    let team = Team::new().await;
    let mut eve = team.site.person("Eve", "eve@example.com").await;
    let wrong = "0000-0000-0000-0000";
    for _ in 0..2 {
        for _ in 0..10 {
            assert_eq!(join(&mut eve, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        // from this client's address nobody may, for three minutes
        let mut dot = team
            .site
            .person("Dot", &format!("dot{}@example.com", team.site.app.now().0))
            .await;
        for browser in [&mut eve, &mut dot] {
            let answer = join(browser, wrong).await;
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
            let wait: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert!((179..=181).contains(&wait), "{wait}");
            assert!(
                answer.text.contains("Wait 4 minutes") || answer.text.contains("Wait 3 minutes"),
                "{}",
                answer.text
            );
        }
        team.site.app.clock.advance(3 * MINUTE);
    }
    let answer = join(&mut eve, wrong).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait > 3_000, "{wait}");
    team.site.app.clock.advance(wait * SECOND);
    assert_eq!(join(&mut eve, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_limit_holds_under_fifty_joins_at_once() {
    let mut team = Team::spread(&["--trusted-proxies", "127.0.0.1"]).await;
    let code = team.code("Member", "7").await;
    let mut tasks = Vec::new();
    for n in 0..50 {
        let mut browser = team.site.person("Somebody", &format!("p{n}@example.com")).await;
        browser.open("/account/join").await;
        let body = serde_urlencoded::to_string([("csrf", &browser.csrf()), ("code", &code)]).unwrap();
        tasks.push(tokio::spawn(async move {
            // each from an address of their own, or they would be slowed down
            let form = Request::post("/account/join").header("x-forwarded-for", format!("192.0.2.{n}"));
            browser.send(form, body).await.status
        }));
    }
    let mut joined = 0;
    for task in tasks {
        match task.await.unwrap() {
            StatusCode::SEE_OTHER => joined += 1,
            other => assert_eq!(other, StatusCode::UNPROCESSABLE_ENTITY),
        }
    }
    assert_eq!((joined, team.others().await.len()), (7, 7));
    assert!(team.settings().await.contains("7 of 7 uses,"));
}

#[tokio::test]
async fn a_member_is_told_so_and_no_use_is_counted() {
    let mut team = Team::new().await;
    let code = team.code("Member", "1").await;
    let mut bob = team.site.member(team.organisation, "Bob", Role::Viewer).await;
    assert_eq!(join(&mut bob, &code).await.location(), team.project);
    let page = bob.open(&format!("{}/settings", team.path)).await.text;
    assert!(page.contains("You&#39;re already a member of Ada&#39;s Organisation."));
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    assert!(team.settings().await.contains("0 of 1 uses,"));
}

#[tokio::test]
async fn a_code_makes_no_administrators_and_holds_for_an_hour_to_90_days() {
    let mut team = Team::new().await;
    let page = team.ada.open(&format!("{}/invitations/new", team.path)).await.text;
    let select = between(&page, "<select id=\"code-role\"", "</select>");
    assert!(!select.contains("Administrator"), "{select}");
    let form = between(&page, "By code", "Create invitation code");
    assert!(
        form.contains("<option value=\"168\" selected>7 days") && form.contains("value=\"10\""),
        "{form}"
    );
    let path = format!("{}/codes", team.path);
    for (role, hours, uses, field) in [
        ("Administrator", "1", "1", "code-role-error"),
        ("Member", "0", "1", "hours-error"),
        ("Member", "2161", "1", "hours-error"),
        ("Member", "x", "1", "hours-error"),
        ("Member", "1", "0", "uses-error"),
        ("Member", "1", "", "uses-error"),
    ] {
        let answer = team
            .ada
            .post(&path, &[("role", role), ("hours", hours), ("uses", uses)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer.text.contains(&format!("id=\"{field}\"")),
            "{field} in {}",
            answer.text
        );
    }
    for hours in ["1", "2160"] {
        let answer = team
            .ada
            .post(&path, &[("role", "Viewer"), ("hours", hours), ("uses", "1000000")])
            .await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn there_are_ten_codes_at_once() {
    let mut team = Team::new().await;
    for _ in 0..10 {
        team.code("Member", "1").await;
    }
    let fields = [("role", "Member"), ("hours", "1"), ("uses", "1")];
    let answer = team.ada.post(&format!("{}/codes", team.path), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("There are 10 codes already"), "{}", answer.text);
}

#[tokio::test]
async fn a_leaked_code_is_turned_off_and_who_joined_by_it_removed() {
    let mut team = Team::new().await;
    let code = team.code("Member", "9").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    join(&mut bob, &code).await;
    let settings = team.settings().await;
    assert!(settings.contains(">Turn off</button>"), "{settings}");
    assert!(
        settings.contains(">Turn off and remove who joined by it</button>"),
        "{settings}"
    );
    let ending = path_to(between(&settings, "Invitation codes", "</ul>"), "ending");
    let page = team.ada.open(&ending).await.text;
    assert!(
        page.contains("bob@example.com") && page.contains(">Turn off and remove who joined by it</button>"),
        "{page}"
    );
    assert_eq!(team.others().await, ["bob@example.com Member"]);
    team.ada.submit(&ending, &[("remove", "true")]).await;
    let said = format!("The code …-{} is turned off, and Bob is removed.", &code[15..]);
    assert!(team.ada.page.contains(&said), "{}", team.ada.page);
    assert_eq!(team.others().await, Vec::<String>::new());
    assert_eq!(
        bob.fetch(&format!("{}/settings", team.path)).await.status,
        StatusCode::NOT_FOUND
    );
    let log = team.log().await;
    assert!(
        log.contains(&format!("code.turned_off | …-{} | ", &code[15..])),
        "{log:?}"
    );
    let removed = format!(
        "member.removed | Bob <bob@example.com> | had joined by the code …-{}",
        &code[15..]
    );
    assert!(log.contains(&removed), "{log:?}");
    let mails = team.site.deliver().await;
    assert!(
        mails
            .iter()
            .any(|mail| mail.to == "bob@example.com" && mail.subject.contains("no longer a member"))
    );
}

#[tokio::test]
async fn only_administrators_see_and_handle_codes() {
    let mut team = Team::new().await;
    let code = team.code("Member", "9").await;
    let settings = team.settings().await;
    let ending = path_to(between(&settings, "Invitation codes", "</ul>"), "ending");
    for (name, role, status) in [
        ("Bob", Some(Role::Member), StatusCode::FORBIDDEN),
        ("Cyd", Some(Role::Viewer), StatusCode::FORBIDDEN),
        ("Eve", None, StatusCode::NOT_FOUND),
    ] {
        let mut other = match role {
            Some(role) => team.site.member(team.organisation, name, role).await,
            None => team.site.person(name, "eve@example.com").await,
        };
        let settings = other.open(&format!("{}/settings", team.path)).await.text;
        assert!(!settings.contains(&code[15..]) && !settings.contains("Turn off"));
        other.open("/account/join").await;
        let fields = [("role", "Member"), ("hours", "1"), ("uses", "1")];
        assert_eq!(
            other.post(&format!("{}/codes", team.path), &fields).await.status,
            status
        );
        assert_eq!(other.fetch(&ending).await.status, status);
        assert_eq!(other.post(&ending, &[("remove", "true")]).await.status, status);
    }
    // nor may an Administrator elsewhere, whatever the path says
    let mut gus = team.site.person("Gus", "gus@example.com").await;
    let theirs = team.site.organisation_of("gus@example.com").await;
    gus.open("/account/join").await;
    let elsewhere = ending.replace(&team.organisation.to_string(), &theirs.to_string());
    assert_eq!(gus.fetch(&elsewhere).await.status, StatusCode::NOT_FOUND);
    assert_eq!(gus.post(&elsewhere, &[]).await.status, StatusCode::NOT_FOUND);
    let mut dot = team.site.person("Dot", "dot@example.com").await;
    assert_eq!(join(&mut dot, &code).await.location(), team.project);
}
