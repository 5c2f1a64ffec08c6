//! "Signing up and in".

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::{Request, StatusCode, header};
use microstat::jobs::sweeping;

use crate::harness::{PASSWORD, Site};

#[tokio::test]
async fn signing_up_lands_signed_in_on_the_tutorial_of_my_first_project() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.open("/sign-up").await;
    let fields = [("name", "Ada"), ("email", "Ada@Example.com"), ("password", PASSWORD)];
    let answer = ada.post("/sign-up", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with("/projects/") && answer.location().ends_with("/tutorial"));
    let cookie = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap().to_owned());
    let cookie = cookie.into_iter().find(|c| c.starts_with("session=")).unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let (user, _) = store::users::find_by_email(&site.app.db, "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    let mine = store::organisations::of_user(&site.app.db, user.id).await.unwrap();
    assert_eq!(mine[0].organisation.name, "Ada's Organisation");
    assert_eq!(mine[0].projects[0].name, "My First Project");
}

#[tokio::test]
async fn on_https_the_cookie_is_kept_to_this_host() {
    let site = Site::with(&["--url", "https://stats.example.com"]).await;
    let mut ada = site.browser();
    ada.open("/sign-up").await;
    let answer = ada
        .post(
            "/sign-up",
            &[("name", "Ada"), ("email", "a@example.com"), ("password", PASSWORD)],
        )
        .await;
    let all: Vec<_> = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect();
    assert!(
        all.iter()
            .any(|c| c.starts_with("__Host-session=") && c.contains("Secure") && c.contains("Path=/;")),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_signing_up_many_times_at_once_makes_one_account() {
    let site = Site::spread(&[]).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let mut browser = site.browser();
        browser.open("/sign-up").await;
        tasks.push(tokio::spawn(async move {
            browser
                .post(
                    "/sign-up",
                    &[("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)],
                )
                .await
                .status
        }));
    }
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut texts = Vec::new();
    for email in ["ada@example.com", "bob@example.com"] {
        let mut browser = site.browser();
        let answer = browser.sign_in_with(email, "not-the-password").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        texts.push(answer.tokenless().replace(email, ""));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn tries_at_an_account_are_slowed_down_and_never_locked_for_good() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut browser = site.browser();
    browser.open("/sign-in").await;
    for _ in 0..5 {
        browser
            .post("/sign-in", &[("email", "ada@example.com"), ("password", "wrong-wrong")])
            .await;
    }
    let right = [("email", "ada@example.com"), ("password", PASSWORD)];
    let answer = browser.post("/sign-in", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    site.app.clock.advance(wait * domain::time::SECOND);
    assert_eq!(browser.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_from_another_site_or_without_its_token_changes_nothing() {
    let site = Site::new().await;
    let mut browser = site.browser();
    browser.open("/sign-up").await;
    let body = serde_urlencoded::to_string([
        ("csrf", browser.csrf().as_str()),
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ])
    .unwrap();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = browser
            .send(Request::post("/sign-up").header(name, value), body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let answer = browser
        .send(Request::post("/sign-up"), "name=Ada&email=ada@example.com")
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        store::users::find_by_email(&site.app.db, "ada@example.com")
            .await
            .unwrap()
            .is_none()
    );
    let answer = browser
        .send(Request::post("/sign-up").header("sec-fetch-site", "same-origin"), body)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_after_30_idle_days_and_after_90_at_most() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let day = domain::time::DAY;
    for _ in 0..4 {
        site.app.clock.advance(20 * day);
        assert_ne!(ada.fetch("/").await.location(), "/sign-in");
    }
    site.app.clock.advance(11 * day);
    assert_eq!(ada.fetch("/").await.location(), "/sign-in");
    let mut bob = site.browser();
    bob.sign_up("Bob", "bob@example.com").await;
    site.app.clock.advance(31 * day);
    assert_eq!(bob.fetch("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let mut thief = ada.clone();
    ada.open("/nothing").await;
    assert_eq!(ada.submit("/sign-out", &[]).await.location(), "/sign-in");
    assert_eq!(thief.fetch("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_browser_whose_session_has_ended_can_sign_in_again() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    site.app.clock.advance(31 * domain::time::DAY);
    assert!(!ada.is_signed_in().await);
    let answer = ada.sign_in_with("ada@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_unknown_address_costs_a_hash_too() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut browser = site.browser();
    // with no place to hash at, whoever hashes fails
    site.app.hashers.close();
    for email in ["ada@example.com", "bob@example.com"] {
        browser.open("/sign-in").await;
        let form = [("email", email), ("password", PASSWORD)];
        let answer = browser.post("/sign-in", &form).await;
        assert_eq!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "signing in as {email}"
        );
        browser.open("/sign-up").await;
        let form = [("name", "Ada"), ("email", email), ("password", PASSWORD)];
        let answer = browser.post("/sign-up", &form).await;
        assert_eq!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "signing up as {email}"
        );
    }
}

#[tokio::test]
async fn a_hash_made_with_weaker_parameters_is_renewed_at_sign_in() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let user = site.user("ada@example.com").await;
    let weak = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(64, 1, 1, None).unwrap(),
    );
    let weak = weak
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap()
        .to_string();
    let mut tx = site.app.db.begin().await.unwrap();
    store::users::set_password_hash(&mut tx, user, &weak).await.unwrap();
    tx.commit().await.unwrap();
    site.browser().sign_in("ada@example.com").await;
    let kept = store::users::password_hash(&site.app.db, user).await.unwrap().unwrap();
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    site.browser().sign_in("ada@example.com").await;
    assert_eq!(
        store::users::password_hash(&site.app.db, user).await.unwrap().unwrap(),
        kept
    );
}

#[tokio::test]
async fn after_signing_in_one_is_back_where_one_wanted_to_be_also_after_an_error() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let wanted = format!("/account?project={}", project.trim_start_matches("/projects/"));
    let mut elsewhere = site.browser();
    let answer = elsewhere.fetch(&wanted).await;
    assert!(
        answer.location().starts_with("/sign-in?return=%2Faccount%3Fproject%3D"),
        "{}",
        answer.location()
    );
    elsewhere.open(&wanted).await;
    assert!(
        elsewhere.page.contains(&format!("name=\"return\" value=\"{wanted}\"")),
        "{}",
        elsewhere.page
    );
    let kept = format!("name=\"return\" value=\"{wanted}\"");
    let back = ("return", wanted.as_str());
    let wrong = [("email", "ada@example.com"), ("password", "wrong-wrong"), back];
    for status in [StatusCode::UNPROCESSABLE_ENTITY; 5]
        .into_iter()
        .chain([StatusCode::TOO_MANY_REQUESTS])
    {
        assert_eq!(elsewhere.submit("/sign-in", &wrong).await.status, status);
        assert!(elsewhere.page.contains(&kept), "{}", elsewhere.page);
    }
    site.app.clock.advance(domain::time::MINUTE);
    let right = [("email", "ada@example.com"), ("password", PASSWORD), back];
    assert_eq!(elsewhere.post("/sign-in", &right).await.location(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_with_the_old_password_while_it_changes_leaves_no_session() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    ada.open("/account").await;
    let mut tasks = Vec::new();
    for n in 0..8 {
        let mut browser = site.browser();
        browser.open("/sign-in").await;
        tasks.push(tokio::spawn(async move {
            let form = [("email", "ada@example.com"), ("password", PASSWORD)];
            browser.post("/sign-in", &form).await;
        }));
        if n == 3 {
            let mut ada = ada.clone();
            tasks.push(tokio::spawn(async move {
                let form = [("current", PASSWORD), ("new", "copper-violin-marsh-42")];
                assert_eq!(ada.post("/account/password", &form).await.status, StatusCode::SEE_OTHER);
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let user = site.user("ada@example.com").await;
    let sessions = store::sessions::of_user(&site.app.db, user, site.app.now())
        .await
        .unwrap();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
}

#[tokio::test]
async fn a_return_path_to_another_site_is_dropped() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    for evil in ["https://evil.example/", "//evil.example/", "/\\evil.example"] {
        let mut browser = site.browser();
        browser.open("/sign-in").await;
        let form = [("email", "ada@example.com"), ("password", PASSWORD), ("return", evil)];
        assert_eq!(browser.post("/sign-in", &form).await.location(), "/", "{evil}");
    }
}

#[tokio::test]
async fn a_sign_in_begins_a_new_session() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    let first = ada.cookie("session");
    ada.open("/account").await;
    ada.submit("/sign-out", &[]).await;
    ada.sign_in("ada@example.com").await;
    assert_ne!(ada.cookie("session"), first);
}

#[tokio::test]
async fn what_has_ended_is_swept_and_nothing_else() {
    let site = Site::new().await;
    site.browser().sign_up("Ada", "ada@example.com").await;
    let mut forgetful = site.browser();
    forgetful.open("/forgot-password").await;
    forgetful
        .post("/forgot-password", &[("email", "ada@example.com")])
        .await;
    site.deliver().await;
    let rows = async || {
        let all = store::testing::dump(&site.app.db).await;
        // addresses stand in tries, the word in a mailed link, the client's address in sessions and tries, and
        // for good in the log of Ada's organisation, which she founded
        (
            all.contains("reset ada@example.com"),
            all.contains("reset-password"),
            all.matches("127.0.0.1").count(),
        )
    };
    sweeping::run_due(&site.app).await.unwrap();
    assert_eq!(rows().await, (true, true, 4));
    site.app.clock.advance(2 * domain::time::DAY);
    sweeping::run_due(&site.app).await.unwrap();
    assert_eq!(rows().await, (false, false, 2));
    site.app.clock.advance(29 * domain::time::DAY);
    sweeping::run_due(&site.app).await.unwrap();
    assert_eq!(rows().await, (false, false, 1));
}

#[tokio::test]
async fn tries_from_one_client_address_are_slowed_down_whatever_the_account() {
    let site = Site::new().await;
    let mut browser = site.browser();
    browser.open("/sign-in").await;
    let mut tries = 0;
    loop {
        let email = format!("somebody-{tries}@example.com");
        let answer = browser
            .post("/sign-in", &[("email", &email), ("password", "wrong-wrong")])
            .await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        tries += 1;
    }
    assert_eq!(tries, 50);
}

#[tokio::test]
async fn every_form_that_needs_no_id_is_refused_without_its_token() {
    let site = Site::new().await;
    let mut ada = site.browser();
    ada.sign_up("Ada", "ada@example.com").await;
    ada.page.clear();
    let routes = microstat::router::routes();
    let forms = routes
        .iter()
        .filter(|(method, path)| *method == "POST" && !path.contains('{') && !path.starts_with("/api"));
    let mut seen = 0;
    for (_, path) in forms {
        assert_eq!(ada.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
}
