//! Numbers as people read them: thousands separated, shortened, with units.

const NONE: &str = "–";
const SECOND_MS: f64 = 1_000.0;
const MINUTE_MS: f64 = 60.0 * SECOND_MS;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;
const DAY_MS: f64 = 24.0 * HOUR_MS;

/// A count in full: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    separate(&value.to_string())
}

/// A number in full, with as many decimals as make four significant digits: `1,234.5`, `0.01234`.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        NONE.to_owned()
    } else if size != 0.0 && !(1e-4..1e15).contains(&size) {
        scientific(value)
    } else {
        let decimals = if size == 0.0 {
            0
        } else {
            (3 - exponent(size)).clamp(0, 7)
        };
        // Rounding to a cent still says 1,234.56 where four digits would say 1,235.
        let decimals = if size >= 10.0 { 2 } else { decimals };
        separate(&trimmed(value, decimals))
    }
}

/// A number in as little room as it needs: `1.2k`, `3.4M`, `950`, `0.25`.
#[must_use]
pub fn compact(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return scientific(value);
    }
    // From 999.5 on, three digits would round up to the next unit.
    let (divisor, suffix) = SUFFIXES
        .into_iter()
        .find(|(divisor, _)| size >= divisor * 0.9995)
        .unwrap_or((1.0, ""));
    let scaled = value / divisor;
    let decimals = if scaled == 0.0 {
        0
    } else {
        (1 - exponent(scaled.abs())).clamp(0, 5)
    };
    format!("{}{suffix}", trimmed(scaled, decimals))
}

/// What stands after a shortened number, largest first.
pub(crate) const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];

/// A time taken, given in milliseconds: `430 ms`, `1.2 s`, `3 min`, `2 h 5 min`.
#[must_use]
pub fn duration_ms(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        NONE.to_owned()
    } else if size == 0.0 {
        "0 ms".to_owned()
    } else if size < 0.0995 {
        format!("{} µs", compact(value * 1_000.0))
    } else if size < 999.5 {
        format!("{} ms", significant(value))
    } else if size < 59_950.0 {
        format!("{} s", significant(value / SECOND_MS))
    } else {
        two_units(value)
    }
}

/// The same in one unit, for an axis: `1.33 min`, `2.5 h`.
pub(crate) fn brief_duration_ms(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size < 59_950.0 {
        return duration_ms(value);
    }
    let (each, name) = if size < HOUR_MS - SECOND_MS / 2.0 {
        (MINUTE_MS, "min")
    } else if size < DAY_MS - MINUTE_MS / 2.0 {
        (HOUR_MS, "h")
    } else {
        (DAY_MS, "d")
    };
    let value = value / each;
    let value = if size / each < 1e4 {
        significant(value)
    } else {
        compact(value)
    };
    format!("{value} {name}")
}

fn two_units(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    let (large, small, names) = if size < HOUR_MS - SECOND_MS / 2.0 {
        (MINUTE_MS, SECOND_MS, ("min", "s"))
    } else if size < DAY_MS - MINUTE_MS / 2.0 {
        (HOUR_MS, MINUTE_MS, ("h", "min"))
    } else {
        (DAY_MS, HOUR_MS, ("d", "h"))
    };
    let smalls = (size / small).round();
    let each = large / small;
    let (whole, rest) = ((smalls / each).floor(), smalls % each);
    let whole = if whole < 1e15 {
        separate(&format!("{whole:.0}"))
    } else {
        scientific(whole)
    };
    if rest < 0.5 {
        format!("{sign}{whole} {}", names.0)
    } else {
        format!("{sign}{whole} {} {rest:.0} {}", names.0, names.1)
    }
}

/// A share of one as a percentage: `37%`, `0.4%`.
#[must_use]
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value != 0.0 && value.abs() < 0.1 {
        return format!("{}0.1%", if value < 0.0 { "> -" } else { "< " });
    }
    format!("{}%", separate(&trimmed(value, i32::from(value.abs() < 9.95))))
}

