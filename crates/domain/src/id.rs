//! Ids: a type a noun, kept as a whole number below 2^50, shown as ten characters of Crockford's base32.
//!
//! They are drawn at random, so that one never tells how many there are, is never used twice,
//! and two installations can be merged.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 10;
const BITS: u32 = 50;

/// An id in a path or a body was not ten characters of base32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

fn write_id(value: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0_u8; LENGTH];
    for (place, byte) in text.iter_mut().enumerate() {
        let shift = BITS as usize - 5 * (place + 1);
        *byte = DIGITS[usize::try_from((value >> shift) & 31).unwrap_or(0)];
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn read_id(text: &str) -> Result<i64, NotAnId> {
    if text.len() != LENGTH {
        return Err(NotAnId);
    }
    text.bytes().try_fold(0_i64, |value, byte| {
        let digit = DIGITS.iter().position(|&d| d == byte).ok_or(NotAnId)?;
        Ok(value << 5 | i64::try_from(digit).map_err(|_| NotAnId)?)
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// An id from random bits; only the lower fifty are used.
            #[must_use]
            pub const fn from_random(bits: u64) -> Self {
                Self((bits & ((1 << BITS) - 1)).cast_signed())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_id(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A person with an account.
    UserId
    /// An organisation.
    OrganisationId
    /// A project of an organisation.
    ProjectId
    /// A metric of a project.
    MetricId
    /// A DSN of a project: the row, not the public key.
    DsnId
    /// An e-mailed invitation.
    InvitationId
    /// An invitation code.
    CodeId
    /// A signed-in session.
    SessionId
    /// An API token.
    TokenId
    /// A job in the queue.
    JobId
    /// An event in an audit log.
    EventId
    /// An annotation of a project.
    AnnotationId
    /// A board of an organisation.
    BoardId
    /// A chart on a board.
    ChartId
    /// A public link.
    ShareId
    /// A file that is imported.
    ImportId
}

#[cfg(test)]
mod tests {
    use super::{NotAnId, ProjectId};

    #[test]
    fn an_id_reads_back_from_its_ten_characters() {
        for bits in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab] {
            let id = ProjectId::from_random(bits);
            assert_eq!(id.to_string().len(), 10);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn anything_else_is_not_an_id() {
        for text in ["", "1", "000000000o", "00000000000", "000000000é"] {
            assert_eq!(text.parse::<ProjectId>(), Err(NotAnId));
        }
    }
}
