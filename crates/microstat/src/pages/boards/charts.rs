//! Charts on a board: found by a searchable list, given a title, a width, a time, another kind of picture.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::board::{MAX_CHARTS, Picture, Width};
use domain::id::{ChartId, MetricId, ProjectId};
use domain::metric::MetricType;
use domain::name::Name;
use domain::period::Preset;
use serde::Deserialize;
use store::boards::{Addition, BoardChart, NewChart, Said};
use store::metrics::Metric;

use super::{OnBoard, drawn, frame};
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::metrics::tag;
use crate::pages::view::{Span, View};
use crate::pages::{html, html_with, redirect};
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

/// So many metrics are listed at once; a search finds the others.
const LISTED: usize = 50;

pub(super) fn routes(table: Table) -> Table {
    const CHARTS: &str = "/organisations/{organisation}/boards/{board}/charts";
    const CHART: &str = "/organisations/{organisation}/boards/{board}/charts/{chart}";
    table
        .route(
            Method::GET,
            "/organisations/{organisation}/boards/{board}/charts/new",
            new,
        )
        .route(Method::POST, CHARTS, create)
        .route(Method::GET, CHART, edit)
        .route(Method::POST, CHART, update)
}

/// What a chart is like until somebody changes it.
pub(super) const fn usual() -> Said {
    Said {
        title: None,
        width: Width::Half,
        picture: Picture::Chart,
        own_time: false,
    }
}

