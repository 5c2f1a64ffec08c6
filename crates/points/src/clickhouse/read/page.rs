//! Data points themselves, newest first.

use domain::id::MetricId;
use domain::range::Range;
use domain::value::Value;

use super::super::binary::Cells;
use super::super::ship::count;
use super::sums::of_metrics;
use super::{Reader, known};
use crate::Error;
use crate::kind::Kind;

/// A data point: when, its metric, the how-manieth of that moment and metric it is in the order they came, its value.
pub(crate) type Found = (i64, MetricId, i64, Value);

impl Reader {
    /// Data points of metrics that lie in a range and not after `last`: the newest `most` and all others of the moments
    /// these are of; of `last` itself all, and besides them so many. Oldest first.
    pub(crate) async fn newest(
        &self,
        metrics: &[MetricId],
        range: Range,
        last: Option<i64>,
        most: u64,
    ) -> Result<Vec<Found>, Error> {
        let Some(known) = known(&self.client, metrics).await? else {
            return Ok(Vec::new());
        };
        let of = of_metrics(&known, metrics);
        let from = range.from().0;
        let end = range.to().0.min(last.map_or(i64::MAX, |last| last.saturating_add(1)));
        if from >= end {
            return Ok(Vec::new());
        }
        let of_last = match last {
            Some(last) => {
                count(
                    &self.client,
                    &format!("SELECT count() FROM points WHERE {of} AND at = {last}"),
                )
                .await?
            }
            None => 0,
        };
        let text = format!(
            "SELECT metric, at, kind, hits, number, word FROM points WHERE {of} AND at < {end} AND at >= \
             (SELECT min(at) FROM (SELECT at FROM points WHERE {of} AND at >= {from} AND at < {end} \
             ORDER BY at DESC LIMIT {})) AND at >= {from} ORDER BY at, metric, place, source FORMAT RowBinary",
            most.saturating_add(of_last)
        );
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut found: Vec<Found> = Vec::new();
        while !cells.is_empty() {
            let (metric, at) = (MetricId(cells.i64()?), cells.i64()?);
            let kind = Kind::from_code(cells.u8()?)?;
            let (hits, number, word) = (cells.u64()?, cells.f64()?, cells.text()?);
            let value = match kind {
                Kind::Hits => Value::Hits(u32::try_from(hits).unwrap_or(u32::MAX)),
                Kind::Number => Value::Number(number),
                Kind::Word => Value::Word(word.to_owned()),
            };
            let nth = match found.last() {
                Some((when, which, nth, _)) if (*when, *which) == (at, metric) => nth + 1,
                _ => 0,
            };
            found.push((at, metric, nth, value));
        }
        Ok(found)
    }
}
