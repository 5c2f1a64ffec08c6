use domain::board::{MAX_CHARTS, Picture, UNDO_FOR, Width};
use domain::id::{BoardId, ChartId, MetricId, OrganisationId, ProjectId, ShareId, UserId};
use domain::name::Name;
use domain::period::Preset;
use domain::share::{LISTED_FOR, MAX_ACTIVE, Number};
use domain::time::{DAY, Micros};
use store::boards::{self, Addition, NewBoard, NewChart, Said};
use store::db::sql;
use store::shares::{self, Creation, NewShare, What};
use store::testing::Scratch;
use store::{Tx, users};

const OURS: OrganisationId = OrganisationId(1);
const ADA: UserId = UserId(1);
const VIC: UserId = UserId(2);
const BOARD: BoardId = BoardId(5);
/// A time to count from.
const DAWN: Micros = Micros(1_795_514_400_000_000);

/// Ada is a Member, Vic a Viewer; the project 7 has the metric 10, and Ada a board that she alone sees.
async fn scratch() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'o', 0), (2, 'p', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (7, 1, 'p', 0)",
        "insert into users (id, name, email, email_canonical, password_hash, created_at) \
         values (1, 'Ada', 'a@x', 'a@x', '', 0), (2, 'Vic', 'v@x', 'v@x', '', 0)",
        "insert into memberships (organisation_id, user_id, role, joined_at) values (1, 1, 2, 0), (1, 2, 1, 0)",
        "insert into metrics (id, project_id, name, type, first_seen) values (10, 7, 'm', 1, 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    let name = Name::new("Mine").unwrap();
    let new = NewBoard {
        id: BOARD,
        name: &name,
        is_shared: false,
        range: Preset::Week,
    };
    assert!(
        !boards::create(&mut tx, OURS, VIC, new, DAWN).await.unwrap(),
        "a Viewer"
    );
    assert!(boards::create(&mut tx, OURS, ADA, new, DAWN).await.unwrap());
    tx.commit().await.unwrap();
    scratch
}

async fn add(tx: &mut Tx, id: i64) -> Addition {
    let said = Said {
        title: None,
        width: Width::Half,
        picture: Picture::Chart,
        own_time: false,
    };
    let new = NewChart {
        id: ChartId(id),
        project: ProjectId(7),
        metric: MetricId(10),
        said,
        view: "range=7d",
    };
    boards::add_chart(tx, BOARD, new).await.unwrap()
}

fn new(id: i64, what: &What, expires_at: Option<Micros>) -> NewShare<'_> {
    NewShare {
        id: ShareId(id),
        what,
        token_hash: [u8::try_from(id % 251).unwrap(); 32],
        last_four: "abcd",
        names_organisation: false,
        expires_at,
    }
}

fn chart() -> What {
    What::Chart {
        project: ProjectId(7),
        metric: MetricId(10),
        view: "range=7d".to_owned(),
        number: Number::P95,
    }
}

#[tokio::test]
async fn charts_keep_their_order_and_a_board_holds_so_many() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for id in 1..=MAX_CHARTS {
        assert_eq!(add(&mut tx, id).await, Addition::Added);
    }
    assert_eq!(add(&mut tx, 100).await, Addition::Full);
    assert!(boards::remove_chart(&mut tx, BOARD, ChartId(2), DAWN).await.unwrap());
    assert_eq!(add(&mut tx, 101).await, Addition::Added);
    let back = boards::restore_chart(&mut tx, BOARD, ChartId(2), DAWN).await.unwrap();
    assert!(!back, "there is no room for it");
    assert!(boards::remove_chart(&mut tx, BOARD, ChartId(3), DAWN).await.unwrap());
    assert!(
        boards::restore_chart(&mut tx, BOARD, ChartId(2), DAWN + (UNDO_FOR - 1))
            .await
            .unwrap()
    );
    for (id, to) in [(101, 0), (1, usize::MAX)] {
        assert!(boards::place(&mut tx, BOARD, ChartId(id), to).await.unwrap());
    }
    let order = boards::charts(&mut tx, BOARD).await.unwrap();
    let ids: Vec<i64> = order.iter().map(|chart| chart.id.0).collect();
    assert_eq!((ids[0], ids[1], ids[2], ids.last()), (101, 2, 4, Some(&1)));
    assert!(
        !boards::place(&mut tx, BOARD, ChartId(3), 0).await.unwrap(),
        "it is off"
    );
    boards::sweep(&mut tx, DAWN + UNDO_FOR).await.unwrap();
    assert!(!boards::restore_chart(&mut tx, BOARD, ChartId(3), DAWN).await.unwrap());
}

