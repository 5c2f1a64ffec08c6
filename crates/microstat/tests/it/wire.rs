//! HTTP by hand, over a real socket: what no client library would send.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than anything here may take on the slowest machine.
const LONG: Duration = Duration::from_mins(1);

/// One connection.
pub(crate) struct Wire(BufReader<TcpStream>);

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl Wire {
    pub(crate) async fn to(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends bytes as they are.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Asks for something and reads the answer. `headers` are whole lines.
    pub(crate) async fn get(&mut self, path: &str, headers: &str) -> io::Result<Reply> {
        self.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
            .await?;
        self.reply().await
    }

    /// Sends a whole request with a body, and reads the answer.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &str) -> io::Result<Reply> {
        self.write(format!("{}{body}", head(path, headers, body.len()))).await?;
        self.reply().await
    }

    /// Reads one answer.
    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
        tokio::time::timeout(LONG, self.read()).await?
    }

    /// Waits until the server closes the connection; what it still said is given back.
    pub(crate) async fn end(&mut self) -> io::Result<String> {
        let mut rest = Vec::new();
        tokio::time::timeout(LONG, self.0.read_to_end(&mut rest)).await??;
        Ok(String::from_utf8_lossy(&rest).into_owned())
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    async fn read(&mut self) -> io::Result<Reply> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(first))?;
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).await?;
        Ok(Reply {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

/// The head of a POST whose body has `length` bytes. `headers` are whole lines.
pub(crate) fn head(path: &str, headers: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n")
}
