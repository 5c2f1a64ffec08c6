use domain::annotation::{Content, Kind, MAX_OF_PROJECT, UNDO_FOR};
use domain::id::{AnnotationId, MetricId, ProjectId, UserId};
use domain::range::Range;
use domain::time::{HOUR, Micros};
use store::annotations::{self, Addition, Annotation, Listed};
use store::db::sql;
use store::testing::Scratch;
use store::{Tx, metrics};

const ADA: UserId = UserId(1);
const PROJECT: ProjectId = ProjectId(7);
const METRIC: MetricId = MetricId(10);
/// A time to count from.
const DAWN: Micros = Micros(1_795_514_400_000_000);

/// Projects 7 and 8 of one organisation; 7 has metrics 10 and 11.
async fn scratch() -> Scratch {
    let scratch = Scratch::new().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for text in [
        "insert into organisations (id, name, created_at) values (1, 'o', 0)",
        "insert into projects (id, organisation_id, name, created_at) values (7, 1, 'p', 0), (8, 1, 'q', 0)",
        "insert into users (id, name, email, email_canonical, password_hash, created_at) \
         values (1, 'Ada', 'a@x', 'a@x', '', 0)",
        "insert into metrics (id, project_id, name, type, first_seen) values (10, 7, 'm', 1, 0), (11, 7, 'n', 1, 0)",
    ] {
        sql(text).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    scratch
}

fn content(text: &str, at: i64, until: Option<i64>) -> Content {
    let until = until.map(|until| DAWN + until);
    Content::new(Kind::Note, text, "", (DAWN + at, until), DAWN).unwrap()
}

async fn add(tx: &mut Tx, id: i64, metric: Option<MetricId>, content: &Content) -> Addition {
    annotations::add(tx, AnnotationId(id), (PROJECT, metric), content, ADA, DAWN)
        .await
        .unwrap()
}

fn texts(all: &[Annotation]) -> Vec<&str> {
    all.iter().map(|one| one.content.text.as_str()).collect()
}

#[tokio::test]
async fn the_same_again_is_the_one_that_is_there() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let deploy = content("v2", 0, None);
    assert_eq!(add(&mut tx, 1, None, &deploy).await, Addition::Added);
    let Addition::Already(kept) = add(&mut tx, 2, None, &deploy).await else {
        panic!("it is there");
    };
    assert_eq!((kept.id, kept.created_by.as_deref()), (AnnotationId(1), Some("Ada")));
    assert_eq!(
        add(&mut tx, 3, Some(METRIC), &deploy).await,
        Addition::Added,
        "of a metric"
    );
    assert_eq!(
        add(&mut tx, 4, None, &content("v2", 1, None)).await,
        Addition::Added,
        "later"
    );
    assert!(
        annotations::delete(&mut tx, PROJECT, AnnotationId(1), DAWN)
            .await
            .unwrap()
    );
    assert_eq!(
        add(&mut tx, 5, None, &deploy).await,
        Addition::Added,
        "the first is gone"
    );
    let elsewhere = annotations::add(
        &mut tx,
        AnnotationId(6),
        (ProjectId(8), Some(METRIC)),
        &deploy,
        ADA,
        DAWN,
    )
    .await;
    assert_eq!(elsewhere.unwrap(), Addition::NotFound, "a metric of another project");
}

#[tokio::test]
async fn a_chart_marks_what_touches_its_range_and_is_of_its_metric_or_the_whole_project() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for (id, metric, content) in [
        (1, None, content("before", -HOUR, None)),
        (2, None, content("lasted into it", -HOUR, Some(1))),
        (3, None, content("at its start", 0, None)),
        (4, Some(METRIC), content("of the metric", 1, None)),
        (5, Some(MetricId(11)), content("of the other", 1, None)),
        (6, None, content("at its end", HOUR, None)),
    ] {
        assert_eq!(add(&mut tx, id, metric, &content).await, Addition::Added);
    }
    let range = Range::new(DAWN, DAWN + HOUR).unwrap();
    let whole = annotations::in_range(&mut tx, PROJECT, None, range, 10).await.unwrap();
    assert_eq!(texts(&whole), ["lasted into it", "at its start"]);
    let metric = annotations::in_range(&mut tx, PROJECT, Some(METRIC), range, 10)
        .await
        .unwrap();
    assert_eq!(texts(&metric), ["lasted into it", "at its start", "of the metric"]);
    assert_eq!(metric[2].metric_name.as_deref(), Some("m"));
    let latest = annotations::in_range(&mut tx, PROJECT, Some(METRIC), range, 1)
        .await
        .unwrap();
    assert_eq!(texts(&latest), ["of the metric"]);
    let other = annotations::in_range(&mut tx, ProjectId(8), None, Range::EVER, 10)
        .await
        .unwrap();
    assert!(other.is_empty());
    metrics::delete(&mut tx, PROJECT, METRIC, DAWN).await.unwrap();
    let gone = annotations::in_range(&mut tx, PROJECT, Some(METRIC), range, 10)
        .await
        .unwrap();
    assert_eq!(texts(&gone), ["lasted into it", "at its start"]);
}

