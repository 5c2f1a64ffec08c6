use domain::id::ProjectId;
use domain::reason::Reason;
use domain::time::{DAY, Micros};
use store::db::sql;
use store::rejections::{self, Rejected};
use store::testing::Scratch;

const PROJECT: ProjectId = ProjectId(7);
const TODAY: Micros = Micros(20_000 * DAY);

async fn project() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'o', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (7, 1, 'p', 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    scratch
}

fn rejected(reason: Reason, data_points: i64, sample: &str, last_at: Micros) -> Rejected {
    Rejected {
        reason,
        data_points,
        sample: sample.to_owned(),
        last_at,
    }
}

async fn add(scratch: &Scratch, project: ProjectId, more: Rejected) {
    let mut tx = scratch.db.begin().await.unwrap();
    rejections::add(&mut tx, project, more.last_at.floor(DAY), &more)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn counts_add_up_over_days_and_keep_the_last_sample() {
    let scratch = project().await;
    let (early, late) = (TODAY + 1, TODAY + 9);
    add(&scratch, PROJECT, rejected(Reason::InvalidValue, 2, "late", late)).await;
    add(&scratch, PROJECT, rejected(Reason::InvalidValue, 3, "early", early)).await;
    add(
        &scratch,
        PROJECT,
        rejected(Reason::InvalidValue, 4, "yesterday", TODAY - 1),
    )
    .await;
    add(&scratch, PROJECT, rejected(Reason::UnknownType, 20, "type", early)).await;
    let expected = [
        rejected(Reason::UnknownType, 20, "type", early),
        rejected(Reason::InvalidValue, 9, "late", late),
    ];
    assert_eq!(
        rejections::of_project(&scratch.db, PROJECT, late).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn only_30_days_are_shown_and_then_they_are_swept_away() {
    let scratch = project().await;
    add(&scratch, PROJECT, rejected(Reason::UnknownType, 1, "", TODAY)).await;
    let shown = async |now| rejections::of_project(&scratch.db, PROJECT, now).await.unwrap().len();
    assert_eq!(
        (shown(TODAY + 30 * DAY - 1).await, shown(TODAY + 30 * DAY).await),
        (1, 0)
    );
    for (now, left) in [(TODAY + 30 * DAY - 1, 1), (TODAY + 30 * DAY, 0)] {
        let mut tx = scratch.db.begin().await.unwrap();
        rejections::sweep(&mut tx, now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(shown(TODAY).await, left);
    }
}

#[tokio::test]
async fn a_project_that_is_gone_is_passed_over() {
    let scratch = project().await;
    add(&scratch, ProjectId(8), rejected(Reason::UnknownType, 1, "", TODAY)).await;
    assert_eq!(
        rejections::of_project(&scratch.db, ProjectId(8), TODAY).await.unwrap(),
        []
    );
}
