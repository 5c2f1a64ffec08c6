//! An import's page: how far its upload is; what its columns are; how far it is read; what came of it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::id::MetricId;
use domain::import::{BadSettings, Delimiter, Form, Settings, TimeForm};
use domain::metric::MetricType;
use domain::retention;
use store::import_parts::Kind;
use store::imports::{Import, State as Stands};
use tokio::io::AsyncReadExt;

use super::start::{Asked, read_as};
use super::{InImport, bytes, counted, percent};
use crate::error::AppError;
use crate::imports::look::{self, Trial};
use crate::imports::shared;
use crate::imports::{files, records::Unreadable};
use crate::pages::frame::{Frame, Tab};
use crate::pages::html_with;
use crate::pages::metrics::tag;
use crate::pages::sign_up::sentence;
use crate::state::{App, Shared};

/// What was seen of a file that waits to be imported.
pub(super) enum Looked {
    Readable(Box<Readable>),
    /// It can't be read at all, for this reason.
    Unreadable(String),
}

/// A file that can be read.
pub(super) struct Readable {
    pub(super) settings: Settings,
    /// Why it can't be imported so.
    pub(super) wrong: Option<BadSettings>,
    rows: Vec<(i64, Vec<String>)>,
    trial: Trial,
}

#[derive(Template)]
#[template(path = "imports/show.html")]
struct ImportPage {
    frame: Frame,
    path: String,
    back: String,
    metrics_path: String,
    import: Import,
    keeps: String,
    looked: Option<Looked>,
    /// Of what came in: name, type, path and data points of each metric; the most first.
    metrics: Vec<CameIn>,
    /// Metrics that something came into and that are not listed.
    others: usize,
    has_list: bool,
}

/// What came into a metric.
struct CameIn {
    name: String,
    kind: MetricType,
    tag: &'static str,
    path: String,
    data_points: String,
}

/// Metrics listed.
const LISTED: usize = 20;

impl ImportPage {
    fn size(&self) -> String {
        bytes(self.import.size)
    }

    fn uploaded(&self) -> i64 {
        percent(self.import.received, self.import.size)
    }

    fn imported(&self) -> i64 {
        percent(self.import.progress.taken, self.import.size)
    }