#[tokio::test]
async fn a_list_goes_page_by_page_and_leaves_none_out() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for (id, at) in [(1, 0), (2, 5), (3, 5), (4, 5), (5, 9)] {
        add(&mut tx, id, None, &content(&format!("{id}"), at, None)).await;
    }
    let mut listed = Listed {
        metric: None,
        range: Range::EVER,
        before: None,
        limit: 2,
    };
    let mut seen = Vec::new();
    loop {
        let page = annotations::list(&mut tx, PROJECT, listed).await.unwrap();
        let Some(last) = page.last() else { break };
        listed.before = Some(last.place());
        seen.extend(texts(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_deleted_one_comes_back_within_a_day_and_is_forgotten_then() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    add(&mut tx, 1, None, &content("works", 0, None)).await;
    let id = AnnotationId(1);
    assert_eq!(
        annotations::restore(&mut tx, PROJECT, id, DAWN).await.unwrap(),
        None,
        "it is there"
    );
    assert!(annotations::delete(&mut tx, PROJECT, id, DAWN).await.unwrap());
    assert!(!annotations::delete(&mut tx, PROJECT, id, DAWN).await.unwrap());
    assert!(annotations::is_deleted(&mut tx, PROJECT, id).await.unwrap());
    assert_eq!(annotations::find(&mut tx, PROJECT, id).await.unwrap(), None);
    assert_eq!(
        annotations::restore(&mut tx, ProjectId(8), id, DAWN).await.unwrap(),
        None
    );
    let back = annotations::restore(&mut tx, PROJECT, id, DAWN + (UNDO_FOR - 1))
        .await
        .unwrap();
    assert_eq!(back.as_deref(), Some("works"));
    assert!(annotations::delete(&mut tx, PROJECT, id, DAWN).await.unwrap());
    assert_eq!(annotations::sweep(&mut tx, DAWN + (UNDO_FOR - 1)).await.unwrap(), 0);
    assert_eq!(
        annotations::restore(&mut tx, PROJECT, id, DAWN + UNDO_FOR)
            .await
            .unwrap(),
        None
    );
    assert_eq!(annotations::sweep(&mut tx, DAWN + UNDO_FOR).await.unwrap(), 1);
}

#[tokio::test]
async fn a_project_has_so_many_and_no_more() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    sql("insert into annotations (id, project_id, kind, text, at, created_at) \
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 4999) select i, 7, 2, 'x', i, 0 from n")
        .execute(&mut tx)
        .await
        .unwrap();
    assert_eq!(annotations::count(&mut tx, PROJECT).await.unwrap(), MAX_OF_PROJECT - 1);
    assert_eq!(
        add(&mut tx, 6_000, None, &content("last", 0, None)).await,
        Addition::Added
    );
    assert_eq!(
        add(&mut tx, 6_001, None, &content("more", 0, None)).await,
        Addition::Full
    );
    let already = add(&mut tx, 6_002, None, &content("last", 0, None)).await;
    assert!(matches!(already, Addition::Already(_)), "a full project knows it still");
    annotations::delete(&mut tx, PROJECT, AnnotationId(6_000), DAWN)
        .await
        .unwrap();
    assert_eq!(
        add(&mut tx, 6_003, None, &content("more", 0, None)).await,
        Addition::Added
    );
    let back = annotations::restore(&mut tx, PROJECT, AnnotationId(6_000), DAWN)
        .await
        .unwrap();
    assert_eq!(back, None, "there is no room for it");
}
