//! What an operator watches: counted here in plain numbers while requests are answered, told as text on a listener of its
//! own. Nothing of people, projects or metrics is in it.

mod exposition;
mod listener;
mod process;
mod report;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use domain::durations::Durations;
use domain::reason::{Reason, Rejections};
use domain::time::Micros;

pub use listener::serve;

use crate::ingest::{Case, Door};

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pages, and what else people's browsers ask for.
    Page,
    /// The API for programs.
    Api,
    /// Batches of data points.
    Ingest,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Page, Self::Api, Self::Ingest];

    /// The kind of a route, by its template.
    pub(crate) fn of(route: &str) -> Self {
        if route.starts_with("/api/") {
            Self::Api
        } else {
            Self::Page
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Ingest => "ingest",
        }
    }
}

/// Classes of status codes: 1xx to 5xx.
const CLASSES: usize = 5;

/// What this process has done since it started.
#[derive(Debug)]
pub struct Telemetry {
    started_at: Micros,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    dropped: AtomicU64,
    replayed: AtomicU64,
    rejected: [AtomicU64; Reason::ALL.len()],
    batches: [[AtomicU64; Case::ALL.len()]; Door::ALL.len()],
    responses: [[AtomicU64; CLASSES]; Kind::ALL.len()],
    requests: [Durations; Kind::ALL.len()],
}

/// What became of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) case: Case,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) duplicates: u64,
    /// Whether all of it was known from before, and counted then.
    pub(crate) replayed: bool,
}

impl Telemetry {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(now: Micros) -> Self {
        Self {
            started_at: now,
            accepted: AtomicU64::default(),
            duplicates: AtomicU64::default(),
            dropped: AtomicU64::default(),
            replayed: AtomicU64::default(),
            rejected: Default::default(),
            batches: Default::default(),
            responses: Default::default(),
            requests: Default::default(),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, kind: Kind, status: StatusCode, micros: i64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        add(&self.responses[kind as usize][class], 1);
        self.requests[kind as usize].add(micros);
    }

    /// Counts a batch by what it is told.
    pub(crate) fn batch(&self, door: Door, told: Told) {
        add(&self.batches[door as usize][told.case as usize], 1);
        if told.replayed {
            add(&self.replayed, 1);
            return;
        }
        add(&self.accepted, told.accepted);
        add(&self.duplicates, told.duplicates);
        if told.case.status(door) == StatusCode::ACCEPTED {
            add(&self.dropped, told.rejected);
        }
    }

    /// Counts what a batch lost.
    pub(crate) fn rejected(&self, lost: &Rejections) {
        for (reason, count) in lost.counts() {
            add(&self.rejected[*reason as usize], count.data_points as u64);
        }
    }
}

/// Nothing else is read by these numbers, so their order with other memory is no matter.
fn add(to: &AtomicU64, count: u64) {
    if count > 0 {
        to.fetch_add(count, Ordering::Relaxed);
    }
}

fn read(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}
