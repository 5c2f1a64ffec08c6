//! Rollups: what the data points of a UTC day add up to, so that long ranges need not look at each of them.

pub(crate) mod day;
pub(crate) mod hour;
pub(crate) mod minutes;
pub(crate) mod project_day;
pub(crate) mod sketches;

pub(crate) use day::Day;
pub(crate) use hour::Hour;
pub(crate) use minutes::Minutes;
pub(crate) use project_day::ProjectDay;

#[cfg(test)]
mod tests;
