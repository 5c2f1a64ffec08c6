//! What people change about metrics: what they call them, what they hide, what they show as one.

use domain::id::{MetricId, ProjectId};
use domain::metric::{Description, MetricType, UnitName};
use domain::name::Name;
use store::metrics::{self, Details, Merge};
use store::testing::Scratch;

use crate::metrics::{NOW, PROJECT, ensure, project};

const KIND: MetricType = MetricType::Counter;

/// Metrics 1 to `n`, named `m1` to `mn`.
pub(crate) async fn several(scratch: &Scratch, n: i64) {
    for id in 1..=n {
        assert_eq!(ensure(scratch, id, &format!("m{id}"), KIND).await, Some(MetricId(id)));
    }
}

/// What became of merging one into another.
pub(crate) async fn merge(scratch: &Scratch, from: i64, into: i64) -> Merge {
    let mut tx = scratch.db.begin().await.unwrap();
    let merged = metrics::merge(&mut tx, PROJECT, MetricId(from), MetricId(into)).await;
    tx.commit().await.unwrap();
    merged.unwrap()
}

/// The metrics people see.
pub(crate) async fn seen(scratch: &Scratch) -> Vec<i64> {
    let all = metrics::of_project(&scratch.db, PROJECT).await.unwrap();
    all.iter().map(|metric| metric.id.0).collect()
}

/// The ids a metric's data points are stored under.
pub(crate) async fn sources(scratch: &Scratch, id: i64) -> Vec<i64> {
    let sources = metrics::sources(&scratch.db, MetricId(id)).await.unwrap();
    sources.into_iter().map(|source| source.0).collect()
}

#[tokio::test]
async fn what_is_said_of_a_metric_is_kept_beside_the_name_it_is_published_as() {
    let scratch = project(10).await;
    several(&scratch, 1).await;
    let details = Details {
        display_name: Some(Name::new("Basket").unwrap()),
        unit: UnitName::new("€").unwrap(),
        description: Description::new("One line\nand another").unwrap(),
    };
    let mut tx = scratch.db.begin().await.unwrap();
    let describe = async |tx: &mut store::Tx, project, details: &Details| {
        metrics::describe(tx, project, MetricId(1), details).await.unwrap()
    };
    assert!(describe(&mut tx, PROJECT, &details).await);
    assert!(!describe(&mut tx, ProjectId(8), &details).await);
    let metric = metrics::find(&mut tx, PROJECT, MetricId(1)).await.unwrap().unwrap();
    assert_eq!((metric.title(), metric.name.as_str()), ("Basket", "m1"));
    assert_eq!((metric.unit, metric.description), (details.unit, details.description));
    assert!(describe(&mut tx, PROJECT, &Details::default()).await);
    let metric = metrics::find(&mut tx, PROJECT, MetricId(1)).await.unwrap().unwrap();
    assert_eq!(metric.title(), "m1");
    assert_eq!((metric.unit, metric.description), (None, None));
}

