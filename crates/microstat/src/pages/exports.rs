//! "Export": data points, or what they add up to, of one metric or of the whole project, as a file.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use charts::number;
use domain::export::{Detail, Format};
use domain::id::MetricId;
use domain::period;
use domain::range::Range;
use domain::time::Micros;
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::metrics::Metric;

use super::frame::{Frame, Tab};
use super::html_with;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::export::{self, Wanted};
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}/export", new).route(
        Method::GET,
        "/projects/{project}/export/file",
        show,
    )
}

/// What is asked for, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    metric: String,
    level: String,
    format: String,
    from: String,
    to: String,
    /// The time zone both times are typed in; the reader's, unless it is said.
    zone: String,
}

/// What can't be had, and beside which field that is said.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    from: Option<&'static str>,
    to: Option<&'static str>,
    level: Option<&'static str>,
}

const NO_TIME: &str = "Enter a day and a time, like 2026-11-24T14:00, or nothing.";

impl Asked {
    fn by_clock_of(mut self, reader: &InProject) -> Self {
        if self.zone.is_empty() {
            reader.zone().name().clone_into(&mut self.zone);
        }
        self
    }

    fn detail(&self) -> Detail {
        Detail::from_code(&self.level).unwrap_or_default()
    }

    fn format(&self) -> Format {
        Format::from_code(&self.format).unwrap_or_default()
    }

    /// `None`: all of them.
    fn metric(&self) -> Result<Option<MetricId>, AppError> {
        if self.metric.is_empty() {
            return Ok(None);
        }
        self.metric.parse().map(Some).map_err(|_| AppError::NotFound)
    }

    fn range(&self) -> Result<Range, Errors> {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let read = |text: &str, is_end, otherwise: Micros| match text.trim() {
            "" => Some(otherwise),
            text => period::moment(text, is_end, &zone),
        };
        let mut errors = Errors::default();
        let from = read(&self.from, false, Range::EVER.from());
        let to = read(&self.to, true, Range::EVER.to());
        (errors.from, errors.to) = (from.is_none().then_some(NO_TIME), to.is_none().then_some(NO_TIME));
        if let (Some(from), Some(to)) = (from, to) {
            match Range::new(from, to) {
                Ok(range) => return Ok(range),
                Err(_) => errors.to = Some("Enter a time after the first."),
            }
        }
        Err(errors)
    }

    async fn wanted(&self, app: &Shared, at: &InProject, range: Range) -> Result<Wanted, AppError> {
        let sort = (self.detail(), self.format());
        let wanted = Wanted::new(app, at.project.clone(), self.metric()?, range, sort).await?;
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        Ok(Wanted { zone, ..wanted })
    }
}

#[derive(Template)]
#[template(path = "exports/new.html")]
struct ExportPage {
    frame: Frame,
    path: String,
    tutorial: String,
    asked: Asked,
    metrics: Vec<Metric>,
    metric: Option<MetricId>,
    detail: Detail,
    format: Format,
    errors: Errors,
    /// How many rows at most, if what was asked for can be had.
    rows: Option<u64>,
}

impl ExportPage {
    fn counted(&self) -> String {
        let at_most = if self.detail == Detail::DataPoints {
            ""
        } else {
            "At most "
        };
        match self.rows {
            Some(1) => format!("{at_most}1 row"),
            Some(rows) => format!("{at_most}{} rows", number::count(rows)),
            None => "Not known yet".to_owned(),
        }
    }

    /// A field's time as browsers take it.
    fn field(&self, text: &str) -> String {
        let zone = TimeZone::get(&self.asked.zone).unwrap_or(TimeZone::UTC);
        match text.parse::<jiff::Timestamp>() {
            Ok(at) => zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string(),
            Err(_) => text.to_owned(),
        }
    }
}

/// Asks what to export, and says how many rows that has.
async fn new(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let asked = asked.by_clock_of(&at);
    let mut view = ExportPage {
        frame: Frame::project(&app, &at, Tab::Metrics, "Export").await?,
        path: format!("/projects/{}/export", at.project.id),
        tutorial: format!("/projects/{}/tutorial", at.project.id),
        metrics: store::metrics::of_project(&app.db, at.project.id).await?,
        metric: asked.metric()?,
        detail: asked.detail(),
        format: asked.format(),
        errors: Errors::default(),
        rows: None,
        asked,
    };
    if view.detail == Detail::Shown && view.metric.is_none() {
        view.errors.level = Some("Choose one metric for this.");
    }
    match view.asked.range() {
        Ok(range) if view.errors.level.is_none() => {
            view.rows = Some(view.asked.wanted(&app, &at, range).await?.rows(&app).await?);
        }
        Ok(_) => {}
        Err(errors) => {
            let level = view.errors.level;
            view.errors = Errors { level, ..errors };
        }
    }
    let status = match view.rows {
        Some(_) => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    html_with(status, &view)
}

/// The file.
async fn show(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let asked = asked.by_clock_of(&at);
    let range = asked.range().map_err(|_| {
        AppError::Invalid("Go back and enter two times, the second after the first, or none.".to_owned())
    })?;
    let wanted = asked.wanted(&app, &at, range).await?;
    export::answer(&app, wanted).await
}
