use domain::id::{ImportId, ProjectId, UserId};
use domain::time::Micros;
use store::db::sql;
use store::imports::{self, HELD_FOR, KEPT_FOR, MOST, NewImport, Next, Progress, Started, State};
use store::testing::Scratch;

const PROJECT: ProjectId = ProjectId(7);
const NOW: Micros = Micros(1_000);

async fn scratch() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'o', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (7, 1, 'p', 0), (8, 1, 'q', 0)",
        "insert into users (id, name, email, email_canonical, password_hash, created_at) \
         values (1, 'a', 'a@x', 'a@x', '', 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    scratch
}

const fn new(id: i64, project: ProjectId) -> NewImport<'static> {
    NewImport {
        id: ImportId(id),
        project,
        user: UserId(1),
        file_name: "orders.csv",
        size: 10,
        modified: 5,
    }
}

/// An import whose file is here.
async fn ready(scratch: &Scratch, id: i64, project: ProjectId) {
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(imports::create(&mut tx, new(id, project), NOW).await.unwrap());
    assert!(imports::receive(&mut tx, ImportId(id), (0, 10), NOW).await.unwrap());
    tx.commit().await.unwrap();
}

async fn state(scratch: &Scratch, id: i64) -> State {
    imports::find(&scratch.db, PROJECT, ImportId(id))
        .await
        .unwrap()
        .unwrap()
        .state
}

#[tokio::test]
async fn parts_follow_each_other_and_the_last_one_makes_it_ready() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(imports::create(&mut tx, new(1, PROJECT), NOW).await.unwrap());
    let id = ImportId(1);
    assert!(imports::receive(&mut tx, id, (0, 4), NOW).await.unwrap());
    for wrong in [(0, 4), (5, 8), (4, 11)] {
        assert!(!imports::receive(&mut tx, id, wrong, NOW).await.unwrap(), "{wrong:?}");
    }
    tx.commit().await.unwrap();
    assert_eq!(state(&scratch, 1).await, State::Uploading);
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(imports::receive(&mut tx, id, (4, 10), NOW).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(state(&scratch, 1).await, State::Ready);
    assert_eq!(imports::find(&scratch.db, ProjectId(8), id).await.unwrap(), None);
}

#[tokio::test]
async fn only_so_many_wait_and_one_runs() {
    let scratch = scratch().await;
    for id in 1..=MOST {
        ready(&scratch, id, PROJECT).await;
    }
    let mut tx = scratch.db.begin().await.unwrap();
    assert!(!imports::create(&mut tx, new(9, PROJECT), NOW).await.unwrap());
    let start = async |tx: &mut store::Tx, id| imports::start(tx, PROJECT, ImportId(id), "{}", NOW).await.unwrap();
    assert_eq!(start(&mut tx, 1).await, Started::Yes);
    assert_eq!(start(&mut tx, 2).await, Started::Busy);
    assert!(imports::create(&mut tx, new(9, PROJECT), NOW).await.unwrap());
    assert!(imports::cancel(&mut tx, PROJECT, ImportId(1), NOW).await.unwrap());
    assert!(!imports::cancel(&mut tx, PROJECT, ImportId(1), NOW).await.unwrap());
    assert_eq!(start(&mut tx, 9).await, Started::NotReady);
    assert_eq!(start(&mut tx, 2).await, Started::Yes);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn of_those_who_start_two_at_once_one_does() {
    let scratch = scratch().await;
    for id in [1, 2] {
        ready(&scratch, id, PROJECT).await;
    }
    let start = |id| {
        let db = scratch.db.clone();
        tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let started = imports::start(&mut tx, PROJECT, ImportId(id), "{}", NOW).await.unwrap();
            tx.commit().await.unwrap();
            started
        })
    };
    let (one, two) = (start(1), start(2));
    let mut started = [one.await.unwrap(), two.await.unwrap()];
    started.sort_by_key(|started| *started as u8);
    assert_eq!(started, [Started::Yes, Started::Busy]);
}

#[tokio::test]
async fn it_is_worked_on_by_one_from_where_it_stands() {
    let scratch = scratch().await;
    ready(&scratch, 1, PROJECT).await;
    let id = ImportId(1);
    let mut tx = scratch.db.begin().await.unwrap();
    imports::start(&mut tx, PROJECT, id, "{}", NOW).await.unwrap();
    let claimed = imports::claim(&mut tx, NOW).await.unwrap().unwrap();
    assert_eq!(
        (claimed.import.id, claimed.retention_days, claimed.import.held_until),
        (id, 90, Micros(0))
    );
    assert_eq!(imports::claim(&mut tx, NOW).await.unwrap(), None);
    let to = Progress {
        place: 4,
        accepted: 2,
        metrics: "{}".to_owned(),
        ..Progress::default()
    };
    assert!(imports::advance(&mut tx, id, 0, &to, Next::Hold, NOW).await.unwrap());
    assert!(!imports::advance(&mut tx, id, 0, &to, Next::Hold, NOW).await.unwrap());
    let again = imports::claim(&mut tx, NOW + HELD_FOR).await.unwrap().unwrap();
    assert_eq!(again.import.progress, to);
    assert_eq!(again.import.held_until, NOW + HELD_FOR);
    assert!(imports::advance(&mut tx, id, 4, &to, Next::Release, NOW).await.unwrap());
    sql("update projects set paused_at = 1 where id = 7")
        .execute(&mut tx)
        .await
        .unwrap();
    assert_eq!(imports::claim(&mut tx, NOW).await.unwrap(), None);
    sql("update projects set paused_at = null where id = 7")
        .execute(&mut tx)
        .await
        .unwrap();
    assert!(imports::claim(&mut tx, NOW).await.unwrap().is_some());
    assert!(
        imports::advance(&mut tx, id, 4, &to, Next::End(State::Failed, "why"), NOW)
            .await
            .unwrap()
    );
    assert!(!imports::advance(&mut tx, id, 4, &to, Next::Hold, NOW).await.unwrap());
    tx.commit().await.unwrap();
    let ended = &imports::of_project(&scratch.db, PROJECT).await.unwrap()[0];
    assert_eq!((ended.state, ended.problem.as_str()), (State::Failed, "why"));
    assert_eq!(imports::everywhere(&scratch.db).await.unwrap(), [(id, false)]);
}

#[tokio::test]
async fn what_nobody_went_on_with_is_forgotten_after_seven_days() {
    let scratch = scratch().await;
    ready(&scratch, 1, PROJECT).await;
    ready(&scratch, 2, ProjectId(8)).await;
    let mut tx = scratch.db.begin().await.unwrap();
    imports::start(&mut tx, ProjectId(8), ImportId(2), "{}", NOW)
        .await
        .unwrap();
    assert_eq!(imports::sweep(&mut tx, NOW + KEPT_FOR - 1).await.unwrap(), 0);
    assert_eq!(imports::sweep(&mut tx, NOW + KEPT_FOR).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(imports::everywhere(&scratch.db).await.unwrap(), [(ImportId(2), true)]);
}
