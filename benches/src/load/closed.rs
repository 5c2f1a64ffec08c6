//! The most a server takes: each connection sends as soon as it has been answered.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use super::connection::Connection;
use super::{Outcome, Target};

/// Loads a server for so long, with so many connections shared by so many threads.
///
/// # Errors
/// If a connection breaks, or an answer is a refusal.
pub(crate) fn closed(target: &Target, connections: usize, threads: usize, lasts: Duration) -> io::Result<Outcome> {
    let mut fleets = Vec::new();
    for thread in 0..threads {
        let numbers: Vec<usize> = (thread..connections).step_by(threads).collect();
        fleets.push(Fleet::open(target, &numbers)?);
    }
    let started = Instant::now();
    let end = started + lasts;
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        let load = |mut fleet: Fleet| scope.spawn(move || fleet.run(target, end));
        let running: Vec<_> = fleets.into_iter().map(load).collect();
        for thread in running {
            outcome.add(thread.join().map_err(|_| io::Error::other("the load panicked"))??);
        }
        io::Result::Ok(())
    })?;
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome.sort();
    Ok(outcome)
}

struct Fleet {
    poll: Poll,
    connections: Vec<Connection>,
    next: usize,
}

impl Fleet {
    fn open(target: &Target, numbers: &[usize]) -> io::Result<Self> {
        let poll = Poll::new()?;
        let numbered = numbers.iter().enumerate();
        let connections = numbered.map(|(place, &number)| Connection::open(target, number, place, &poll));
        Ok(Self {
            connections: connections.collect::<io::Result<_>>()?,
            poll,
            next: numbers.first().copied().unwrap_or(0),
        })
    }

    fn run(&mut self, target: &Target, end: Instant) -> io::Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut events = Events::with_capacity(self.connections.len());
        let mut under_way = 0;
        for place in 0..self.connections.len() {
            self.send(target, place, Instant::now())?;
            under_way += 1;
        }
        while under_way > 0 {
            self.poll.poll(&mut events, Some(Duration::from_secs(30)))?;
            if events.is_empty() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer for 30 seconds"));
            }
            for event in &events {
                let place = event.token().0;
                let connection = &mut self.connections[place];
                if event.is_writable() {
                    connection.write(&target.requests)?;
                }
                if connection.is_free() {
                    continue;
                }
                let Some((request, since)) = connection.read()? else {
                    continue;
                };
                let now = Instant::now();
                outcome.points += target.requests[request].points;
                outcome.times_ms.push((now - since).as_secs_f32() * 1e3);
                if now < end {
                    self.send(target, place, now)?;
                } else {
                    under_way -= 1;
                }
            }
        }
        Ok(outcome)
    }

    fn send(&mut self, target: &Target, place: usize, now: Instant) -> io::Result<()> {
        let request = self.next % target.requests.len();
        self.next += 1;
        self.connections[place].send(&target.requests, request, now)
    }
}
