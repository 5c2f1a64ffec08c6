//! Public links: what strangers see, and when they don't any more.

use axum::http::StatusCode;
use domain::id::{MetricId, OrganisationId, ProjectId, ShareId};
use domain::role::Role;
use domain::time::{DAY, HOUR};
use store::shares::Share;

use crate::harness::{Answer, Browser, NOW, Site};

/// Ada's organisation, with the Counter "Cart", and Mia, a Member of it.
struct World {
    site: Site,
    ada: Browser,
    mia: Browser,
    organisation: OrganisationId,
    project: ProjectId,
    metric: MetricId,
}

impl World {
    async fn new() -> Self {
        let site = Site::new().await;
        let mut ada = site.browser();
        let project = ada.sign_up("Ada", "ada@example.com").await;
        let project: ProjectId = project.trim_start_matches("/projects/").parse().unwrap();
        site.publish(project, NOW - HOUR).await;
        let organisation = site.organisation_of("ada@example.com").await;
        let metric = store::metrics::of_project(&site.app.db, project).await.unwrap()[0].id;
        let mia = site.member(organisation, "Mia", Role::Member).await;
        Self {
            site,
            ada,
            mia,
            organisation,
            project,
            metric,
        }
    }

    /// Mia shares the metric's chart; the link's token.
    async fn share(&mut self, fields: &[(&str, &str)]) -> String {
        let path = format!("/projects/{}/metrics/{}/shares", self.project, self.metric);
        self.mia.open(&path).await;
        assert!(self.mia.says("Make a public link"), "{}", self.mia.page);
        let answer = self.mia.submit(&path, fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        token(&answer)
    }

    /// Mia shares a board with that chart; its path, and the link's token.
    async fn share_board(&mut self) -> (String, String) {
        let boards = format!("/organisations/{}/boards", self.organisation);
        self.mia.open(&format!("{boards}/new")).await;
        let answer = self
            .mia
            .post(&boards, &[("name", "Week"), ("seen", "organisation")])
            .await;
        let board = answer.location().trim_end_matches("/charts/new").to_owned();
        let (project, metric) = (self.project.to_string(), self.metric.to_string());
        let fields = [("project", project.as_str()), ("metric", metric.as_str())];
        self.mia.post(&format!("{board}/charts"), &fields).await;
        let answer = self.mia.post(&format!("{board}/shares"), &[]).await;
        let token = token(&answer);
        (board, token)
    }

    /// What a stranger is answered.
    async fn stranger(&self, path: &str) -> Answer {
        self.site.browser().fetch(path).await
    }

    /// The statuses of the three ways to look at a link.
    async fn looked_at(&self, token: &str) -> [u16; 3] {
        let mut seen = [0; 3];
        let paths = [
            format!("/shared/{token}"),
            format!("/embed/{token}"),
            format!("/badge/{token}.svg"),
        ];
        for (seen, path) in seen.iter_mut().zip(paths) {
            *seen = self.stranger(&path).await.status.as_u16();
        }
        seen
    }

    async fn links(&self) -> Vec<Share> {
        let user = self.site.user("ada@example.com").await;
        let (db, now) = (&self.site.app.db, self.site.app.now());
        store::shares::of_organisation(db, self.organisation, user, now)
            .await
            .unwrap()
    }
}

/// The token in the page that shows a link once.
fn token(answer: &Answer) -> String {
    let start = answer.text.find("/shared/").expect("a link") + "/shared/".len();
    answer.text[start..start + 43].to_owned()
}

const SEEN: [u16; 3] = [200, 200, 200];
const GONE: [u16; 3] = [410, 410, 410];

#[tokio::test]
async fn strangers_see_the_chart_and_nothing_else() {
    let mut world = World::new().await;
    let token = world.share(&[]).await;
    assert!(world.mia.says("It is shown only now"));
    let (_, board) = world.share_board().await;
    for path in [
        format!("/shared/{token}"),
        format!("/embed/{token}"),
        format!("/shared/{board}"),
    ] {
        let answer = world.stranger(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(
            answer.text.contains("Cart") && answer.text.contains("class=\"picture"),
            "{path}"
        );
        assert!(answer.text.contains("name=\"robots\" content=\"noindex"), "{path}");
        for secret in [
            "Ada",
            "Mia",
            "Organisation",
            "First Project",
            "/projects/",
            "/organisations/",
            "/account",
            "/help",
            "csrf",
        ] {
            assert!(!answer.text.contains(secret), "{path} says {secret}");
        }
        for (name, value) in [
            ("x-robots-tag", "noindex, nofollow"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
        let framed = path.starts_with("/embed/");
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        assert_eq!(csp.contains("frame-ancestors *"), framed, "{path}");
        assert_eq!(answer.headers.contains_key("x-frame-options"), !framed, "{path}");
    }
    let dark = world.stranger(&format!("/embed/{token}?theme=dark%22%3E%3Cb%3E")).await;
    assert!(!dark.text.contains("data-theme"));
    let dark = world.stranger(&format!("/embed/{token}?theme=dark")).await;
    assert!(dark.text.contains("data-theme=\"dark\""));
    let named = world.share(&[("named", "yes")]).await;
    assert!(
        world
            .stranger(&format!("/shared/{named}"))
            .await
            .text
            .contains("Ada&#39;s Organisation")
    );
}

#[tokio::test]
async fn a_badge_is_a_picture_that_may_be_kept_for_a_minute() {
    let mut world = World::new().await;
    let token = world.share(&[("number", "total"), ("view", "range=7d")]).await;
    let badge = world.stranger(&format!("/badge/{token}.svg")).await;
    assert_eq!(badge.headers["content-type"], "image/svg+xml");
    assert_eq!(badge.headers["cache-control"], "public, max-age=60");
    assert!(!badge.headers.contains_key("set-cookie"), "or it would be everybody's");
    assert!(
        badge.text.starts_with("<svg") && badge.text.contains("Cart, 7 days: 1"),
        "{}",
        badge.text
    );
    let average = world.share(&[("number", "average")]).await;
    let badge = world.stranger(&format!("/badge/{average}.svg")).await;
    assert!(badge.text.contains("Cart, 24 hours: 3"), "{}", badge.text);
    let (_, board) = world.share_board().await;
    assert_eq!(
        world.looked_at(&board).await,
        [200, 410, 410],
        "a board is a page alone"
    );
}

#[tokio::test]
async fn a_link_that_is_over_says_the_same_as_one_that_never_was() {
    let mut world = World::new().await;
    let token = world.share(&[("holds", "1")]).await;
    assert_eq!(world.looked_at(&token).await, SEEN);
    assert_eq!(world.links().await[0].last_seen_at, Some(NOW.floor(DAY)));
    let unknown = world
        .stranger("/shared/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .await;
    world.site.app.clock.advance(DAY);
    let expired = world.stranger(&format!("/shared/{token}")).await;
    assert_eq!((unknown.status, expired.status), (StatusCode::GONE, StatusCode::GONE));
    assert_eq!(unknown.text, expired.text);
    assert_eq!(world.looked_at(&token).await, GONE);
    assert_eq!(world.looked_at("x").await, GONE);
    let always = world.share(&[("holds", "never")]).await;
    world.site.app.clock.advance(400 * DAY);
    assert_eq!(world.looked_at(&always).await[0], 200);
    let dump = store::testing::dump(&world.site.app.db).await;
    assert!(
        !dump.contains(&always) && !dump.contains(&token),
        "at rest there are hashes"
    );
}

#[tokio::test]
async fn a_link_is_revoked_at_once_by_its_maker_or_an_administrator_and_by_nobody_else() {
    let mut world = World::new().await;
    let tokens = [world.share(&[]).await, world.share(&[]).await];
    let mut max = world.site.member(world.organisation, "Max", Role::Member).await;
    let revocation = |id: ShareId| format!("/organisations/{}/shares/{id}/revocation", world.organisation);
    let links = world.links().await;
    let list = format!("/organisations/{}/shares", world.organisation);
    max.open(&list).await;
    assert!(max.says("Cart") && !max.page.contains("/revocation"));
    assert_eq!(
        max.post(&revocation(links[0].id), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    for (browser, link) in [(&mut world.ada.clone(), &links[0]), (&mut world.mia.clone(), &links[1])] {
        browser.open(&list).await;
        browser.submit(&revocation(link.id), &[]).await;
        assert!(browser.says("is revoked"));
    }
    for token in &tokens {
        assert_eq!(world.looked_at(token).await, GONE);
    }
    let events = store::audit_events::of_organisation(&world.site.app.db, world.organisation, None, 50)
        .await
        .unwrap();
    let count = |action: &str| events.iter().filter(|event| event.action == action).count();
    assert_eq!((count("share.created"), count("share.revoked")), (2, 2));
}

#[tokio::test]
async fn whoever_goes_or_may_not_share_any_more_leaves_no_open_link_and_coming_back_opens_none() {
    for how in ["leaves", "removed", "viewer"] {
        let mut world = World::new().await;
        let token = world.share(&[]).await;
        let (site, organisation) = (&world.site, world.organisation);
        let (ada, mia) = (site.user("ada@example.com").await, site.user("mia@example.com").await);
        assert_eq!(world.looked_at(&token).await, SEEN);
        let now = site.app.now();
        let mut tx = site.app.db.begin().await.unwrap();
        match how {
            "leaves" => {
                store::memberships::leave(&mut tx, organisation, mia, "Ada's Organisation", now)
                    .await
                    .unwrap();
            }
            "removed" => {
                store::memberships::remove(&mut tx, organisation, ada, mia, now)
                    .await
                    .unwrap();
            }
            _ => {
                store::memberships::set_role(&mut tx, organisation, ada, mia, Role::Viewer, now)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
        assert_eq!(world.looked_at(&token).await, GONE, "{how}");
        let mut tx = site.app.db.begin().await.unwrap();
        let founded = store::memberships::How::Founded;
        store::memberships::add(&mut tx, organisation, mia, Role::Member, founded, now)
            .await
            .unwrap();
        store::memberships::set_role(&mut tx, organisation, ada, mia, Role::Member, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.looked_at(&token).await, GONE, "{how}, and is back");
    }
}

#[tokio::test]
async fn links_stop_with_what_they_show_and_with_an_administrator_s_word() {
    let mut world = World::new().await;
    let chart = world.share(&[]).await;
    let (board, shared) = world.share_board().await;
    let mut ada = world.ada.clone();
    let sharing = format!("/organisations/{}/sharing", world.organisation);
    ada.open(&format!("/organisations/{}/shares", world.organisation)).await;
    ada.submit(&sharing, &[("allowed", "no")]).await;
    assert!(ada.says("none can be opened"));
    assert_eq!(
        (world.looked_at(&chart).await, world.looked_at(&shared).await),
        (GONE, GONE)
    );
    let path = format!("{board}/shares");
    world.mia.open(&path).await;
    assert!(world.mia.says("Public links are forbidden here"));
    assert_eq!(world.mia.post(&path, &[]).await.status, StatusCode::CONFLICT);
    ada.submit(&sharing, &[("allowed", "yes")]).await;
    assert_eq!(world.looked_at(&chart).await, SEEN);

    ada.submit(&format!("{board}/deletion"), &[]).await;
    assert_eq!(world.looked_at(&shared).await, GONE);
    ada.submit(&format!("{board}/restoration"), &[]).await;
    assert_eq!(world.looked_at(&shared).await[0], 200, "undone");

    let project = format!("/projects/{}", world.project);
    ada.open(&project).await;
    let deletion = format!("{project}/metrics/{}/deletion", world.metric);
    assert_eq!(
        ada.post(&deletion, &[("name", "Cart")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(world.looked_at(&chart).await, GONE, "its metric is deleted");
    assert!(!world.stranger(&format!("/shared/{shared}")).await.text.contains("Cart"));
    let deletion = format!("/organisations/{}/deletion", world.organisation);
    ada.open(&deletion).await;
    ada.post(&deletion, &[("name", "Ada's Organisation")]).await;
    assert_eq!(world.looked_at(&shared).await, GONE, "its organisation is deleted");
}
