//! How long things take. Nothing that is stored or answered depends on it: what time it is, callers say.

use std::time::Instant;

/// Now, on a clock that only ever goes forward.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that measures how long something takes"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}
