//! Boards.

use axum::http::StatusCode;
use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use domain::time::HOUR;
use store::boards::BoardChart;

use crate::harness::{Browser, NOW, Site};

/// Ada's organisation, whose first project has the Counter "Cart".
struct World {
    site: Site,
    ada: Browser,
    organisation: OrganisationId,
    project: ProjectId,
    /// Where its boards are.
    path: String,
}

impl World {
    async fn new() -> Self {
        let site = Site::new().await;
        let mut ada = site.browser();
        let project = ada.sign_up("Ada", "ada@example.com").await;
        let project: ProjectId = project.trim_start_matches("/projects/").parse().unwrap();
        site.publish(project, NOW - HOUR).await;
        let organisation = site.organisation_of("ada@example.com").await;
        Self {
            path: format!("/organisations/{organisation}/boards"),
            site,
            ada,
            organisation,
            project,
        }
    }

    /// The fields that name the Counter "Cart".
    async fn cart(&self) -> [(&'static str, String); 2] {
        let metrics = store::metrics::of_project(&self.site.app.db, self.project)
            .await
            .unwrap();
        [
            ("project", self.project.to_string()),
            ("metric", metrics[0].id.to_string()),
        ]
    }

    async fn charts(&self, board: &str) -> Vec<BoardChart> {
        let id = board.rsplit('/').next().unwrap().parse().unwrap();
        store::boards::charts(&self.site.app.db, id).await.unwrap()
    }
}

fn fields<'a>(all: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    all.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Makes a board; gives its path.
async fn make(browser: &mut Browser, path: &str, name: &str, seen: &str) -> String {
    browser.open(&format!("{path}/new")).await;
    let answer = browser
        .post(path, &[("name", name), ("range", "7d"), ("seen", seen)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().trim_end_matches("/charts/new").to_owned()
}

#[tokio::test]
async fn a_board_is_made_filled_put_in_order_and_undone_without_script() {
    let world = World::new().await;
    let (mut ada, path) = (world.ada.clone(), world.path.clone());
    ada.open(&path).await;
    assert!(ada.says("No boards yet"));
    let board = make(&mut ada, &path, "The <week>", "organisation").await;
    ada.open(&board).await;
    assert!(ada.says("Nothing on this board yet"));
    ada.open(&format!("{board}/charts/new?q=cart")).await;
    assert!(ada.says("Cart") && ada.says("My First Project"));
    let cart = world.cart().await;
    for _ in 0..3 {
        let answer = ada.submit(&format!("{board}/charts"), &fields(&cart)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert!(ada.says("“Cart” is on the board.") && ada.says("on the board already"));
    let [first, second, third] = world.charts(&board).await.try_into().unwrap();

    ada.open(&board).await;
    assert!(
        ada.says("The <week>") && ada.page.contains("class=\"picture"),
        "{}",
        ada.page
    );
    assert!(ada.page.contains("aria-current=\"true\">7 days"), "its own time");
    let title = [
        ("title", "Baskets"),
        ("picture", "number"),
        ("width", "third"),
        ("time", "1h"),
    ];
    ada.submit(&format!("{board}/charts/{}", second.id), &title).await;
    assert!(ada.says("Baskets") && ada.says("Average"), "one number");
    ada.open(&format!("{board}/arrangement")).await;
    ada.submit(&format!("{board}/charts/{}/place", third.id), &[("to", "0")])
        .await;
    ada.submit(&format!("{board}/charts/{}/width", first.id), &[("width", "whole")])
        .await;
    let order = world.charts(&board).await;
    let ids: Vec<_> = order.iter().map(|chart| chart.id).collect();
    assert_eq!(ids, [third.id, first.id, second.id]);
    let said: Vec<_> = order
        .iter()
        .map(|chart| (chart.said.width.word(), chart.said.own_time))
        .collect();
    assert_eq!(said, [("half", false), ("whole", false), ("third", true)]);

    ada.submit(&format!("{board}/charts/{}/deletion", first.id), &[]).await;
    assert!(ada.says("The chart is off the board.") && ada.says("Undo"));
    assert_eq!(world.charts(&board).await.len(), 2);
    ada.submit(&format!("{board}/charts/{}/restoration", first.id), &[])
        .await;
    let ids: Vec<_> = world.charts(&board).await.iter().map(|chart| chart.id).collect();
    assert_eq!(ids, [third.id, first.id, second.id], "where it was");

    ada.submit(&format!("{board}/deletion"), &[]).await;
    assert!(ada.says("is deleted") && ada.says("Undo"));
    assert_eq!(ada.fetch(&board).await.status, StatusCode::NOT_FOUND);
    ada.submit(&format!("{board}/restoration"), &[]).await;
    assert!(ada.says("is back") && ada.says("Baskets"));
}

#[tokio::test]
async fn a_board_that_is_mine_alone_is_nobody_elses_and_a_shared_one_is_changed_by_its_maker_and_administrators() {
    let world = World::new().await;
    let (site, path) = (&world.site, &world.path);
    let mut mia = site.member(world.organisation, "Mia", Role::Member).await;
    let mut max = site.member(world.organisation, "Max", Role::Member).await;
    let mut vic = site.member(world.organisation, "Vic", Role::Viewer).await;
    let mut ada = world.ada.clone();
    let own = make(&mut mia, path, "Mine", "me").await;
    let shared = make(&mut mia, path, "Ours", "organisation").await;
    for other in [&mut ada, &mut max, &mut vic] {
        assert_eq!(other.fetch(&own).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            other.fetch(&format!("{own}/shares")).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(other.open(&shared).await.status, StatusCode::OK);
        other.open(path).await;
        assert!(other.says("Ours") && !other.says("Mine"));
    }
    let rename = [("name", "Changed"), ("range", "24h"), ("seen", "me")];
    for (browser, status) in [
        (&mut vic, StatusCode::FORBIDDEN),
        (&mut max, StatusCode::FORBIDDEN),
        (&mut ada, StatusCode::SEE_OTHER),
        (&mut mia, StatusCode::SEE_OTHER),
    ] {
        browser.open(path).await;
        assert_eq!(browser.post(&shared, &rename).await.status, status);
    }
    assert_eq!(
        max.fetch(&shared).await.status,
        StatusCode::NOT_FOUND,
        "its maker took it back"
    );
    let events = store::audit_events::of_organisation(&site.app.db, world.organisation, None, 50)
        .await
        .unwrap();
    let named = |name: &str| events.iter().filter(|event| event.subject == name).count();
    assert_eq!(
        (named("Mine"), named("Ours")),
        (0, 1),
        "what is mine alone is in no log"
    );
}

#[tokio::test]
async fn a_copy_is_mine_alone_with_the_same_charts() {
    let world = World::new().await;
    let mut ada = world.ada.clone();
    let board = make(&mut ada, &world.path, "Week", "organisation").await;
    ada.open(&board).await;
    ada.post(&format!("{board}/charts"), &fields(&world.cart().await)).await;
    let mut mia = world.site.member(world.organisation, "Mia", Role::Member).await;
    mia.open(&board).await;
    let answer = mia.submit(&format!("{board}/copy"), &[]).await;
    let copy = answer.location().trim_end_matches("/settings").to_owned();
    assert!(mia.says("yours alone") && mia.page.contains("value=\"Copy of Week\""));
    assert_eq!(world.charts(&copy).await.len(), 1);
    assert_eq!(ada.fetch(&copy).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_leaves_leaves_shared_boards_behind_and_takes_their_own_along() {
    let world = World::new().await;
    let mut mia = world.site.member(world.organisation, "Mia", Role::Member).await;
    let own = make(&mut mia, &world.path, "Mine", "me").await;
    let shared = make(&mut mia, &world.path, "Ours", "organisation").await;
    let departure = format!("/organisations/{}/departure", world.organisation);
    mia.open(&departure).await;
    assert!(mia.says("the 1 board that only you see"));
    mia.submit(&departure, &[("name", "Ada's Organisation")]).await;
    let mut ada = world.ada.clone();
    assert_eq!(ada.fetch(&shared).await.status, StatusCode::OK);
    let id = own.rsplit('/').next().unwrap().parse().unwrap();
    let left = store::boards::of_link(&world.site.app.db, world.organisation, id)
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[tokio::test]
async fn a_metric_is_put_on_a_board_from_its_own_page_as_it_is_looked_at() {
    let world = World::new().await;
    let mut ada = world.ada.clone();
    let [project, metric] = world.cart().await;
    let query = format!("project={}&metric={}&range=30d&compare=week", project.1, metric.1);
    ada.open(&format!("{}/add?{query}", world.path)).await;
    assert!(
        ada.says("On a new board") && ada.page.contains("value=\"range=30d&#38;compare=week\""),
        "{}",
        ada.page
    );
    let form = [
        project,
        metric,
        ("view", "range=30d&compare=week".to_owned()),
        ("name", "Fresh".to_owned()),
    ];
    ada.submit(&format!("{}/add", world.path), &fields(&form)).await;
    assert!(ada.says("“Cart” is on the board “Fresh”."));
    let boards = store::boards::visible(
        &world.site.app.db,
        world.organisation,
        world.site.user("ada@example.com").await,
    );
    let board = boards.await.unwrap().remove(0);
    assert_eq!(
        world.charts(&format!("x/{}", board.id)).await[0].view,
        "range=30d&compare=week"
    );

    let mut eve = world.site.browser();
    eve.sign_up("Eve", "eve@example.com").await;
    let hers = world.site.organisation_of("eve@example.com").await;
    let answer = eve.open(&format!("/organisations/{hers}/boards/add?{query}")).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a metric of another organisation"
    );
    assert!(!eve.says("Cart"));
}
