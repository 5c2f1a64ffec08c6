//! An app: publishes batch after batch over one connection, to a metric of its own, until the connection breaks. It
//! remembers what it was told.

use std::net::SocketAddr;

use crate::Failure;
use crate::http::{Connection, post_with};

/// Good data points a batch. Each has a number of its own as its value.
pub(super) const BATCH: usize = 20;

/// How an app says that a batch sent again is the same batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It doesn't, and sends nothing again.
    Plain,
    /// By an `Idempotency-Key`.
    Keyed,
    /// By an `id` of each data point.
    WithIds,
}

/// What an app knows of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It was sent, and there was no answer.
    Nothing,
    Kept,
    /// Nothing of it was kept.
    Refused,
}

/// An app and all it has published.
pub(super) struct App {
    pub(super) place: usize,
    pub(super) manner: Manner,
    pub(super) batches: Vec<Told>,
    /// The last keyed batch that was kept, and its answer.
    last: Option<(usize, String)>,
}

impl App {
    pub(super) fn new(place: usize) -> Self {
        Self {
            place,
            manner: [Manner::Plain, Manner::Keyed, Manner::WithIds][place % 3],
            batches: Vec::new(),
            last: None,
        }
    }

    /// Publishes until the connection breaks.
    pub(super) async fn publish(mut self, address: SocketAddr, path: String) -> Result<Self, Failure> {
        let Ok(mut connection) = Connection::open(address).await else {
            return Ok(self);
        };
        loop {
            let batch = self.batches.len();
            self.batches.push(Told::Nothing);
            if !self.send(&mut connection, &path, batch).await? {
                return Ok(self);
            }
        }
    }

    /// Sends again what nobody answered for, as far as that says that it is the same, and checks that a key gives the
    /// first answer. Tells how many keys were tried.
    pub(super) async fn settle(&mut self, address: SocketAddr, path: &str) -> Result<usize, Failure> {
        let mut connection = Connection::open(address).await?;
        let last = self.last.take();
        if self.manner != Manner::Plain {
            for batch in 0..self.batches.len() {
                if self.batches[batch] == Told::Nothing && !self.send(&mut connection, path, batch).await? {
                    return Err("a connection broke though nobody was killed".into());
                }
            }
        }
        let Some((batch, first)) = last else { return Ok(0) };
        connection.send(&self.request(path, batch)).await?;
        let is_replayed = connection.headers("idempotent-replayed") == ["true"];
        if !is_replayed || connection.text() != first {
            return Err(format!("a key gave {} for {first}", connection.text()).into());
        }
        Ok(1)
    }

    /// Sends a batch and notes what is answered; false if the connection broke.
    async fn send(&mut self, connection: &mut Connection, path: &str, batch: usize) -> Result<bool, Failure> {
        let Ok(status) = connection.send(&self.request(path, batch)).await else {
            return Ok(false);
        };
        self.batches[batch] = match status {
            200 | 201 => Told::Kept,
            503 => Told::Refused,
            _ => return Err(format!("publishing answers {status}: {}", connection.text()).into()),
        };
        if self.manner == Manner::Keyed && status != 503 {
            self.last = Some((batch, connection.text()));
        }
        Ok(true)
    }

    /// A batch; each seventh has a data point that is refused.
    fn request(&self, path: &str, batch: usize) -> Vec<u8> {
        let place = self.place;
        let mut points: Vec<String> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|value| {
                let id = match self.manner {
                    Manner::WithIds => format!(r#","id":"{place}-{value}""#),
                    _ => String::new(),
                };
                format!(r#"{{"name":"App {place}","type":"Counter","value":{value}{id}}}"#)
            })
            .collect();
        if batch.is_multiple_of(7) {
            points.push(r#"{"name":"Refused","type":"Timer","value":-1}"#.to_owned());
        }
        let key = match self.manner {
            Manner::Keyed => format!("Idempotency-Key: {place}-{batch}\r\n"),
            _ => String::new(),
        };
        post_with(path, &key, &format!("[{}]", points.join(",")))
    }
}
