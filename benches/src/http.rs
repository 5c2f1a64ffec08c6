//! As little of HTTP as it takes to ask one thing after another over a connection.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    /// Where the last answer's head ends.
    head: usize,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let answer = Vec::with_capacity(64 << 10);
        Ok(Self {
            stream,
            answer,
            head: 0,
        })
    }

    /// Sends a request and tells the status of its answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if let Some(Head { status, length, end }) = parse(&self.answer)
                && is_whole(&self.answer[end..], length)
            {
                self.head = end;
                return Ok(status);
            }
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends a request of HTTP/1.0, whose answer ends with the connection, and tells its status.
    pub(crate) async fn send_until_end(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        self.stream.read_to_end(&mut self.answer).await?;
        let head = parse(&self.answer).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.head = head.end;
        Ok(head.status)
    }

    /// Bytes of the last answer, head included, as they came over the wire.
    pub(crate) fn wire_bytes(&self) -> usize {
        self.answer.len()
    }

    /// The last answer's body. In chunks if it came in chunks.
    pub(crate) fn body(&self) -> &[u8] {
        &self.answer[self.head..]
    }

    /// The last answer's body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// What the last answer's headers of this name say, which is given in small letters.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let head = String::from_utf8_lossy(&self.answer[..self.head]);
        let all = head.lines().filter_map(|line| line.split_once(':'));
        let named = all.filter(|(its_name, _)| its_name.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }
}

struct Head {
    status: u16,
    /// Of the body; none if it comes in chunks.
    length: Option<usize>,
    end: usize,
}

/// The head of an answer, once it is there.
fn parse(answer: &[u8]) -> Option<Head> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let in_chunks = head.contains("transfer-encoding: chunked");
    let length = if in_chunks { None } else { Some(length.unwrap_or(0)) };
    Some(Head { status, length, end })
}

fn is_whole(body: &[u8], length: Option<usize>) -> bool {
    if let Some(length) = length {
        return body.len() >= length;
    }
    let mut rest = body;
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(next) = size.and_then(|size| rest.get(line + 2 + size + 2..)) else {
            return false;
        };
        if size == Some(0) {
            return true;
        }
        rest = next;
    }
    false
}

/// A POST of JSON.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    post_with(path, "", body)
}

/// A POST of JSON with more headers, each ending with a line break.
pub(crate) fn post_with(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A GET with more headers, each ending with a line break.
pub(crate) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{is_whole, parse};

    #[test]
    fn an_answer_ends_with_its_length_or_its_last_chunk() {
        let head = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").unwrap();
        assert_eq!((head.status, head.length), (200, Some(3)));
        assert!(is_whole(b"abc", Some(3)) && !is_whole(b"ab", Some(3)));
        assert!(is_whole(b"3\r\nabc\r\n0\r\n\r\n", None));
        assert!(!is_whole(b"3\r\nabc\r\n", None) && !is_whole(b"3\r\nabc\r\n0\r\n", None));
    }
}
