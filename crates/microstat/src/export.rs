//! Exports: what a project has, as a file that is written while it is read. However much that is, little of it is in
//! memory at once, and a client that reads slowly slows the reading down.

mod parquet;
mod reader;
mod text;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use domain::export::{Detail, Format};
use domain::id::MetricId;
use domain::range::Range;
use domain::retention::{Level, Retention};
use domain::time::Micros;
use futures_util::stream::{self, Stream, TryStreamExt};
use jiff::tz::TimeZone;
use points::Sources;
use store::metrics::{Apart, Metric};
use store::projects::Project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::reader::{Page, Reader};
use self::writer::Writer;
use crate::error::AppError;
use crate::state::{App, Shared};

/// Exports at once: each keeps a row group in memory, a few MiB at most.
const AT_ONCE: usize = 8;
/// Says about how many rows the file will have.
const ROWS: HeaderName = HeaderName::from_static("microstat-rows");

/// Places to export at.
#[derive(Debug)]
pub struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Exports {
    fn place(&self) -> Result<OwnedSemaphorePermit, AppError> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| AppError::TooMany {
            retry_after_s: 60,
            text: format!("{AT_ONCE} exports are under way, which is as many as may be. Try again when one is done."),
        })
    }
}

/// What is exported.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) project: Project,
    /// Of which metrics; in this order.
    pub(crate) metrics: Vec<Metric>,
    /// Which of the project's metrics are merged: their data points are those of the metric they are part of.
    pub(crate) apart: Apart,
    /// Of which time; from its start up to, but without, its end.
    pub(crate) range: Range,
    pub(crate) detail: Detail,
    pub(crate) format: Format,
    /// The time zone of buckets as long as a metric's page shows them.
    pub(crate) zone: TimeZone,
    /// The time of asking.
    pub(crate) now: Micros,
}

impl Wanted {
    /// Of a project: one metric, or all.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the project has no such metric; [`AppError::Invalid`] if the detail needs one.
    pub(crate) async fn new(
        app: &App,
        project: Project,
        metric: Option<MetricId>,
        range: Range,
        (detail, format): (Detail, Format),
    ) -> Result<Self, AppError> {
        if detail == Detail::Shown && metric.is_none() {
            return Err(AppError::Invalid(
                "Choose one metric: only the page of a metric shows rows of that length.".to_owned(),
            ));
        }
        let metrics = match metric {
            None => store::metrics::of_project(&app.db, project.id).await?,
            Some(id) => {
                let found = store::metrics::find(&app.db, project.id, id).await?;
                vec![found.ok_or(AppError::NotFound)?]
            }
        };
        Ok(Self {
            apart: store::metrics::apart(&app.db, project.id).await?,
            project,
            metrics,
            range,
            detail,
            format,
            zone: TimeZone::UTC,
            now: app.now(),
        })
    }

    fn retention(&self) -> &Retention {
        &self.project.retention
    }

    /// The most rows there will be; of data points, as many as there will be, but for those of words that are erased
    /// or published meanwhile.
    ///
    /// # Errors
    /// If data points can't be read.
    pub(crate) async fn rows(&self, app: &App) -> Result<u64, AppError> {
        let kept = match self.detail {
            // What is older is there as minutes, hours and days alone.
            Detail::DataPoints => self.retention().since(Level::DataPoints, self.now),
            _ => None,
        };
        let from = kept.map_or(self.range.from(), |kept| self.range.from().max(kept));
        let Ok(range) = Range::new(from, self.range.to()) else {
            return Ok(0);
        };
        let counts = app.points.busiest(self.project.id, range, u32::MAX).await?;
        let summaries = app.points.summaries(self.project.id, self.now).await?;
        let mut by_metric: HashMap<MetricId, (u64, Option<(Micros, Micros)>)> = HashMap::new();
        for (id, count) in counts {
            if let Some(shown) = self.apart.shown(id) {
                by_metric.entry(shown).or_default().0 += count;
            }
        }
        for summary in summaries {
            let shown = self.apart.shown(summary.metric);
            if let Some((_, seen)) = shown.and_then(|shown| by_metric.get_mut(&shown)) {
                let (first, last) = seen.unwrap_or((summary.first_seen, summary.last_seen));
                *seen = Some((first.min(summary.first_seen), last.max(summary.last_seen)));
            }
        }
        let of_metric = |metric: &Metric| {
            let (data_points, seen) = by_metric.get(&metric.id)?;
            Some(self.most(metric, *data_points, *seen))
        };
        Ok(self.metrics.iter().filter_map(of_metric).sum())
    }

