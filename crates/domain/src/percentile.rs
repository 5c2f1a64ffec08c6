//! Percentiles that people choose: p50, p95, p99.9.

use std::fmt;

/// Most that one picture shows: more can't be told apart.
pub const MOST: usize = 5;

/// The value that so many of a hundred data points stay at or below. Above 0, below 100, to three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentile(u32);

/// What was typed is no list of percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPercentiles {
    /// One is no number between 0 and 100, or has more decimals than make sense.
    #[error("percentiles are numbers between 0 and 100, like 50, 95 or 99.9")]
    Unknown,
    /// More than [`MOST`].
    #[error("at most five percentiles can be told apart")]
    TooMany,
}

impl Percentile {
    /// The median.
    pub const P50: Self = Self(50_000);
    /// Three quarters.
    pub const P75: Self = Self(75_000);
    /// Nineteen of twenty.
    pub const P95: Self = Self(95_000);
    /// All but one of a hundred.
    pub const P99: Self = Self(99_000);
    /// Those that are shown unless others are chosen.
    pub const USUAL: [Self; 4] = [Self::P50, Self::P75, Self::P95, Self::P99];

    /// As a share of one.
    #[must_use]
    pub fn quantile(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['p', 'P']);
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str, most| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole, 2) || !digits(decimals, 3) {
            return None;
        }
        let thousandths: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
        (thousandths > 0).then_some(Self(thousandths))
    }
}

impl fmt::Display for Percentile {
    /// `p99.9`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:03}", self.0 % 1_000);
        let decimals = decimals.trim_end_matches('0');
        let dot = if decimals.is_empty() { "" } else { "." };
        write!(f, "p{}{dot}{decimals}", self.0 / 1_000)
    }
}

/// A list that was typed, like `50, 95, 99.9`: ascending, each once.
///
/// # Errors
/// If something in it is no percentile, or they are too many.
pub fn list(text: &str) -> Result<Vec<Percentile>, BadPercentiles> {
    let words = text
        .split([',', ';', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let mut found = words
        .map(Percentile::parse)
        .collect::<Option<Vec<_>>>()
        .ok_or(BadPercentiles::Unknown)?;
    found.sort_unstable();
    found.dedup();
    if found.len() > MOST {
        return Err(BadPercentiles::TooMany);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{BadPercentiles, Percentile, list};

    #[test]
    fn percentiles_read_as_people_type_them() {
        let read =
            |text: &str| list(text).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        assert_eq!(read("99.9, 50 p95;50").as_deref(), Ok("p50 p95 p99.9"));
        assert_eq!(read("0.001,99.999").as_deref(), Ok("p0.001 p99.999"));
        assert_eq!(read("").as_deref(), Ok(""));
        for text in ["0", "100", "-5", "50.0001", "half", "5e1", "٥٠", "99.9.9", "."] {
            assert_eq!(list(text), Err(BadPercentiles::Unknown), "{text}");
        }
        assert_eq!(list("1 2 3 4 5 6"), Err(BadPercentiles::TooMany));
    }

    #[test]
    fn a_percentile_is_a_share_of_one() {
        assert!((Percentile::P99.quantile() - 0.99).abs() < 1e-12);
        assert_eq!(Percentile::USUAL.map(|p| p.to_string()), ["p50", "p75", "p95", "p99"]);
    }
}
