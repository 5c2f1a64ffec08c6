//! How the numbers of the hours of a day are spread: of days that have minutes, and of those whose data points are gone.

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
    while let Some(hour) = next_hour(&mut from)? {
        sketches.push((hour, Sketch::decode(&mut from)?));
    }
    Ok(sketches)
}

/// Passes over the sketches of earlier hours; says whether this hour's comes next.
pub(crate) fn seek(from: &mut Reader<'_>, hour: usize) -> Result<bool, Damaged> {
    loop {
        let mut at = *from;
        match next_hour(&mut at)? {
            Some(there) if there < hour => Sketch::skip(&mut at)?,
            Some(there) if there == hour => {
                *from = at;
                return Ok(true);
            }
            _ => return Ok(false),
        }
        *from = at;
    }
}

fn next_hour(from: &mut Reader<'_>) -> Result<Option<usize>, Damaged> {
    if from.is_empty() {
        return Ok(None);
    }
    let hour = usize::from(from.byte()?);
    if hour < HOURS { Ok(Some(hour)) } else { Err(Damaged) }
}
