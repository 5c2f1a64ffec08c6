//! As much of HTTP as is asked here, over connections that are used again.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than anything may take to be answered.
const LONG: Duration = Duration::from_mins(1);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Lines, names in lower case.
    head: Vec<String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &str| line.split_once(':').map(|(found, _)| found == name);
        let line = self.head.iter().find(|line| of(line) == Some(true))?;
        Some(line.split_once(':')?.1.trim())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Whoever asks one server.
pub(crate) struct Client {
    server: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn of(server: SocketAddr) -> Self {
        Self { server, open: None }
    }

    pub(crate) fn get(&mut self, path: &str, token: &str) -> io::Result<Reply> {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
    }

    pub(crate) fn post(&mut self, path: &str, key: &str, body: &str) -> io::Result<Reply> {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    fn send(&mut self, request: &str) -> io::Result<Reply> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(self.server)?),
        };
        stream.get_ref().set_read_timeout(Some(LONG))?;
        stream.get_ref().set_nodelay(true)?;
        stream.get_mut().write_all(request.as_bytes())?;
        let reply = read(&mut stream)?;
        if reply.header("connection") != Some("close") {
            self.open = Some(stream);
        }
        Ok(reply)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let mut line = || {
        let mut line = String::new();
        match stream.read_line(&mut line)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let first = line()?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut head = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        head.push(format!("{}:{value}", name.to_lowercase()));
    }
    let mut reply = Reply {
        status: status.ok_or_else(|| io::Error::other(first))?,
        head,
        body: String::new(),
    };
    let length: usize = reply.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    reply.body = String::from_utf8_lossy(&body).into_owned();
    Ok(reply)
}
