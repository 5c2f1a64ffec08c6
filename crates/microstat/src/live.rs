//! Live updates: whoever looks at a project is told when data points of it were stored.
//!
//! Storing costs a number written, and while nobody looks nothing else. What is told says no more than "look again":
//! pages are fetched anew by the one route that draws them. Each process tells its own viewers, and the
//! [others](crate::peers) that there is something to tell.

mod shipped;
mod stream;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use domain::id::{ProjectId, UserId};
use domain::time::Micros;
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::peers::Outbox;
use crate::state::Shared;

pub use shipped::Unshipped;
pub(crate) use shipped::run;
pub(crate) use stream::follow;

/// Most streams of a person: a window or tab that is looked at has one.
const PER_PERSON: usize = 24;
/// Most streams in all: each keeps a connection open, of which apps that publish need some too.
const IN_ALL: usize = 500;
/// Times kept of when something was stored last. Projects that share one are told now and then for nothing.
const SLOTS: usize = 256;

/// How often streams speak.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The least time between two things told, and how soon an end of rights is noticed.
    pub beat: Duration,
    /// Beats of silence after which rights are proven again, and a sign of life is given.
    pub silence: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(1),
            silence: 10,
        }
    }
}

/// Who looks at what.
#[derive(Debug)]
pub struct Live {
    clock: Clock,
    pace: Pace,
    stored_at: [AtomicI64; SLOTS],
    /// Streams that are open, readable without the lock.
    open: AtomicUsize,
    watched: RwLock<Watched>,
    over: watch::Sender<bool>,
    /// What other processes are still to be told.
    pub(crate) outbox: Outbox,
}

#[derive(Debug, Default)]
struct Watched {
    people: HashMap<UserId, usize>,
    projects: HashMap<ProjectId, Vec<Arc<Notify>>>,
}

/// Why there can't be another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// This person has as many as one may have.
    Person,
    /// There are as many as there may be.
    All,
}

impl Live {
    /// Nobody looks yet.
    #[must_use]
    pub fn new(clock: Clock, pace: Pace) -> Self {
        // Whoever comes back after a restart may have missed something.
        let now = clock.now().0;
        Self {
            clock,
            pace,
            stored_at: std::array::from_fn(|_| AtomicI64::new(now)),
            open: AtomicUsize::new(0),
            watched: RwLock::default(),
            over: watch::Sender::new(false),
            outbox: Outbox::default(),
        }
    }

    /// Data points of this project were stored or erased, or something else that its pages show is another.
    pub fn touched(&self, project: ProjectId) {
        self.tell(project);
        self.outbox.put(project);
    }

    /// Tells those who look at a project here.
    pub(crate) fn tell(&self, project: ProjectId) {
        // A stream counts itself before it looks at the time, so one of the two sees the other.
        self.slot(project).store(self.clock.now().0, Ordering::SeqCst);
        if self.open.load(Ordering::SeqCst) == 0 {
            return;
        }
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        for news in watched.projects.get(&project).into_iter().flatten() {
            news.notify_one();
        }
    }

    /// Tells all who look at anything here: something may have been missed.
    pub(crate) fn tell_all(&self) {
        let now = self.clock.now().0;
        for slot in &self.stored_at {
            slot.store(now, Ordering::SeqCst);
        }
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        for news in watched.projects.values().flatten() {
            news.notify_one();
        }
    }

    /// Ends every stream, and those that would begin.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// Whether something may have been stored since.
    fn is_touched_since(&self, project: ProjectId, since: Micros) -> bool {
        self.slot(project).load(Ordering::SeqCst) >= since.0
    }

    /// How many streams are open, and how many there may be.
    pub(crate) fn streams(&self) -> (usize, usize) {
        (self.open.load(Ordering::Relaxed), IN_ALL)
    }

    fn slot(&self, project: ProjectId) -> &AtomicI64 {
        &self.stored_at[usize::try_from(project.0).unwrap_or(0) % SLOTS]
    }

    fn watched_mut(&self) -> RwLockWriteGuard<'_, Watched> {
        self.watched.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person's look at some projects, until it is dropped.
struct Watching {
    app: Shared,
    user: UserId,
    projects: Vec<ProjectId>,
    news: Arc<Notify>,
}

impl Watching {
    fn new(app: &Shared, user: UserId, projects: Vec<ProjectId>) -> Result<Self, Full> {
        let live = &app.live;
        let mut watched = live.watched_mut();
        if live.open.load(Ordering::SeqCst) >= IN_ALL {
            return Err(Full::All);
        }
        let mine = watched.people.entry(user).or_default();
        if *mine >= PER_PERSON {
            return Err(Full::Person);
        }
        *mine += 1;
        let news = Arc::new(Notify::new());
        for project in &projects {
            watched.projects.entry(*project).or_default().push(Arc::clone(&news));
        }
        live.open.fetch_add(1, Ordering::SeqCst);
        drop(watched);
        Ok(Self {
            app: Arc::clone(app),
            user,
            projects,
            news,
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let live = &self.app.live;
        let mut watched = live.watched_mut();
        live.open.fetch_sub(1, Ordering::SeqCst);
        if let Some(mine) = watched.people.get_mut(&self.user) {
            *mine -= 1;
            if *mine == 0 {
                watched.people.remove(&self.user);
            }
        }
        for project in &self.projects {
            if let Some(all) = watched.projects.get_mut(project) {
                all.retain(|news| !Arc::ptr_eq(news, &self.news));
                if all.is_empty() {
                    watched.projects.remove(project);
                }
            }
        }
    }
}