/// What to say where there is no room.
pub(super) fn full() -> String {
    format!("This board has {MAX_CHARTS} charts, as many as it may have. Take one off first, or make another board.")
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// A metric that can be put on the board.
struct Line {
    id: MetricId,
    project: ProjectId,
    project_name: String,
    title: String,
    kind: MetricType,
    tag: &'static str,
    /// Whether it is on the board already.
    there: bool,
}

#[derive(Template)]
#[template(path = "boards/new_chart.html")]
struct NewPage {
    frame: Frame,
    path: String,
    board_name: String,
    q: String,
    lines: Vec<Line>,
    /// How many match, listed or not.
    matching: usize,
    /// Whether the organisation has any metric.
    has_any: bool,
    charts: i64,
}

async fn new(State(app): State<Shared>, on: OnBoard, Query(search): Query<Search>) -> Result<Response, AppError> {
    on.require_change()?;
    let there: Vec<MetricId> = store::boards::charts(&app.db, on.board.id)
        .await?
        .into_iter()
        .map(|chart| chart.metric)
        .collect();
    let wanted = search.q.trim().to_lowercase();
    let (mut lines, mut matching, mut has_any) = (Vec::new(), 0, false);
    for project in store::projects::of_organisation(&app.db, on.board.organisation).await? {
        let all = store::metrics::of_project(&app.db, project.id).await?;
        for metric in all.into_iter().filter(|metric| metric.hidden_at.is_none()) {
            has_any = true;
            let names = [metric.title(), metric.name.as_str(), project.name.as_str()];
            if !names.iter().any(|name| name.to_lowercase().contains(&wanted)) {
                continue;
            }
            matching += 1;
            if lines.len() < LISTED {
                lines.push(Line {
                    id: metric.id,
                    project: project.id,
                    project_name: project.name.clone(),
                    title: metric.title().to_owned(),
                    kind: metric.kind,
                    tag: tag(metric.kind),
                    there: there.contains(&metric.id),
                });
            }
        }
    }
    html(&NewPage {
        frame: frame(&app, &on.at, "Add chart").await?,
        path: on.path(),
        board_name: on.board.name,
        q: search.q,
        lines,
        matching,
        has_any,
        charts: on.board.charts,
    })
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Chosen {
    project: String,
    metric: String,
    /// The search it was found by.
    q: String,
}

/// A metric of the board's organisation that a form names.
pub(super) async fn named(
    app: &Shared,
    organisation: domain::id::OrganisationId,
    project: &str,
    metric: &str,
) -> Result<Metric, AppError> {
    let none = || AppError::Invalid("Choose a metric of this organisation.".to_owned());
    let (project, metric): (ProjectId, MetricId) = (
        project.parse().map_err(|_| none())?,
        metric.parse().map_err(|_| none())?,
    );
    let found = store::projects::find(&app.db, project).await?;
    if found.is_none_or(|project| project.organisation != organisation) {
        return Err(none());
    }
    store::metrics::find(&app.db, project, metric).await?.ok_or_else(none)
}

async fn create(
    State(app): State<Shared>,
    on: OnBoard,
    client: Client,
    Checked(chosen): Checked<Chosen>,
) -> Result<Response, AppError> {
    on.require_change()?;
    let metric = named(&app, on.board.organisation, &chosen.project, &chosen.metric).await?;
    let new = NewChart {
        id: ChartId::from_random(app.random.bits()),
        project: metric.project,
        metric: metric.id,
        said: usual(),
        view: "",
    };
    let id = new.id;
    let mut tx = app.db.begin().await?;
    match store::boards::add_chart(&mut tx, on.board.id, new).await? {
        Addition::Added => {}
        Addition::Full => return Err(AppError::Conflict(full())),
        Addition::NotFound => return Err(AppError::NotFound),
    }
    let detail = format!("added {}", metric.title());
    on.record(&mut tx, &app, &client, &detail).await?;
    tx.commit().await?;
    let q = serde_urlencoded::to_string([("q", &chosen.q)]).unwrap_or_default();
    let text = format!("“{}” is on the board.", metric.title());
    let undo = format!("{}/charts/{id}/deletion", on.path());
    Ok(redirect(format!("{}/charts/new?{q}", on.path()))
        .undoable(&app, &text, undo)
        .into_response())
}

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Form {
    title: String,
    width: String,
    picture: String,
    /// A time of its own; empty: the board's.
    time: String,
}

#[derive(Template)]
#[template(path = "boards/chart_form.html")]
struct ChartPage {
    frame: Frame,
    path: String,
    chart: ChartId,
    /// What it is called unless it is given a title.
    name: String,
    kind: MetricType,
    board_range: Preset,
    form: Form,
    error: Option<&'static str>,
}

async fn page(
    app: &Shared,
    on: &OnBoard,
    chart: &BoardChart,
    form: Form,
    error: Option<&'static str>,
) -> Result<ChartPage, AppError> {
    let found = drawn::find(app, on.board.organisation, chart).await?;
    let (_, metric) = found.ok_or_else(|| {
        AppError::Conflict(
            "The metric of this chart is deleted. Take the chart off, or restore the metric first.".to_owned(),
        )
    })?;
    Ok(ChartPage {
        frame: frame(app, &on.at, "Change chart").await?,
        path: on.path(),
        chart: chart.id,
        name: metric.title().to_owned(),
        kind: metric.kind,
        board_range: on.board.range,
        form,
        error,
    })
}

async fn edit(State(app): State<Shared>, on: OnBoard, ids: Ids) -> Result<Response, AppError> {
    let chart = on.chart(&app, &ids).await?;
    on.require_change()?;
    let time = match View::parse(&chart.view).span {
        Span::Preset(preset) if chart.said.own_time => preset.code().to_owned(),
        _ => String::new(),
    };
    let form = Form {
        title: chart.said.title.as_ref().map(ToString::to_string).unwrap_or_default(),
        width: chart.said.width.word().to_owned(),
        picture: chart.said.picture.word().to_owned(),
        time,
    };
    html(&page(&app, &on, &chart, form, None).await?)
}

async fn update(
    State(app): State<Shared>,
    on: OnBoard,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let chart = on.chart(&app, &ids).await?;
    on.require_change()?;
    let title = match form.title.trim() {
        "" => Ok(None),
        typed => Name::new(typed).map(Some),
    };
    let mut page = page(&app, &on, &chart, form, None).await?;
    let title = match title {
        Ok(title) => title,
        Err(error) => {
            page.error = Some(error.advice());
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let picture = Picture::from_word(&page.form.picture).filter(|picture| picture.is_of(page.kind));
    let own_time = Preset::from_code(&page.form.time);
    let said = Said {
        title,
        width: Width::from_word(&page.form.width).unwrap_or(chart.said.width),
        picture: picture.unwrap_or(Picture::Chart),
        own_time: own_time.is_some(),
    };
    let mut view = View::parse(&chart.view);
    if let Some(preset) = own_time {
        view.span = Span::Preset(preset);
    }
    let query = view.query();
    let mut tx = app.db.begin().await?;
    if !store::boards::change_chart(&mut tx, on.board.id, chart.id, &said, query.trim_start_matches('?')).await? {
        return Err(AppError::NotFound);
    }
    on.record(&mut tx, &app, &client, &format!("changed {}", page.name))
        .await?;
    tx.commit().await?;
    Ok(redirect(format!("{}#chart-{}", on.path(), chart.id)).into_response())
}
