//! Somebody between micro stat and ClickHouse, who doesn't always pass on what is said.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::Server;
use crate::Address;

/// What is done with the next request that has a text in it. After it nothing is passed on any more.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It reaches ClickHouse, but nobody is told what became of it.
    Silenced,
    /// It doesn't reach ClickHouse, and nobody is told so.
    Lost,
}

/// Passes requests on, each over a connection of its own. Its thread ends with the process.
#[derive(Clone)]
pub(super) struct Between {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// A text, how many requests that have it are passed on before, and what then happens.
    next: Option<(&'static str, u32, Fault)>,
    is_cut: bool,
}

impl Between {
    pub(super) fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = server.port();
        let between = Self {
            port,
            state: Arc::default(),
        };
        let faults = between.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let faults = faults.clone();
                std::thread::spawn(move || faults.pass(stream, to));
            }
        });
        between
    }

    pub(super) fn address(&self, database: &str) -> Address {
        format!("http://127.0.0.1:{}/{database}", self.port).parse().unwrap()
    }

    /// Passes on what comes, up to the fault.
    pub(super) fn fail(&self, text: &'static str, how: Fault) {
        self.fail_at(text, 1, how);
    }

    /// Passes on what comes, up to the fault, which is done with the `nth` request that has a text in it.
    pub(super) fn fail_at(&self, text: &'static str, nth: u32, how: Fault) {
        let next = Some((text, nth - 1, how));
        *self.state.lock().unwrap() = State { next, is_cut: false };
    }

    /// Passes on what comes again. Says whether the fault has happened.
    pub(super) fn mend(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        std::mem::take(&mut state.is_cut) && state.next.is_none()
    }

    /// What happens to a request.
    fn fault(&self, request: &[u8]) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        if state.is_cut {
            return Some(Fault::Lost);
        }
        let says = |text: &str| request.windows(text.len()).any(|part| part == text.as_bytes());
        let is_it = |(text, before, _): &mut (&'static str, u32, Fault)| {
            let it_says = says(text);
            let is_it = it_says && *before == 0;
            *before = before.saturating_sub(u32::from(it_says));
            is_it
        };
        let (_, _, fault) = state.next.take_if(is_it)?;
        state.is_cut = true;
        Some(fault)
    }

    fn pass(&self, mut stream: TcpStream, to: u16) -> Option<()> {
        let request = request(&mut stream)?;
        let fault = self.fault(&request);
        if let Some(Fault::Lost) = fault {
            return None;
        }
        let mut server = TcpStream::connect(("127.0.0.1", to)).ok()?;
        let text = String::from_utf8_lossy(&request[..request.len().min(4_096)]).into_owned();
        let head = text.find("\r\n")?;
        server.write_all(&request[..head]).ok()?;
        server.write_all(b"\r\nConnection: close").ok()?;
        server.write_all(&request[head..]).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        if fault.is_none() {
            stream.write_all(&answer).ok()?;
        }
        Some(())
    }
}

/// A whole request, whose length is in its head.
fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.split_once("content-length: ")?.1;
        let length: usize = length.split("\r\n").next()?.parse().ok()?;
        while request.len() < end + 4 + length {
            let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
            request.extend_from_slice(&buffer[..read]);
        }
        return Some(request);
    }
}
