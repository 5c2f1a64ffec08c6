//! Markup, and the two ways things get into it: escaped text and rounded numbers.

use std::fmt::{self, Write};

/// Finished markup: an `<svg>`, or a list of them. Everything in it is escaped already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Svg(String);

impl Svg {
    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn put(&mut self, markup: fmt::Arguments<'_>) {
        // Writing into a String can't fail.
        let _ = self.0.write_fmt(markup);
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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

/// A coordinate: at most three decimals, none that say nothing. Not finite is zero, for a picture must stay well-formed.
pub(crate) struct At(pub(crate) f64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { self.0 } else { 0.0 };
        let text = format!("{value:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text == "-0" { "0" } else { text })
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
        let shown = [1.0, 0.125, -0.000_01, 100.0 / 3.0, f64::NAN, f64::INFINITY].map(|v| At(v).to_string());
        assert_eq!(shown, ["1", "0.125", "0", "33.333", "0", "0"]);
    }
}
