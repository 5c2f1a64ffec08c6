//! What somebody without an account sees: a shared page, an embedded chart, a badge. Nothing in them leads into the
//! product or names a person. A link that is unknown, over or revoked is answered alike, after the same work.

use askama::Template;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use charts::badge;
use domain::id::{MetricId, ProjectId};
use domain::metric::MetricType;
use domain::period::Preset;
use domain::share::Number;
use domain::time::DAY;
use serde::Deserialize;
use store::boards::BoardChart;
use store::metrics::Metric;
use store::projects::Project;
use store::shares::{Open, What};

use crate::assets;
use crate::error::AppError;
use crate::pages::boards::drawn::{self, Drawn, Whose};
use crate::pages::html_with;
use crate::pages::metrics::tag;
use crate::pages::picture::{Picture, Shown};
use crate::pages::view::{Chosen, View};
use crate::router::Table;
use crate::secrets::hash;
use crate::state::Shared;
use crate::web::Ids;

/// How high a shared chart is, in pixels.
const HEIGHT: u32 = 260;
/// How high an embedded one is: with its heading it fits a frame of 320.
const EMBEDDED: u32 = 220;
/// A badge is asked for again after so many seconds at the latest.
const BADGE_HOLDS_S: u32 = 60;

pub(super) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/shared/{token}", show)
        .route(Method::GET, "/embed/{token}", embed)
        .route(Method::GET, "/badge/{token}", show_badge)
}

/// What the link in the path opens, if it does.
struct Opened(Option<Open>);

impl FromRequestParts<Shared> for Opened {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let ids = Ids::from_request_parts(parts, app).await?;
        let token: String = ids.get("token").unwrap_or_default();
        let token = token.strip_suffix(".svg").unwrap_or(&token);
        let open = store::shares::open(&app.db, hash(token), app.now()).await?;
        if let Some(open) = &open {
            let today = app.now().floor(DAY);
            if open.last_seen_at != Some(today) {
                let mut tx = app.db.begin().await?;
                store::shares::seen(&mut tx, open.id, today).await?;
                tx.commit().await?;
            }
        }
        Ok(Self(open))
    }
}

/// Over, or never was: the one like the other.
fn gone() -> AppError {
    let text = "This link was revoked, or it has expired. Ask whoever gave it to you for a new one.";
    AppError::Gone(text.to_owned())
}

#[derive(Template)]
#[template(path = "shares/board.html")]
struct SharedBoard {
    title: String,
    organisation: Option<String>,
    range: Preset,
    charts: Vec<Drawn>,
}

impl SharedBoard {
    fn asset(name: &str) -> String {
        assets::path(name)
    }
}

#[derive(Template)]
#[template(path = "shares/metric.html")]
struct SharedChart {
    title: String,
    organisation: Option<String>,
    kind: MetricType,
    tag: &'static str,
    when: String,
    picture: Option<Picture>,
}

impl SharedChart {
    fn asset(name: &str) -> String {
        assets::path(name)
    }
}

#[derive(Deserialize)]
struct Asked {
    /// Another time than the board's own.
    #[serde(default)]
    range: String,
}

async fn show(
    State(app): State<Shared>,
    Opened(open): Opened,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let open = open.ok_or_else(gone)?;
    match open.what {
        What::Board(board) => {
            let board = store::boards::of_link(&app.db, open.organisation, board).await?;
            let board = board.ok_or_else(gone)?;
            let charts: Vec<BoardChart> = store::boards::charts(&app.db, board.id).await?;
            let range = Preset::from_code(&asked.range).unwrap_or(board.range);
            html_with(
                StatusCode::OK,
                &SharedBoard {
                    title: board.name,
                    organisation: open.organisation_name,
                    range,
                    charts: there(drawn::all(&app, open.organisation, charts, range, Whose::Project).await?),
                },
            )
        }
        What::Chart {
            project, metric, view, ..
        } => {
            let drawn = chart(&app, project, metric, &view, HEIGHT).await?.ok_or_else(gone)?;
            html_with(
                StatusCode::OK,
                &SharedChart {
                    title: drawn.metric.title().to_owned(),
                    organisation: open.organisation_name,
                    kind: drawn.metric.kind,
                    tag: tag(drawn.metric.kind),
                    when: format!("{} {}", drawn.shown.when(), drawn.shown.zone.name()),
                    picture: drawn.picture,
                },
            )
        }
    }
}

/// What is deleted isn't told of to strangers.
fn there(all: Vec<Drawn>) -> Vec<Drawn> {
    all.into_iter().filter(|drawn| !drawn.is_gone).collect()
}

