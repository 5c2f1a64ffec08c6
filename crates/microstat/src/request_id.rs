//! What a request is called: in the log, in its answer, and between proxies.

use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::clock::Random;

/// The header it is told in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Most characters of one that a proxy gave: as many as a UUID has.
const LONGEST: usize = 36;
/// Microseconds after which an answer is called slow.
const SLOW: i64 = 1_000_000;

/// What a request is called. It is copied rather than allocated, since every batch has one.
#[derive(Clone, Copy)]
pub(crate) struct RequestId {
    text: [u8; LONGEST],
    length: u8,
}

impl RequestId {
    /// A new one: 12 hexadecimal digits.
    pub(crate) fn new(random: &Random) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let bits = random.bits() >> 16;
        let mut text = [0; LONGEST];
        for (nth, digit) in text[..12].iter_mut().enumerate() {
            *digit = DIGITS[(bits >> (44 - 4 * nth) & 15) as usize];
        }
        Self { text, length: 12 }
    }

    /// One that somebody else gave: letters, digits, `-`, `_`, `.`, at most 36. Nothing else comes into the log.
    pub(crate) fn given(value: &[u8]) -> Option<Self> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if value.is_empty() || value.len() > LONGEST || !value.iter().all(plain) {
            return None;
        }
        let mut text = [0; LONGEST];
        text[..value.len()].copy_from_slice(value);
        Some(Self {
            text,
            length: u8::try_from(value.len()).ok()?,
        })
    }

    fn text(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    /// That of a request that has come: a trusted proxy's, else a new one.
    pub(crate) fn of(request: &Request, trusted: bool, random: &Random) -> Self {
        let given = request.headers().get(HEADER).filter(|_| trusted);
        given
            .and_then(|value| Self::given(value.as_bytes()))
            .unwrap_or_else(|| Self::new(random))
    }

    /// A line in the log: a warning if it took long, else one that has to be asked for. The path itself, which may hold a
    /// secret, is never in it.
    pub(crate) fn answered(self, method: &Method, route: &str, status: StatusCode, micros: i64) {
        let status = status.as_u16();
        if micros > SLOW {
            tracing::warn!(request_id = %self, %method, route, status, duration_ms = milliseconds(micros), "answered slowly");
        } else {
            tracing::debug!(request_id = %self, %method, route, status, duration_ms = milliseconds(micros), "answered");
        }
    }

    /// Puts it into the answer.
    pub(crate) fn tell<B>(self, response: &mut Response<B>) {
        if let Ok(id) = HeaderValue::from_bytes(self.text()) {
            response.headers_mut().insert(HEADER, id);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing takes a hundred years")]
fn milliseconds(micros: i64) -> f64 {
    micros as f64 / 1_000.0
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.text()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;
    use crate::clock::Random;

    #[test]
    fn new_ones_differ_and_given_ones_are_plain() {
        let random = Random::seeded(5);
        let ids = [RequestId::new(&random), RequestId::new(&random)].map(|id| id.to_string());
        assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 12), "{ids:?}");
        assert!(ids.iter().all(|id| u64::from_str_radix(id, 16).is_ok()), "{ids:?}");
        let given = |text: &str| RequestId::given(text.as_bytes()).map(|id| id.to_string());
        let longest = "x".repeat(36);
        for well_formed in ["a", "4bf92f35-77b3_4da6.x", &longest] {
            assert_eq!(given(well_formed).as_deref(), Some(well_formed));
        }
        for not in ["", "a b", "a\"", "é", &format!("{longest}x")] {
            assert_eq!(given(not), None, "{not}");
        }
    }
}
