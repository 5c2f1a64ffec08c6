//! The words and rules of micro stat. Pure: no I/O, no async, no clock, no randomness, no SQL, no HTTP.

pub mod annotation;
pub mod batch;
pub mod comparison;
pub mod device;
pub mod dsn;
pub mod email;
pub mod id;
pub mod invitation;
pub mod invitation_code;
mod json;
pub mod metric;
pub mod name;
pub mod origin;
pub mod password;
pub mod percentile;
pub mod period;
mod plain;
pub mod range;
pub mod reason;
pub mod retention;
pub mod role;
pub mod statistic;
pub mod step;
pub mod time;
pub mod timestamp;
pub mod value;
pub mod zone;
