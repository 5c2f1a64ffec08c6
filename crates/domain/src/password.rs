//! Passwords: what is refused as a new one.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::email::EmailAddress;

/// Fewest characters.
pub const MIN_CHARS: usize = 10;
/// Most characters.
pub const MAX_CHARS: usize = 128;
/// A password that is found within this many guesses, made in the order attackers make them, is a common one.
const COMMON_GUESSES: u64 = 10_000;
/// Local parts shorter than this are inside any password by chance.
const MIN_LOCAL_PART_CHARS: usize = 3;

/// A password as somebody typed it, NFC, so that every keyboard types the same one. It prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Fewer than ten characters.
    #[error("use at least 10 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("use at most 128 characters")]
    TooLong,
    /// Among the first that are tried.
    #[error("this password is among the first that are guessed; choose another one")]
    Common,
    /// It contains the e-mail address's local part.
    #[error("leave your e-mail address out of your password")]
    ContainsEmail,
    /// It contains "micro stat".
    #[error("leave the name of micro stat out of your password")]
    ContainsProduct,
}

impl Password {
    /// A password as it was typed, whatever it is.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// Whether it may become the password of the account with this address.
    ///
    /// # Errors
    /// If it is too short or too long, common, or contains the address's local part or the product's name.
    pub fn check(&self, email: &EmailAddress) -> Result<(), BadPassword> {
        let chars = self.0.chars().count();
        if chars < MIN_CHARS {
            return Err(BadPassword::TooShort);
        }
        if chars > MAX_CHARS {
            return Err(BadPassword::TooLong);
        }
        let lower = self.0.to_lowercase();
        let local = email.local_part().to_lowercase();
        if local.chars().count() >= MIN_LOCAL_PART_CHARS && lower.contains(&local) {
            return Err(BadPassword::ContainsEmail);
        }
        let letters: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
        if letters.contains("microstat") {
            return Err(BadPassword::ContainsProduct);
        }
        if zxcvbn::zxcvbn(&self.0, &[]).guesses() < COMMON_GUESSES {
            return Err(BadPassword::Common);
        }
        Ok(())
    }

    /// What is hashed. Longer ones than could ever be right are cut, so that hashing costs the same.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.as_bytes()[..self.0.len().min(MAX_CHARS * 8)]
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use super::{BadPassword, Password};
    use crate::email::EmailAddress;

    fn check(text: &str) -> Result<(), BadPassword> {
        Password::typed(text).check(&EmailAddress::new("Grace.Hopper@example.com").unwrap())
    }

    #[test]
    fn passwords_have_10_to_128_characters() {
        assert_eq!(check("zug-kanu7"), Err(BadPassword::TooShort));
        assert_eq!(check("zug-kanu77"), Ok(()));
        assert_eq!(check("ü-kanu-7öl"), Ok(()));
        assert_eq!(check(&"kanu zug 7 ".repeat(12)[..128]), Ok(()));
        assert_eq!(check(&"kanu zug 7 ".repeat(12)[..129]), Err(BadPassword::TooLong));
    }

    #[test]
    fn common_passwords_are_refused() {
        for text in [
            "1234567890",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "passwordpassword",
            "Password12",
        ] {
            assert_eq!(check(text), Err(BadPassword::Common), "{text}");
        }
    }

    #[test]
    fn a_password_contains_neither_the_local_part_nor_the_product() {
        assert_eq!(check("x!grace.HOPPER!91"), Err(BadPassword::ContainsEmail));
        for text in ["my Micro-Stat 77", "MICROSTAT-kanu", "zug micro stat kanu"] {
            assert_eq!(check(text), Err(BadPassword::ContainsProduct), "{text}");
        }
        let short = EmailAddress::new("ed@example.com").unwrap();
        assert_eq!(Password::typed("bed-kanu-zug").check(&short), Ok(()));
    }

    #[test]
    fn one_password_typed_on_two_keyboards_is_one_password_and_prints_nothing() {
        let composed = Password::typed("zug-kan\u{fa}-77");
        assert_eq!(composed, Password::typed("zug-kanu\u{301}-77"));
        assert_eq!(format!("{composed:?}"), "Password");
    }
}
