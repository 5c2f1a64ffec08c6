//! What a member of an organisation may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A member's role. The greater may do all that the lesser may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads only.
    Viewer,
    /// Opens every project; edits thresholds, alerts, favourites; may delete a metric.
    Member,
    /// Customises the organisation, invites, removes, creates and deletes projects.
    Administrator,
}

impl Role {
    /// Every role, the one most people get first.
    pub const ALL: [Self; 3] = [Self::Member, Self::Viewer, Self::Administrator];

    /// The name people see and forms carry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Member => "Member",
            Self::Administrator => "Administrator",
        }
    }

    /// The number it is kept as; the greater role has the greater number, and SQL may rely on it.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Viewer => 1,
            Self::Member => 2,
            Self::Administrator => 3,
        }
    }

    /// The role kept under this number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A role's name was none of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("role must be Administrator, Member or Viewer")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(UnknownRole)
    }
}
