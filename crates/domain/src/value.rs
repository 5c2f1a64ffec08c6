//! Values: what a data point of each type may carry.

use std::borrow::Cow;

use crate::json::Scalar;
use crate::metric::MetricType;
use crate::reason::{Reason, Refusal, cut};

/// Most hits one data point may stand for.
pub const MAX_HITS: u32 = 1_000_000;
/// Most characters of a word; longer ones are cut.
pub const MAX_WORD_CHARS: usize = 256;
/// Distinct words a metric keeps a day (UTC); the rest are counted under [`OTHER`].
pub const WORDS_PER_DAY: usize = 2_000;
/// What words past [`WORDS_PER_DAY`] are counted under.
pub const OTHER: &str = "(other)";

/// The value of a data point.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A Hit Counter's: 1 to [`MAX_HITS`].
    Hits(u32),
    /// A Counter's, or a Timer's in milliseconds; always finite.
    Number(f64),
    /// A Word Web's: trimmed, not empty, at most [`MAX_WORD_CHARS`] characters.
    Word(String),
}

impl Value {
    /// Reads a value for a metric of this type. The flag says whether a word was cut.
    pub(crate) fn read(kind: MetricType, given: &Scalar<'_>) -> Result<(Self, bool), Refusal> {
        match kind {
            MetricType::HitCounter => hits(given).map(|value| (value, false)),
            MetricType::Counter => number(given).map(|value| (Self::Number(value), false)),
            MetricType::Timer => match number(given)? {
                value if value < 0.0 => Err(invalid("value of a Timer must not be negative")),
                value => Ok((Self::Number(value), false)),
            },
            MetricType::WordWeb => word(given),
        }
    }
}

const fn invalid(message: &'static str) -> Refusal {
    Refusal::new(Reason::InvalidValue, message)
}

fn hits(given: &Scalar<'_>) -> Result<Value, Refusal> {
    const RULE: Refusal = invalid("value of a Hit Counter must be a whole number from 1 to 1000000");
    if *given == Scalar::Absent {
        return Ok(Value::Hits(1));
    }
    let value = number(given).map_err(|_| RULE)?;
    if value.fract() != 0.0 || value < 1.0 || value > f64::from(MAX_HITS) {
        return Err(RULE);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and within bounds"
    )]
    Ok(Value::Hits(value as u32))
}

/// A finite number. `null` is what `Infinity` and `NaN` become in JSON: a value, and an invalid one.
fn number(given: &Scalar<'_>) -> Result<f64, Refusal> {
    const RULE: Refusal = invalid("value must be a number");
    let text = match given {
        Scalar::Number(text) => *text,
        Scalar::Text(text) => text.trim(),
        Scalar::Absent => return Err(Reason::MissingValue.into()),
        _ => return Err(RULE),
    };
    let value: f64 = text.parse().map_err(|_| RULE)?;
    // Adding 0 turns -0 into 0.
    if value.is_finite() {
        Ok(value + 0.0)
    } else {
        Err(invalid("value must be a finite number"))
    }
}

fn word(given: &Scalar<'_>) -> Result<(Value, bool), Refusal> {
    let text = match given {
        Scalar::Number(text) => number_word(text)?,
        Scalar::Text(text) => Cow::Borrowed(text.trim()),
        Scalar::Absent => return Err(Reason::MissingValue.into()),
        _ => return Err(invalid("value must be a string or a number")),
    };
    if text.is_empty() {
        return Err(invalid("value must not be empty"));
    }
    let kept = cut(&text, MAX_WORD_CHARS);
    let was_cut = kept.len() < text.len();
    Ok((Value::Word(kept.trim_end().to_owned()), was_cut))
}

