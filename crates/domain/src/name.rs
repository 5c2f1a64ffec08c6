//! Names that people give: of organisations, projects and themselves.

use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

/// Most characters of a name.
pub const MAX_CHARS: usize = 80;

/// A name: 1 to 80 characters of any script, trimmed and composed (NFC), on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// A text can't be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing that could be seen.
    #[error("name is missing")]
    Missing,
    /// More than 80 characters.
    #[error("name must have at most 80 characters")]
    TooLong,
    /// Control characters, line breaks, or marks that turn the direction of what follows.
    #[error("name must not contain control characters")]
    Control,
}

impl BadName {
    /// What to do, for the person who typed it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Missing => "Enter a name.",
            Self::TooLong => "Enter a name of at most 80 characters.",
            Self::Control => "Enter a name on one line, without control characters.",
        }
    }
}

impl Name {
    /// The name in this text.
    ///
    /// # Errors
    /// If it is empty, too long or has control characters in it.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let name = composed(text);
        if name.chars().all(is_invisible) {
            return Err(BadName::Missing);
        }
        if name.chars().count() > MAX_CHARS {
            return Err(BadName::TooLong);
        }
        if name.chars().any(is_control) {
            return Err(BadName::Control);
        }
        Ok(Self(name))
    }

    /// The name of the organisation that somebody gets at sign-up: "Ada's Organisation".
    /// A long name of a person is shortened, so that the whole stays a name.
    #[must_use]
    pub fn of_organisation_of(person: &Self) -> Self {
        const TAIL: &str = "'s Organisation";
        let room = MAX_CHARS - TAIL.len();
        let start: String = if person.0.chars().count() <= room {
            person.0.clone()
        } else {
            let cut: String = person.0.chars().take(room - 1).collect();
            format!("{}…", cut.trim_end())
        };
        Self(format!("{start}{TAIL}"))
    }

    /// A name that was checked before it was kept.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether somebody who was asked to type `name` did: trimmed, composed, case exact.
#[must_use]
pub fn is_typed(name: &str, typed: &str) -> bool {
    composed(typed) == composed(name)
}

/// A name, or another text that somebody else chose, as it stands in a mail: mail programs make links of whatever
/// looks like an address, so dots, colons and @ inside a word become middle dots. `www.evil.example` is then
/// `www·evil·example`, which leads nowhere.
#[must_use]
pub fn unlinked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let solid = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|c| !c.is_whitespace());
    letters
        .iter()
        .enumerate()
        .map(|(at, &c)| {
            let joins = matches!(
                c,
                '.' | ':' | '@' | '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}'
            );
            let inside = solid(at.checked_sub(1)) && solid(at.checked_add(1));
            if joins && inside { '·' } else { c }
        })
        .collect()
}

pub(crate) fn composed(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Line and paragraph separators and turns of direction count too: a name stands in subjects of mails and
/// in the middle of sentences.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        )
}

#[cfg(test)]
mod tests {
    use super::{BadName, Name, is_typed, unlinked};

    #[test]
    fn a_name_has_1_to_80_characters_of_any_script() {
        for text in ["A", "株式会社", "شركة", "Größe & <Söhne>", "👩‍🚀", &"é".repeat(80)] {
            assert!(Name::new(text).is_ok(), "{text}");
        }
        assert_eq!(Name::new(&"é".repeat(81)), Err(BadName::TooLong));
        assert_eq!(Name::new(" \u{200b} "), Err(BadName::Missing));
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\nb", "a\rBcc: x", "a\0", "a\u{2028}b", "a\u{202e}b", "a\u{7f}"] {
            assert_eq!(Name::new(text), Err(BadName::Control), "{text:?}");
        }
    }

    #[test]
    fn what_was_typed_is_compared_trimmed_and_composed_and_with_its_case() {
        assert!(is_typed("Café", "  Cafe\u{301}\t"));
        assert!(!is_typed("Café", "café"));
        assert!(!is_typed("Café", ""));
    }

    #[test]
    fn the_first_organisation_is_named_after_its_person_and_fits() {
        let ada = Name::new("Ada").unwrap();
        assert_eq!(Name::of_organisation_of(&ada).as_str(), "Ada's Organisation");
        let long = Name::of_organisation_of(&Name::new(&"ö".repeat(80)).unwrap());
        assert_eq!(Name::new(long.as_str()), Ok(long));
    }

    #[test]
    fn a_name_in_a_mail_is_never_a_link_and_else_stays_as_it_is() {
        for (name, shown) in [
            ("http://evil.example/a?b", "http·//evil·example/a?b"),
            ("Win at www.evil.example!", "Win at www·evil·example!"),
            ("ada@evil.example", "ada·evil·example"),
            ("mailto:ada", "mailto·ada"),
            ("evil。example", "evil·example"),
            ("evil..example", "evil··example"),
            ("evil\u{200b}.example", "evil\u{200b}·example"),
            ("Dr. Ada & Sons Ltd.", "Dr. Ada & Sons Ltd."),
            ("Team: the @ & the .", "Team: the @ & the ."),
            ("株式会社", "株式会社"),
        ] {
            assert_eq!(unlinked(name), shown);
        }
    }
}
