//! How wide text is, more or less: no font is at hand where pictures are drawn.

/// About how wide a text is in a usual sans-serif, in ems.
pub(crate) fn ems(text: &str) -> f64 {
    text.chars().map(em).sum()
}

/// A text that takes no more than about so many ems; what doesn't fit is left out at its end.
pub(crate) fn fitting(text: &str, most: f64) -> String {
    if ems(text) <= most {
        return text.to_owned();
    }
    let mut room = most - em('…');
    let kept = text.chars().take_while(|c| {
        room -= em(*c);
        room >= 0.0
    });
    let kept: String = kept.collect();
    format!("{}…", kept.trim_end())
}

fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' => 0.33,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | ' ' | '\u{a0}' | '-' | '/' | '"' | '*' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '–' | '—' => 0.95,
        'A'..='Z' | '&' | '+' | '<' | '=' | '>' | '~' => 0.73,
        ' '..='~' => 0.62,
        // Marks that stand on other letters, and what has no width.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}' => 1.05,
        '\u{1f000}'.. => 1.3,
        _ => 0.66,
    }
}

#[cfg(test)]
mod tests {
    use super::{ems, fitting};

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(fitting("Checkout", 20.0), "Checkout");
        assert_eq!(fitting("Checkout of the web shop", 6.0), "Checkout…");
        assert!(ems(&fitting(&"W".repeat(255), 12.0)) <= 12.0);
        assert_eq!(fitting("日本語の長い名前", 4.0), "日本…");
    }
}
