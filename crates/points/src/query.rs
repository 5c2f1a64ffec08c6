//! Reading: what is sealed and what is in the head, as if it were one.

pub(crate) mod busiest;
mod counts;
mod distributions;
mod edges;
mod everything;
pub(crate) mod gather;
pub(crate) mod overview;
pub(crate) mod page;
mod quantiles;
mod reading;
mod replay;
mod said;
pub(crate) mod series;
pub(crate) mod sources;
pub(crate) mod summaries;
mod sums;
mod totals;
mod whole;
pub(crate) mod words;

pub(crate) use reading::Readers;
pub(crate) use series::Bucket;