    /// What is read as a metric.
    fn sources(&self, metric: &Metric) -> Sources {
        self.apart.sources(metric.id).into()
    }

    /// The most rows of a metric with so many data points, seen from one time to another.
    fn most(&self, metric: &Metric, data_points: u64, seen: Option<(Micros, Micros)>) -> u64 {
        let is_word = metric.kind == domain::metric::MetricType::WordWeb;
        match (self.detail.step(), seen) {
            (Some(step), Some((first, last))) if !is_word => {
                let first = first.max(self.range.from()).floor(step);
                let last = last.min(self.range.to() - 1);
                u64::try_from((last - first) / step + 1).unwrap_or(0).min(data_points)
            }
            _ => data_points,
        }
    }

    /// `microstat-0123456789-2026-11-24.csv`; with the metric's id if it is one alone.
    fn file_name(&self) -> String {
        let metric = match self.metrics.as_slice() {
            [metric] => format!("-{}", metric.id),
            _ => String::new(),
        };
        let day = self.now.timestamp().strftime("%Y-%m-%d");
        format!("microstat-{}{metric}-{day}.{}", self.project.id, self.format.code())
    }
}

/// The file, sent while it is written. It breaks off where it can't go on, so that nobody takes a part for the whole.
///
/// # Errors
/// If too many are under way, or it can't begin.
pub(crate) async fn answer(app: &Shared, wanted: Wanted) -> Result<Response, AppError> {
    let place = app.exports.place()?;
    let rows = wanted.rows(app).await?;
    let head = [
        (header::CONTENT_TYPE, wanted.format.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", wanted.file_name()),
        ),
        (ROWS, rows.to_string()),
    ];
    let writer = Writer::new(wanted.format, wanted.detail)?;
    let reader = Reader::new(app.points.clone(), wanted);
    let pages = stream::try_unfold(reader, async |mut reader: Reader| {
        let page = reader.next().await?;
        Ok(page.map(|page| (page, reader)))
    });
    Ok((head, Body::from_stream(file(place, writer, Box::pin(pages)))).into_response())
}

/// Pages as a file: each piece is made when the client has room for it. Until all is sent it has a place.
fn file(
    place: OwnedSemaphorePermit,
    writer: Writer,
    pages: impl Stream<Item = Result<Page, AppError>> + Unpin,
) -> impl Stream<Item = Result<Bytes, AppError>> {
    let file = stream::try_unfold((Some(writer), pages, place), async |(mut writer, mut pages, place)| {
        while let Some(unfinished) = writer {
            let (bytes, goes_on) = write(unfinished, pages.try_next().await?).await?;
            writer = goes_on;
            if !bytes.is_empty() {
                return Ok(Some((Bytes::from(bytes), (writer, pages, place))));
            }
        }
        Ok(None)
    });
    file.inspect_err(|error| tracing::error!(%error, "an export broke off"))
}

/// Adds a page to a file, or ends it with none; gives what is written by then, and the writer as long as it goes on.
async fn write(mut writer: Writer, page: Option<Page>) -> Result<(Vec<u8>, Option<Writer>), AppError> {
    // Off the threads that serve: a row group is packed in some tens of milliseconds.
    let written = tokio::task::spawn_blocking(move || match page {
        Some(page) => Ok((writer.add(page)?, Some(writer))),
        None => Ok((writer.finish()?, None)),
    });
    written.await.map_err(|panic| AppError::Internal(Box::new(panic)))?
}

#[cfg(test)]
mod tests;
