//! "Help": what is said about the product, inside the product.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use clap::CommandFactory;
use microstat::config::Cli;

use crate::harness::Site;

/// Every help page by its path, the list of them first.
async fn pages(site: &Site) -> BTreeMap<String, String> {
    let mut browser = site.browser();
    let mut pages = BTreeMap::new();
    let mut waiting = vec!["/help".to_owned()];
    while let Some(path) = waiting.pop() {
        let answer = browser.fetch(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let more = attributes(&answer.text, "href=\"/help");
        waiting.extend(
            more.map(|rest| format!("/help{}", rest.split('#').next().unwrap_or_default()))
                .filter(|link| !pages.contains_key(link)),
        );
        pages.insert(path, answer.text);
    }
    pages
}

/// What stands between this opening and the next quotation mark, wherever it comes.
fn attributes<'h>(html: &'h str, opening: &str) -> impl Iterator<Item = &'h str> {
    html.split(opening).skip(1).filter_map(|rest| rest.split('"').next())
}

fn main_of(page: &str) -> &str {
    let start = page.find("<main").expect("a main part");
    &page[start..page.find("</main>").expect("its end")]
}

#[tokio::test]
async fn everyone_can_read_it_and_every_link_in_it_leads_somewhere() {
    let site = Site::new().await;
    let pages = pages(&site).await;
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
    let files = files.filter(|file| {
        file.as_ref()
            .is_ok_and(|file| file.path().extension() == Some("md".as_ref()))
    });
    assert_eq!(pages.len(), files.count() + 1, "{:?}", pages.keys());
    for (path, page) in &pages {
        for link in attributes(main_of(page), "href=\"") {
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path } else { file };
            let target = pages.get(target).unwrap_or_else(|| panic!("{path}: {link}"));
            assert!(
                section.is_empty() || target.contains(&format!("id=\"{section}\"")),
                "{path}: {link}"
            );
        }
    }
    assert_eq!(
        site.browser().fetch("/help/nothing").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn no_link_of_it_is_named_like_one_of_the_header() {
    let site = Site::new().await;
    for (path, page) in pages(&site).await {
        for link in main_of(&page).split("<a ").skip(1) {
            let name = link.split("</a>").next().unwrap_or_default();
            let name = name.split_once('>').map_or("", |(_, name)| name).to_lowercase();
            for taken in ["dashboard", "metrics", "settings"] {
                assert!(!name.contains(taken), "{path}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_signed_in_finds_the_way_back_and_the_others_find_it_from_every_page() {
    let site = Site::new().await;
    let mut ada = site.browser();
    let project = ada.sign_up("Ada", "ada@example.com").await;
    let page = ada.fetch("/help/inviting-your-team").await.text;
    assert!(page.contains(&format!("<a href=\"{project}\"")));
    assert!(
        site.browser()
            .fetch("/sign-in")
            .await
            .text
            .contains("<a href=\"/help\">")
    );
}

#[tokio::test]
async fn inviting_a_team_is_told_with_the_names_that_stand_on_the_pages() {
    let site = Site::new().await;
    let page = site.browser().fetch("/help/inviting-your-team").await.text;
    for name in [
        "How is access managed?",
        "How do I invite my team?",
        "Your Organisation",
        "Invite my Team",
        "Send invitations",
        "Create invitation code",
        "What if I am invited to join an organisation?",
        "I was sent an e-mail",
        "I was given an invitation code",
        "Your Account",
        "Join an Organisation",
        "Invitation code",
        "How can I leave an organisation?",
        "Leave Organisation",
    ] {
        assert!(page.contains(name), "{name}");
    }
    assert!(!page.contains("not yet"));
}

#[tokio::test]
async fn every_flag_and_sub_command_is_described() {
    let site = Site::new().await;
    let page = site.browser().fetch("/help/self-hosting").await.text;
    let cli = Cli::command();
    for argument in cli.get_arguments() {
        let Some(flag) = argument.get_long() else { continue };
        assert!(page.contains(&format!("<code>--{flag}</code>")), "--{flag}");
        let variable = argument.get_env().expect("a variable of the same name");
        assert!(page.contains(variable.to_str().expect("text")), "{variable:?}");
    }
    for command in cli.get_subcommands() {
        let name = command.get_name();
        let verbs = command
            .get_subcommands()
            .map(|verb| format!("{name} {}", verb.get_name()));
        let verbs: Vec<_> = verbs.collect();
        for command in if verbs.is_empty() { vec![name.to_owned()] } else { verbs } {
            let mut described = [format!("<code>{command}</code>"), format!("<code>{command} ")].into_iter();
            assert!(described.any(|code| page.contains(&code)), "{command}");
        }
    }
}

#[tokio::test]
async fn a_question_finds_the_section_that_answers_it_and_leads_there() {
    let site = Site::new().await;
    let pages = pages(&site).await;
    for (question, section) in [
        (
            "how do I invite somebody",
            "/help/inviting-your-team#how-do-i-invite-my-team",
        ),
        ("leaving", "/help/inviting-your-team#how-can-i-leave-an-organisation"),
        ("backup", "/help/self-hosting#backups"),
        ("percentiles", "/help/metric-types#percentiles"),
        ("is the DSN secret?", "/help/faq#is-a-dsn-a-secret"),
    ] {
        let asked = format!("/help?q={}", question.replace(' ', "+"));
        let answer = site.browser().fetch(&asked).await.text;
        let first = attributes(main_of(&answer), "<li><a href=\"").next();
        assert_eq!(first, Some(section), "{question}");
        let (page, id) = section.split_once('#').unwrap();
        assert!(pages[page].contains(&format!("id=\"{id}\"")), "{section}");
        assert!(answer.contains("<mark>"), "{question}");
    }
}

#[tokio::test]
async fn what_nobody_wrote_about_is_said_so_and_a_question_is_text() {
    let site = Site::new().await;
    let answer = site.browser().fetch("/help?q=%3Cqwop%3Exyzzy").await.text;
    assert!(
        answer.contains("Nothing found") && answer.contains("&#60;qwop&#62;xyzzy"),
        "{answer}"
    );
    let long = site
        .browser()
        .fetch(&format!("/help?q={}", "%D7%A9".repeat(2_000)))
        .await;
    assert_eq!(long.status, StatusCode::OK);
}
