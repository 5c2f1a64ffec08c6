//! Timestamps as apps write them.

use crate::json::Scalar;
use crate::reason::{Reason, Refusal};
use crate::time::{MINUTE, Micros};

/// How far ahead of the server's clock a data point may be, in microseconds.
pub const MAX_AHEAD: i64 = 10 * MINUTE;

const RULE: Refusal = Refusal::new(
    Reason::InvalidValue,
    "timestamp must be RFC 3339 with an offset, or Unix time in seconds, milliseconds, microseconds or nanoseconds",
);

/// Reads a text: RFC 3339, or Unix time in seconds, milliseconds, microseconds or nanoseconds told apart by magnitude.
#[must_use]
pub fn parse(text: &str) -> Option<Micros> {
    let text = text.trim();
    unix(text).or_else(|| text.parse::<jiff::Timestamp>().ok().map(Micros::from))
}

/// Below 10^11 it is seconds (to the year 5138), below 10^14 milliseconds, below 10^17 microseconds, then nanoseconds.
fn unix(text: &str) -> Option<Micros> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Micros(match whole.unsigned_abs() {
            0..100_000_000_000 => whole * 1_000_000,
            100_000_000_000..100_000_000_000_000 => whole * 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => whole,
            _ => whole.div_euclid(1_000),
        }));
    }
    let number: f64 = text.parse().ok()?;
    let micros = match number.abs() {
        size if !size.is_finite() => return None,
        size if size < 1e11 => number * 1e6,
        size if size < 1e14 => number * 1e3,
        size if size < 1e17 => number,
        _ => number / 1e3,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and what is so far off is refused anyway"
    )]
    Some(Micros(micros.round() as i64))
}

/// When a data point happened: as it says, or `now` if it doesn't say.
pub(crate) fn read(given: &Scalar<'_>, now: Micros, oldest: Micros) -> Result<Micros, Refusal> {
    let at = match given {
        Scalar::Absent | Scalar::Null => return Ok(now),
        Scalar::Number(text) => parse(text),
        Scalar::Text(text) => parse(text),
        Scalar::Bool | Scalar::List | Scalar::Object => None,
    }
    .ok_or(RULE)?;
    if at > now + MAX_AHEAD {
        Err(Reason::TimestampInFuture.into())
    } else if at < oldest {
        Err(Reason::TimestampTooOld.into())
    } else {
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_AHEAD, parse, read};
    use crate::json::Scalar;
    use crate::reason::Reason;
    use crate::time::{DAY, Micros};

    const NOW: Micros = Micros(1_795_514_400_000_000); // 2026-11-24T10:00:00Z

    #[test]
    fn one_moment_in_every_way_to_write_it() {
        for text in [
            "2026-11-24T10:00:00Z",
            "2026-11-24T10:00:00.000+00:00",
            "2026-11-24T15:30:00+05:30",
            " 2026-11-24t10:00:00z ",
            "1795514400",
            "1795514400.0",
            "1795514400000",
            "1795514400000000",
            "1795514400000000000",
            "1.7955144e9",
            "1.7955144e18",
        ] {
            assert_eq!(parse(text), Some(NOW), "{text}");
        }
        assert_eq!(parse("1795514400.25"), Some(NOW + 250_000));
        assert_eq!(parse("1795514400000.5"), Some(NOW + 500));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026-11-24",
            "2026-11-24T10:00:00",
            "NaN",
            "inf",
            "2026-02-30T00:00:00Z",
            "0x1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn too_far_ahead_and_too_old_are_rejected_to_the_microsecond() {
        let oldest = NOW - 30 * DAY;
        let at = |at: Micros| read(&Scalar::Number(&at.0.to_string()), NOW, oldest).map_err(|refusal| refusal.reason);
        assert_eq!(at(NOW + MAX_AHEAD), Ok(NOW + MAX_AHEAD));
        assert_eq!(at(NOW + MAX_AHEAD + 1), Err(Reason::TimestampInFuture));
        assert_eq!(at(oldest), Ok(oldest));
        assert_eq!(at(oldest - 1), Err(Reason::TimestampTooOld));
        assert_eq!(at(Micros(-5)), Err(Reason::TimestampTooOld));
        assert_eq!(at(Micros(i64::MAX)), Err(Reason::TimestampInFuture));
        assert_eq!(read(&Scalar::Absent, NOW, oldest), Ok(NOW));
        assert_eq!(read(&Scalar::Null, NOW, oldest), Ok(NOW));
        assert_eq!(
            read(&Scalar::Bool, NOW, oldest).map_err(|refusal| refusal.reason),
            Err(Reason::InvalidValue)
        );
    }

    proptest! {
        #[test]
        fn times_read_back_from_every_unit(micros in 315_532_800_000_000_i64..4_102_444_800_000_000) {
            prop_assert_eq!(parse(&micros.to_string()), Some(Micros(micros)));
            prop_assert_eq!(parse(&Micros(micros).to_string()), Some(Micros(micros)));
            prop_assert_eq!(parse(&format!("{micros}999")), Some(Micros(micros)));
            let millis = micros / 1_000;
            prop_assert_eq!(parse(&millis.to_string()), Some(Micros(millis * 1_000)));
            let seconds = micros / 1_000_000;
            prop_assert_eq!(parse(&seconds.to_string()), Some(Micros(seconds * 1_000_000)));
        }

        #[test]
        fn no_text_is_too_odd(text in ".*", number in any::<f64>()) {
            let _ = parse(&text);
            let _ = parse(&number.to_string());
        }
    }
}
