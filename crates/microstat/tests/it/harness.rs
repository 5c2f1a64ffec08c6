//! An installation of its own for each test, and browsers to visit it with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use clap::Parser;
use domain::email::EmailAddress;
use domain::id::{MetricId, OrganisationId, ProjectId, SessionId, UserId};
use domain::metric::{MetricName, MetricType};
use domain::name::Name;
use domain::role::Role;
use domain::time::Micros;
use domain::value::Value;
use http_body_util::BodyExt;
use microstat::auth::opening;
use microstat::clock::{Clock, Random};
use microstat::config::{Cli, Config};
use microstat::front::Front;
use microstat::secrets::Secret;
use microstat::state::{App, Shared};
use points::{Batch, DataPoint};
use store::memberships::How;
use store::sessions::NewSession;
use store::testing::Scratch;
use tower::ServiceExt;

pub(crate) use crate::mail::Mail;

/// 2026-11-24 10:00 UTC.
pub(crate) const NOW: Micros = Micros(1_795_514_400_000_000);
/// A password that is good enough.
pub(crate) const PASSWORD: &str = "plum-lantern-quarry-77";

/// An installation.
pub(crate) struct Site {
    pub(crate) app: Shared,
    pub(crate) front: Front,
    /// Other processes of the same installation.
    others: Vec<Front>,
    scratch: Arc<Scratch>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With flags beside the usual ones.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::changed(flags, async |_| {}).await
    }

    /// With parts of the program exchanged before it starts.
    pub(crate) async fn changed(flags: &[&str], change: impl AsyncFnOnce(&mut App)) -> Self {
        let scratch = Arc::new(Scratch::empty().await);
        let config = config(&scratch, "data", flags);
        let mut app = App::open(config, Clock::fixed(NOW), Random::seeded(1))
            .await
            .expect("open");
        change(&mut app).await;
        Self::of(app, scratch)
    }

    fn of(app: App, scratch: Arc<Scratch>) -> Self {
        let app = Arc::new(app);
        let front = microstat::router::router(&app);
        Self {
            app,
            front,
            others: Vec::new(),
            scratch,
        }
    }

    /// Several processes of one installation, which hear of each other; none on SQLite, where there is but one.
    pub(crate) async fn several<const N: usize>(flags: &[&str]) -> Option<[Self; N]> {
        let scratch = Arc::new(Scratch::empty().await);
        scratch.url.as_ref()?;
        let key = scratch.folder.path().join("the.key").display().to_string();
        let flags = [flags, &["--secret-key", &key]].concat();
        let mut all = Vec::new();
        for nth in 0..N {
            let config = config(&scratch, &format!("data{nth}"), &flags);
            let random = Random::seeded(100 + nth as u64);
            let app = App::open(config, Clock::fixed(NOW), random).await.expect("open");
            let site = Self::of(app, scratch.clone());
            tokio::spawn(microstat::peers::run(site.app.clone()));
            all.push(site);
        }
        all.try_into().ok()
    }

    /// Where its accounts are, if that isn't its data folder.
    pub(crate) fn database(&self) -> Option<&str> {
        self.scratch.url.as_deref()
    }

    /// Three processes on one PostgreSQL, if it is that: whatever a browser asks, it asks the next one. Data points stay where
    /// they land, and clocks stand still.
    pub(crate) async fn spread(flags: &[&str]) -> Self {
        let Some([mut first, second, third]) = Self::several(flags).await else {
            return Self::with(flags).await;
        };
        first.others = vec![second.front, third.front];
        first
    }

    /// The same installation, started again. No browser may be in front of the old one any more.
    pub(crate) async fn restarted(self) -> Self {
        let (config, clock) = (self.app.config.clone(), self.app.clock.clone());
        let Self {
            app,
            front,
            others,
            scratch,
        } = self;
        drop((app, front, others));
        let app = App::open(config, clock, Random::seeded(2)).await.expect("open");
        Self::of(app, scratch)
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        let mut browser = Browser::before(self.front.clone());
        browser.fronts.extend(self.others.iter().cloned());
        browser
    }

    /// The person with this address.
    pub(crate) async fn user(&self, email: &str) -> UserId {
        let found = store::users::find_by_email(&self.app.db, email).await.expect("read");
        found.expect("an account").0.id
    }

    /// The organisation that a person was given at sign-up, or has joined, whose name comes first.
    pub(crate) async fn organisation_of(&self, email: &str) -> OrganisationId {
        let user = self.user(email).await;
        let mine = store::organisations::of_user(&self.app.db, user).await.expect("read");
        mine[0].organisation.id
    }

    /// Stores one data point of the Counter "Cart".
    pub(crate) async fn publish(&self, project: ProjectId, at: Micros) {
        let mut tx = self.app.db.begin().await.expect("begin");
        let id = MetricId::from_random(self.app.random.bits());
        let name = MetricName::new("Cart").expect("a name");
        let metric = store::metrics::upsert(&mut tx, id, project, &name, MetricType::Counter, at).await;
        tx.commit().await.expect("commit");
        let data_point = DataPoint {
            metric: metric.expect("upsert").expect("within the limit"),
            at,
            value: Value::Number(3.0),
            id: None,
        };
        let batch = Batch {
            project,
            key: None,
            points: vec![data_point],
            note: Vec::new(),
        };
        self.app.points.append(batch, self.app.now()).await.expect("append");
    }

    /// A browser signed in as somebody new, who was made a member with this role.
    pub(crate) async fn member(&self, organisation: OrganisationId, name: &str, role: Role) -> Browser {
        let email = format!("{}@example.com", name.to_lowercase());
        let mut browser = self.browser();
        browser.sign_up(name, &email).await;
        let user = self.user(&email).await;
        let mut tx = self.app.db.begin().await.expect("begin");
        store::memberships::add(&mut tx, organisation, user, role, How::Founded, self.app.now())
            .await
            .expect("add");
        tx.commit().await.expect("commit");
        browser
    }

    /// A browser signed in as somebody new whose password nobody knows, so that many are made in no time.
    pub(crate) async fn person(&self, name: &str, email: &str) -> Browser {
        let (name, email) = (Name::new(name).expect("name"), EmailAddress::new(email).expect("email"));
        let mut tx = self.app.db.begin().await.expect("begin");
        let opened = opening::open(&mut tx, &self.app, &name, &email, "", None).await;
        let user = opened.expect("open").expect("a free address").user;
        let token = Secret::token(&self.app.random);
        let session = NewSession {
            id: SessionId::from_random(self.app.random.bits()),
            user,
            token_hash: token.hash(),
            user_agent: "",
            address: "",
        };
        store::sessions::create(&mut tx, session, self.app.now())
            .await
            .expect("session");
        tx.commit().await.expect("commit");
        let mut browser = self.browser();
        browser.jar.insert("session".to_owned(), token.reveal().to_owned());
        browser
    }

    /// Makes this person's address a proven one.
    pub(crate) async fn verify(&self, email: &str) {
        let (user, _) = store::users::find_by_email(&self.app.db, email)
            .await
            .expect("read")
            .expect("an account");
        let mut tx = self.app.db.begin().await.expect("begin");
        let now = self.app.now();
        assert!(
            store::users::verify_email(&mut tx, user.id, &user.email, now)
                .await
                .expect("verify")
        );
        tx.commit().await.expect("commit");
    }

    /// Works off every job that is due, and gives every mail written so far, oldest first.
    pub(crate) async fn deliver(&self) -> Vec<Mail> {
        microstat::jobs::run_due(&self.app).await.expect("jobs");
        Mail::all_in(&self.app.config.data.join("mail"))
    }
}

