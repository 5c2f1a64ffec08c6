//! E-mail addresses: kept as typed, compared by a canonical form.

use std::fmt;

/// An address as somebody typed it, without the spaces around it. Two are equal if mail to them is for one account.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    typed: String,
    canonical: String,
}

/// A text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEmail {
    /// Nothing was typed.
    #[error("an e-mail address is missing")]
    Missing,
    /// More than 254 bytes, or more than 64 of them before the @.
    #[error("this e-mail address is too long")]
    TooLong,
    /// Another shape than name@domain.
    #[error("this is not an e-mail address, like name@example.com")]
    Malformed,
}

impl EmailAddress {
    /// Most bytes of an address, as mail servers take it.
    pub const MAX_BYTES: usize = 254;
    const MAX_LOCAL_BYTES: usize = 64;

    /// Reads an address as somebody typed it.
    ///
    /// # Errors
    /// If mail can't be sent to it, or sending could do anything but that: no spaces, control characters, quotes,
    /// brackets or lists.
    pub fn new(text: &str) -> Result<Self, BadEmail> {
        let typed = text.trim();
        if typed.is_empty() {
            return Err(BadEmail::Missing);
        }
        let (local, domain) = typed.split_once('@').ok_or(BadEmail::Malformed)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
        let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
        let hyphens = |label: &str| !label.starts_with('-') && !label.ends_with('-');
        let of_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || (!c.is_ascii() && plain(c));
        if !local.chars().all(plain) || !dotted(local) {
            return Err(BadEmail::Malformed);
        }
        if !domain.chars().all(of_domain) || !dotted(domain) || !domain.split('.').all(hyphens) {
            return Err(BadEmail::Malformed);
        }
        if typed.len() > Self::MAX_BYTES || local.len() > Self::MAX_LOCAL_BYTES {
            return Err(BadEmail::TooLong);
        }
        Ok(Self::from_stored(typed.to_owned()))
    }

    /// An address that was checked before it was kept.
    #[must_use]
    pub fn from_stored(typed: String) -> Self {
        let canonical = canonical(&typed);
        Self { typed, canonical }
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// As it is compared: lower-cased; dots and plus-tags are kept, since only its owner's server knows them.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What stands before the @.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.typed.split_once('@').map_or("", |(local, _)| local)
    }
}

/// The form in which addresses are compared, of any text: also of one that is no address, to look it up in vain.
#[must_use]
pub fn canonical(text: &str) -> String {
    text.trim().to_lowercase()
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for EmailAddress {}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

#[cfg(test)]
mod tests {
    use super::{BadEmail, EmailAddress};

    #[test]
    fn addresses_are_kept_as_typed_and_compared_by_a_canonical_form() {
        let typed = EmailAddress::new("  Ada.Lovelace+Stat@Example.COM ").unwrap();
        assert_eq!(typed.as_str(), "Ada.Lovelace+Stat@Example.COM");
        assert_eq!(typed.canonical(), "ada.lovelace+stat@example.com");
        assert_eq!(typed, EmailAddress::new("ada.lovelace+stat@example.com").unwrap());
        assert_ne!(typed, EmailAddress::new("adalovelace@example.com").unwrap());
    }

    #[test]
    fn sane_addresses_are_taken() {
        for text in [
            "a@b",
            "a@localhost",
            "jürgen@büro.de",
            "o'neill@x-y.example",
            "a_b-c%d@1.example",
        ] {
            assert!(EmailAddress::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_that_could_be_more_than_one_address_is_taken() {
        assert_eq!(EmailAddress::new("  "), Err(BadEmail::Missing));
        for text in [
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@b\r\nBcc: c@d",
            "a\u{0}@b",
            "<a@b>",
            "a@b,c@d",
            "a@b;c",
            "\"a\"@b",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@[127.0.0.1]",
            "a@b/c",
            "a@b\u{2028}c",
        ] {
            assert_eq!(EmailAddress::new(text), Err(BadEmail::Malformed), "{text:?}");
        }
        assert_eq!(
            EmailAddress::new(&format!("a@{}", "b".repeat(253))),
            Err(BadEmail::TooLong)
        );
        assert_eq!(
            EmailAddress::new(&format!("{}@b", "a".repeat(65))),
            Err(BadEmail::TooLong)
        );
    }
}