/// A metric's chart.
struct Chart {
    metric: Metric,
    shown: Shown,
    picture: Option<Picture>,
}

/// Draws it, if its metric is there. Other metrics of the project may stand in it, if they did when it was shared.
async fn chart(
    app: &Shared,
    project: ProjectId,
    metric: MetricId,
    view: &str,
    height: u32,
) -> Result<Option<Chart>, AppError> {
    let Some(project): Option<Project> = store::projects::find(&app.db, project).await? else {
        return Ok(None);
    };
    let Some(metric) = store::metrics::find(&app.db, project.id, metric).await? else {
        return Ok(None);
    };
    let view = View::parse(view);
    let zone = view.zone.clone().unwrap_or_else(|| project.zone.clone());
    let (shown, picture) = drawn::draw(app, (&project, &metric), &view, zone, height, false).await?;
    Ok(Some(Chart { metric, shown, picture }))
}

/// The metric's chart that a link shows: not if it shows a board.
async fn of_chart(app: &Shared, open: Option<Open>, height: u32) -> Result<Option<(Chart, Number)>, AppError> {
    let Some(What::Chart {
        project,
        metric,
        view,
        number,
    }) = open.map(|open| open.what)
    else {
        return Ok(None);
    };
    let drawn = chart(app, project, metric, &view, height).await?;
    Ok(drawn.map(|drawn| (drawn, number)))
}

#[derive(Deserialize)]
struct Wanted {
    /// "light" or "dark"; else what the reader's system says.
    #[serde(default)]
    theme: String,
}

#[derive(Template)]
#[template(path = "shares/embed.html")]
struct Embedded {
    theme: &'static str,
    title: String,
    when: String,
    drawn: Option<Picture>,
    gone: bool,
}

impl Embedded {
    fn asset(name: &str) -> String {
        assets::path(name)
    }
}

async fn embed(
    State(app): State<Shared>,
    Opened(open): Opened,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let drawn = of_chart(&app, open, EMBEDDED).await?;
    let theme = match wanted.theme.as_str() {
        "light" => "light",
        "dark" => "dark",
        _ => "",
    };
    let Some((drawn, _)) = drawn else {
        let gone = Embedded {
            theme,
            title: "No longer shared".to_owned(),
            when: String::new(),
            drawn: None,
            gone: true,
        };
        return html_with(StatusCode::GONE, &gone);
    };
    html_with(
        StatusCode::OK,
        &Embedded {
            theme,
            title: drawn.metric.title().to_owned(),
            when: format!("{} {}", drawn.shown.when(), drawn.shown.zone.name()),
            drawn: drawn.picture,
            gone: false,
        },
    )
}

async fn show_badge(State(app): State<Shared>, Opened(open): Opened) -> Result<Response, AppError> {
    let Some((drawn, number)) = of_chart(&app, open, EMBEDDED).await? else {
        let svg = badge("", "no longer shared").to_string();
        return Ok(svg_with(StatusCode::GONE, svg));
    };
    let label = match drawn.shown.chosen {
        Chosen::Preset(preset) => format!("{}, {}", drawn.metric.title(), preset.name()),
        Chosen::Between(_) => drawn.metric.title().to_owned(),
    };
    let svg = badge(&label, &value(&drawn, number)).to_string();
    Ok(svg_with(StatusCode::OK, svg))
}

/// The figure that was chosen, as the metric's page shows it; the first where there is no such figure.
fn value(drawn: &Chart, number: Number) -> String {
    let Some(picture) = &drawn.picture else {
        return "no data".to_owned();
    };
    let label = match number {
        Number::First => "",
        Number::Total => return charts::number::count(drawn.shown.count),
        Number::Average => "Average",
        Number::P95 => "p95",
    };
    let chosen = picture.figures.iter().find(|figure| figure.label == label);
    let most_popular = || {
        let is_words = drawn.metric.kind == MetricType::WordWeb;
        picture
            .figures
            .iter()
            .find(|figure| is_words && figure.label == "Most popular")
    };
    let figure = chosen.or_else(most_popular).or_else(|| picture.figures.first());
    figure.map_or_else(|| "no data".to_owned(), |figure| figure.value.clone())
}

fn svg_with(status: StatusCode, svg: String) -> Response {
    let cache = format!("public, max-age={BADGE_HOLDS_S}");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_str(&cache).unwrap_or(HeaderValue::from_static("no-store")),
        ),
    ];
    (status, headers, svg).into_response()
}