/// The settings of a process with this folder.
pub(crate) fn config(scratch: &Scratch, folder: &str, flags: &[&str]) -> Config {
    let data = scratch.folder.path().join(folder).display().to_string();
    let mut arguments = vec!["microstat", "--data", &data];
    if let Some(url) = &scratch.url {
        arguments.extend(["--database", url]);
    }
    arguments.extend(flags);
    Cli::parse_from(arguments).config
}

/// A browser with its cookies and the page it shows.
#[derive(Clone)]
pub(crate) struct Browser {
    /// Asked in turn, by all copies of this browser.
    fronts: Vec<Front>,
    turn: Arc<AtomicUsize>,
    pub(crate) jar: BTreeMap<String, String>,
    /// What it calls itself.
    pub(crate) user_agent: &'static str,
    /// The last page's HTML.
    pub(crate) page: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A stream of events.
pub(crate) struct Stream {
    pub(crate) status: StatusCode,
    body: Body,
}

impl Stream {
    /// What is said next; nothing once it has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await;
        let frame = frame.expect("something within 20 s")?.expect("a whole body");
        Some(String::from_utf8_lossy(&frame.into_data().expect("data")).into_owned())
    }

    /// What is said next that is more than a sign of life.
    pub(crate) async fn event(&mut self) -> Option<String> {
        loop {
            let said = self.next().await?;
            if !said.starts_with(':') {
                return Some(said);
            }
        }
    }
}

