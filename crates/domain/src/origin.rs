//! Origins a browser may publish from: `scheme://host[:port]`, as browsers send them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// Most origins of one project.
pub const MOST: usize = 50;

/// An origin in the form in which browsers send it: lower case, no default port, no path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// A text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// No `scheme://` in front.
    #[error("scheme is missing")]
    Scheme,
    /// Something behind the host and port.
    #[error("more than an origin")]
    TooMuch,
    /// No host, or one no browser would send.
    #[error("host can't be read")]
    Host,
    /// Letters that browsers send encoded.
    #[error("host must be in its encoded form")]
    Encoded,
    /// A port that is none.
    #[error("port can't be read")]
    Port,
}

impl BadOrigin {
    /// What to do, for the person who typed it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Scheme => "begin it with https:// or http://",
            Self::TooMuch => "leave out everything behind the host and port",
            Self::Host => "write the host as it stands in the address bar; wildcards are not possible",
            Self::Encoded => "write the host as browsers send it, beginning with xn--",
            Self::Port => "write a port from 1 to 65535 behind the colon",
        }
    }
}

impl Origin {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    /// Any case; a `/` at the end, as copied addresses have it, is forgiven.
    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(BadOrigin::Scheme)?;
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(letters) {
            return Err(BadOrigin::Scheme);
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(BadOrigin::TooMuch);
        }
        let (host, port) = split_port(rest)?;
        let host = if let Some(inner) = host.strip_prefix('[') {
            let address: Ipv6Addr = inner
                .strip_suffix(']')
                .and_then(|a| a.parse().ok())
                .ok_or(BadOrigin::Host)?;
            format!("[{address}]")
        } else {
            plain_host(host)?.to_owned()
        };
        let port = match (scheme, port) {
            (_, None) | ("https", Some(443)) | ("http", Some(80)) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        Ok(Self(format!("{scheme}://{host}{port}")))
    }
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), BadOrigin> {
    // the colons of an IPv6 address stand in brackets
    let end_of_address = match text.strip_prefix('[') {
        Some(_) => text.find(']').ok_or(BadOrigin::Host)? + 1,
        None => 0,
    };
    let Some(colon) = text[end_of_address..].find(':').map(|at| at + end_of_address) else {
        return Ok((text, None));
    };
    let digits = &text[colon + 1..];
    let port = digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten();
    match port {
        Some(port) if port > 0 => Ok((&text[..colon], Some(port))),
        _ => Err(BadOrigin::Port),
    }
}

fn plain_host(host: &str) -> Result<&str, BadOrigin> {
    if !host.is_ascii() {
        return Err(BadOrigin::Encoded);
    }
    let fine = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if host.len() <= 253 && host.split('.').all(fine) {
        Ok(host)
    } else {
        Err(BadOrigin::Host)
    }
}

/// The origins in a text, one a line, each once; or every line that is none, with what is wrong with it.
///
/// # Errors
/// If a line is no origin.
pub fn lines(text: &str) -> Result<Vec<Origin>, Vec<(String, BadOrigin)>> {
    let (mut origins, mut bad) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.parse::<Origin>() {
            Ok(origin) if origins.contains(&origin) => {}
            Ok(origin) => origins.push(origin),
            Err(error) => bad.push((line.to_owned(), error)),
        }
    }
    if bad.is_empty() { Ok(origins) } else { Err(bad) }
}

#[cfg(test)]
mod tests {
    use super::{BadOrigin, Origin, lines};

    fn read(text: &str) -> Result<String, BadOrigin> {
        text.parse::<Origin>().map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (typed, kept) in [
            ("https://shop.example.com", "https://shop.example.com"),
            (" HTTPS://Shop.Example.COM:443/ ", "https://shop.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:08080", "http://localhost:8080"),
            ("https://localhost:80", "https://localhost:80"),
            ("http://192.0.2.7:3000", "http://192.0.2.7:3000"),
            ("http://[2001:DB8:0:0:0:0:0:1]:8080", "http://[2001:db8::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
            ("https://xn--grn-hoa.example", "https://xn--grn-hoa.example"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(kept), "{typed}");
            assert_eq!(read(kept).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn anything_else_is_no_origin() {
        for (typed, why) in [
            ("shop.example.com", BadOrigin::Scheme),
            ("*", BadOrigin::Scheme),
            ("://x", BadOrigin::Scheme),
            ("https://shop.example.com/cart", BadOrigin::TooMuch),
            ("https://shop.example.com//", BadOrigin::TooMuch),
            ("https://shop.example.com?x", BadOrigin::TooMuch),
            ("https://ada@shop.example.com", BadOrigin::TooMuch),
            ("https://", BadOrigin::Host),
            ("https://*.example.com", BadOrigin::Host),
            ("https://a..b", BadOrigin::Host),
            ("https://a b", BadOrigin::Host),
            ("http://[::1", BadOrigin::Host),
            ("http://[nothing]", BadOrigin::Host),
            ("https://grün.example", BadOrigin::Encoded),
            ("https://a:", BadOrigin::Port),
            ("https://a:0", BadOrigin::Port),
            ("https://a:65536", BadOrigin::Port),
            ("https://a:+80", BadOrigin::Port),
        ] {
            assert_eq!(read(typed), Err(why), "{typed}");
        }
    }

    #[test]
    fn lines_are_read_once_each_and_every_bad_one_is_named() {
        let two = lines("https://a.example\r\n\n  HTTPS://A.example/\nhttps://b.example:8443\n").unwrap();
        let two: Vec<_> = two.iter().map(Origin::as_str).collect();
        assert_eq!(two, ["https://a.example", "https://b.example:8443"]);
        assert_eq!(lines(" \n").unwrap(), []);
        let bad = lines("https://a.example\nb.example\nhttps://c.example/x").unwrap_err();
        let bad: Vec<_> = bad.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(bad, ["b.example", "https://c.example/x"]);
    }
}
