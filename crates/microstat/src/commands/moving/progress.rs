//! How far a move is, for who waits: a line that changes on a terminal, else one every ten seconds.

use std::io::{IsTerminal, Write, stderr};

use domain::time::{Micros, SECOND};
use points::Progress;

use crate::clock::Clock;

/// How often it is said on a terminal, and elsewhere.
const ON_TERMINAL: i64 = SECOND / 4;
const ELSEWHERE: i64 = 10 * SECOND;

/// The line.
pub(super) struct Line {
    clock: Clock,
    is_terminal: bool,
    said: Option<Micros>,
    /// When data points began to be brought.
    began: Option<Micros>,
}

impl Line {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            is_terminal: stderr().is_terminal(),
            said: None,
            began: None,
        }
    }

    /// Says how far it is, unless it has just been said.
    pub(super) fn show(&mut self, progress: Progress) {
        let now = self.clock.now();
        let began = match progress {
            Progress::Bringing(..) => *self.began.get_or_insert(now),
            _ => now,
        };
        let every = if self.is_terminal { ON_TERMINAL } else { ELSEWHERE };
        if self.said.is_some_and(|said| now.0 - said.0 < every) {
            return;
        }
        self.said = Some(now);
        let text = text(progress, now.0 - began.0);
        let mut out = stderr().lock();
        // Nobody has to read it.
        let _ = if self.is_terminal {
            write!(out, "\r\x1b[K{text}")
        } else {
            writeln!(out, "{text}")
        };
        let _ = out.flush();
    }

    /// Makes room for what is printed next.
    pub(super) fn end(&self) {
        if self.is_terminal && self.said.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// How far it is, so many microseconds after data points began to be brought.
fn text(progress: Progress, took: i64) -> String {
    match progress {
        Progress::Looking(done, of) => format!("Looking at what there is: {} %", percent(done, of)),
        Progress::Bringing(done, of) => {
            let text = format!("{} % of {of} data points brought", percent(done, of));
            let seconds = u64::try_from(took / SECOND).unwrap_or(0);
            let Some(rate) = done.checked_div(seconds).filter(|_| done > 0) else {
                return text;
            };
            let rate = rate.max(1);
            format!("{text}, {rate} a second, {} left", time((of - done) / rate))
        }
        Progress::Adding => "Adding up both sides".to_owned(),
    }
}

fn percent(done: u64, of: u64) -> u64 {
    done.saturating_mul(100).checked_div(of).unwrap_or(100)
}

fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use domain::time::SECOND;
    use points::Progress;

    use super::text;

    #[test]
    fn it_says_percent_rate_and_what_is_left() {
        assert_eq!(text(Progress::Looking(1, 4), 0), "Looking at what there is: 25 %");
        assert_eq!(text(Progress::Bringing(0, 900), 0), "0 % of 900 data points brought");
        assert_eq!(text(Progress::Bringing(0, 0), 0), "100 % of 0 data points brought");
        let said = |took: i64| text(Progress::Bringing(300, 900), took * SECOND);
        assert_eq!(said(3), "33 % of 900 data points brought, 100 a second, 6 s left");
        assert_eq!(said(50), "33 % of 900 data points brought, 6 a second, 2 min left");
        assert_eq!(said(9_000), "33 % of 900 data points brought, 1 a second, 10 min left");
        let slow = text(Progress::Bringing(1, 9_001), 2 * SECOND);
        assert_eq!(slow, "0 % of 9001 data points brought, 1 a second, 2 h 30 min left");
    }
}
