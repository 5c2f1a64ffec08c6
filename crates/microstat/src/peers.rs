//! Other processes of the same installation. They are told what changed here, and what is heard of them counts as if it
//! had happened here: what is kept of the accounts is read anew, jobs are looked for, live pages are told.
//!
//! They speak through PostgreSQL, a word a tenth of a second at most. Words may be lost, so nothing but speed depends on
//! them: without, what is remembered of the accounts is read anew within two seconds, and jobs are looked for every five.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::id::ProjectId;
use store::db::{Ear, Heard, LONGEST};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::state::{App, Shared};

/// The least time between two words.
const PAUSE: Duration = Duration::from_millis(100);
/// How often something is said though there is nothing to say.
const BEAT: Duration = Duration::from_secs(10);
/// A connection that carries not even one's own words any more is given up after so long.
const DEAF: Duration = Duration::from_secs(30);
/// How long until the server is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// What others are still to be told of projects.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Whether there may be others.
    is_open: AtomicBool,
    projects: Mutex<BTreeSet<ProjectId>>,
    more: Notify,
}

impl Outbox {
    /// Pages of this project show something else now.
    pub(crate) fn put(&self, project: ProjectId) {
        if !self.is_open.load(Ordering::Relaxed) {
            return;
        }
        let is_new = self
            .projects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(project);
        if is_new {
            self.more.notify_one();
        }
    }

    fn take(&self) -> BTreeSet<ProjectId> {
        std::mem::take(&mut self.projects.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a process says: who it is, whether it has committed, and which projects' pages show something else.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    from: u64,
    committed: bool,
    /// None: any may.
    projects: Option<BTreeSet<ProjectId>>,
}

impl Word {
    fn text(&self) -> String {
        let mut text = format!("{:016x} {}", self.from, u8::from(self.committed));
        let Some(projects) = &self.projects else {
            return text + " any";
        };
        let without = text.clone();
        for project in projects {
            let _ = write!(text, " {}", project.0);
        }
        if text.len() > LONGEST { without + " any" } else { text }
    }
}

impl FromStr for Word {
    type Err = ();

    /// What another version says beyond this is not for this one.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(' ');
        let from = u64::from_str_radix(parts.next().ok_or(())?, 16).map_err(|_| ())?;
        let committed = parts.next().ok_or(())? == "1";
        let projects = parts.map(|id| id.parse().map(ProjectId)).collect::<Result<_, _>>();
        Ok(Self {
            from,
            committed,
            projects: projects.ok(),
        })
    }
}

/// Speaks and listens until the task is ended; on SQLite there is nobody.
pub async fn run(app: Shared) {
    if app.config.database.is_none() {
        return;
    }
    app.live.outbox.is_open.store(true, Ordering::Relaxed);
    let name = app.random.bits();
    tokio::join!(speak(&app, name), hear(&app, name));
}

async fn speak(app: &App, from: u64) {
    let mut word = Word {
        from,
        committed: false,
        projects: Some(BTreeSet::new()),
    };
    loop {
        tokio::select! {
            () = app.db.committed() => word.committed = true,
            () = app.live.outbox.more.notified() => {}
            () = sleep(BEAT) => {}
        }
        sleep(PAUSE).await;
        if let Some(projects) = &mut word.projects {
            projects.extend(app.live.outbox.take());
        }
        match app.db.say(&word.text()).await {
            Ok(()) => (word.committed, word.projects) = (false, Some(BTreeSet::new())),
            // It is said with the next one; what is not heard by then is late, and no more.
            Err(error) => tracing::debug!(%error, "other processes can't be told what changed"),
        }
    }
}

async fn hear(app: &App, own: u64) {
    loop {
        match app.db.listen().await {
            Ok(Some(ear)) => listen(app, own, ear).await,
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "other processes can't be heard; what they change is noticed later"),
        }
        sleep(AGAIN).await;
    }
}

/// Listens as long as the connection carries anything.
async fn listen(app: &App, own: u64, mut ear: Ear) {
    obey(app, true, None);
    while let Ok(Ok(heard)) = timeout(DEAF, ear.next()).await {
        match heard {
            Heard::Gap => obey(app, true, None),
            Heard::Word(text) => match text.parse::<Word>() {
                Ok(word) if word.from == own => {}
                Ok(word) => obey(app, word.committed, word.projects),
                Err(()) => tracing::debug!(text, "said by nobody we know"),
            },
        }
    }
}

fn obey(app: &App, committed: bool, projects: Option<BTreeSet<ProjectId>>) {
    if committed {
        app.db.heard();
        app.job_queued.notify_one();
        app.imports.started.notify_one();
    }
    match projects {
        None => app.live.tell_all(),
        Some(projects) => projects.into_iter().for_each(|project| app.live.tell(project)),
    }
}

#[cfg(test)]
mod tests {
    use domain::id::ProjectId;

    use super::Word;

    #[test]
    fn a_word_is_understood() {
        for projects in [Some(vec![]), Some(vec![ProjectId(3), ProjectId(1 << 49)]), None] {
            let word = Word {
                from: 0xab,
                committed: projects.is_none(),
                projects: projects.map(|ids| ids.into_iter().collect()),
            };
            assert_eq!(word.text().parse(), Ok(word));
        }
    }

    #[test]
    fn of_more_projects_than_fit_any_may_have_changed() {
        let all = (0..2_000).map(ProjectId).collect();
        let word = Word {
            from: 1,
            committed: true,
            projects: Some(all),
        };
        assert_eq!(word.text(), "0000000000000001 1 any");
    }

    #[test]
    fn a_word_of_nobody_is_no_word() {
        for text in ["", "xyz", "12"] {
            assert_eq!(text.parse::<Word>(), Err(()), "{text}");
        }
    }
}
