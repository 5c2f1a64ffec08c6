//! Invitation codes: 80 random bits that people read out, write down and type in.

use std::fmt;

use crate::role::Role;
use crate::time::{DAY, HOUR};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 4;
const LENGTH: usize = 4 * GROUP;

/// Most codes of an organisation that let somebody in at the same time.
pub const MAX_ACTIVE: i64 = 10;
/// How long a code holds unless somebody chooses otherwise.
pub const HOLDS_FOR: i64 = 7 * DAY;
/// How often it may be used unless somebody chooses otherwise.
pub const MAX_USES: i64 = 10;

/// A code: sixteen digits of Crockford's base32. A secret: it prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode(String);

/// A text is no code, however it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an invitation code")]
pub struct NotACode;

impl InvitationCode {
    /// A code from random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 10]) -> Self {
        let bits = bits.iter().fold(0_u128, |bits, &byte| bits << 8 | u128::from(byte));
        let digit = |place: usize| DIGITS[(bits >> (5 * (LENGTH - 1 - place)) & 31) as usize];
        Self((0..LENGTH).map(|place| char::from(digit(place))).collect())
    }

    /// The code somebody typed: case, spaces and dashes don't matter; O is 0, I and L are 1.
    ///
    /// # Errors
    /// If there are other than sixteen digits in it.
    pub fn read(typed: &str) -> Result<Self, NotACode> {
        let mut code = String::with_capacity(LENGTH);
        for c in typed.chars().filter(|&c| !is_between(c)) {
            let digit = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == LENGTH || !u8::try_from(digit).is_ok_and(|digit| DIGITS.contains(&digit)) {
                return Err(NotACode);
            }
            code.push(digit);
        }
        if code.len() == LENGTH {
            Ok(Self(code))
        } else {
            Err(NotACode)
        }
    }

    /// Its digits alone, as they are hashed.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// As people are shown it, once: `XXXX-XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH)
            .step_by(GROUP)
            .map(|start| &self.0[start..start + GROUP])
            .collect();
        groups.join("-")
    }

    /// What it is recognised by afterwards.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.0[LENGTH - GROUP..]
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode")
    }
}

/// What may stand between the digits: spaces and dashes of every sort, and what is copied along unseen.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{feff}')
}

/// What a code promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    role: Role,
    holds_for: i64,
    max_uses: i64,
}

/// Terms that no code may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTerms {
    /// A code never makes Administrators: who passes it on can't be known.
    #[error("a code lets people in as Member or Viewer")]
    Role,
    /// Shorter than an hour or longer than 90 days.
    #[error("a code holds for 1 hour to 90 days")]
    Expiry,
    /// Less than one.
    #[error("enter how many people may use it: 1 or more")]
    Uses,
}

impl Terms {
    /// The roles a code may give.
    pub const ROLES: [Role; 2] = [Role::Member, Role::Viewer];

    /// Terms a code may have: its role, how many microseconds it holds, how many may use it.
    ///
    /// # Errors
    /// If it would make Administrators, hold for less than an hour or more than 90 days, or be of no use.
    pub fn new(role: Role, holds_for: i64, max_uses: i64) -> Result<Self, BadTerms> {
        if !Self::ROLES.contains(&role) {
            return Err(BadTerms::Role);
        }
        if !(HOUR..=90 * DAY).contains(&holds_for) {
            return Err(BadTerms::Expiry);
        }
        if max_uses < 1 {
            return Err(BadTerms::Uses);
        }
        Ok(Self {
            role,
            holds_for,
            max_uses,
        })
    }

    /// What whoever uses it becomes.
    #[must_use]
    pub const fn role(self) -> Role {
        self.role
    }

    /// How many microseconds it holds.
    #[must_use]
    pub const fn holds_for(self) -> i64 {
        self.holds_for
    }

    /// How many may use it.
    #[must_use]
    pub const fn max_uses(self) -> i64 {
        self.max_uses
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadTerms, InvitationCode, NotACode, Terms};
    use crate::role::Role;
    use crate::time::{DAY, HOUR};

    #[test]
    fn a_code_is_shown_in_four_groups_and_recognised_by_the_last() {
        let code = InvitationCode::from_random([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc]);
        assert_eq!(code.grouped(), "04HM-ASW9-NF6Y-ZZPW");
        assert_eq!(code.last_four(), "ZZPW");
        assert_eq!(InvitationCode::from_random([0; 10]).digits(), "0000000000000000");
        assert_eq!(InvitationCode::from_random([255; 10]).digits(), "ZZZZZZZZZZZZZZZZ");
        assert_eq!(format!("{code:?}"), "InvitationCode");
    }

    #[test]
    fn case_spaces_and_dashes_do_not_matter_and_letters_like_digits_are_digits() {
        let code = InvitationCode::read("04HM-ASW1-NF6Y-ZZP0").unwrap();
        for typed in [
            "04hm-asw1-nf6y-zzp0",
            "  04hmasw1nf6yzzp0\n",
            "04 HM AS W1\tNF 6Y ZZ P0",
            "O4HM-ASWI-NF6Y-ZZPO",
            "o4hm-aswl-nf6y-zzpo",
            "04HM–ASW1—NF6Y−ZZP0",
            "04HM\u{a0}ASW1\u{2011}NF6Y\u{200b}ZZP0\u{feff}",
            "--04HM--ASWi--NF6Y--ZZP0--",
        ] {
            assert_eq!(InvitationCode::read(typed).as_ref(), Ok(&code), "{typed}");
        }
    }

    #[test]
    fn nothing_else_is_a_code() {
        for typed in [
            "",
            "----",
            "04HM-ASW9-NF6Y-ZZP",
            "04HM-ASW9-NF6Y-ZZPW0",
            "U4HM-ASW9-NF6Y-ZZPW",
            "é4HM-ASW9-NF6Y-ZZPW",
            "04HM-ASW9-NF6Y-ZZP!",
            "０4HM-ASW9-NF6Y-ZZPW",
        ] {
            assert_eq!(InvitationCode::read(typed), Err(NotACode), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(bits: [u8; 10]) {
            let code = InvitationCode::from_random(bits);
            prop_assert_eq!(InvitationCode::read(&code.grouped()), Ok(code.clone()));
            prop_assert_eq!(InvitationCode::read(&code.grouped().to_lowercase()), Ok(code));
        }

        #[test]
        fn reading_never_fails_otherwise(text: String) {
            let _ = InvitationCode::read(&text);
        }
    }

    #[test]
    fn a_code_makes_members_or_viewers_for_an_hour_to_90_days_and_at_least_one_use() {
        assert!(Terms::new(Role::Member, HOUR, 1).is_ok());
        assert!(Terms::new(Role::Viewer, 90 * DAY, i64::MAX).is_ok());
        assert_eq!(Terms::new(Role::Administrator, DAY, 1), Err(BadTerms::Role));
        assert_eq!(Terms::new(Role::Member, HOUR - 1, 1), Err(BadTerms::Expiry));
        assert_eq!(Terms::new(Role::Member, 90 * DAY + 1, 1), Err(BadTerms::Expiry));
        assert_eq!(Terms::new(Role::Member, DAY, 0), Err(BadTerms::Uses));
    }
}
