//! What is shown of a Counter and of a Timer.

use charts::{Band, Bucket, Mark};
use domain::metric::MetricType;
use domain::percentile::Percentile;
use domain::range::{Buckets, Range};
use points::Distribution;

use super::figure::{Figure, Then};
use super::shown::Shown;
use super::spread;
use super::{Picture, Subject, unit};
use crate::error::AppError;
use crate::pages::chart::Chart;
use crate::pages::view::View;
use crate::state::Shared;

/// From here on the 99th percentile can be another than the maximum: it is the ⌈0.99·n⌉-th of n values.
const MANY: u64 = 100;
/// A bucket with fewer data points than this says little.
pub(super) const FEW: u64 = 5;

pub(super) async fn picture(
    app: &Shared,
    of: &Subject<'_>,
    view: &View,
    shown: &Shown,
    marks: &[Mark<'_>],
) -> Result<Picture, AppError> {
    let percentiles = view.percentiles().unwrap_or_else(|_| Percentile::USUAL.to_vec());
    let each = async { Ok(app.points.distributions(&of.sources, &shown.buckets).await?) };
    let before_each = async {
        match shown.previous_buckets() {
            Some(buckets) => Ok(Some(app.points.series(&of.sources, buckets, false).await?)),
            None => Ok::<_, AppError>(None),
        }
    };
    let before = async {
        match shown.previous() {
            Some(range) => whole(app, of, range).await.map(Some),
            None => Ok(None),
        }
    };
    let (now, before, each, before_each) = tokio::try_join!(whole(app, of, shown.range), before, each, before_each)?;
    // A single value has no spread to show.
    let drawn = if now.count() > 1 { percentiles.as_slice() } else { &[] };
    let buckets: Vec<Bucket> = each.iter().map(bucket).collect();
    let averages: Vec<Option<f64>> = before_each
        .unwrap_or_default()
        .iter()
        .map(|bucket| bucket.avg)
        .collect();
    let lines: Vec<(String, Vec<Option<f64>>)> = drawn.iter().map(|one| line(*one, &each)).collect();
    let lines: Vec<charts::Percentile<'_>> = lines
        .iter()
        .map(|(label, values)| charts::Percentile { label, values })
        .collect();
    let band = Band {
        title: of.metric.title(),
        unit: unit(of.metric),
        axis: &shown.axis,
        buckets: &buckets,
        percentiles: &lines,
        before: &averages,
        few: FEW,
        marks,
        height: of.height,
    };
    Ok(Picture {
        figures: figures(of, &percentiles, &now, before.as_ref()),
        heading: "Values over time".to_owned(),
        chart: Chart {
            svg: band.svg(),
            legend: (now.count() > 1).then(|| band.legend()),
            table: band.table(),
        },
        notes: notes(now.count()),
        spread: (now.count() > 1).then(|| spread::of(of, view, shown, &now, &each, marks)),
        words: None,
    })
}

/// How all values of a range are spread.
async fn whole(app: &Shared, of: &Subject<'_>, range: Range) -> Result<Distribution, AppError> {
    let mut all = app.points.distributions(&of.sources, &Buckets::only(range)).await?;
    Ok(all.pop().unwrap_or_else(|| Distribution::empty(range.from())))
}

fn figures(
    of: &Subject<'_>,
    percentiles: &[Percentile],
    now: &Distribution,
    before: Option<&Distribution>,
) -> Vec<Figure> {
    let (kind, unit) = (of.metric.kind, unit(of.metric));
    if now.count() == 1 {
        return vec![Figure::value("Value", unit, now.avg(), None)];
    }
    let figure = |label: &str, of: &dyn Fn(&Distribution) -> Option<f64>| {
        Figure::value(label, unit, of(now), before.map(|before| Then(of(before))))
    };
    let mut figures = vec![figure("Average", &Distribution::avg)];
    for percentile in percentiles {
        let label = if *percentile == Percentile::P50 {
            "Median (p50)".to_owned()
        } else {
            percentile.to_string()
        };
        figures.push(figure(&label, &|of| of.quantile(percentile.quantile())));
    }
    figures.push(figure("Minimum", &Distribution::min));
    figures.push(figure("Maximum", &Distribution::max));
    if kind == MetricType::Counter {
        figures.push(figure("Sum", &Distribution::sum));
    }
    figures.push(Figure::count(
        "Data points",
        now.count(),
        before.map(Distribution::count),
    ));
    figures
}

fn notes(count: u64) -> Vec<String> {
    match count {
        1 => vec!["One data point in this time: with more, there are averages and percentiles here.".to_owned()],
        2..MANY => vec![format!(
            "These are {count} data points. With fewer than {MANY}, p99 is the same as the maximum."
        )],
        _ => Vec::new(),
    }
}

fn line(percentile: Percentile, each: &[Distribution]) -> (String, Vec<Option<f64>>) {
    let value = |distribution: &Distribution| distribution.quantile(percentile.quantile());
    (percentile.to_string(), each.iter().map(value).collect())
}

fn bucket(from: &Distribution) -> Bucket {
    Bucket {
        start: from.start(),
        count: from.count(),
        min: from.min(),
        max: from.max(),
        avg: from.avg(),
    }
}
