//! Public links: made, shown once, listed, revoked; and whether an organisation allows any.

mod public;

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::{MetricId, OrganisationId, ShareId, UserId};
use domain::role::Role;
use domain::share::{Holds, MAX_ACTIVE, Number};
use domain::time::Micros;
use serde::Deserialize;
use store::audit_events::Action;
use store::shares::{Creation, NewShare, Share, What};

use super::boards::{OnBoard, board_path, frame as boards_frame};
use super::frame::{Frame, Tab};
use super::view::View;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::{InProject, Member, require};
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::secrets::Secret;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const OF_BOARD: &str = "/organisations/{organisation}/boards/{board}/shares";
    const OF_METRIC: &str = "/projects/{project}/metrics/{metric}/shares";
    let table = table
        .route(Method::GET, "/organisations/{organisation}/shares", index)
        .route(Method::POST, "/organisations/{organisation}/sharing", allow)
        .route(
            Method::POST,
            "/organisations/{organisation}/shares/{share}/revocation",
            revoke,
        )
        .route(Method::GET, OF_BOARD, of_board)
        .route(Method::POST, OF_BOARD, share_board)
        .route(Method::GET, OF_METRIC, of_metric)
        .route(Method::POST, OF_METRIC, share_metric);
    public::routes(table)
}

/// A line in a list of links.
struct Line {
    of: Share,
    holds: bool,
    /// Whether this person may revoke it.
    may_revoke: bool,
}

impl Line {
    fn state(&self) -> &'static str {
        match (self.holds, self.of.revoked_at) {
            (true, _) => "Holds",
            (false, Some(_)) => "Revoked",
            (false, None) => "Expired",
        }
    }
}

fn lines(all: Vec<Share>, user: UserId, role: Role, now: Micros) -> Vec<Line> {
    let line = |of: Share| Line {
        holds: of.holds_at(now),
        may_revoke: of.holds_at(now) && (of.created_by == user || role == Role::Administrator),
        of,
    };
    all.into_iter().map(line).collect()
}

#[derive(Template)]
#[template(path = "shares/index.html")]
struct IndexPage {
    frame: Frame,
    organisation: OrganisationId,
    allowed: bool,
    administrator: bool,
    lines: Vec<Line>,
}

/// Every link of the organisation.
async fn index(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let (organisation, user) = (at.organisation.id, at.signed.user.id);
    let all = store::shares::of_organisation(&app.db, organisation, user, app.now()).await?;
    html(&IndexPage {
        frame: Frame::organisation(&app, &at, "Public links").await?,
        organisation,
        allowed: store::shares::is_allowed(&app.db, organisation).await?,
        administrator: at.role == Role::Administrator,
        lines: lines(all, user, at.role, app.now()),
    })
}

#[derive(Deserialize)]
struct Allowing {
    /// "yes", or else no.
    #[serde(default)]
    allowed: String,
}

async fn allow(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Allowing>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let allowed = form.allowed == "yes";
    let organisation = at.organisation.id;
    let by = actor(&at.signed.user, &client);
    let word = if allowed { "allowed" } else { "forbidden" };
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, organisation).await?;
    if store::shares::allow(&mut tx, organisation, allowed).await? {
        audit(&mut tx, &app, &by, organisation, Action::SharingChanged, word, "").await?;
    }
    tx.commit().await?;
    let text = if allowed {
        "Public links are allowed. Those that were made before work again until they expire."
    } else {
        "Public links are forbidden: none can be opened any more."
    };
    Ok(redirect(format!("/organisations/{organisation}/shares"))
        .notice(&app, text)
        .into_response())
}

async fn revoke(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let (organisation, user, id): (_, _, ShareId) = (at.organisation.id, at.signed.user.id, ids.get("share")?);
    at.require(Role::Member)?;
    let by = actor(&at.signed.user, &client);
    let mut tx = app.db.begin().await?;
    let revoked = store::shares::revoke(&mut tx, organisation, user, id, app.now()).await?;
    let link = named(&revoked.ok_or(AppError::NotFound)?);
    audit(&mut tx, &app, &by, organisation, Action::ShareRevoked, &link, "").await?;
    tx.commit().await?;
    let text = format!("The link {link} is revoked: nobody can open it any more.");
    Ok(redirect(format!("/organisations/{organisation}/shares"))
        .notice(&app, &text)
        .into_response())
}

