//! Annotations: what happened beside the data, so that a chart can say why it moves.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::id::AnnotationId;
use crate::name::{composed, is_control, is_invisible};
use crate::time::{DAY, Micros};

/// Most characters of an annotation's text.
pub const MAX_CHARS: usize = 200;
/// Most characters of its link.
pub const MAX_LINK: usize = 2_000;
/// Most annotations of a project.
pub const MAX_OF_PROJECT: i64 = 5_000;
/// A deleted one can be brought back for this long.
pub const UNDO_FOR: i64 = DAY;
/// How far ahead of now one may lie: planned works, say.
const AHEAD: i64 = 366 * DAY;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A new version went out.
    Deploy,
    /// Anything else worth knowing.
    Note,
}

impl Kind {
    /// Both, in the order people choose from.
    pub const ALL: [Self; 2] = [Self::Note, Self::Deploy];

    /// What it is called in the API and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Note => "note",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deploy => "Deploy",
            Self::Note => "Note",
        }
    }

    /// The number it is kept as.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Deploy => 1,
            Self::Note => 2,
        }
    }

    /// The kind kept under this number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind called so in the API and in forms.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What an annotation says of which time: all of it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What kind of thing happened.
    pub kind: Kind,
    /// What happened: 1 to 200 characters on one line.
    pub text: String,
    /// Where there is more to read: an address of http or https.
    pub link: Option<String>,
    /// When it happened, or began.
    pub at: Micros,
    /// When it was over, if it lasted: later than `at`.
    pub until: Option<Micros>,
}

/// Which part of an annotation is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its text.
    Text,
    /// Its link.
    Link,
    /// When it began.
    At,
    /// When it was over.
    Until,
}

/// Why something is no annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Nothing that could be seen.
    #[error("text is missing")]
    TextMissing,
    /// More than 200 characters.
    #[error("text must have at most 200 characters")]
    TextTooLong,
    /// Line breaks and the like.
    #[error("text must be on one line, without control characters")]
    TextControl,
    /// No address of a web page.
    #[error("url must begin with https:// or http:// and name a host")]
    Link,
    /// Longer than any real one.
    #[error("url must have at most 2000 characters")]
    LinkTooLong,
    /// Before 1970, or more than a year ahead.
    #[error("at must be after 1970 and at most a year ahead")]
    At,
    /// Not after it began, or more than a year ahead.
    #[error("until must be later than at, and at most a year ahead")]
    Until,
}

impl Bad {
    /// What it is about.
    #[must_use]
    pub const fn part(self) -> Part {
        match self {
            Self::TextMissing | Self::TextTooLong | Self::TextControl => Part::Text,
            Self::Link | Self::LinkTooLong => Part::Link,
            Self::At => Part::At,
            Self::Until => Part::Until,
        }
    }

    /// What to do, for the person who typed it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TextMissing => "Say what happened, like “Version 2.3 went out”.",
            Self::TextTooLong => "Say it in at most 200 characters.",
            Self::TextControl => "Say it on one line.",
            Self::Link => "Enter an address that begins with https:// or http://.",
            Self::LinkTooLong => "Enter an address of at most 2,000 characters.",
            Self::At => "Enter a time after 1970 and at most a year ahead.",
            Self::Until => "Enter a time after the first, at most a year ahead, or none.",
        }
    }
}

impl Content {
    /// An annotation of this; an empty link is none.
    ///
    /// # Errors
    /// Everything that is wrong with it, each part once.
    pub fn new(
        kind: Kind,
        text: &str,
        link: &str,
        (at, until): (Micros, Option<Micros>),
        now: Micros,
    ) -> Result<Self, Vec<Bad>> {
        let (text, link) = (composed(text), link.trim());
        let in_reach = |time: Micros| (Micros(0)..=now + AHEAD).contains(&time);
        let mut bad = Vec::new();
        bad.extend(wrong_text(&text));
        bad.extend(wrong_link(link).filter(|_| !link.is_empty()));
        if !in_reach(at) {
            bad.push(Bad::At);
        } else if until.is_some_and(|until| until <= at || !in_reach(until)) {
            bad.push(Bad::Until);
        }
        if !bad.is_empty() {
            return Err(bad);
        }
        Ok(Self {
            kind,
            text,
            link: (!link.is_empty()).then(|| link.to_owned()),
            at,
            until,
        })
    }
}

