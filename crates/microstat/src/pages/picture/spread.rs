//! How the values of a Counter or Timer are spread: a histogram, a heat map, and how many lie above a value.

use charts::{HeatMap, Histogram, Limit, Mark, Pointed, number};
use domain::percentile::Percentile;
use points::Distribution;

use super::shown::Shown;
use super::{Subject, unit};
use crate::pages::change::float;
use crate::pages::chart::Chart;
use crate::pages::view::View;

/// About so many bins of a histogram, and so many rows of a heat map.
const BINS: (usize, usize) = (40, 16);

/// How values are spread.
pub(crate) struct Spread {
    pub(crate) histogram: Chart,
    /// Left out where there is but one stretch of time to see.
    pub(crate) heat_map: Option<Chart>,
    /// How many lie above the value that was typed, as a sentence.
    pub(crate) above: Option<String>,
    /// What is wrong with it.
    pub(crate) above_error: Option<&'static str>,
    /// A value worth trying.
    pub(crate) example: String,
}

pub(super) fn of(
    of: &Subject<'_>,
    view: &View,
    shown: &Shown,
    whole: &Distribution,
    each: &[Distribution],
    marks: &[Mark<'_>],
) -> Spread {
    let unit = unit(of.metric);
    let above = view.above();
    let pointed = |label, percentile: Percentile| {
        let value = whole.quantile(percentile.quantile())?;
        Some(Pointed { label, value })
    };
    let pointed: Vec<Pointed<'_>> = [("p50", Percentile::P50), ("p95", Percentile::P95)]
        .into_iter()
        .filter_map(|(label, percentile)| pointed(label, percentile))
        .collect();
    let limit = |value| Limit {
        value,
        share: float(whole.above(value).count) / float(whole.count().max(1)),
    };
    let edges = whole.edges(BINS.0);
    let histogram = Histogram {
        title: of.metric.title(),
        unit,
        edges: &edges,
        counts: &whole.bins(&edges),
        pointed: &pointed,
        limit: above.ok().flatten().map(limit),
        height: of.height,
    };
    let edges = whole.edges(BINS.1);
    let columns: Vec<Vec<u64>> = each.iter().map(|distribution| distribution.bins(&edges)).collect();
    let heat_map = (each.len() > 1).then(|| {
        let heat_map = HeatMap {
            title: of.metric.title(),
            unit,
            axis: &shown.axis,
            starts: shown.buckets.starts(),
            edges: &edges,
            counts: &columns,
            marks,
            height: of.height,
        };
        Chart {
            svg: heat_map.svg(),
            legend: Some(heat_map.legend()),
            table: heat_map.table(),
        }
    });
    Spread {
        histogram: Chart {
            svg: histogram.svg(),
            legend: None,
            table: histogram.table(),
        },
        heat_map,
        above: above
            .ok()
            .flatten()
            .map(|value| sentence(whole, value, &unit.show(value))),
        above_error: above.err(),
        example: whole
            .quantile(Percentile::P95.quantile())
            .map(number::compact)
            .unwrap_or_default(),
    }
}

/// "3.2% of these data points lie above 500 ms: 1,204 of 37,600."
fn sentence(whole: &Distribution, value: f64, shown: &str) -> String {
    let (above, all) = (whole.above(value), whole.count());
    let share = number::percent(float(above.count) / float(all.max(1)));
    let about = if above.is_exact() { "" } else { "About " };
    let told = format!(
        "{about}{share} of these data points lie above {shown}: {} of {}.",
        number::count(above.count),
        number::count(all)
    );
    if above.is_exact() {
        return told;
    }
    let (least, most) = (number::count(above.least), number::count(above.most));
    format!("{told} At least {least}, at most {most}: the others are within 2% of it.")
}
