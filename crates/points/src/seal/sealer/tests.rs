//! What comes between two looks of the sealer.

use domain::id::{MetricId, ProjectId};
use tempfile::TempDir;

use super::*;
use crate::journal::entry::Stored;

const METRIC: MetricId = MetricId(70);
const AT: i64 = 1_795_515_630_000_000;

/// A sealer without its thread, so that each step can be taken by itself.
fn work(dir: &TempDir) -> Work {
    let (file, options) = (dir.path().join("points.db"), Options::default());
    let mut connection = schema::writing(&file, &options).unwrap();
    schema::prepare(&mut connection).unwrap();
    let head = Arc::new(Head::new(schema::marks(&connection).unwrap(), true, []));
    Work {
        connection: Some(connection),
        file,
        options,
        head,
        shipper: None,
        sealer: Arc::new(Sealer::new()),
        flushes: Vec::new(),
        tell: Box::new(|| {}),
    }
}

fn came(work: &Work) {
    let newest = work.head.newest();
    newest.change(|contents| contents.push(ProjectId(7), METRIC, AT, Stored::Number(1.0)));
}

#[test]
fn what_came_after_an_erasure_stays_if_both_came_between_two_looks() {
    let dir = TempDir::new().unwrap();
    let mut work = work(&dir);
    came(&work);
    work.head.turn(1);
    work.seal_next();
    assert!(work.head.state().metrics.contains_key(&METRIC), "it isn't sealed");
    // It has looked what came and found nothing, and is about to seal. Then it is erased, published again, and closed.
    let (answer, mut answered) = oneshot::channel();
    let erasure = Erasure::Metric(METRIC);
    work.sealer.send(Job::Erase(Erase {
        erasure,
        seq: 2,
        points: 0,
        answer,
    }));
    came(&work);
    work.head.turn(3);
    work.sealer.more(false);
    work.seal_next();
    assert_eq!(
        work.head.unsealed(),
        1,
        "it is sealed before what came before it is erased"
    );
    let jobs = work.next().unwrap();
    work.work_off(jobs);
    assert_eq!(answered.try_recv().unwrap().unwrap(), 1);
    assert_eq!(work.head.unsealed(), 0);
    assert!(
        work.head.state().metrics.contains_key(&METRIC),
        "what was published again is erased"
    );
}
