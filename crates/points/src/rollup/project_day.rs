//! What a UTC day of a whole project adds up to: data points an hour, and a metric.

use std::collections::BTreeMap;

use super::day::HOURS;
use crate::bytes::{Damaged, Reader, put_u64};

/// A UTC day of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProjectDay {
    /// Data points of every hour.
    pub(crate) hours: [u64; HOURS],
    /// Data points of every metric that had any, by its number.
    pub(crate) metrics: BTreeMap<u32, u64>,
}

impl ProjectDay {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(64 + self.metrics.len() * 4);
        for count in self.hours {
            put_u64(&mut to, count);
        }
        let mut before = 0;
        for (metric, count) in &self.metrics {
            put_u64(&mut to, u64::from(metric - before));
            put_u64(&mut to, *count);
            before = *metric;
        }
        to
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut from = Reader(bytes);
        let mut day = Self::default();
        for hour in &mut day.hours {
            *hour = from.u64()?;
        }
        let mut metric = 0_u32;
        while !from.is_empty() {
            let gap = u32::try_from(from.u64()?).map_err(|_| Damaged)?;
            metric = metric.checked_add(gap).ok_or(Damaged)?;
            day.metrics.insert(metric, from.u64()?);
        }
        Ok(day)
    }
}
