//! Data points themselves, newest first.

use domain::id::MetricId;
use domain::range::Range;
use domain::value::Value;

use super::super::binary::Cells;
use super::sums::of_metrics;
use super::{Reader, known};
use crate::Error;
use crate::kind::Kind;

/// Where a data point is among those of several metrics, whatever comes meanwhile: when it happened, its metric, its place
/// among what its source shipped, and that source.
pub(crate) type Spot = (i64, MetricId, i64, u64);

impl Reader {
    /// So many data points of metrics that lie in a range, the newest first, from just before a spot on.
    pub(crate) async fn newest(
        &self,
        metrics: &[MetricId],
        range: Range,
        before: Option<Spot>,
        most: u64,
    ) -> Result<Vec<(Spot, Value)>, Error> {
        let Some(known) = known(&self.client, metrics).await? else {
            return Ok(Vec::new());
        };
        let of = of_metrics(&known, metrics);
        let (from, to) = (range.from().0, range.to().0);
        let end = before.map_or(to, |(at, ..)| to.min(at));
        let before = before.map_or(String::new(), |(at, MetricId(metric), place, source)| {
            format!(
                " AND at <= {at} AND (at < {at} OR metric < {metric} OR (metric = {metric} AND (place < {place} OR \
                 (place = {place} AND source < {source}))))"
            )
        });
        let page = |since: &str| {
            format!(
                "SELECT metric, at, place, source, kind, hits, number, word FROM points \
                 WHERE {of} AND at >= {from} AND at >= {since} AND at < {to}{before} \
                 ORDER BY at DESC, metric DESC, place DESC, source DESC LIMIT {most} FORMAT RowBinary"
            )
        };
        // Of most rows, when they happened is all that is read.
        let since = format!(
            "(SELECT min(at) FROM \
             (SELECT at FROM points WHERE {of} AND at >= {from} AND at < {end} ORDER BY at DESC LIMIT {most}))"
        );
        let found = found(&self.client.ask(&page(&since)).await?)?;
        if found.len() as u64 >= most {
            return Ok(found);
        }
        // There are no more; unless one replica told since when they are, and another what they are, which lags behind it.
        self::found(&self.client.ask(&page(&from.to_string())).await?)
    }
}

/// Data points as a query answers them.
fn found(said: &[u8]) -> Result<Vec<(Spot, Value)>, Error> {
    let mut cells = Cells::of(said);
    let mut found = Vec::new();
    while !cells.is_empty() {
        let (metric, at) = (MetricId(cells.i64()?), cells.i64()?);
        let place = i64::try_from(cells.u64()?).unwrap_or(i64::MAX);
        let spot = (at, metric, place, cells.u64()?);
        let kind = Kind::from_code(cells.u8()?)?;
        let (hits, number, word) = (cells.u64()?, cells.f64()?, cells.text()?);
        let value = match kind {
            Kind::Hits => Value::Hits(u32::try_from(hits).unwrap_or(u32::MAX)),
            Kind::Number => Value::Number(number),
            Kind::Word => Value::Word(word.to_owned()),
        };
        found.push((spot, value));
    }
    Ok(found)
}