/// A link as lists and audit logs name it.
fn named(last_four: &str) -> String {
    format!("…{last_four}")
}

/// What is to be shared, and by whom.
struct Subject {
    frame: Frame,
    signed: SignedIn,
    role: Role,
    organisation: OrganisationId,
    what: What,
    /// What it is called.
    title: String,
    /// Its own page.
    back: String,
    /// The page where its links are.
    path: String,
}

/// What was chosen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Form {
    holds: String,
    number: String,
    /// "yes" if the page is to name the organisation.
    named: String,
    /// How the metric is looked at.
    view: String,
}

impl Form {
    fn holds(&self) -> Holds {
        Holds::from_word(&self.holds).unwrap_or(Holds::Month)
    }
}

#[derive(Template)]
#[template(path = "shares/of.html")]
struct OfPage {
    frame: Frame,
    organisation: OrganisationId,
    title: String,
    back: String,
    path: String,
    view: String,
    is_chart: bool,
    allowed: bool,
    lines: Vec<Line>,
    error: Option<String>,
}

async fn page(app: &Shared, subject: Subject, error: Option<String>) -> Result<OfPage, AppError> {
    let user = subject.signed.user.id;
    let mut all = store::shares::of_organisation(&app.db, subject.organisation, user, app.now()).await?;
    all.retain(|share| is_of(&share.what, &subject.what));
    let (is_chart, view) = match &subject.what {
        What::Board(_) => (false, String::new()),
        What::Chart { view, .. } => (true, view.clone()),
    };
    Ok(OfPage {
        frame: subject.frame,
        organisation: subject.organisation,
        title: subject.title,
        back: subject.back,
        path: subject.path,
        view,
        is_chart,
        allowed: store::shares::is_allowed(&app.db, subject.organisation).await?,
        lines: lines(all, user, subject.role, app.now()),
        error,
    })
}

/// Whether a link is to the same board or metric, however that is looked at.
fn is_of(one: &What, other: &What) -> bool {
    match (one, other) {
        (What::Board(one), What::Board(other)) => one == other,
        (What::Chart { metric: one, .. }, What::Chart { metric: other, .. }) => one == other,
        _ => false,
    }
}

#[derive(Template)]
#[template(path = "shares/made.html")]
struct MadePage {
    frame: Frame,
    title: String,
    back: String,
    is_chart: bool,
    /// The product's address.
    url: String,
    token: Secret,
    expires_at: Option<Micros>,
}

impl MadePage {
    /// The title as it stands in somebody else's HTML.
    fn title_in_html(&self) -> String {
        let title = self.title.replace('&', "&amp;").replace('<', "&lt;");
        title.replace('>', "&gt;").replace('"', "&quot;")
    }

    /// The title as it stands between brackets in Markdown.
    fn title_in_markdown(&self) -> String {
        self.title.replace('\\', "").replace('[', "(").replace(']', ")")
    }
}

