//! What data points are moved in: a UTC day of a project at a time, which is there wholly or not at all.

use domain::id::{MetricId, ProjectId};
use sha2::{Digest, Sha256};

use crate::head::generation::Contents;
use crate::kind::Kind;
use crate::rollup::{Day, Minutes};
use crate::sketch::Sketch;

/// A UTC day of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    /// Since 1970. First, so that what is moved goes by time.
    pub(crate) day: i64,
    pub(crate) project: ProjectId,
}

/// What a part is known by: another mark, other contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) mark: u64,
    /// Data points it has or had.
    pub(crate) points: u64,
}

/// Some of a part.
#[derive(Debug)]
pub(crate) enum Portion {
    /// Data points, those of each metric by time.
    Points(Contents),
    /// What a metric's day adds up to, whose data points are gone.
    Rolled(Box<Rolled>),
}

/// A day of a metric whose data points are gone.
#[derive(Debug)]
pub(crate) struct Rolled {
    pub(crate) metric: MetricId,
    pub(crate) rollup: Day,
    /// Hours that have minutes.
    pub(crate) minutes: Vec<(usize, Minutes)>,
    /// How the numbers of its hours are spread.
    pub(crate) sketches: Vec<(usize, Sketch)>,
}

/// A metric, and when it first and last came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) metric: MetricId,
    pub(crate) project: ProjectId,
    pub(crate) kind: Kind,
    pub(crate) span: (i64, i64),
}

/// Where portions of a part go.
pub(crate) type Put<'p> = dyn FnMut(Portion) -> Result<(), crate::Error> + 'p;

/// The first 64 bits of a hash.
pub(crate) fn mark(hash: Sha256) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_le_bytes(first)
}

impl Part {
    /// What it is called where it arrives: as no part of another installation is.
    pub(crate) fn name(self, installation: &[u8; 32]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(installation);
        hash.update(self.project.0.to_le_bytes());
        hash.update(self.day.to_le_bytes());
        mark(hash)
    }
}
