//! A connection that sends one request after another, and never waits.

use std::io::{self, Read, Write};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use super::Target;
use super::answer::Protocol;
use super::request::{Request, Unit};

pub(super) struct Connection {
    stream: TcpStream,
    protocol: Protocol,
    number: usize,
    /// The last time given to a data point: none is given twice.
    clock: u64,
    /// Where the request under way stands among those it was taken from, or in `own`, and how much of it is sent.
    sent: usize,
    own: Vec<u8>,
    answer: Vec<u8>,
    length: usize,
    under_way: Option<(usize, Instant)>,
}

impl Connection {
    /// Connects, says what has to be said first, and listens to readiness as number `place` of `poll`.
    pub(super) fn open(target: &Target, number: usize, place: usize, poll: &Poll) -> io::Result<Self> {
        let mut stream = std::net::TcpStream::connect(target.address)?;
        stream.set_nodelay(true)?;
        let mut answer = vec![0; 16 << 10];
        if !target.greeting.is_empty() {
            stream.write_all(&target.greeting)?;
            let mut length = 0;
            while !target.protocol.is_whole(&answer[..length])? {
                length += more(stream.read(&mut answer[length..])?)?;
            }
        }
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(place), interest)?;
        Ok(Self {
            stream,
            protocol: target.protocol,
            number,
            clock: 0,
            sent: 0,
            own: Vec::new(),
            answer,
            length: 0,
            under_way: None,
        })
    }

    pub(super) fn is_free(&self) -> bool {
        self.under_way.is_none()
    }

    /// Begins to send a request. Its time counts from `since`.
    pub(super) fn send(&mut self, requests: &[Request], place: usize, since: Instant) -> io::Result<()> {
        let request = &requests[place];
        if !request.patches.is_empty() {
            self.clock = now(request.unit).max(self.clock);
            self.own.clear();
            self.own.extend_from_slice(&request.bytes);
            request.set(&mut self.own, self.clock, self.number);
            self.clock += request.span;
        }
        self.sent = 0;
        self.length = 0;
        self.under_way = Some((place, since));
        self.write(requests)
    }

    /// Sends what can be sent without waiting.
    pub(super) fn write(&mut self, requests: &[Request]) -> io::Result<()> {
        let Some((place, _)) = self.under_way else {
            return Ok(());
        };
        let request = &requests[place];
        let bytes = if request.patches.is_empty() {
            &request.bytes
        } else {
            &self.own
        };
        while self.sent < bytes.len() {
            match self.stream.write(&bytes[self.sent..]) {
                Ok(sent) => self.sent += more(sent)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there; the place of the request and when it began, if its answer is whole now.
    pub(super) fn read(&mut self) -> io::Result<Option<(usize, Instant)>> {
        loop {
            if self.length == self.answer.len() {
                self.answer.resize(self.length * 2, 0);
            }
            let room = &mut self.answer[self.length..];
            let (read, is_all) = match self.stream.read(room) {
                Ok(read) => (more(read)?, read < room.len()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            self.length += read;
            if self.protocol.is_whole(&self.answer[..self.length])? {
                return Ok(self.under_way.take());
            }
            if is_all {
                return Ok(None);
            }
        }
    }
}

fn more(bytes: usize) -> io::Result<usize> {
    match bytes {
        0 => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server closed the connection",
        )),
        bytes => Ok(bytes),
    }
}

fn now(unit: Unit) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = if unit == Unit::Milliseconds {
        now.as_millis()
    } else {
        now.as_nanos()
    };
    u64::try_from(now).unwrap_or(u64::MAX)
}