/// A number as a word: `1` and `1.0` are the same, and the digits of a long whole number stay as they are.
fn number_word(text: &str) -> Result<Cow<'_, str>, Refusal> {
    if text == "-0" {
        return Ok(Cow::Borrowed("0"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Ok(Cow::Borrowed(text));
    }
    let value = number(&Scalar::Number(text))?;
    let written_out = value == 0.0 || (1e-6..1e21).contains(&value.abs());
    Ok(Cow::Owned(if written_out {
        format!("{value}")
    } else {
        format!("{value:e}")
    }))
}

#[cfg(test)]
mod tests {
    use super::Value;
    use crate::json::Scalar;
    use crate::metric::MetricType::{self, Counter, HitCounter, Timer, WordWeb};
    use crate::reason::Reason::{self, InvalidValue, MissingValue};

    fn read(kind: MetricType, given: &Scalar<'_>) -> Result<Value, Reason> {
        Value::read(kind, given)
            .map(|(value, _)| value)
            .map_err(|refusal| refusal.reason)
    }

    fn num(text: &str) -> Scalar<'_> {
        Scalar::Number(text)
    }

    fn text(text: &str) -> Scalar<'_> {
        Scalar::Text(text.into())
    }

    #[test]
    fn a_hit_counter_counts_whole_hits() {
        for one in [Scalar::Absent, num("1"), num("1.0"), text("1"), text(" 1 ")] {
            assert_eq!(read(HitCounter, &one), Ok(Value::Hits(1)), "{one:?}");
        }
        assert_eq!(read(HitCounter, &num("1000000")), Ok(Value::Hits(1_000_000)));
        assert_eq!(read(HitCounter, &num("1e3")), Ok(Value::Hits(1000)));
        let bad = ["0", "-1", "1.5", "1000001", "1e400"];
        for given in bad
            .into_iter()
            .map(num)
            .chain([Scalar::Null, Scalar::Bool, text(""), text("x"), Scalar::List])
        {
            assert_eq!(read(HitCounter, &given), Err(InvalidValue), "{given:?}");
        }
    }

    #[test]
    fn counters_and_timers_take_finite_numbers_and_numeric_strings() {
        for kind in [Counter, Timer] {
            assert_eq!(read(kind, &num("0.25")), Ok(Value::Number(0.25)));
            assert_eq!(read(kind, &text(" 12.5 ")), Ok(Value::Number(12.5)));
            assert_eq!(
                read(kind, &num("-0")).map(|value| format!("{value:?}")),
                Ok("Number(0.0)".to_owned())
            );
            assert_eq!(read(kind, &Scalar::Absent), Err(MissingValue));
            let bad = [
                "", " ", "abc", "NaN", "Infinity", "-inf", "1e999", "1,5", "0x10", "1_000",
            ];
            let others = [Scalar::Null, Scalar::Bool, Scalar::List, Scalar::Object, num("1e400")];
            for given in bad.into_iter().map(text).chain(others) {
                assert_eq!(read(kind, &given), Err(InvalidValue), "{given:?}");
            }
        }
        assert_eq!(read(Counter, &num("-3")), Ok(Value::Number(-3.0)));
        assert_eq!(read(Timer, &num("-0.001")), Err(InvalidValue));
    }

    #[test]
    fn one_word_however_it_is_written() {
        for one in [num("1"), num("1.0"), num("10e-1"), text("1"), text(" 1\n")] {
            assert_eq!(read(WordWeb, &one), Ok(Value::Word("1".into())), "{one:?}");
        }
        let kept = [
            (num("12345678901234567890123"), "12345678901234567890123"),
            (num("-0"), "0"),
            (num("-0.0"), "0"),
            (num("0.1"), "0.1"),
            (num("1e300"), "1e300"),
            (num("1e-7"), "1e-7"),
            (text("1.0"), "1.0"),
        ];
        for (given, word) in kept {
            assert_eq!(read(WordWeb, &given), Ok(Value::Word(word.into())));
        }
    }

    #[test]
    fn long_words_are_cut_and_empty_ones_rejected() {
        let exact = "é".repeat(256);
        assert_eq!(
            Value::read(WordWeb, &text(&exact)),
            Ok((Value::Word(exact.clone()), false))
        );
        assert_eq!(
            Value::read(WordWeb, &text(&format!("{exact}x"))),
            Ok((Value::Word(exact), true))
        );
        let padded = format!("a{}b", " ".repeat(300));
        assert_eq!(
            Value::read(WordWeb, &text(&padded)),
            Ok((Value::Word("a".into()), true))
        );
        for given in [
            text(""),
            text(" \t "),
            Scalar::Null,
            Scalar::Bool,
            Scalar::List,
            Scalar::Object,
            num("1e400"),
        ] {
            assert_eq!(read(WordWeb, &given), Err(InvalidValue), "{given:?}");
        }
        assert_eq!(read(WordWeb, &Scalar::Absent), Err(MissingValue));
    }
}
