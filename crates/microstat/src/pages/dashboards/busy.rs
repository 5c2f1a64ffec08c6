//! "Busy Metrics": which had the most data points.

use charts::{Svg, number, rank};
use domain::id::MetricId;
use domain::metric::MetricType;

use super::Named;
use crate::pages::change::share;
use crate::pages::metrics::tag;

/// So many busy metrics are named.
pub(super) const BUSY: u32 = 10;

/// A row.
pub(super) struct Row {
    pub(super) id: MetricId,
    pub(super) name: String,
    pub(super) kind: MetricType,
    pub(super) tag: &'static str,
    pub(super) bar: Svg,
    pub(super) data_points: String,
    /// Of all data points of the project.
    pub(super) share: String,
}

pub(super) fn rows(busiest: &[(MetricId, u64)], total: u64, metrics: &Named) -> Vec<Row> {
    let most = busiest.first().map_or(0, |(_, most)| *most);
    let row = |(id, data_points): &(MetricId, u64)| {
        // A metric that is being erased may still have data points.
        let metric = metrics.get(id)?;
        Some(Row {
            id: *id,
            name: metric.title().to_owned(),
            kind: metric.kind,
            tag: tag(metric.kind),
            bar: rank(share(*data_points, most)),
            data_points: number::count(*data_points),
            share: number::percent(share(*data_points, total)),
        })
    };
    busiest.iter().filter_map(row).collect()
}