    fn progress(&self) -> Vec<(&'static str, String)> {
        let progress = &self.import.progress;
        let mut figures = vec![
            ("Rows read", counted(progress.rows)),
            ("Data points stored", counted(progress.accepted)),
            ("Rejected", counted(progress.rejected)),
        ];
        if progress.duplicates > 0 {
            figures.push(("Duplicates", counted(progress.duplicates)));
        }
        figures
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
impl Readable {
    fn fields(&self) -> Vec<(&'static str, String)> {
        Asked::fields(&self.settings)
    }

    fn read_as(&self) -> String {
        read_as(self.settings.form)
    }

    fn is_csv(&self) -> bool {
        matches!(self.settings.form, Form::Csv { .. })
    }

    fn is_between(&self, one: &Delimiter) -> bool {
        matches!(self.settings.form, Form::Csv { delimiter, .. } if delimiter == *one)
    }

    fn has_header(&self) -> bool {
        matches!(self.settings.form, Form::Csv { header: true, .. })
    }

    fn is_metric(&self, column: &usize) -> bool {
        self.settings.metric.column() == Some(*column)
    }

    fn is_kind(&self, column: &usize) -> bool {
        self.settings.kind.column() == Some(*column)
    }

    fn is_value(&self, column: &usize) -> bool {
        self.settings.value == Some(*column)
    }

    fn why_not(&self) -> Option<String> {
        self.wrong.map(|wrong| sentence(&wrong.to_string()))
    }

    /// What would be refused: row, why, what it has.
    fn problems(&self) -> Vec<(i64, String, String)> {
        let problem = |one: &crate::imports::read::Refused| (one.row, sentence(one.message), one.cells.join(", "));
        self.trial.problems.iter().map(problem).collect()
    }

    /// The metric's name that is the same for all rows.
    fn metric_name(&self) -> &str {
        match &self.settings.metric {
            domain::import::Source::Fixed(name) => name,
            domain::import::Source::Column(_) => "",
        }
    }

    fn kind(&self) -> String {
        match &self.settings.kind {
            domain::import::Source::Fixed(kind) => kind.clone(),
            domain::import::Source::Column(column) => column.to_string(),
        }
    }

    /// What a column is, for the head of the table.
    fn is(&self, column: &usize) -> &'static str {
        let settings = &self.settings;
        if *column == settings.time {
            "time"
        } else if settings.kind.column() == Some(*column) {
            "type"
        } else if settings.is_wide || settings.metric.column() == Some(*column) {
            "metric"
        } else if settings.value == Some(*column) {
            "value"
        } else {
            "left out"
        }
    }

    fn tried(&self) -> String {
        let (good, bad) = (self.trial.good, self.trial.bad);
        let all = good + bad;
        let of = if self.trial.is_all { "All" } else { "The first" };
        let n = |count: usize| counted(i64::try_from(count).unwrap_or(0));
        match bad {
            0 if all == 0 => "There are no rows to import.".to_owned(),
            0 => format!("{of} {} data points can be imported.", n(all)),
            _ => format!("Of {} {}, {} would be rejected.", of.to_lowercase(), n(all), n(bad)),
        }
    }
}

/// Looks at the file as was chosen.
pub(super) async fn looked(app: &Shared, of: &InImport, asked: &Asked) -> Result<Looked, AppError> {
    shared::bring(app, of.import.id, Kind::File, of.import.received).await?;
    let (path, name) = (files::data(app, of.import.id), of.import.file_name.clone());
    let (now, days) = (app.now(), of.at.project.retention.data_points);
    let asked = asked.clone();
    let look = move || {
        let look = look::look(&path, &name, asked.chosen())?;
        let settings = asked.settings(look.guessed);
        let trial = look::trial(&path, settings.clone(), now, days)?;
        Ok::<_, Unreadable>(Readable {
            wrong: settings.check().err(),
            settings,
            rows: look.rows,
            trial,
        })
    };
    let looked = tokio::task::spawn_blocking(look).await;
    match looked.map_err(|panic| AppError::Internal(Box::new(panic)))? {
        Ok(readable) => Ok(Looked::Readable(Box::new(readable))),
        Err(Unreadable::Io(error)) => Err(error.into()),
        Err(why) => Ok(Looked::Unreadable(why.to_string())),
    }
}

async fn page(app: &Shared, of: &InImport, asked: Asked, status: StatusCode) -> Result<Response, AppError> {
    let looked = match of.import.state {
        Stands::Ready => Some(looked(app, of, &asked).await?),
        _ => None,
    };
    let (metrics, others) = came_in(app, of).await?;
    let view = ImportPage {
        frame: Frame::project(app, &of.at, Tab::Metrics, &format!("Import {}", of.import.file_name)).await?,
        path: of.path(),
        back: super::path(&of.at),
        metrics_path: format!("/projects/{}/metrics", of.at.project.id),
        import: of.import.clone(),
        keeps: retention::length(Some(of.at.project.retention.data_points)),
        looked,
        metrics,
        others,
        has_list: of.import.progress.rejected_bytes > 0,
    };
    html_with(status, &view)
}

/// What came into the metrics that most came into, and how many others there are.
async fn came_in(app: &App, of: &InImport) -> Result<(Vec<CameIn>, usize), AppError> {
    let by_id: BTreeMap<String, i64> = serde_json::from_str(&of.import.progress.metrics)?;
    let mut by_id: Vec<(String, i64)> = by_id.into_iter().collect();
    by_id.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others = by_id.len().saturating_sub(LISTED);
    let mut metrics: Vec<CameIn> = Vec::new();
    for (id, count) in by_id.into_iter().take(LISTED) {
        let id: MetricId = id.parse().map_err(|_| AppError::NotFound)?;
        // Of one that was deleted since there is nothing to lead to.
        let Some(metric) = store::metrics::find(&app.db, of.at.project.id, id).await? else {
            continue;
        };
        metrics.push(CameIn {
            name: metric.title().to_owned(),
            kind: metric.kind,
            tag: tag(metric.kind),
            path: metric_path(of, metric.id),
            data_points: counted(count),
        });
    }
    Ok((metrics, others))
}

fn metric_path(of: &InImport, metric: MetricId) -> String {
    format!("/projects/{}/metrics/{metric}", of.at.project.id)
}

pub(super) async fn show(
    State(app): State<Shared>,
    of: InImport,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    page(&app, &of, asked, StatusCode::OK).await
}

/// The page once more: it says why it can't be imported so.
pub(super) async fn again(app: &Shared, of: &InImport, asked: Asked) -> Result<Response, AppError> {
    page(app, of, asked, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The list of what was refused, as far as it is sure.
pub(super) async fn rejected(State(app): State<Shared>, of: InImport) -> Result<Response, AppError> {
    let length = of.import.progress.rejected_bytes;
    if length == 0 || !shared::bring(&app, of.import.id, Kind::Rejected, length).await? {
        return Err(AppError::NotFound);
    }
    let length = length.unsigned_abs();
    let file = match tokio::fs::File::open(files::rejected(&app, of.import.id)).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(AppError::NotFound),
        Err(error) => return Err(error.into()),
    };
    let head = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"rejected-{}.csv\"", of.import.id),
        ),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    Ok((head, files::body(file.take(length))).into_response())
}
