//! A body as nearly every app writes it, read in one pass: a list of objects, nothing nested in them, no escape in a
//! string, no key twice. Whatever else JSON may be, broken JSON too, is left to [`crate::json`].
//!
//! What is read here reads the same there; a test makes sure of it. It is there for speed alone: a data point takes a
//! fifth of the time.

use std::borrow::Cow;

use crate::json::{Fields, Scalar};

/// Calls `each` with every element's text and its fields. Says whether it could read all of the text; if it couldn't,
/// what `each` was called with counts for nothing.
pub(crate) fn each<'a>(text: &'a str, mut each: impl FnMut(&'a str, Fields<'a>)) -> bool {
    let mut plain = Plain { text, at: 0 };
    plain.list(&mut each).is_some()
}

struct Plain<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Plain<'a> {
    fn list(&mut self, each: &mut impl FnMut(&'a str, Fields<'a>)) -> Option<()> {
        self.space();
        self.eat(b'[')?;
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
        } else {
            loop {
                let from = self.at;
                let fields = self.object()?;
                each(&self.text[from..self.at], fields);
                self.space();
                if self.next_or_end(b']')? {
                    break;
                }
            }
        }
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    fn object(&mut self) -> Option<Fields<'a>> {
        let mut fields = Fields::default();
        self.eat(b'{')?;
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(fields);
        }
        loop {
            let key = self.string()?;
            self.space();
            self.eat(b':')?;
            self.space();
            let value = self.scalar()?;
            if let Some(field) = fields.named(key.as_bytes()) {
                if *field != Scalar::Absent {
                    return None;
                }
                *field = value;
            }
            self.space();
            if self.next_or_end(b'}')? {
                return Some(fields);
            }
        }
    }

    /// Behind an element: a comma and the next one, or the end. Says whether it is the end.
    fn next_or_end(&mut self, end: u8) -> Option<bool> {
        let found = self.peek()?;
        self.at += 1;
        if found == end {
            return Some(true);
        }
        self.space();
        (found == b',').then_some(false)
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        match self.peek()? {
            b'"' => self.string().map(|text| Scalar::Text(Cow::Borrowed(text))),
            b'n' => self.literal("null").then_some(Scalar::Null),
            b't' => self.literal("true").then_some(Scalar::Bool),
            b'f' => self.literal("false").then_some(Scalar::Bool),
            b'-' | b'0'..=b'9' => self.number().map(Scalar::Number),
            _ => None,
        }
    }

    fn literal(&mut self, literal: &str) -> bool {
        let is_there = self.text[self.at..].starts_with(literal);
        self.at += literal.len();
        is_there
    }

    fn number(&mut self) -> Option<&'a str> {
        let from = self.at;
        self.at += usize::from(self.peek()? == b'-');
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek()?, b'+' | b'-'));
            self.digits()?;
        }
        Some(&self.text[from..self.at])
    }

    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    /// What stands between two quotation marks.
    fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let from = self.at;
        let bytes = self.text.as_bytes();
        while let Some(eight) = bytes.get(self.at..self.at + 8) {
            let eight = u64::from_le_bytes(eight.try_into().ok()?);
            match special(eight) {
                0 => self.at += 8,
                found => {
                    self.at += found.trailing_zeros() as usize / 8;
                    return self.end_of_string(from);
                }
            }
        }
        while self
            .peek()
            .is_some_and(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\'))
        {
            self.at += 1;
        }
        self.end_of_string(from)
    }

    fn end_of_string(&mut self, from: usize) -> Option<&'a str> {
        let inside = self.text.get(from..self.at);
        self.eat(b'"')?;
        inside
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let is_there = self.peek()? == byte;
        self.at += 1;
        is_there.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Eight bytes at once: a bit for the first that is a quotation mark, a backslash or a control character, and none
/// below it. (Bits above it may be wrong: subtracting borrows from the bytes above one that is found.)
const fn special(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const fn below(eight: u64, limit: u8) -> u64 {
        eight.wrapping_sub(ONES * limit as u64) & !eight & (ONES << 7)
    }
    below(eight, b' ') | below(eight ^ (ONES * b'"' as u64), 1) | below(eight ^ (ONES * b'\\' as u64), 1)
}

#[cfg(test)]
mod tests {
    use super::{each, special};

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                for around in [b'a', b'!', b'#', 0x80, 0xff, b'[', b']', b' ', 0x7f] {
                    let mut eight = [around; 8];
                    eight[place] = byte;
                    let found = special(u64::from_le_bytes(eight));
                    let expected = if byte < b' ' || byte == b'"' || byte == b'\\' {
                        place
                    } else {
                        8
                    };
                    assert_eq!(found.trailing_zeros() as usize / 8, expected, "{eight:?}");
                }
            }
        }
    }

    #[test]
    fn plain_bodies_are_read_and_others_left() {
        let count = |text: &str| {
            let mut elements = 0;
            each(text, |_, _| elements += 1).then_some(elements)
        };
        assert_eq!(count(" [ ] \n"), Some(0));
        assert_eq!(count(r#"[{"name":"a","value":-1.5e-7,"x":true},{}]"#), Some(2));
        let left = [
            "",
            "[",
            "[1]",
            "[{},]",
            "[{}] x",
            "{}",
            r#"[{"a":}]"#,
            r#"[{"a":01}]"#,
            r#"[{"a":1.}]"#,
            r#"[{"a":1e}]"#,
            r#"[{"a":-}]"#,
            r#"[{"a":nul}]"#,
            r#"[{"a":"\n"}]"#,
            "[{\"a\":\"\n\"}]",
            r#"[{"a":[]}]"#,
            r#"[{"a":"b}]"#,
            r#"[{"name":"a","name":"b"}]"#,
            r#"[{"a":1 "b":2}]"#,
            r#"[{"a":1}{"b":2}]"#,
            r#"[{"a":1},"#,
            "[{a:1}]",
        ];
        for text in left {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