/// How much more or less than before: `+12%`, `-3%`. Nothing to compare with, nothing said.
#[must_use]
pub fn change(before: f64, now: f64) -> Option<String> {
    let share = (now - before) / before.abs();
    share
        .is_finite()
        .then(|| format!("{}{}", if share > 0.0 { "+" } else { "" }, percent(share)))
}

fn significant(value: f64) -> String {
    trimmed(value, (2 - exponent(value.abs())).clamp(0, 3))
}

/// The power of ten of a positive number's first digit.
#[expect(clippy::cast_possible_truncation, reason = "a double's exponent is below 400")]
pub(crate) fn exponent(size: f64) -> i32 {
    size.log10().floor() as i32
}

/// With so many decimals, and then without the zeros at their end.
pub(crate) fn trimmed(value: f64, decimals: i32) -> String {
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(crate) fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
}

pub(crate) fn separate(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, decimals) = text.find('.').map_or((text, ""), |dot| text.split_at(dot));
    let mut out = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + decimals
}

#[cfg(test)]
mod tests {
    use super::{brief_duration_ms, change, compact, count, duration_ms, number, percent};

    #[test]
    fn counts_are_separated_by_thousands() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn numbers_in_full_keep_what_matters() {
        let shown = [0.0, 3.0, -12.5, 1234.5, 1234.567, 0.012_345, 2.0 / 3.0, 999_999.999].map(number);
        assert_eq!(
            shown,
            [
                "0",
                "3",
                "-12.5",
                "1,234.5",
                "1,234.57",
                "0.01235",
                "0.6667",
                "1,000,000"
            ]
        );
        assert_eq!([1e21, -2.5e-9, f64::NAN].map(number), ["1e21", "-2.5e-9", "–"]);
    }

    #[test]
    fn compact_numbers_take_little_room() {
        let shown = [0.0, 7.0, 950.0, 999.4, 999.9, 1_234.0, 12_345.0, 999_960.0, 3_400_000.0].map(compact);
        assert_eq!(shown, ["0", "7", "950", "999", "1k", "1.2k", "12k", "1M", "3.4M"]);
        assert_eq!(
            [-1_500.0, 0.25, 2e9, 1e14, 1e300].map(compact),
            ["-1.5k", "0.25", "2B", "100T", "1e300"]
        );
    }

    #[test]
    fn durations_name_the_unit_people_would() {
        let shown = [0.0, 0.02, 0.25, 4.56, 430.0, 999.6, 1_234.0, 12_340.0].map(duration_ms);
        assert_eq!(
            shown,
            [
                "0 ms", "20 µs", "0.25 ms", "4.56 ms", "430 ms", "1 s", "1.23 s", "12.3 s"
            ]
        );
        let shown = [59_990.0, 180_000.0, 200_000.0, 3_599_900.0, 7_500_000.0, 90_000_000.0].map(duration_ms);
        assert_eq!(shown, ["1 min", "3 min", "3 min 20 s", "1 h", "2 h 5 min", "1 d 1 h"]);
        assert_eq!(duration_ms(f64::INFINITY), "–");
        let shown = [50.0, 80_000.0, 500_000.0, 9_000_000.0, 90_000_000.0, 1e300].map(brief_duration_ms);
        assert_eq!(
            shown,
            ["50 ms", "1.33 min", "8.33 min", "2.5 h", "1.04 d", "1.16e292 d"]
        );
    }

    #[test]
    fn shares_and_changes_are_percentages() {
        let shown = [0.0, 0.0002, 0.004, 0.0999, 0.372, 1.0, 12.5].map(percent);
        assert_eq!(shown, ["0%", "< 0.1%", "0.4%", "10%", "37%", "100%", "1,250%"]);
        assert_eq!(change(100.0, 112.0).as_deref(), Some("+12%"));
        assert_eq!(change(100.0, 97.0).as_deref(), Some("-3%"));
        assert_eq!(change(0.0, 5.0), None);
        assert_eq!(change(5.0, 5.0).as_deref(), Some("0%"));
    }
}
