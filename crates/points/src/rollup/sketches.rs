//! How the numbers of the hours of a day are spread, where their data points are gone.

use super::day::HOURS;
use crate::bytes::{Damaged, Reader};
use crate::sketch::Sketch;

/// Hours and their sketches, one after the other.
pub(crate) fn encode(sketches: &[(usize, Sketch)]) -> Vec<u8> {
    let mut to = Vec::new();
    for (hour, sketch) in sketches {
        to.push(u8::try_from(*hour).unwrap_or(0));
        sketch.encode(&mut to);
    }
    to
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<(usize, Sketch)>, Damaged> {
    let mut from = Reader(bytes);
    let mut sketches = Vec::new();
    while !from.is_empty() {
        let hour = usize::from(from.byte()?);
        if hour >= HOURS {
            return Err(Damaged);
        }
        sketches.push((hour, Sketch::decode(&mut from)?));
    }
    Ok(sketches)
}
