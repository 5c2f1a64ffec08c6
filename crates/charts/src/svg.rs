//! Markup, and the two ways things get into it: escaped text and rounded numbers.

use std::fmt::{self, Write};

/// Finished markup: an `<svg>`, or a list of them. Everything in it is escaped already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Svg {
    markup: String,
    /// What room it takes, if it is a chart's picture.
    pub(crate) room: Room,
}

/// The room a picture takes, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) height: u32,
    /// Beside the picture's own box, for the labels of axes.
    pub(crate) left: u32,
    pub(crate) right: u32,
}

impl Svg {
    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.markup
    }

    pub(crate) fn put(&mut self, markup: fmt::Arguments<'_>) {
        // Writing into a String can't fail.
        let _ = self.markup.write_fmt(markup);
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.markup)
    }
}

/// Text for element content and attribute values. Control characters, which XML forbids, become spaces.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A point of a path, a thousand wide: at so many percent of the width and so many pixels down.
pub(crate) fn spot(percent: f64, y: f64) -> String {
    format!("{} {}", Tenth(percent * 10.0), Tenth(y))
}

/// A number of a path: paths are long, and a tenth of a pixel is never seen.
pub(crate) struct Tenth(pub(crate) f64);

impl fmt::Display for Tenth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        At((self.0 * 10.0).round() / 10.0).fmt(f)
    }
}

/// A coordinate: at most two decimals, none that say nothing: a hundredth of a percent of 2,000 pixels is a fifth of one.
/// Not finite is zero, for a picture must stay well-formed.
pub(crate) struct At(pub(crate) f64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { self.0 } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "no picture is that large")]
        let hundredths = (value * 100.0).round_ties_even() as i64;
        let sign = if hundredths < 0 { "-" } else { "" };
        let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
        // whole numbers throughout: a large picture has thousands of these
        match (rest, rest % 10) {
            (0, _) => write!(f, "{sign}{whole}"),
            (_, 0) => write!(f, "{sign}{whole}.{}", rest / 10),
            _ => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

/// For places on a screen: far below the 2^53 from which on this would round.
#[expect(clippy::cast_precision_loss, reason = "a pixel is coarser than what is lost")]
pub(crate) const fn float(value: u64) -> f64 {
    value as f64
}

/// How many, as a number to reckon places with.
pub(crate) const fn float_len(value: usize) -> f64 {
    float(value as u64)
}

#[cfg(test)]
mod tests {
    use super::{At, Text};

    #[test]
    fn text_can_not_leave_its_place() {
        let hostile = "</title><script>alert('1')</script>\" onload=\"x\u{0}&amp;\n";
        assert_eq!(
            Text(hostile).to_string(),
            "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x &amp;amp; "
        );
    }

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        let shown = [1.0, 0.125, -0.000_01, -0.2, -7.06, 100.0 / 3.0, f64::NAN, f64::INFINITY];
        let shown = shown.map(|v| At(v).to_string());
        assert_eq!(shown, ["1", "0.12", "0", "-0.2", "-7.06", "33.33", "0", "0"]);
    }
}
