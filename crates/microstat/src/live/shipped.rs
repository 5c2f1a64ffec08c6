//! Data points that go to ClickHouse: pages are told of them once they are there, since that is where pages look.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::id::ProjectId;
use domain::time::Micros;

use crate::state::Shared;

/// Projects of which data points are on their way, and when the last of them came.
#[derive(Debug, Default)]
pub struct Unshipped(Mutex<BTreeMap<ProjectId, Micros>>);

impl Unshipped {
    fn put(&self, project: ProjectId, now: Micros) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(project, now);
    }

    /// A batch has arrived: whose data points may have been in it. Those are told again with the next one of which some
    /// may wait still: what came since `oldest`.
    fn arrived(&self, oldest: Option<Micros>) -> Vec<ProjectId> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.keys().copied().collect();
        all.retain(|_, came_at| oldest.is_some_and(|oldest| *came_at >= oldest));
        told
    }
}

impl crate::state::App {
    /// Data points of a project were stored here: whoever looks at it is told once a page would show them.
    pub(crate) fn stored(&self, project: ProjectId) {
        if self.config.clickhouse.is_none() {
            self.live.touched(project);
        } else {
            self.unshipped.put(project, self.now());
        }
    }
}

/// Tells whoever looks, here and elsewhere, what has arrived in ClickHouse, until the task is ended.
pub(crate) async fn run(app: Shared) {
    let mut batches = app.points.shipped();
    while batches.changed().await.is_ok() {
        for project in app.unshipped.arrived(app.points.oldest_unsealed()) {
            app.live.touched(project);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::ProjectId;
    use domain::time::Micros;

    use super::Unshipped;

    #[test]
    fn what_is_on_its_way_is_told_until_it_has_arrived() {
        let unshipped = Unshipped::default();
        let (first, second) = (ProjectId(1), ProjectId(2));
        unshipped.put(first, Micros(10));
        unshipped.put(second, Micros(30));
        // Behind a backlog it takes many batches.
        for oldest in [5, 10] {
            assert_eq!(unshipped.arrived(Some(Micros(oldest))), [first, second]);
        }
        assert_eq!(unshipped.arrived(Some(Micros(20))), [first, second]);
        assert_eq!(unshipped.arrived(None), [second]);
        assert_eq!(unshipped.arrived(None), []);
    }
}
