//! How metrics paused before they came to rest, in memory: it stays as it was as long as no data point comes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::MetricId;
use domain::range::Range;
use domain::silence::Silence;
use domain::step::{Asked, Step};
use domain::time::{HOUR, Micros};
use jiff::tz::TimeZone;
use points::Points;

use crate::error::AppError;

/// Metrics remembered at most.
const REMEMBERED: usize = 10_000;

/// What was found of metrics, each with its last data point then.
#[derive(Debug, Default)]
pub struct Pauses(Mutex<HashMap<MetricId, (Micros, Option<Silence>)>>);

impl Pauses {
    /// The silence that a metric falls into if nothing comes after `last`; none if it was never regular. It is read of
    /// `sources`, in `hours`.
    pub(crate) async fn look(
        &self,
        points: &Points,
        id: MetricId,
        sources: Vec<MetricId>,
        last: Micros,
        hours: Range,
    ) -> Result<Option<Silence>, AppError> {
        if let Some((of, silence)) = self.known().get(&id)
            && *of == last
        {
            return Ok(*silence);
        }
        let buckets = hours.buckets(Asked::Step(Step::Fixed(HOUR)), &TimeZone::UTC)?;
        let series = points.series(sources, &buckets, false).await?;
        let came: Vec<Micros> = series
            .iter()
            .filter(|hour| hour.count > 0)
            .map(|hour| hour.start)
            .collect();
        let silence = Silence::of(&came, last, Micros(i64::MAX));
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id, (last, silence));
        Ok(silence)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<MetricId, (Micros, Option<Silence>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
