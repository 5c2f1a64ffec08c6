//! Several metrics in one chart: one number of each, over the same time.

use charts::{Lines, Mark, Series, Unit};
use domain::metric::MetricType;
use domain::statistic::Statistic;
use store::metrics::Metric;

use super::shown::Shown;
use super::{Subject, others, sources, unit};
use crate::error::AppError;
use crate::pages::change::float;
use crate::pages::chart::Chart;
use crate::pages::view::View;
use crate::state::Shared;

/// The chart, and what there is to say of it.
pub(super) struct Together {
    pub(super) heading: String,
    pub(super) chart: Chart,
    pub(super) notes: Vec<String>,
}

/// What is shown of a metric: what was chosen, if it can be told of it.
pub(crate) fn statistic(view: &View, kind: MetricType) -> Statistic {
    let chosen = view.statistic.filter(|statistic| statistic.is_of(kind));
    chosen.unwrap_or(Statistic::main_of(kind))
}

pub(super) async fn chart(
    app: &Shared,
    of: &Subject<'_>,
    view: &View,
    shown: &Shown,
    marks: &[Mark<'_>],
) -> Result<Together, AppError> {
    let others = others(app, of.project, view).await?;
    let mut drawn = Vec::new();
    for metric in std::iter::once(of.metric).chain(&others) {
        let statistic = statistic(view, metric.kind);
        let values = values(app, metric, statistic, shown).await?;
        drawn.push((name(metric, statistic), unit_of(metric, statistic), values));
    }
    let series: Vec<Series<'_>> = drawn
        .iter()
        .map(|(name, unit, values)| Series {
            name,
            unit: *unit,
            values,
            before: &[],
        })
        .collect();
    let lines = Lines {
        title: of.metric.title(),
        axis: &shown.axis,
        starts: shown.buckets.starts(),
        series: &series,
        marks,
        height: of.height,
    };
    Ok(Together {
        heading: "Side by side".to_owned(),
        chart: Chart {
            svg: lines.svg(),
            legend: Some(lines.legend()),
            table: lines.table(),
        },
        notes: Vec::new(),
    })
}

/// One number of each bucket; nothing where there are no data points to tell it of.
async fn values(
    app: &Shared,
    metric: &Metric,
    statistic: Statistic,
    shown: &Shown,
) -> Result<Vec<Option<f64>>, AppError> {
    let sources = sources(app, metric).await?;
    if let Some(quantile) = quantile(statistic) {
        let each = app.points.distributions(&sources, &shown.buckets).await?;
        return Ok(each
            .iter()
            .map(|distribution| distribution.quantile(quantile))
            .collect());
    }
    let series = app.points.series(&sources, &shown.buckets, false).await?;
    let value = |bucket: &points::Bucket| match statistic {
        Statistic::Sum => bucket.sum,
        Statistic::Minimum => bucket.min,
        Statistic::Maximum => bucket.max,
        Statistic::Average => bucket.avg,
        _ => Some(float(bucket.count)),
    };
    Ok(series.iter().map(value).collect())
}

const fn quantile(statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::P50 => Some(0.5),
        Statistic::P75 => Some(0.75),
        Statistic::P95 => Some(0.95),
        Statistic::P99 => Some(0.99),
        _ => None,
    }
}

/// What a line is called: the metric, and which of its numbers, where there is more than one.
fn name(metric: &Metric, statistic: Statistic) -> String {
    match metric.kind {
        MetricType::HitCounter => metric.title().to_owned(),
        MetricType::WordWeb => format!("{}, data points", metric.title()),
        MetricType::Counter | MetricType::Timer => format!("{}, {}", metric.title(), statistic.name()),
    }
}

fn unit_of(metric: &Metric, statistic: Statistic) -> Unit {
    match statistic {
        Statistic::Count => Unit::Count,
        _ => unit(metric),
    }
}
