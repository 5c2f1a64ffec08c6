//! Sums, extremes and how numbers are spread.

use std::collections::HashMap;

use domain::id::MetricId;
use domain::range::Buckets;

use super::super::Failure;
use super::super::binary::{Cells, listed};
use super::super::schema::Table;
use super::plan::{AMOUNT, COUNT, GREATEST, LEAST, POINTS, Piece, Slots, TOTAL, added_up, condition};
use super::{Known, Reader, known};
use crate::Error;
use crate::kind::Kind;
use crate::query::gather::{Gathered, Spread};
use crate::rollup::Hour;
use crate::sketch::Sketch;

/// Numbers of all buckets together that are looked at one by one, so that quantiles are exact.
const VALUES: u64 = 1 << 17;

impl Reader {
    /// What each bucket of what is read as one metric is made of; how its numbers are spread only if asked for.
    pub(crate) async fn gathered<'b>(
        &self,
        metrics: &[MetricId],
        buckets: &'b Buckets,
        spread: bool,
    ) -> Result<Gathered<'b>, Error> {
        let slots = Slots::of(buckets);
        let mut sums = vec![Hour::default(); slots.len()];
        let mut spreads = Vec::new();
        if let Some(known) = known(&self.client, metrics).await? {
            let of = of_metrics(&known, metrics);
            self.sums(&slots, &known, &of, &mut sums).await?;
            if spread && known.kind == Kind::Number {
                spreads = (0..slots.len()).map(|_| Spread::default()).collect();
                self.spreads(&slots, &known, &of, &sums, &mut spreads).await?;
            }
        } else if spread {
            spreads = (0..slots.len()).map(|_| Spread::default()).collect();
        }
        Ok(Gathered::filled(buckets, sums, spreads))
    }

    /// Adds up the rows that fit, of data points that are `of` something.
    pub(super) async fn sums(&self, slots: &Slots, known: &Known, of: &str, sums: &mut [Hour]) -> Result<(), Failure> {
        let pieces = slots.pieces(Table::Sums, known.horizons, known.span);
        let all = [COUNT, AMOUNT, TOTAL, LEAST, GREATEST];
        let Some(text) = added_up(slots, &pieces, Table::Sums, of, None, &all) else {
            return Ok(());
        };
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let slot = cells.u32()? as usize;
            let hour = cells.hour(known.kind == Kind::Number)?;
            sums.get_mut(slot).ok_or(Failure::Unreadable)?.merge(&hour);
        }
        Ok(())
    }

    /// Values where they are kept and few, else how many are in each bin of the sketch that the embedded engine has too.
    async fn spreads(
        &self,
        slots: &Slots,
        known: &Known,
        of: &str,
        sums: &[Hour],
        spreads: &mut [Spread],
    ) -> Result<(), Failure> {
        let few = sums.iter().map(|sum| sum.count).sum::<u64>() <= VALUES;
        let mut pieces = slots.pieces(Table::Bins, known.horizons, known.span);
        if few {
            let there = |piece: &Piece| known.has_points(piece.from);
            let values: Vec<Piece> = pieces.extract_if(.., |piece| there(piece)).collect();
            let values: Vec<Piece> = values
                .into_iter()
                .map(|piece| Piece { unit: POINTS, ..piece })
                .collect();
            if let Some(inside) = condition(&values, true) {
                let place = slots.place("at");
                let text = format!("SELECT {place}, number FROM points WHERE {of} AND {inside} FORMAT RowBinary");
                let said = self.client.ask(&text).await?;
                let mut cells = Cells::of(&said);
                while !cells.is_empty() {
                    let slot = cells.u32()? as usize;
                    let number = cells.f64()?;
                    spreads.get_mut(slot).ok_or(Failure::Unreadable)?.value(number);
                }
            }
        }
        self.bins(slots, of, &pieces, spreads).await
    }

    async fn bins(&self, slots: &Slots, of: &str, pieces: &[Piece], spreads: &mut [Spread]) -> Result<(), Failure> {
        let Some(text) = added_up(slots, pieces, Table::Bins, of, Some("bin"), &[COUNT]) else {
            return Ok(());
        };
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        let mut bins: HashMap<usize, Vec<(i32, u64)>> = HashMap::new();
        while !cells.is_empty() {
            let slot = cells.u32()? as usize;
            bins.entry(slot).or_default().push((cells.i32()?, cells.u64()?));
        }
        for (slot, bins) in bins {
            spreads
                .get_mut(slot)
                .ok_or(Failure::Unreadable)?
                .merge(Sketch::of_bins(bins));
        }
        Ok(())
    }
}

/// The condition for rows of metrics. With their project, which is what rows are ordered by first.
pub(super) fn of_metrics(known: &Known, metrics: &[MetricId]) -> String {
    let metrics = listed(metrics.iter().map(|metric| metric.0));
    format!("project = {} AND metric IN ({metrics})", known.project)
}
