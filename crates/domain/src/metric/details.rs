//! What people say of a metric: the unit of its values, and a description.

use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

use crate::name::is_control;

/// The unit of a Counter's values, shown after each: 1 to 12 characters, like `€`, `kB` or `°C`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitName(String);

/// A text is no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUnit {
    /// More than 12 characters.
    #[error("unit must have at most 12 characters")]
    TooLong,
    /// Control characters or line breaks.
    #[error("unit must not contain control characters")]
    Control,
}

impl BadUnit {
    /// What to do, for the person who typed it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooLong => "Enter a unit of at most 12 characters.",
            Self::Control => "Enter a unit on one line, without control characters.",
        }
    }
}

impl UnitName {
    /// Most characters of a unit.
    pub const MAX_CHARS: usize = 12;

    /// The unit in this text; none in an empty one.
    ///
    /// # Errors
    /// If it is too long or has control characters in it.
    pub fn new(text: &str) -> Result<Option<Self>, BadUnit> {
        let unit: String = text.trim().nfc().collect();
        if unit.chars().any(is_control) {
            return Err(BadUnit::Control);
        }
        if unit.chars().count() > Self::MAX_CHARS {
            return Err(BadUnit::TooLong);
        }
        Ok((!unit.is_empty()).then_some(Self(unit)))
    }

    /// A unit that was checked before it was kept.
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

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for UnitName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What a metric is about, in plain text of several lines: 1 to 2,000 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

/// A text is no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDescription {
    /// More than 2,000 characters.
    #[error("description must have at most 2,000 characters")]
    TooLong,
    /// Control characters other than line breaks and tabs.
    #[error("description must not contain control characters")]
    Control,
}

impl BadDescription {
    /// What to do, for the person who typed it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooLong => "Enter a description of at most 2,000 characters.",
            Self::Control => "Enter a description without control characters; lines may be broken.",
        }
    }
}

/// A piece of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// An address on the web, `http://…` or `https://…` and nothing else.
    Link(&'t str),
}

impl Description {
    /// Most characters of a description.
    pub const MAX_CHARS: usize = 2_000;

    /// The description in this text; none in an empty one. Browsers' line breaks become plain ones.
    ///
    /// # Errors
    /// If it is too long or has control characters in it.
    pub fn new(text: &str) -> Result<Option<Self>, BadDescription> {
        let text: String = text.trim().replace("\r\n", "\n").nfc().collect();
        if text.chars().any(|c| is_control(c) && !matches!(c, '\n' | '\t')) {
            return Err(BadDescription::Control);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(BadDescription::TooLong);
        }
        Ok((!text.is_empty()).then_some(Self(text)))
    }

    /// A description that was checked before it was kept.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first line, which says what it is about where there is room for no more.
    #[must_use]
    pub fn first_line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// Text and links, in their order.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let (mut rest, mut from) = (self.0.as_str(), 0);
        while let Some(start) = next_link(rest, from) {
            let end = link_end(&rest[start..]) + start;
            let host = rest[start..end].split_once("://").map_or("", |(_, after)| after);
            if !host.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
                from = end;
                continue;
            }
            if start > 0 {
                pieces.push(Piece::Text(&rest[..start]));
            }
            pieces.push(Piece::Link(&rest[start..end]));
            (rest, from) = (&rest[end..], 0);
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        pieces
    }
}

impl Serialize for Description {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Where the next address begins, which no letter or digit comes right before.
fn next_link(text: &str, from: usize) -> Option<usize> {
    let starts = ["https://", "http://"];
    let found = text[from..].match_indices("http").map(|(at, _)| at + from);
    found
        .filter(|&at| starts.iter().any(|start| text[at..].starts_with(start)))
        .find(|&at| !text[..at].ends_with(char::is_alphanumeric))
}

/// How many bytes of a text that begins with an address are of it: a full stop or a bracket after it isn't.
fn link_end(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || is_control(c) || matches!(c, '<' | '>' | '"' | '“' | '”' | '`' | '|');
    let whole = &text[..text.find(ends).unwrap_or(text.len())];
    let mut link = whole;
    while let Some(last) = link.chars().next_back() {
        let opened = |open: char, close: char| link.matches(open).count() >= link.matches(close).count();
        let stays = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' => false,
            ')' => opened('(', ')'),
            ']' => opened('[', ']'),
            _ => true,
        };
        if stays {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link.len()
}

#[cfg(test)]
mod tests {
    use super::{BadDescription, BadUnit, Description, Piece, UnitName};

    #[test]
    fn a_unit_is_a_few_characters_on_one_line() {
        let unit = |text: &str| UnitName::new(text).map(|unit| unit.map(|unit| unit.to_string()));
        assert_eq!(unit(" °C "), Ok(Some("°C".to_owned())));
        assert_eq!(unit("req / s"), Ok(Some("req / s".to_owned())));
        assert_eq!(unit("  "), Ok(None));
        assert_eq!(unit(&"é".repeat(13)), Err(BadUnit::TooLong));
        assert_eq!(unit("a\u{202e}b"), Err(BadUnit::Control));
    }

    #[test]
    fn a_description_has_lines_and_no_other_control_characters() {
        let said = Description::new(" What a basket holds.\r\n\r\nTeam: shop ")
            .unwrap()
            .unwrap();
        assert_eq!(said.as_str(), "What a basket holds.\n\nTeam: shop");
        assert_eq!(said.first_line(), "What a basket holds.");
        assert_eq!(Description::new("\n \t"), Ok(None));
        assert_eq!(Description::new("a\u{7}"), Err(BadDescription::Control));
        assert!(Description::new(&"é".repeat(2_000)).is_ok());
        assert_eq!(Description::new(&"é".repeat(2_001)), Err(BadDescription::TooLong));
    }

    #[test]
    fn only_addresses_on_the_web_become_links() {
        let links = |text: &str| {
            let said = Description::new(text).unwrap().unwrap();
            let links = said.pieces().into_iter().filter_map(|piece| match piece {
                Piece::Link(link) => Some(link.to_owned()),
                Piece::Text(_) => None,
            });
            links.collect::<Vec<_>>()
        };
        assert_eq!(
            links("See https://a.example/b?c=d#e. (Also http://b.example/x_(y), it’s old.)"),
            ["https://a.example/b?c=d#e", "http://b.example/x_(y)"]
        );
        assert_eq!(links("<https://a.example/\"onclick=x>"), ["https://a.example/"]);
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "xhttps://a.example",
            "https://",
            "http:// x",
            "https:///etc",
        ] {
            assert!(links(text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_pieces_together_are_the_description(text in "[a-z:/. \\n(http)é]{1,200}") {
            if let Ok(Some(said)) = Description::new(&text) {
                let pieces = said.pieces().into_iter().map(|piece| match piece {
                    Piece::Text(text) | Piece::Link(text) => text,
                });
                proptest::prop_assert_eq!(pieces.collect::<String>(), said.as_str());
            }
        }
    }
}
