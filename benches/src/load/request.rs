//! What is sent: bytes made beforehand, in which times are set just before they go out where a server insists on them.

/// A request, ready to be sent again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Data points it brings.
    pub(crate) points: usize,
    /// Where something must be set for each sending.
    pub(crate) patches: Vec<Patch>,
    /// How far the sender's clock has to be on before the next request, in the unit of its times.
    pub(crate) span: u64,
    pub(crate) unit: Unit,
}

/// What the times of a request are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    #[default]
    Milliseconds,
    Nanoseconds,
}

/// A place in a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    pub(crate) at: usize,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// The sender's time and so many units more, in decimal digits: 13 for milliseconds, 19 for nanoseconds.
    Digits { after: u64 },
    /// The same as a varint of six bytes, which Unix milliseconds have until the year 2109.
    Varint { after: u64 },
    /// The number of the connection, in two digits.
    Connection,
}

impl Request {
    /// A request whose bytes never change.
    pub(crate) fn fixed(bytes: Vec<u8>, points: usize) -> Self {
        let patches = Vec::new();
        Self {
            bytes,
            points,
            patches,
            ..Self::default()
        }
    }

    /// Sets what must be set in a copy of the bytes.
    pub(crate) fn set(&self, bytes: &mut [u8], now: u64, connection: usize) {
        for patch in &self.patches {
            let place = &mut bytes[patch.at..];
            match patch.what {
                What::Digits { after } => {
                    let digits = if self.unit == Unit::Milliseconds { 13 } else { 19 };
                    write_digits(&mut place[..digits], now + after);
                }
                What::Varint { after } => write_varint(&mut place[..6], now + after),
                What::Connection => write_digits(&mut place[..2], connection as u64),
            }
        }
    }
}

fn write_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

fn write_varint(place: &mut [u8], mut number: u64) {
    let last = place.len() - 1;
    for (n, byte) in place.iter_mut().enumerate() {
        let more = if n == last { 0 } else { 0x80 };
        *byte = u8::try_from(number & 0x7f).unwrap_or(0) | more;
        number >>= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::{Patch, Request, Unit, What};

    #[test]
    fn times_and_connections_are_set_where_they_stand() {
        let patches = vec![
            Patch {
                at: 1,
                what: What::Digits { after: 5 },
            },
            Patch {
                at: 15,
                what: What::Connection,
            },
        ];
        let request = Request {
            bytes: b"<.............>..".to_vec(),
            patches,
            unit: Unit::Milliseconds,
            ..Request::default()
        };
        let mut bytes = request.bytes.clone();
        request.set(&mut bytes, 1_790_000_000_000, 7);
        assert_eq!(bytes, b"<1790000000005>07");
    }

    #[test]
    fn a_varint_has_six_bytes() {
        let patches = vec![Patch {
            at: 0,
            what: What::Varint { after: 0 },
        }];
        let request = Request {
            patches,
            ..Request::default()
        };
        let mut bytes = [0; 6];
        request.set(&mut bytes, 1_790_000_000_000, 0);
        let read = bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
        assert_eq!(read, 1_790_000_000_000);
        assert!(bytes[..5].iter().all(|byte| byte & 0x80 != 0) && bytes[5] & 0x80 == 0);
    }
}
