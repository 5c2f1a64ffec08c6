//! Pages: a file a noun, each with its routes, its view structs and its handlers.

mod acceptances;
mod account_deletions;
mod accounts;
mod annotations;
mod api_tokens;
mod arrival;
mod audit_events;
mod boards;
mod change;
mod chart;
mod dashboards;
mod departures;
mod dsns;
mod email_verifications;
mod emails;
mod exports;
pub mod frame;
mod help;
mod imports;
mod invitation_codes;
mod invitations;
mod inviting;
mod joining;
mod joins;
mod live;
mod members;
mod metrics;
mod naming;
mod organisation_deletions;
mod organisations;
mod overview;
mod password_resets;
mod passwords;
mod picture;
mod project_deletions;
mod project_settings;
mod projects;
mod received_invitations;
mod rejections;
mod response;
mod retentions;
mod rotations;
mod search;
mod sessions;
mod shares;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
mod time_zones;
mod tutorials;
mod typed_name;
mod view;
mod ways_in;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

pub(crate) use self::response::{Leaving, html, html_with, redirect};
use crate::auth::session::Visitor;
use crate::error::Fault;
use crate::request_id::RequestId;
use crate::router::Table;
use crate::state::Shared;
use axum::extract::FromRequestParts;
use frame::Frame;

/// Every page.
pub(crate) fn routes(table: Table) -> Table {
    let nouns: &[fn(Table) -> Table] = &[
        sign_up::routes,
        sign_in::routes,
        password_resets::routes,
        email_verifications::routes,
        accounts::routes,
        emails::routes,
        passwords::routes,
        sessions::routes,
        api_tokens::routes,
        account_deletions::routes,
        organisations::routes,
        members::routes,
        invitations::routes,
        invitation_codes::routes,
        acceptances::routes,
        received_invitations::routes,
        joins::routes,
        departures::routes,
        organisation_deletions::routes,
        audit_events::routes,
        projects::routes,
        project_settings::routes,
        rejections::routes,
        retentions::routes,
        project_deletions::routes,
        dsns::routes,
        dashboards::routes,
        live::routes,
        overview::routes,
        search::routes,
        time_zones::routes,
        tutorials::routes,
        metrics::routes,
        annotations::routes,
        boards::routes,
        shares::routes,
        exports::routes,
        imports::routes,
        rotations::routes,
        help::routes,
    ];
    let table = table.route(Method::GET, "/", arrival::show);
    nouns.iter().fold(table, |table, routes| routes(table))
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage {
    frame: Frame,
    title: &'static str,
    text: String,
    /// What the log calls it.
    request_id: Option<RequestId>,
}

/// Dresses a fault as a page, in the frame of whoever met it.
pub(crate) async fn faults(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visitor = Visitor::from_request_parts(&mut parts, &app).await;
    let request_id = parts.extensions.get::<RequestId>().copied();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(fault) = response.extensions().get::<Fault>().cloned() else {
        return response;
    };
    let frame = match visitor {
        Ok(visitor) => Frame::bare(&app, &visitor, title(response.status())),
        Err(_) => Frame::plain(title(response.status())),
    };
    let request_id = request_id.filter(|_| response.status().is_server_error());
    let view = FaultPage {
        frame,
        title: title(response.status()),
        text: fault.text,
        request_id,
    };
    let Ok(page) = html_with(response.status(), &view) else {
        return response;
    };
    let (head, _) = response.into_parts();
    let (mut new_head, body) = page.into_parts();
    for (name, value) in &head.headers {
        new_head.headers.entry(name).or_insert(value.clone());
    }
    Response::from_parts(new_head, body)
}

const fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::GONE => "No longer valid",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong",
        StatusCode::SERVICE_UNAVAILABLE => "Not available just now",
        _ => "That didn't work",
    }
}
