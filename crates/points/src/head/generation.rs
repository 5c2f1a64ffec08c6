//! A generation: everything acknowledged between two moments, and sealed together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::id::{MetricId, ProjectId};

use super::metric::Sum;
use super::recent::{Recent, add, subtract};
use crate::journal::entry::{Erasure, Stored};
use crate::kind::Kind;
use crate::seen::{Answer, RandomMap, Seen};

/// A generation. The writer alone adds to it, while it is open; the sealer alone takes erased things from it, once it
/// is closed.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Its last record; the greatest number there is while it is open.
    last: AtomicU64,
    points: AtomicUsize,
    contents: RwLock<Contents>,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            last: AtomicU64::new(u64::MAX),
            points: AtomicUsize::new(0),
            contents: RwLock::default(),
        }
    }
}

/// What is in a generation.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    places: RandomMap<MetricId, usize>,
    points: usize,
    /// Metrics, each once; one that was erased is empty.
    pub(crate) metrics: Vec<Recent>,
    /// Data points of every hour of each project.
    projects: RandomMap<ProjectId, Vec<(i64, Sum)>>,
    /// Keys of its batches.
    pub(crate) keys: RandomMap<Seen, (ProjectId, Answer)>,
    /// Ids of its data points, and when each came.
    pub(crate) ids: RandomMap<Seen, (ProjectId, i64)>,
    /// When the first and the latest batch came.
    pub(crate) came: Option<(i64, i64)>,
}

impl Generation {
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    pub(super) fn close(&self, last: u64) {
        self.last.store(last, Ordering::Release);
    }

    pub(crate) fn points(&self) -> usize {
        self.points.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it.
    pub(crate) fn change<T>(&self, by: impl FnOnce(&mut RwLockWriteGuard<'_, Contents>) -> T) -> T {
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        let result = by(&mut contents);
        self.points.store(contents.points, Ordering::Relaxed);
        result
    }
}

impl Contents {
    pub(crate) fn get(&self, metric: MetricId) -> Option<&Recent> {
        self.places.get(&metric).and_then(|place| self.metrics.get(*place))
    }

    pub(crate) fn known(&self, metric: MetricId) -> Option<(ProjectId, Kind)> {
        self.get(metric).map(|recent| (recent.project, recent.kind))
    }

    /// The metrics of a project that have data points here.
    pub(crate) fn metrics_of(&self, project: ProjectId) -> impl Iterator<Item = MetricId> {
        let of = move |recent: &&Recent| recent.project == project && !recent.points.is_empty();
        let there = self.projects.contains_key(&project);
        self.metrics
            .iter()
            .filter(move |_| there)
            .filter(of)
            .map(|recent| recent.metric)
    }

    /// How many data points there are.
    pub(crate) const fn points(&self) -> usize {
        self.points
    }

    /// Notes that a batch came.
    pub(crate) fn came(&mut self, now: i64) {
        let (first, last) = self.came.unwrap_or((now, now));
        self.came = Some((first, last.max(now)));
    }

    /// How long after the first batch the latest came.
    pub(crate) fn age(&self) -> i64 {
        self.came.map_or(0, |(first, last)| last - first)
    }

    /// Data points of every hour of a project, oldest first.
    pub(crate) fn project_hours(&self, project: ProjectId) -> &[(i64, Sum)] {
        self.projects.get(&project).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn push(&mut self, project: ProjectId, metric: MetricId, at: i64, value: Stored<'_>) {
        let place = *self.places.entry(metric).or_insert_with(|| {
            self.metrics.push(Recent::new(metric, project, value.kind()));
            self.metrics.len() - 1
        });
        self.metrics[place].push(at, value);
        self.points += 1;
        let hours = self.projects.entry(project).or_default();
        add(hours, super::metric::hour(at), Sum { count: 1, amount: 1 });
    }

    /// Forgets what is erased. Says how many data points that were.
    pub(crate) fn erase(&mut self, erasure: Erasure) -> u64 {
        let mut erased = 0;
        for recent in &mut self.metrics {
            let hit = match erasure {
                Erasure::Metric(metric) | Erasure::Range(metric, ..) => recent.metric == metric,
                Erasure::Project(project) | Erasure::Older(project, _) => recent.project == project,
            };
            if !hit {
                continue;
            }
            let hours = self.projects.entry(recent.project).or_default();
            for (hour, sum) in recent.erase(erasure) {
                subtract(
                    hours,
                    hour,
                    Sum {
                        count: sum.count,
                        amount: sum.count,
                    },
                );
                erased += sum.count;
            }
            if matches!(erasure, Erasure::Metric(_) | Erasure::Project(_)) {
                // Published again, it is another metric, perhaps of another kind.
                self.places.remove(&recent.metric);
            }
        }
        self.points -= usize::try_from(erased).unwrap_or(0);
        if let Erasure::Project(project) = erasure {
            self.projects.remove(&project);
            self.keys.retain(|_, (of, _)| *of != project);
            self.ids.retain(|_, (of, _)| *of != project);
        }
        erased
    }
}