fn wrong_text(text: &str) -> Option<Bad> {
    if text.chars().all(is_invisible) {
        Some(Bad::TextMissing)
    } else if text.chars().count() > MAX_CHARS {
        Some(Bad::TextTooLong)
    } else if text.chars().any(is_control) {
        Some(Bad::TextControl)
    } else {
        None
    }
}

/// Only what a browser opens as a web page, and nothing that hides which host that is.
fn wrong_link(link: &str) -> Option<Bad> {
    if link.chars().count() > MAX_LINK {
        return Some(Bad::LinkTooLong);
    }
    host(link).is_none().then_some(Bad::Link)
}

/// The host of an address of http or https, as people read it: `ci.example.com:8443`.
#[must_use]
pub fn host(link: &str) -> Option<&str> {
    let (scheme, rest) = link.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let hidden = |c: char| c.is_whitespace() || is_control(c) || is_invisible(c) || "\\\"<>".contains(c);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let fine = !host.is_empty() && !host.starts_with(':') && !host.contains('@') && !link.contains(hidden);
    fine.then_some(host)
}

/// A place in a list of annotations, the latest first: the next page begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the one before began.
    pub at: Micros,
    /// The one before.
    pub id: AnnotationId,
}

/// A text was no place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of annotations")]
pub struct NotAPlace;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.0, self.id)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (at, id) = text.rsplit_once('-').ok_or(NotAPlace)?;
        Ok(Self {
            at: Micros(at.parse().map_err(|_| NotAPlace)?),
            id: id.parse().map_err(|_| NotAPlace)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AnnotationId, Bad, Content, Kind, Place, host};
    use crate::time::{DAY, Micros};

    const NOW: Micros = Micros(1_795_514_400_000_000);

    fn of(text: &str, link: &str, at: Micros, until: Option<Micros>) -> Result<Content, Vec<Bad>> {
        Content::new(Kind::Note, text, link, (at, until), NOW)
    }

    #[test]
    fn a_text_is_1_to_200_characters_on_one_line() {
        assert_eq!(of("  Cafe\u{301} opens ", "", NOW, None).unwrap().text, "Café opens");
        assert!(of(&"é".repeat(200), "", NOW, None).is_ok());
        for (text, why) in [
            (" \u{200b}", Bad::TextMissing),
            (&"é".repeat(201), Bad::TextTooLong),
            ("a\nb", Bad::TextControl),
            ("a\u{202e}b", Bad::TextControl),
        ] {
            assert_eq!(of(text, "", NOW, None), Err(vec![why]), "{text:?}");
        }
    }

    #[test]
    fn a_link_is_an_address_of_the_web_and_shows_its_host() {
        for (link, shown) in [
            ("https://ci.example.com/runs/7?x#y", "ci.example.com"),
            ("HTTP://localhost:8080", "localhost:8080"),
            ("https://[2001:db8::1]/", "[2001:db8::1]"),
            ("https://münchen.example/ß", "münchen.example"),
        ] {
            assert_eq!(host(link), Some(shown));
            assert_eq!(
                of("x", &format!(" {link} "), NOW, None).unwrap().link.as_deref(),
                Some(link)
            );
        }
        for link in [
            "ci.example.com",
            "javascript:alert(1)",
            "javascript://x%0aalert(1)",
            "data:text/html,x",
            "//evil.example",
            "https://",
            "https:///x",
            "https://good.example@evil.example/",
            "https://a.example/ b",
            "https://a.example\\b",
            "https://a.example/\u{202e}x",
            "https://a.example/\"><script>",
        ] {
            assert_eq!(of("x", link, NOW, None), Err(vec![Bad::Link]), "{link}");
        }
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        assert_eq!(of("x", &long, NOW, None), Err(vec![Bad::LinkTooLong]));
    }

    #[test]
    fn it_ends_after_it_began_and_neither_is_far_off() {
        assert!(of("x", "", NOW + 300 * DAY, Some(NOW + 301 * DAY)).is_ok());
        assert_eq!(of("x", "", NOW, Some(NOW)), Err(vec![Bad::Until]));
        assert_eq!(of("x", "", NOW, Some(NOW + 400 * DAY)), Err(vec![Bad::Until]));
        assert_eq!(of("x", "", NOW + 400 * DAY, None), Err(vec![Bad::At]));
        assert_eq!(
            of("", "x", Micros(-1), None),
            Err(vec![Bad::TextMissing, Bad::Link, Bad::At])
        );
    }

    #[test]
    fn a_place_reads_back_from_its_text() {
        let place = Place {
            at: Micros(-5),
            id: AnnotationId(77),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "5", "5-", "-0000000000", "x-0000000000"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
