//! Data points that go to ClickHouse: pages are told of them once they are there, since that is where pages look.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use domain::id::ProjectId;

use crate::state::Shared;

/// Projects of which data points are on their way.
#[derive(Debug, Default)]
pub struct Unshipped(Mutex<OnTheirWay>);

#[derive(Debug, Default)]
struct OnTheirWay {
    /// What came since the last batch arrived: the one that arrives next may have been closed before.
    new: BTreeSet<ProjectId>,
    /// What came before that: it is in the one that arrives next.
    old: BTreeSet<ProjectId>,
}

impl Unshipped {
    fn put(&self, project: ProjectId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .new
            .insert(project);
    }

    /// A batch has arrived: whose data points may have been in it.
    fn arrived(&self) -> BTreeSet<ProjectId> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = std::mem::take(&mut all.new);
        let mut told = std::mem::replace(&mut all.old, new);
        told.extend(&all.old);
        told
    }
}

impl crate::state::App {
    /// Data points of a project were stored here: whoever looks at it is told once a page would show them.
    pub(crate) fn stored(&self, project: ProjectId) {
        if self.config.clickhouse.is_none() {
            self.live.touched(project);
        } else {
            self.unshipped.put(project);
        }
    }
}

/// Tells whoever looks, here and elsewhere, what has arrived in ClickHouse, until the task is ended.
pub(crate) async fn run(app: Shared) {
    let mut batches = app.points.shipped();
    while batches.changed().await.is_ok() {
        for project in app.unshipped.arrived() {
            app.live.touched(project);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::ProjectId;

    use super::Unshipped;

    #[test]
    fn what_is_on_its_way_is_told_until_it_must_have_arrived() {
        let (unshipped, told) = (Unshipped::default(), |all: &Unshipped| {
            all.arrived().into_iter().collect::<Vec<_>>()
        });
        let (first, second) = (ProjectId(1), ProjectId(2));
        unshipped.put(first);
        assert_eq!(told(&unshipped), [first]);
        unshipped.put(second);
        assert_eq!(told(&unshipped), [first, second]);
        assert_eq!(told(&unshipped), [second]);
        assert_eq!(told(&unshipped), []);
    }
}
