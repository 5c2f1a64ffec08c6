use domain::id::{MetricId, ProjectId, UserId};
use domain::time::Micros;
use store::db::sql;
use store::testing::Scratch;
use store::{favourites, metrics};

const ADA: UserId = UserId(1);
const BOB: UserId = UserId(2);
const PROJECT: ProjectId = ProjectId(7);

/// Ada is a member, Bob is not; the project has metrics 10 and 11.
async fn scratch() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'o', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (7, 1, 'p', 0), (8, 1, 'q', 0)",
        "insert into users (id, name, email, email_canonical, password_hash, created_at) \
         values (1, 'a', 'a@x', 'a@x', '', 0), (2, 'b', 'b@x', 'b@x', '', 0)",
        "insert into memberships (organisation_id, user_id, role, joined_at) values (1, 1, 1, 0)",
        "insert into metrics (id, project_id, name, type, first_seen) values (10, 7, 'm', 1, 0), (11, 7, 'n', 1, 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    scratch
}

#[tokio::test]
async fn a_favourite_is_one_person_s_and_of_a_project_they_can_open() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let metric = MetricId(10);
    assert!(
        favourites::add(&mut tx, ADA, PROJECT, MetricId(11), Micros(1))
            .await
            .unwrap()
    );
    assert!(favourites::add(&mut tx, ADA, PROJECT, metric, Micros(2)).await.unwrap());
    assert!(!favourites::add(&mut tx, ADA, PROJECT, metric, Micros(3)).await.unwrap());
    assert!(
        !favourites::add(&mut tx, ADA, ProjectId(8), metric, Micros(3))
            .await
            .unwrap()
    );
    assert!(!favourites::add(&mut tx, BOB, PROJECT, metric, Micros(3)).await.unwrap());
    let all = favourites::of_project(&mut tx, ADA, PROJECT).await.unwrap();
    assert_eq!(all, [MetricId(11), metric], "the oldest first");
    assert_eq!(favourites::of_project(&mut tx, BOB, PROJECT).await.unwrap(), []);
    assert_eq!(favourites::of_project(&mut tx, ADA, ProjectId(8)).await.unwrap(), []);
    assert!(favourites::remove(&mut tx, ADA, metric).await.unwrap());
    assert!(!favourites::remove(&mut tx, ADA, metric).await.unwrap());
    metrics::delete(&mut tx, PROJECT, MetricId(11), Micros(4))
        .await
        .unwrap();
    assert_eq!(favourites::of_project(&mut tx, ADA, PROJECT).await.unwrap(), []);
}

#[tokio::test]
async fn favourites_stand_in_the_order_they_were_put_in_and_new_ones_at_the_end() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    sql("insert into metrics (id, project_id, name, type, first_seen) values (12, 7, 'o', 1, 0), (20, 8, 'm', 1, 0)")
        .execute(&mut tx)
        .await
        .unwrap();
    let [a, b, c] = [10, 11, 12].map(MetricId);
    for (metric, at) in [(a, 1), (b, 2)] {
        favourites::add(&mut tx, ADA, PROJECT, metric, Micros(at))
            .await
            .unwrap();
    }
    favourites::add(&mut tx, ADA, ProjectId(8), MetricId(20), Micros(3))
        .await
        .unwrap();
    favourites::arrange(&mut tx, ADA, &[b, a]).await.unwrap();
    favourites::arrange(&mut tx, BOB, &[a, b]).await.unwrap();
    favourites::add(&mut tx, ADA, PROJECT, c, Micros(0)).await.unwrap();
    let all = favourites::of_project(&mut tx, ADA, PROJECT).await.unwrap();
    assert_eq!(all, [b, a, c]);
}
