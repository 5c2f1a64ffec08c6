//! "Search": any metric, project, organisation, settings or help page, by roughly what it is called. A page without
//! script, JSON for the palette (`web/js/command-palette.js`).

mod found;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use serde::{Deserialize, Serialize};

use self::found::{Found, Places};
use super::frame::Frame;
use super::html;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

/// Most that is found.
const MOST: usize = 40;
/// Characters of a question that are looked at.
const ASKED: usize = 100;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/search", index)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    /// The project it is asked from: what is near comes first.
    project: String,
    /// Where one has been, paths with commas between.
    recent: String,
}

#[derive(Template)]
#[template(path = "search/index.html")]
struct SearchPage {
    frame: Frame,
    q: String,
    project: Option<ProjectId>,
    found: Vec<Found>,
}

#[derive(Serialize)]
struct Answer {
    found: Vec<Found>,
}

async fn index(
    State(app): State<Shared>,
    signed: SignedIn,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let q: String = asked.q.trim().chars().take(ASKED).collect();
    let user = signed.user.id;
    let (mine, metrics) = tokio::try_join!(
        store::organisations::of_user(&app.db, user),
        store::metrics::names_of_user(&app.db, user),
    )?;
    let here = asked.project.parse().ok();
    let recent: Vec<&str> = asked.recent.split(',').collect();
    let found = Places::of(&mine, here).search(&q, &metrics, &recent, MOST);
    let mut response = if wants_json(&headers) {
        Json(Answer { found }).into_response()
    } else {
        html(&SearchPage {
            frame: Frame::overview(&app, &signed, here, "Search").await?,
            q,
            project: here,
            found,
        })?
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}
