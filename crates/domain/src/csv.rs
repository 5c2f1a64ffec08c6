//! Cells of CSV files that people open in spreadsheets, which run as a formula what begins like one.

use std::borrow::Cow;

/// What a spreadsheet may take for the beginning of a formula.
const LEADS: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%', '\t', '\r', '\n'];

/// Whether a spreadsheet might run a text. A number is one, whatever its sign.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with(LEADS) && text.parse::<f64>().is_err()
}

/// Whether this text and those that only have more apostrophes before it are told apart by [`guarded`].
fn needs_guard(text: &str) -> bool {
    is_formula(text.trim_start_matches('\''))
}

/// A text that no spreadsheet runs: an apostrophe stands before what begins like a formula. One stands too before what
/// begins with apostrophes and goes on like that, so that [`unguarded`] gives every text back as it was.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if needs_guard(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that [`guarded`] was given.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if needs_guard(rest) => rest,
        _ => text,
    }
}

/// Adds a cell of text in quotation marks, as RFC 4180 has it, guarded.
pub fn push_cell(line: &mut String, text: &str) {
    line.push('"');
    let text = guarded(text);
    if text.contains('"') {
        line.push_str(&text.replace('"', "\"\""));
    } else {
        line.push_str(&text);
    }
    line.push('"');
}

/// A cell of text, as [`push_cell`] adds it.
#[must_use]
pub fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 2);
    push_cell(&mut cell, text);
    cell
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{cell, guarded, unguarded};

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        assert_eq!(
            cell("Ada \"the\" <ada@example.com>, Ltd"),
            "\"Ada \"\"the\"\" <ada@example.com>, Ltd\""
        );
        for formula in [
            "=1+1", "+1+1", "-x", "@SUM(A1)", " =1", "\t=1", "＝1", "|cmd", "%0A", "'=1",
        ] {
            assert_eq!(cell(formula), format!("\"'{formula}\""));
        }
        for text in ["", "-12.5", "+1", "1e3", "'", "it's", "a=b"] {
            assert_eq!(cell(text), format!("\"{text}\""));
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_is_a_formula(text in "('|=|-|\\+|@| |1|a|\t|＝){0,6}") {
            let guarded = guarded(&text);
            prop_assert_eq!(unguarded(&guarded), text.as_str());
            prop_assert!(!super::is_formula(&guarded));
        }
    }
}
