//! What a metric's page shows, as CSV for a spreadsheet.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::comparison::Compare;
use domain::csv;
use domain::metric::MetricType;

use super::InMetric;
use crate::error::AppError;
use crate::pages::change::share;
use crate::pages::picture::{Shown, Subject};
use crate::pages::sign_up::sentence;
use crate::pages::view::View;
use crate::state::Shared;

/// So many words are exported.
const WORDS: u32 = 10_000;

pub(super) async fn show(State(app): State<Shared>, of: InMetric, view: View) -> Result<Response, AppError> {
    let zone = view.zone.clone().unwrap_or_else(|| of.at.zone());
    let chosen = view
        .chosen(&zone)
        .map_err(|error| AppError::Invalid(sentence(&error.to_string())))?;
    let subject = Subject::new(&app, &of.at.project, &of.metric, zone).await?;
    let shown = Shown::new(&app, &subject, chosen, Compare::Off).await?;
    let series = app.points.series(&subject.sources, &shown.buckets, true);
    let text = match of.metric.kind {
        MetricType::HitCounter => hits(&series.await?),
        MetricType::Counter | MetricType::Timer => values(&series.await?),
        MetricType::WordWeb => words(&app.points.words(&subject.sources, shown.range, WORDS).await?),
    };
    let disposition = format!("attachment; filename=\"microstat-{}.csv\"", of.metric.id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
    ];
    Ok((headers, text).into_response())
}

fn hits(series: &[points::Bucket]) -> String {
    let rows = series
        .iter()
        .map(|bucket| format!("{},{}\r\n", bucket.start, bucket.count));
    format!("start,hits\r\n{}", rows.collect::<String>())
}

fn values(series: &[points::Bucket]) -> String {
    let row = |bucket: &points::Bucket| {
        let values = [
            bucket.sum, bucket.min, bucket.avg, bucket.max, bucket.p50, bucket.p75, bucket.p95, bucket.p99,
        ];
        let values = values.map(|value| value.map_or_else(String::new, |value| value.to_string()));
        format!("{},{},{}\r\n", bucket.start, bucket.count, values.join(","))
    };
    let rows: String = series.iter().map(row).collect();
    format!("start,data_points,sum,min,avg,max,p50,p75,p95,p99\r\n{rows}")
}

fn words(words: &points::Words) -> String {
    let row = |word: &points::WordCount| {
        format!(
            "{},{},{}\r\n",
            csv::cell(&word.word),
            word.count,
            share(word.count, words.total)
        )
    };
    let rows: String = words.words.iter().map(row).collect();
    format!("word,count,share\r\n{rows}")
}
