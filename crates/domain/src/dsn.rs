//! The public key an app publishes with: a UUID. It can only publish; it can't read.

use std::fmt;
use std::str::FromStr;

/// A DSN's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey(u128);

/// A text is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAKey;

impl PublicKey {
    /// A UUID of version 4 from random bits.
    #[must_use]
    pub const fn from_random(bits: [u8; 16]) -> Self {
        let version = 0xf_u128 << 76;
        let variant = 0b11_u128 << 62;
        Self(u128::from_be_bytes(bits) & !version & !variant | 4 << 76 | 0b10 << 62)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(
            f,
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    /// Any case; with its dashes where they belong, or without any.
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let hex: String = match text.len() {
            32 => text.to_owned(),
            36 if [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-') => text.replace('-', ""),
            _ => return Err(NotAKey),
        };
        if hex.len() != 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAKey);
        }
        u128::from_str_radix(&hex, 16).map(Self).map_err(|_| NotAKey)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAKey, PublicKey};

    #[test]
    fn a_key_is_a_uuid_of_version_4_and_reads_back_in_any_case() {
        for bits in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let key = PublicKey::from_random(bits);
            let text = key.to_string();
            assert_eq!((&text[14..15], text.len()), ("4", 36));
            assert!("89ab".contains(&text[19..20]), "{text}");
            assert_eq!(text.to_uppercase().parse(), Ok(key));
            assert_eq!(text.replace('-', "").parse(), Ok(key));
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in [
            "",
            "x",
            "+1234567890123456789012345678901",
            "0123456-789012-3456-7890-123456789012",
            "é",
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(NotAKey), "{text}");
        }
    }
}
