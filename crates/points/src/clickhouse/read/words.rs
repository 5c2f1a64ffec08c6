//! The words of a Word Web.

use std::fmt::Write;

use domain::id::MetricId;
use domain::range::Buckets;

use super::super::binary::{Cells, quoted};
use super::super::schema::Table;
use super::plan::{COUNT, Slots, added_up};
use super::sums::of_metrics;
use super::{Reader, known};
use crate::Error;
use crate::kind::Kind;

impl Reader {
    /// Calls `each` with buckets, words and how often they came in them; with only these words, if any are named.
    pub(crate) async fn each_word(
        &self,
        metrics: &[MetricId],
        buckets: &Buckets,
        only: Option<&[String]>,
        mut each: impl FnMut(usize, &str, u64),
    ) -> Result<(), Error> {
        let Some(known) = known(&self.client, metrics)
            .await?
            .filter(|known| known.kind == Kind::Word)
        else {
            return Ok(());
        };
        let slots = Slots::of(buckets);
        let mut of = of_metrics(&known, metrics);
        if let Some(words) = only {
            if words.is_empty() {
                return Ok(());
            }
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            let _ = write!(of, " AND word IN ({})", words.join(", "));
        }
        let pieces = slots.pieces(Table::Words, known.horizons, known.span);
        let Some(text) = added_up(&slots, &pieces, Table::Words, &of, Some("word"), &[COUNT]) else {
            return Ok(());
        };
        let said = self.client.ask(&text).await?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (slot, word, count) = (cells.u32()? as usize, cells.text()?, cells.u64()?);
            each(slot, word, count);
        }
        Ok(())
    }
}
