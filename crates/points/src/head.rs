//! The head: what is acknowledged and not sealed yet, in memory, where every read finds it at once.
//!
//! It is a row of generations. The writer adds to the newest; a generation that is closed waits until the sealer has
//! written it to the database, in one transaction that also says so (`sealed`). Only then does it leave the head.
//!
//! So at any moment each data point is in exactly one of the two places a reader looks at, if it looks in this order:
//! first it takes the generations ([`Head::generations`]), then it begins its read transaction, then it reads in that
//! transaction how far everything is sealed, and leaves out generations up to there. A generation that was sealed in
//! between is left out and found in the database; what was acknowledged before the read began is in one of the
//! generations taken or sealed before.

pub(crate) mod edges;
pub(crate) mod generation;
pub(crate) mod metric;
pub(crate) mod recent;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::id::{MetricId, ProjectId};

use crate::kind::Kind;
use crate::schema::Marks;
use crate::seen::RandomMap;
use edges::Edges;
use generation::Generation;
use metric::Metric;

/// What is acknowledged and not sealed, and a line about each metric that is.
#[derive(Debug)]
pub(crate) struct Head {
    state: RwLock<State>,
}

/// What readers, the writer and the sealer share.
#[derive(Debug)]
pub(crate) struct State {
    /// Oldest first; the last one is being added to.
    pub(crate) generations: VecDeque<Arc<Generation>>,
    /// The last record that is sealed.
    pub(crate) sealed: u64,
    /// How often guests had written when the lines below were read.
    pub(crate) guests: i64,
    /// Whether the journal is this process's.
    pub(crate) owner: bool,
    /// Metrics with sealed data points.
    pub(crate) metrics: RandomMap<MetricId, Box<Metric>>,
    pub(crate) projects: RandomMap<ProjectId, Vec<MetricId>>,
    /// Sealed data points of hours that are asked for in part.
    pub(crate) edges: Edges,
    /// Counts every change of what is said here of sealed data points.
    pub(crate) changes: u64,
}

impl Head {
    pub(crate) fn new(marks: Marks, owner: bool, metrics: impl IntoIterator<Item = (MetricId, Metric)>) -> Self {
        let mut state = State {
            generations: VecDeque::from([Arc::new(Generation::default())]),
            sealed: marks.record,
            guests: marks.guests,
            owner,
            metrics: RandomMap::default(),
            projects: RandomMap::default(),
            edges: Edges::default(),
            changes: 0,
        };
        for (id, metric) in metrics {
            state.add(id, metric);
        }
        Self {
            state: RwLock::new(state),
        }
    }

    /// For looking; never held while waiting for anything.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        // Nothing that can panic leaves the state half changed.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// All generations, oldest first.
    pub(crate) fn generations(&self) -> Vec<Arc<Generation>> {
        self.state().generations.iter().cloned().collect()
    }

    /// The one that is added to.
    pub(crate) fn newest(&self) -> Arc<Generation> {
        self.state().newest()
    }

    /// Closes the newest generation, whose last record is `last`, and opens the next.
    pub(crate) fn turn(&self, last: u64) -> Arc<Generation> {
        let next = Arc::new(Generation::default());
        let mut state = self.state_mut();
        state.newest().close(last);
        state.generations.push_back(next.clone());
        next
    }

    /// Data points that are not sealed.
    pub(crate) fn unsealed(&self) -> usize {
        self.state()
            .generations
            .iter()
            .map(|generation| generation.points())
            .sum()
    }

    /// When the oldest of them came.
    pub(crate) fn oldest(&self) -> Option<i64> {
        let state = self.state();
        let mut filled = state.generations.iter().filter(|generation| generation.points() > 0);
        filled.find_map(|generation| generation.read().came.map(|(first, _)| first))
    }

    /// The project and kind of a metric that is known.
    pub(crate) fn known(&self, metric: MetricId) -> Option<(ProjectId, Kind)> {
        let state = self.state();
        let sealed = state.metrics.get(&metric).map(|known| (known.project, known.kind));
        sealed.or_else(|| {
            let mut generations = state.generations.iter().rev();
            generations.find_map(|generation| generation.read().known(metric))
        })
    }
}

impl State {
    fn newest(&self) -> Arc<Generation> {
        self.generations.back().cloned().unwrap_or_default()
    }

    /// Whether the database, at these marks, has what another process wrote since the lines about metrics were read.
    pub(crate) fn is_behind(&self, marks: Marks) -> bool {
        let guests = marks.guests > self.guests;
        if self.owner {
            guests && marks.record == self.sealed
        } else {
            guests || marks.record > self.sealed
        }
    }

    /// Takes the lines about metrics as they are at these marks.
    pub(crate) fn reload(&mut self, marks: Marks, metrics: Vec<(MetricId, Metric)>) {
        self.metrics.clear();
        self.projects.clear();
        for (id, metric) in metrics {
            self.add(id, metric);
        }
        (self.sealed, self.guests) = (marks.record, marks.guests);
        self.edges = Edges::default();
        self.changes += 1;
    }

    pub(crate) fn add(&mut self, id: MetricId, metric: Metric) {
        let project = metric.project;
        if self.metrics.insert(id, Box::new(metric)).is_none() {
            self.projects.entry(project).or_default().push(id);
        }
    }

    pub(crate) fn remove(&mut self, id: MetricId) {
        if let Some(metric) = self.metrics.remove(&id)
            && let Some(others) = self.projects.get_mut(&metric.project)
        {
            others.retain(|other| *other != id);
            if others.is_empty() {
                self.projects.remove(&metric.project);
            }
        }
    }
}