async fn make(app: &Shared, subject: Subject, client: &Client, form: &Form) -> Result<Response, AppError> {
    let token = Secret::token(&app.random);
    let expires_at = form.holds().length().map(|length| app.now() + length);
    let new = NewShare {
        id: ShareId::from_random(app.random.bits()),
        what: &subject.what,
        token_hash: token.hash(),
        last_four: token.last_four(),
        names_organisation: form.named == "yes",
        expires_at,
    };
    let (organisation, user) = (subject.organisation, &subject.signed.user);
    let mut tx = app.db.begin().await?;
    let refused = match store::shares::create(&mut tx, organisation, user.id, new, app.now()).await? {
        Creation::Created => None,
        Creation::NotAllowed => return Err(AppError::NotFound),
        Creation::Off => Some("An Administrator of this organisation has forbidden public links.".to_owned()),
        Creation::TooMany => Some(format!(
            "This organisation has {MAX_ACTIVE} public links, as many as it may have. Revoke one that nobody needs."
        )),
    };
    if let Some(error) = refused {
        drop(tx);
        return html_with(StatusCode::CONFLICT, &page(app, subject, Some(error)).await?);
    }
    let by = actor(user, client);
    let until = expires_at.map_or_else(
        || "until it is revoked".to_owned(),
        |end| format!("until {}", end.day_and_clock()),
    );
    let detail = format!("{}, {until}", subject.title);
    let link = named(token.last_four());
    audit(&mut tx, app, &by, organisation, Action::ShareCreated, &link, &detail).await?;
    tx.commit().await?;
    html(&MadePage {
        frame: subject.frame,
        is_chart: matches!(subject.what, What::Chart { .. }),
        title: subject.title,
        back: subject.back,
        url: app.config.url.clone(),
        token,
        expires_at,
    })
}

async fn board(app: &Shared, on: OnBoard) -> Result<Subject, AppError> {
    on.at.require(Role::Member)?;
    let back = board_path(&on.board);
    Ok(Subject {
        frame: boards_frame(app, &on.at, "Share").await?,
        role: on.at.role,
        organisation: on.board.organisation,
        what: What::Board(on.board.id),
        path: format!("{back}/shares"),
        back,
        title: on.board.name,
        signed: on.at.signed,
    })
}

async fn of_board(State(app): State<Shared>, on: OnBoard) -> Result<Response, AppError> {
    let subject = board(&app, on).await?;
    html(&page(&app, subject, None).await?)
}

async fn share_board(
    State(app): State<Shared>,
    on: OnBoard,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let subject = board(&app, on).await?;
    make(&app, subject, &client, &form).await
}

async fn metric(app: &Shared, at: InProject, ids: &Ids, view: &View, number: Number) -> Result<Subject, AppError> {
    let id: MetricId = ids.get("metric")?;
    let found = store::metrics::find(&app.db, at.project.id, id).await?;
    let metric = found.ok_or(AppError::NotFound)?;
    require(at.role, Role::Member)?;
    let query = view.query();
    let page = format!("/projects/{}/metrics/{id}", at.project.id);
    Ok(Subject {
        frame: Frame::project(app, &at, Tab::Metrics, "Share").await?,
        role: at.role,
        organisation: at.project.organisation,
        what: What::Chart {
            project: at.project.id,
            metric: id,
            view: query.trim_start_matches('?').to_owned(),
            number,
        },
        title: metric.title().to_owned(),
        back: format!("{page}{query}"),
        path: format!("{page}/shares"),
        signed: at.signed,
    })
}

async fn of_metric(State(app): State<Shared>, at: InProject, ids: Ids, view: View) -> Result<Response, AppError> {
    let subject = metric(&app, at, &ids, &view, Number::First).await?;
    html(&page(&app, subject, None).await?)
}

async fn share_metric(
    State(app): State<Shared>,
    at: InProject,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let number = Number::from_word(&form.number).unwrap_or(Number::First);
    let subject = metric(&app, at, &ids, &View::parse(&form.view), number).await?;
    make(&app, subject, &client, &form).await
}

/// "Public links" on "Your Organisation": where they are listed, and whether there may be any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharingCard {
    pub(crate) allowed: bool,
    /// How many hold.
    pub(crate) active: usize,
}

impl SharingCard {
    /// For those who may share.
    pub(crate) async fn of(app: &Shared, at: &Member) -> Result<Option<Self>, AppError> {
        if at.role < Role::Member {
            return Ok(None);
        }
        let (organisation, now) = (at.organisation.id, app.now());
        let all = store::shares::of_organisation(&app.db, organisation, at.signed.user.id, now).await?;
        Ok(Some(Self {
            allowed: store::shares::is_allowed(&app.db, organisation).await?,
            active: all.iter().filter(|share| share.holds_at(now)).count(),
        }))
    }
}