#[tokio::test]
async fn merging_is_a_matter_of_reading_and_can_be_undone() {
    let scratch = project(10).await;
    several(&scratch, 4).await;
    assert_eq!(merge(&scratch, 1, 2).await, Merge::Merged);
    assert_eq!(
        (seen(&scratch).await, sources(&scratch, 2).await),
        (vec![2, 3, 4], vec![2, 1])
    );
    let found = metrics::find(&scratch.db, PROJECT, MetricId(1)).await.unwrap().unwrap();
    assert_eq!(found.id, MetricId(2), "its page is the other's");
    assert_eq!(
        ensure(&scratch, 9, "m1", KIND).await,
        Some(MetricId(1)),
        "publishing goes on"
    );
    // with all that are merged into it
    assert_eq!(merge(&scratch, 2, 3).await, Merge::Merged);
    assert_eq!(
        (seen(&scratch).await, sources(&scratch, 3).await),
        (vec![3, 4], vec![3, 1, 2])
    );
    let apart = metrics::apart(&scratch.db, PROJECT).await.unwrap();
    assert_eq!(apart.shown(MetricId(1)), Some(MetricId(3)));
    assert_eq!(apart.shown(MetricId(4)), Some(MetricId(4)));
    assert_eq!(apart.sources(MetricId(3)), [3, 1, 2].map(MetricId));

    let mut tx = scratch.db.begin().await.unwrap();
    let merged = metrics::merged_into(&mut tx, PROJECT, MetricId(3)).await.unwrap();
    assert_eq!(merged.iter().map(|metric| metric.id.0).collect::<Vec<_>>(), [1, 2]);
    let back = metrics::separate(&mut tx, PROJECT, MetricId(1)).await.unwrap();
    assert_eq!(
        back.map(|metric| (metric.id, metric.merged_into)),
        Some((MetricId(1), None))
    );
    assert_eq!(metrics::separate(&mut tx, PROJECT, MetricId(1)).await.unwrap(), None);
    assert_eq!(
        metrics::separate(&mut tx, ProjectId(8), MetricId(2)).await.unwrap(),
        None
    );
    tx.commit().await.unwrap();
    assert_eq!(
        (seen(&scratch).await, sources(&scratch, 3).await),
        (vec![1, 3, 4], vec![3, 2])
    );
}

#[tokio::test]
async fn only_two_metrics_of_one_type_that_are_there_are_merged() {
    let scratch = project(10).await;
    several(&scratch, 3).await;
    ensure(&scratch, 4, "m4", MetricType::Timer).await;
    assert_eq!(merge(&scratch, 1, 1).await, Merge::Unlike);
    assert_eq!(merge(&scratch, 1, 4).await, Merge::Unlike);
    assert_eq!(merge(&scratch, 1, 5).await, Merge::NotFound);
    assert_eq!(merge(&scratch, 1, 2).await, Merge::Merged);
    assert_eq!(merge(&scratch, 3, 1).await, Merge::NotFound, "1 is part of 2");
    assert_eq!(merge(&scratch, 1, 3).await, Merge::NotFound);
    let mut tx = scratch.db.begin().await.unwrap();
    let other = metrics::merge(&mut tx, ProjectId(8), MetricId(3), MetricId(2)).await;
    assert_eq!(other.unwrap(), Merge::NotFound);
    let described = metrics::describe(&mut tx, PROJECT, MetricId(1), &Details::default()).await;
    assert!(!described.unwrap(), "a part has no page of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_metrics_merged_into_each_other_at_once_are_never_lost() {
    let scratch = std::sync::Arc::new(project(10).await);
    several(&scratch, 2).await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let scratch = scratch.clone();
            tokio::spawn(async move { merge(&scratch, 1 + n % 2, 2 - n % 2).await })
        })
        .collect();
    let mut merged = 0;
    for task in tasks {
        merged += usize::from(task.await.unwrap() == Merge::Merged);
    }
    assert_eq!((merged, seen(&scratch).await.len()), (1, 1));
}

#[tokio::test]
async fn a_hidden_metric_is_marked_and_found_all_the_same() {
    let scratch = project(10).await;
    several(&scratch, 2).await;
    let mut tx = scratch.db.begin().await.unwrap();
    for (hidden, changed) in [(true, true), (true, false), (false, true), (false, false), (true, true)] {
        let set = metrics::set_hidden(&mut tx, PROJECT, MetricId(1), hidden, NOW).await;
        assert_eq!(set.unwrap(), changed);
    }
    tx.commit().await.unwrap();
    let all = metrics::of_project(&scratch.db, PROJECT).await.unwrap();
    let hidden: Vec<_> = all.iter().map(|metric| metric.hidden_at).collect();
    assert_eq!(hidden, [Some(NOW), None]);
    let apart = metrics::apart(&scratch.db, PROJECT).await.unwrap();
    assert!(apart.is_hidden(MetricId(1)) && !apart.is_hidden(MetricId(2)));
}
