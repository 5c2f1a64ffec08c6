//! Moving data points from a data folder to ClickHouse, and back; also while the folder takes more of them.
//!
//! They go by parts: a UTC day of a project, each known by what is in it. A part that the target has as it is stays, one that
//! differs is taken away there and brought anew. So a run that was stopped anywhere is gone on with, and a run after others
//! brings what has changed since. What is kept of old days as sums alone goes as these. At the end both sides are added up,
//! metric by metric, and compared.

mod folder;
mod part;
mod total;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use domain::id::ProjectId;

pub(crate) use part::{Line, Part, Portion, Put, Rolled, Stamp, mark};
pub use total::Difference;
pub(crate) use total::{Total, Totals};

pub(crate) use crate::clickhouse::arriving::AtOnce;
use crate::clickhouse::{arriving, leaving};
use crate::journal::entry::Horizons;
use crate::{Address, Error, Options, Points};

/// Where data points are.
#[derive(Clone, Debug)]
pub enum Whereabouts {
    /// In a data folder.
    Folder(PathBuf),
    /// In ClickHouse.
    ClickHouse(Address),
}

impl From<PathBuf> for Whereabouts {
    fn from(dir: PathBuf) -> Self {
        Self::Folder(dir)
    }
}

impl From<Address> for Whereabouts {
    fn from(address: Address) -> Self {
        Self::ClickHouse(address)
    }
}

/// How far moving is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many days of so many were looked at.
    Looking(u64, u64),
    /// So many data points of so many were brought.
    Bringing(u64, u64),
    /// Both sides are added up.
    Adding,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Data points that were brought.
    pub brought: u64,
    /// Data points there are where they come from.
    pub all: u64,
    /// Data points there are where they go.
    pub there: u64,
    /// Metrics, and those that don't add up to the same.
    pub metrics: usize,
    /// Those that don't add up to the same.
    pub differences: Vec<Difference>,
}

enum Source {
    Folder(folder::Source),
    ClickHouse(Box<leaving::Source>),
}

enum Target {
    Folder(folder::Target),
    ClickHouse(Box<arriving::Target>),
}

impl Points {
    /// Brings the data points of an installation from one place to another, which has none but those that earlier runs
    /// brought. `tell` hears how far it is, and may stop it between two parts. Blocks its thread.
    ///
    /// # Errors
    /// If it was stopped; if there are other data points at the target, or either place can't be used.
    pub fn bring(
        from: &Whereabouts,
        to: &Whereabouts,
        installation: [u8; 32],
        tell: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Moved, Error> {
        bring(from, to, installation, AtOnce::default(), tell)
    }

    /// Copies what tells batches and data points that come again from one data folder to another, which must not have been
    /// used: so what is sent again after a move is still known.
    ///
    /// # Errors
    /// If a folder can't be read or written.
    pub fn bring_keys(from: &Path, to: &Path, installation: [u8; 32]) -> Result<(), Error> {
        folder::keys(from, to, installation, &Options::default())
    }
}

/// As [`Points::bring`], so much at once.
pub(crate) fn bring(
    from: &Whereabouts,
    to: &Whereabouts,
    installation: [u8; 32],
    at_once: AtOnce,
    mut tell: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Moved, Error> {
    let mut tell = |progress| match tell(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    };
    let mut source = Source::open(from)?;
    let mut target = Target::open(to, installation, at_once)?;
    let parts = source.parts(&mut |done, of| tell(Progress::Looking(done, of)))?;
    let missing = target.missing(&parts)?;
    let points = |part| parts.get(part).map_or(0, |stamp| stamp.points);
    let all = missing.iter().map(points).sum();
    let mut brought = 0;
    tell(Progress::Bringing(brought, all))?;
    for part in &missing {
        target.write(*part, |put| source.read(*part, put))?;
        brought += points(part);
        if let Err(stopped) = tell(Progress::Bringing(brought, all)) {
            target.flush()?;
            return Err(stopped);
        }
    }
    target.finish(&mut source)?;
    tell(Progress::Adding)?;
    let (ours, theirs) = (source.totals()?, target.totals()?);
    let count = |totals: &Totals| totals.values().map(|total| total.sum.count).sum();
    Ok(Moved {
        brought,
        all: count(&ours),
        there: count(&theirs),
        metrics: ours.len(),
        differences: total::differences(&ours, &theirs),
    })
}

impl Source {
    fn open(from: &Whereabouts) -> Result<Self, Error> {
        Ok(match from {
            Whereabouts::Folder(dir) => Self::Folder(folder::Source::open(dir)?),
            Whereabouts::ClickHouse(address) => Self::ClickHouse(Box::new(leaving::Source::open(address.clone())?)),
        })
    }

    fn parts(&mut self, tell: &mut dyn FnMut(u64, u64) -> Result<(), Error>) -> Result<BTreeMap<Part, Stamp>, Error> {
        match self {
            Self::Folder(from) => from.parts(tell),
            Self::ClickHouse(from) => from.parts(),
        }
    }

    fn read(&mut self, part: Part, put: &mut Put<'_>) -> Result<u64, Error> {
        match self {
            Self::Folder(from) => from.read(part, put),
            Self::ClickHouse(from) => from.read(part, put),
        }
    }

    fn lines(&self) -> Result<Vec<Line>, Error> {
        match self {
            Self::Folder(from) => from.lines(),
            Self::ClickHouse(from) => from.lines(),
        }
    }

    fn horizons(&mut self) -> Result<BTreeMap<ProjectId, Horizons>, Error> {
        match self {
            Self::Folder(from) => from.horizons(),
            Self::ClickHouse(from) => Ok(from.horizons()),
        }
    }

    fn totals(&mut self) -> Result<Totals, Error> {
        match self {
            Self::Folder(from) => from.totals(),
            Self::ClickHouse(from) => from.totals(),
        }
    }
}

impl Target {
    fn open(to: &Whereabouts, installation: [u8; 32], at_once: AtOnce) -> Result<Self, Error> {
        Ok(match to {
            Whereabouts::Folder(dir) => Self::Folder(folder::Target::open(dir, installation, &Options::default())?),
            Whereabouts::ClickHouse(address) => Self::ClickHouse(Box::new(arriving::Target::open(
                address.clone(),
                installation,
                at_once,
            )?)),
        })
    }

    fn missing(&mut self, parts: &BTreeMap<Part, Stamp>) -> Result<BTreeSet<Part>, Error> {
        match self {
            Self::Folder(to) => to.missing(parts),
            Self::ClickHouse(to) => to.missing(parts),
        }
    }

    fn write(&mut self, part: Part, fill: impl FnOnce(&mut Put<'_>) -> Result<u64, Error>) -> Result<(), Error> {
        match self {
            Self::Folder(to) => to.write(part, fill),
            Self::ClickHouse(to) => to.write(part, fill),
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::ClickHouse(to) => to.flush(),
        }
    }

    fn finish(&mut self, source: &mut Source) -> Result<(), Error> {
        match self {
            Self::Folder(to) => to.finish(&source.lines()?),
            Self::ClickHouse(to) => to.finish(&source.lines()?, &source.horizons()?),
        }
    }

    fn totals(&mut self) -> Result<Totals, Error> {
        match self {
            Self::Folder(to) => to.totals(),
            Self::ClickHouse(to) => to.totals(),
        }
    }
}
