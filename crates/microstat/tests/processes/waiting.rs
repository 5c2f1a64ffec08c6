//! Waiting for what has to come.

use std::time::{Duration, Instant};

/// Longer than anything here takes on the slowest machine.
const LONG: Duration = Duration::from_mins(3);
/// How long between two looks.
const LOOKING: Duration = Duration::from_millis(50);

/// The time, for what is measured here.
#[expect(clippy::disallowed_methods, reason = "it measures how long things take")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "{what}: not in time");
        std::thread::sleep(LOOKING);
    }
}