#[tokio::test]
async fn a_board_is_one_persons_until_it_is_shared_and_is_forgotten_a_day_after_it_was_deleted() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let seen = async |tx: &mut Tx, user| boards::find(tx, OURS, BOARD, user).await.unwrap().is_some();
    assert!(seen(&mut tx, ADA).await && !seen(&mut tx, VIC).await);
    assert_eq!(
        boards::find(&mut tx, OrganisationId(2), BOARD, ADA).await.unwrap(),
        None
    );
    let name = Name::new("Ours").unwrap();
    assert!(boards::update(&mut tx, BOARD, &name, Preset::Day, true).await.unwrap());
    let board = boards::find(&mut tx, OURS, BOARD, VIC).await.unwrap().unwrap();
    assert_eq!(
        (board.name.as_str(), board.range, board.maker.as_deref()),
        ("Ours", Preset::Day, Some("Ada"))
    );
    assert!(boards::delete(&mut tx, BOARD, DAWN).await.unwrap());
    assert!(!seen(&mut tx, ADA).await);
    let until = DAWN + (UNDO_FOR - 1);
    assert!(
        boards::find_deleted(&mut tx, OURS, BOARD, VIC, until)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        boards::find_deleted(&mut tx, OURS, BOARD, VIC, until + 1)
            .await
            .unwrap(),
        None
    );
    assert_eq!(boards::sweep(&mut tx, until).await.unwrap(), 0);
    assert_eq!(boards::sweep(&mut tx, until + 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_board_that_nobody_sees_since_an_account_is_gone_is_swept() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    shares::create(&mut tx, OURS, ADA, new(1, &What::Board(BOARD), None), DAWN)
        .await
        .unwrap();
    users::delete(&mut tx, ADA, DAWN).await.unwrap();
    assert_eq!(
        shares::open(&mut tx, [1; 32], DAWN).await.unwrap(),
        None,
        "and its links stop"
    );
    assert_eq!(boards::sweep(&mut tx, DAWN).await.unwrap(), 1);
}

#[tokio::test]
async fn a_link_opens_what_it_was_made_for_as_long_as_it_holds() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let (what, end) = (chart(), Some(DAWN + DAY));
    assert_eq!(
        shares::create(&mut tx, OURS, VIC, new(1, &what, end), DAWN)
            .await
            .unwrap(),
        Creation::NotAllowed
    );
    assert_eq!(
        shares::create(&mut tx, OURS, ADA, new(1, &what, end), DAWN)
            .await
            .unwrap(),
        Creation::Created
    );
    let open = shares::open(&mut tx, [1; 32], DAWN + (DAY - 1)).await.unwrap().unwrap();
    assert_eq!((open.what, open.organisation_name), (what, None));
    assert_eq!(shares::open(&mut tx, [1; 32], DAWN + DAY).await.unwrap(), None, "over");
    assert_eq!(shares::open(&mut tx, [2; 32], DAWN).await.unwrap(), None, "unknown");
    shares::seen(&mut tx, ShareId(1), DAWN).await.unwrap();
    let listed = shares::of_organisation(&mut tx, OURS, VIC, DAWN).await.unwrap();
    assert_eq!(
        (listed[0].last_seen_at, listed[0].title.as_deref()),
        (Some(DAWN), Some("m"))
    );
    assert_eq!(
        shares::revoke(&mut tx, OURS, VIC, ShareId(1), DAWN).await.unwrap(),
        None
    );
    for _ in 0..2 {
        let revoked = shares::revoke(&mut tx, OURS, ADA, ShareId(1), DAWN).await.unwrap();
        assert_eq!(revoked.as_deref(), Some("abcd"));
    }
    assert_eq!(shares::open(&mut tx, [1; 32], DAWN).await.unwrap(), None, "revoked");
    assert_eq!(shares::sweep(&mut tx, DAWN + (LISTED_FOR - 1)).await.unwrap(), 0);
    assert_eq!(shares::sweep(&mut tx, DAWN + LISTED_FOR).await.unwrap(), 1);
}

#[tokio::test]
async fn an_organisation_has_so_many_links_and_none_while_they_are_forbidden() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let what = What::Board(BOARD);
    for id in 1..=MAX_ACTIVE {
        let made = shares::create(&mut tx, OURS, ADA, new(id, &what, None), DAWN)
            .await
            .unwrap();
        assert_eq!(made, Creation::Created);
    }
    let more = new(MAX_ACTIVE + 1, &what, None);
    assert_eq!(
        shares::create(&mut tx, OURS, ADA, more.clone(), DAWN).await.unwrap(),
        Creation::TooMany
    );
    shares::revoke(&mut tx, OURS, ADA, ShareId(1), DAWN).await.unwrap();
    assert_eq!(
        shares::create(&mut tx, OURS, ADA, more, DAWN).await.unwrap(),
        Creation::Created
    );
    assert!(shares::allow(&mut tx, OURS, false).await.unwrap());
    assert!(!shares::allow(&mut tx, OURS, false).await.unwrap());
    assert_eq!(shares::open(&mut tx, [2; 32], DAWN).await.unwrap(), None);
    let off = shares::create(&mut tx, OURS, ADA, new(500, &what, None), DAWN)
        .await
        .unwrap();
    assert_eq!(off, Creation::Off);
    let named = shares::of_organisation(&mut tx, OURS, VIC, DAWN).await.unwrap();
    assert!(
        named.iter().all(|share| share.title.is_none()),
        "a board that Ada alone sees"
    );
}
