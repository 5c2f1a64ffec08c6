//! One stream: what it tells, and the proof of rights before it tells anything.

use std::convert::Infallible;

use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use domain::time::Micros;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Full, Watching};
use crate::auth::session::SignedIn;
use crate::state::Shared;

/// A stream that tells of these projects, and first of what happened since the page was asked for. It ends as soon as
/// the person is signed out, or may open one of them no longer.
pub(crate) fn follow(
    app: &Shared,
    signed: &SignedIn,
    projects: Vec<ProjectId>,
    since: Micros,
) -> Result<Response, Full> {
    let watching = Watching::new(app, signed.user.id, projects)?;
    let missed = watching
        .projects
        .iter()
        .any(|project| app.live.is_touched_since(*project, since));
    let mut beats = interval(app.live.pace.beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following = Following {
        over: app.live.over.subscribe(),
        token_hash: signed.token_hash,
        // A look from now on: what was committed since the request began is noticed at the first beat.
        commits: None,
        begun: false,
        news: missed,
        rested: true,
        silent: 0,
        beats,
        watching,
    };
    let events = stream::unfold(following, async |following| following.next().await);
    let mut response = Sse::new(events).into_response();
    // Told at once: proxies of this name would wait until there is more.
    let unbuffered = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response.headers_mut().extend([unbuffered]);
    Ok(response)
}

struct Following {
    watching: Watching,
    over: watch::Receiver<bool>,
    token_hash: [u8; 32],
    /// [`store::Db::commits`] before rights were proven last.
    commits: Option<u64>,
    begun: bool,
    /// Whether there is something to tell.
    news: bool,
    /// Whether a beat has passed since something was told.
    rested: bool,
    /// Beats since something was said.
    silent: u32,
    beats: Interval,
}

impl Following {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        // The first word makes the answer's head go out.
        if !self.begun {
            self.begun = true;
            self.beats.reset();
            return Some((Ok(Event::default().comment("live")), self));
        }
        loop {
            if self.news && self.rested {
                (self.news, self.rested, self.silent) = (false, false, 0);
                self.beats.reset();
                return self.say(Event::default().event("stored").data("look again")).await;
            }
            if self.silent >= self.watching.app.live.pace.silence {
                self.silent = 0;
                return self.say(Event::default().comment("still live")).await;
            }
            if self
                .commits
                .is_none_or(|commits| commits != self.watching.app.db.commits())
                && !self.may().await
            {
                return None;
            }
            tokio::select! {
                () = over(&mut self.over) => return None,
                () = self.watching.news.notified(), if !self.news => self.news = true,
                _ = self.beats.tick() => (self.rested, self.silent) = (true, self.silent + 1),
            }
        }
    }

    async fn say(mut self, event: Event) -> Option<(Result<Event, Infallible>, Self)> {
        self.may().await.then_some((Ok(event), self))
    }

    /// Whether the person is still signed in and may still open all of it. Whoever can't be asked is told nothing.
    async fn may(&mut self) -> bool {
        self.commits = Some(self.watching.app.db.commits());
        self.watching.is_proven(self.token_hash).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a live stream ends: rights can't be proven");
            false
        })
    }
}

impl Watching {
    async fn is_proven(&self, token_hash: [u8; 32]) -> store::Result<bool> {
        let session = store::sessions::find(&self.app.db, token_hash, self.app.now()).await?;
        if session.is_none_or(|(_, user)| user.id != self.user) {
            return Ok(false);
        }
        let mine = store::projects::ids_of_user(&self.app.db, self.user).await?;
        Ok(self.projects.iter().all(|project| mine.contains(project)))
    }
}

async fn over(over: &mut watch::Receiver<bool>) {
    // The value itself is a lock, not to be kept.
    let _ = over.wait_for(|over| *over).await.map(|_| ());
}
