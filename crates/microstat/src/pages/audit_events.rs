//! An organisation's audit log: a page at a time, newest first, and whole as CSV or JSON.

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use domain::csv;
use domain::id::{EventId, OrganisationId};
use domain::role::Role;
use domain::time::Micros;
use futures_util::stream::{self, TryStreamExt};
use serde::Deserialize;
use serde_json::json;
use store::audit_events::{Event, of_organisation};
use store::organisations::Organisation;

use super::frame::Frame;
use super::html;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

/// Events on a page.
const PAGE: i64 = 50;
/// Events read at once for an export.
const CHUNK: i64 = 500;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/organisations/{organisation}/audit-log", index)
        .route(Method::GET, "/organisations/{organisation}/audit-log.csv", csv)
        .route(Method::GET, "/organisations/{organisation}/audit-log.json", json)
}

#[derive(Template)]
#[template(path = "audit_events/index.html")]
struct AuditLogPage {
    frame: Frame,
    organisation: Organisation,
    events: Vec<Event>,
    /// Whether newer ones are on another page.
    later: bool,
    /// Where the page of older ones begins, if there are any.
    older: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    before: Option<String>,
}

type Cursor = (Micros, EventId);

/// Reads what [`write_cursor`] wrote; what isn't that begins at the newest.
fn read_cursor(text: &str) -> Option<Cursor> {
    let (at, id) = text.split_once('-')?;
    Some((Micros(at.parse().ok()?), id.parse().ok()?))
}

fn write_cursor(event: &Event) -> String {
    format!("{}-{}", event.at.0, event.id)
}

async fn index(State(app): State<Shared>, at: Member, Query(place): Query<Place>) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let before = place.before.as_deref().and_then(read_cursor);
    let mut events = of_organisation(&app.db, at.organisation.id, before, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = events.len() > page;
    events.truncate(page);
    html(&AuditLogPage {
        frame: Frame::organisation(&app, &at, "Audit log").await?,
        later: before.is_some(),
        older: events.last().filter(|_| more).map(write_cursor),
        events,
        organisation: at.organisation,
    })
}

async fn csv(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    Ok(export(app, at.organisation.id, Format::Csv))
}

async fn json(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    Ok(export(app, at.organisation.id, Format::Json))
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

/// The whole log as a file, sent while it is read: however long it is, little of it is in memory.
fn export(app: Shared, organisation: OrganisationId, format: Format) -> Response {
    let (kind, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Json => ("application/json", "json"),
    };
    let day = app.now().timestamp().strftime("%Y-%m-%d").to_string();
    let name = format!("attachment; filename=\"audit-log-{organisation}-{day}.{ending}\"");
    let head = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    let sending = Sending {
        app,
        organisation,
        format,
        before: None,
        is_whole: false,
    };
    // Where it can't go on it is cut off, so that nobody takes a part for the whole.
    let file = stream::try_unfold(sending, async |sending| sending.next().await)
        .inspect_err(|error| tracing::error!(%error, "an export of an audit log broke off"));
    (head, Body::from_stream(file)).into_response()
}

/// A log on its way.
struct Sending {
    app: Shared,
    organisation: OrganisationId,
    format: Format,
    /// The last event that was sent.
    before: Option<Cursor>,
    is_whole: bool,
}

impl Sending {
    /// The next piece of the file.
    async fn next(mut self) -> Result<Option<(String, Self)>, AppError> {
        if self.is_whole {
            return Ok(None);
        }
        let events = of_organisation(&self.app.db, self.organisation, self.before, CHUNK).await?;
        let is_first = self.before.is_none();
        self.is_whole = events.is_empty();
        self.before = events.last().map(|event| (event.at, event.id));
        let text = match self.format {
            Format::Csv => csv_lines(&events, is_first),
            Format::Json => json_list(&events, is_first),
        };
        Ok((!text.is_empty()).then_some((text, self)))
    }
}

/// A piece of a file: the first has its heading; one without events ends it.
fn csv_lines(events: &[Event], is_first: bool) -> String {
    let heading = is_first.then(|| "time,actor,address,action,subject,detail\r\n".to_owned());
    heading.into_iter().chain(events.iter().map(csv_line)).collect()
}

/// A piece of a list: the first begins it; one without events ends it.
fn json_list(events: &[Event], is_first: bool) -> String {
    let mut text = String::new();
    for (nth, event) in events.iter().enumerate() {
        text.push_str(if is_first && nth == 0 { "[\n" } else { ",\n" });
        text.push_str(&json_object(event).to_string());
    }
    match (events.is_empty(), is_first) {
        (true, true) => "[\n]\n".to_owned(),
        (true, false) => "\n]\n".to_owned(),
        (false, _) => text,
    }
}

fn json_object(event: &Event) -> serde_json::Value {
    json!({
        "time": event.at.to_string(),
        "actor": event.actor.name,
        "address": event.actor.address,
        "action": event.action,
        "subject": event.subject,
        "detail": event.detail,
    })
}

fn csv_line(event: &Event) -> String {
    let time = event.at.to_string();
    let cells = [
        &time,
        &event.actor.name,
        &event.actor.address,
        &event.action,
        &event.subject,
        &event.detail,
    ];
    let cells: Vec<String> = cells.iter().map(|cell| csv::cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}
