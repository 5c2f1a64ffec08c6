//! E-mailed invitations: to whom, for how long, how many.

use std::collections::HashSet;

use crate::email::EmailAddress;
use crate::time::DAY;

/// How long an invitation's links hold.
pub const HOLDS_FOR: i64 = 7 * DAY;
/// How long an expired one is still listed, to be sent again.
pub const LISTED_FOR: i64 = 30 * DAY;
/// Most addresses invited at once.
pub const MAX_ADDRESSES: usize = 50;
/// Most pending invitations of an organisation.
pub const MAX_PENDING: i64 = 100;
/// Most mails with invitations of an organisation in a day.
pub const MAX_MAILS_A_DAY: i64 = 200;
/// Most mails with invitations to one address in a day, from all organisations together.
pub const MAX_MAILS_TO_ONE_A_DAY: i64 = 5;

/// What was typed into "Email addresses" can't be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadAddresses {
    /// Nothing was typed.
    Missing,
    /// More than fifty; this many.
    TooMany(usize),
    /// These are no addresses, in the order they were typed.
    Wrong(Vec<String>),
}

impl BadAddresses {
    /// What to do, for the person who typed it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Missing => "Enter at least one e-mail address.".to_owned(),
            Self::TooMany(count) => format!("These are {count} addresses; invite at most {MAX_ADDRESSES} at once."),
            Self::Wrong(all) => {
                let named: Vec<String> = all.iter().map(|one| format!("“{}”", shortened(one))).collect();
                let are = if named.len() == 1 {
                    "is not an e-mail address"
                } else {
                    "are not e-mail addresses"
                };
                format!("{} {are}. Nothing was sent yet.", named.join(", "))
            }
        }
    }
}

fn shortened(text: &str) -> String {
    const ENOUGH: usize = 60;
    if text.chars().count() <= ENOUGH {
        return text.to_owned();
    }
    text.chars().take(ENOUGH).chain(['…']).collect()
}

/// The addresses in a text, each once, in the order they were typed. Commas, semicolons, spaces and lines part them.
///
/// # Errors
/// If there are none, more than fifty, or texts among them that are no addresses: then nobody is to be invited.
pub fn read_addresses(typed: &str) -> Result<Vec<EmailAddress>, BadAddresses> {
    let mut seen = HashSet::new();
    let (mut addresses, mut wrong) = (Vec::new(), Vec::new());
    let parts = typed.split(|c: char| c.is_whitespace() || ",;，；、".contains(c));
    for part in parts.filter(|part| !part.is_empty()) {
        if !seen.insert(crate::email::canonical(part)) {
            continue;
        }
        match EmailAddress::new(part) {
            Ok(address) => addresses.push(address),
            Err(_) => wrong.push(part.to_owned()),
        }
    }
    if seen.is_empty() {
        return Err(BadAddresses::Missing);
    }
    if seen.len() > MAX_ADDRESSES {
        return Err(BadAddresses::TooMany(seen.len()));
    }
    if wrong.is_empty() {
        Ok(addresses)
    } else {
        Err(BadAddresses::Wrong(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::{BadAddresses, read_addresses};

    fn read(typed: &str) -> Result<Vec<String>, BadAddresses> {
        read_addresses(typed).map(|all| all.iter().map(|one| one.as_str().to_owned()).collect())
    }

    #[test]
    fn commas_semicolons_spaces_and_lines_part_addresses() {
        let typed = " a@x.de,b@x.de; c@x.de\r\nd@x.de\te@x.de ,; ,f@x.de，g@x.de\u{a0}h@x.de,";
        let read = read(typed).unwrap();
        assert_eq!(
            read.join(" "),
            "a@x.de b@x.de c@x.de d@x.de e@x.de f@x.de g@x.de h@x.de"
        );
    }

    #[test]
    fn an_address_typed_twice_counts_once_as_it_was_typed_first() {
        assert_eq!(
            read("Ada@x.de ada@X.DE b@x.de"),
            Ok(vec!["Ada@x.de".to_owned(), "b@x.de".to_owned()])
        );
    }

    #[test]
    fn bad_ones_are_named_in_order() {
        let bad = |typed: &str| read(typed).unwrap_err().advice();
        assert_eq!(
            bad("a@x.de, b@, c, <d@x.de>, c"),
            "“b@”, “c”, “<d@x.de>” are not e-mail addresses. Nothing was sent yet."
        );
        let long = "x".repeat(61);
        assert_eq!(
            bad(&long),
            format!("“{}…” is not an e-mail address. Nothing was sent yet.", &long[1..])
        );
    }

    #[test]
    fn there_is_at_least_one_and_at_most_fifty() {
        assert_eq!(read(" \n,;"), Err(BadAddresses::Missing));
        let typed = |n: usize| (0..n).map(|i| format!("p{i}@x.de")).collect::<Vec<_>>().join(",");
        assert_eq!(read(&typed(50)).unwrap().len(), 50);
        assert_eq!(read(&format!("{},p1@x.de", typed(50))).unwrap().len(), 50);
        assert_eq!(read(&typed(51)), Err(BadAddresses::TooMany(51)));
    }
}