impl Answer {
    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The page, but for the token its forms carry, which is written differently each time.
    pub(crate) fn tokenless(&self) -> String {
        self.text.replace(token_of(&self.text), "")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

impl Browser {
    /// One that has never been anywhere, in front of this program.
    pub(crate) fn before(front: Front) -> Self {
        Self {
            fronts: vec![front],
            turn: Arc::default(),
            jar: BTreeMap::new(),
            user_agent: "",
            page: String::new(),
        }
    }

    fn front(&self) -> Front {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.fronts[turn % self.fronts.len()].clone()
    }

    /// Sends one request with this browser's cookies, and keeps those it is given.
    pub(crate) async fn send(&mut self, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::USER_AGENT, self.user_agent)
            .body(body.into())
            .expect("request");
        let response = self.front().oneshot(request).await.expect("answer");
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("text");
            let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if attributes.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        // A stream has no end to wait for.
        let is_stream = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Body::empty() } else { body };
        let bytes = body.collect().await.expect("body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Opens a stream of events.
    pub(crate) async fn stream(&self, path: &str) -> Stream {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(path).header(header::COOKIE, cookies.join("; "));
        let request = request.body(Body::empty()).expect("request");
        let response = self.front().oneshot(request).await.expect("answer");
        Stream {
            status: response.status(),
            body: response.into_body(),
        }
    }

    /// Takes over a session, as if its cookie had been copied from another browser.
    pub(crate) fn take_session(&mut self, token: &Secret) {
        self.jar.insert("session".to_owned(), token.reveal().to_owned());
    }

    /// The value of a cookie it keeps.
    pub(crate) fn cookie(&self, name: &str) -> String {
        self.jar[name].clone()
    }

    /// Opens a path, without following where it leads.
    pub(crate) async fn fetch(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Opens a path, follows where it leads, and shows the page.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let answer = self.fetch(&path).await;
            if !answer.status.is_redirection() {
                self.page.clone_from(&answer.text);
                return answer;
            }
            answer.location().clone_into(&mut path);
        }
        panic!("too many redirects, last to {path}");
    }

    /// Whether people read these words on the shown page, whatever tags are between them.
    pub(crate) fn says(&self, words: &str) -> bool {
        let mut text = String::new();
        for piece in self.page.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        }
        let text = text.replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
        text.replace("&#34;", "\"").replace("&#38;", "&").contains(words)
    }

    /// The token that forms on the shown page carry.
    pub(crate) fn csrf(&self) -> String {
        token_of(&self.page).to_owned()
    }

    /// Sends a form with the shown page's token; does not follow.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let body = serde_urlencoded::to_string(&all).expect("form");
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, body).await
    }

    /// Sends a form and opens where it leads. The answer is the form's own.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        if answer.status.is_redirection() {
            let to = answer.location().to_owned();
            self.open(&to).await;
        } else {
            self.page.clone_from(&answer.text);
        }
        answer
    }

    /// Tries to sign in with this password, and gives the answer.
    pub(crate) async fn sign_in_with(&mut self, email: &str, password: &str) -> Answer {
        self.open("/sign-in").await;
        self.submit("/sign-in", &[("email", email), ("password", password)])
            .await
    }

    /// Whether it is signed in: then `/` leads on into the product.
    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.fetch("/").await.location() != "/sign-in"
    }

    /// Signs up and leaves the browser signed in, on the tutorial; gives the first project's path.
    pub(crate) async fn sign_up(&mut self, name: &str, email: &str) -> String {
        self.open("/sign-up").await;
        let answer = self
            .submit("/sign-up", &[("name", name), ("email", email), ("password", PASSWORD)])
            .await;
        assert!(answer.status.is_redirection(), "{answer:?}");
        answer.location().trim_end_matches("/tutorial").to_owned()
    }

    /// Signs in with the usual password, and opens where that leads.
    pub(crate) async fn sign_in(&mut self, email: &str) {
        self.open("/sign-in").await;
        let answer = self
            .submit("/sign-in", &[("email", email), ("password", PASSWORD)])
            .await;
        assert!(answer.status.is_redirection(), "{answer:?}");
    }
}

fn token_of(page: &str) -> &str {
    let after = page.split_once("name=\"csrf\" value=\"").map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or_default()
}
