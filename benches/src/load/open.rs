//! A load that doesn't wait for the server: so many requests a second, whatever becomes of them. A request's time
//! counts from when it should have been sent, so a server that stalls can't hide how many would have waited.

use std::collections::VecDeque;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use super::connection::Connection;
use super::{Outcome, Target};

/// How long it looks away when there is nothing to do. Readiness is told to the millisecond only, which is too coarse.
const NAP: Duration = Duration::from_micros(100);
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `a_second` requests a second for so long, over so many connections.
///
/// # Errors
/// If a connection breaks, or an answer is a refusal.
pub(crate) fn open(target: &Target, connections: usize, a_second: f64, lasts: Duration) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let numbers = 0..connections;
    let mut connections: Vec<_> = numbers
        .map(|number| Connection::open(target, number, number, &poll))
        .collect::<io::Result<_>>()?;
    // taken in turn, so that all connections are used
    let mut free: VecDeque<usize> = (0..connections.len()).collect();
    let mut events = Events::with_capacity(connections.len());
    let mut outcome = Outcome::default();
    let gap = Duration::from_secs_f64(1.0 / a_second);
    let started = Instant::now();
    let (end, mut due, mut next) = (started + lasts, started, 0);
    while due < end || free.len() < connections.len() {
        let mut is_idle = true;
        while due < end && due <= Instant::now() {
            let Some(place) = free.pop_front() else { break };
            connections[place].send(&target.requests, next % target.requests.len(), due)?;
            next += 1;
            due += gap;
            is_idle = false;
        }
        poll.poll(&mut events, Some(Duration::ZERO))?;
        for event in &events {
            let place = event.token().0;
            let connection = &mut connections[place];
            if event.is_writable() {
                connection.write(&target.requests)?;
            }
            if connection.is_free() {
                continue;
            }
            if let Some((request, since)) = connection.read()? {
                outcome.points += target.requests[request].points;
                outcome.times_ms.push(since.elapsed().as_secs_f32() * 1e3);
                free.push_back(place);
                is_idle = false;
            }
        }
        if is_idle {
            if started.elapsed() > lasts + PATIENCE {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "answers are missing after 30 seconds",
                ));
            }
            sleep(NAP);
        }
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome.sort();
    Ok(outcome)
}
