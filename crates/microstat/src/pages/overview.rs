//! "Overview": every project of a person, organisation by organisation.

use std::cmp::Reverse;
use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::Response;
use charts::{Svg, number};
use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use domain::time::{DAY, Micros};
use points::Overview;
use serde::Deserialize;
use store::organisations::Mine;

use super::change::Change;
use super::dashboards::day_line;
use super::frame::Frame;
use super::html;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/overview", index)
}

/// So many projects are followed live, the first ones.
const FOLLOWED: usize = 200;

/// What is asked for; whatever makes no sense is as if it weren't there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    sort: String,
}

#[derive(Template)]
#[template(path = "overview/index.html")]
struct OverviewPage {
    frame: Frame,
    q: String,
    by_name: bool,
    organisations: Vec<Organisation>,
    /// How many projects there are, whatever is searched for.
    all: usize,
    /// Those that are followed, for the stream: ids with commas between.
    followed: String,
}

/// A card.
struct Organisation {
    id: OrganisationId,
    name: String,
    role: Role,
    data_points: u64,
    projects: Vec<Project>,
}

/// A row of it.
struct Project {
    id: ProjectId,
    name: String,
    line: Svg,
    data_points: u64,
    shown: String,
    change: Change,
    last: Option<Micros>,
    metrics: String,
    is_paused: bool,
}

impl OverviewPage {
    /// This page, sorted so.
    fn sorted(&self, by_name: bool) -> String {
        let mut pairs = Vec::new();
        if !self.q.is_empty() {
            pairs.push(("q", self.q.as_str()));
        }
        if by_name {
            pairs.push(("sort", "name"));
        }
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        if query.is_empty() {
            "/overview".to_owned()
        } else {
            format!("/overview?{query}")
        }
    }
}

async fn index(State(app): State<Shared>, signed: SignedIn, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let user = signed.user.id;
    let (mine, states) = tokio::try_join!(
        store::organisations::of_user(&app.db, user),
        store::projects::states_of_user(&app.db, user),
    )?;
    let all = mine.iter().map(|of| of.projects.len()).sum();
    let ids: Vec<ProjectId> = states.keys().copied().collect();
    let lines = app.points.overview(&ids, app.now()).await?;
    let lines: HashMap<ProjectId, Overview> = lines.into_iter().map(|line| (line.project, line)).collect();
    let (q, by_name) = (asked.q.trim(), asked.sort == "name");
    let known = |of: Mine| organisation(of, &states, &lines, q, app.now());
    let mut organisations: Vec<Organisation> = mine.into_iter().filter_map(known).collect();
    // They come by name; equal ones stay so.
    if !by_name {
        organisations.sort_by_key(|of| Reverse(of.data_points));
        for of in &mut organisations {
            of.projects.sort_by_key(|project| Reverse(project.data_points));
        }
    }
    let shown = organisations.iter().flat_map(|of| &of.projects);
    html(&OverviewPage {
        followed: shown
            .take(FOLLOWED)
            .map(|project| project.id.to_string())
            .collect::<Vec<_>>()
            .join(","),
        frame: Frame::overview(&app, &signed, None, "Overview").await?,
        q: q.to_owned(),
        by_name,
        organisations,
        all,
    })
}

/// What of an organisation is searched for: all of it if its own name is.
fn organisation(
    of: Mine,
    states: &HashMap<ProjectId, store::projects::State>,
    lines: &HashMap<ProjectId, Overview>,
    q: &str,
    now: Micros,
) -> Option<Organisation> {
    let q = q.to_lowercase();
    let is_whole = of.organisation.name.to_lowercase().contains(&q);
    let searched = of
        .projects
        .into_iter()
        .filter(|project| is_whole || project.name.to_lowercase().contains(&q));
    let projects: Vec<Project> = searched
        .filter_map(|known| {
            // Made or deleted between two looks: not shown this time.
            let (state, line) = (states.get(&known.id)?, lines.get(&known.id)?);
            Some(Project {
                id: known.id,
                name: known.name,
                line: day_line(&line.hours),
                data_points: line.last_24h,
                shown: number::count(line.last_24h),
                change: change(line, now),
                last: line.seen.map(|(_, last)| last),
                metrics: number::count(state.metrics.unsigned_abs()),
                is_paused: state.is_paused,
            })
        })
        .collect();
    (is_whole || !projects.is_empty()).then(|| Organisation {
        id: of.organisation.id,
        name: of.organisation.name,
        role: of.role,
        data_points: projects.iter().map(|project| project.data_points).sum(),
        projects,
    })
}

fn change(line: &Overview, now: Micros) -> Change {
    match line.seen {
        None => Change::default(),
        Some((first, _)) if first > now - 2 * DAY => Change::words("new"),
        Some(_) if (line.previous_24h, line.last_24h) == (0, 0) => Change::words("–"),
        Some(_) => Change::of_counts(line.previous_24h, line.last_24h),
    }
}
