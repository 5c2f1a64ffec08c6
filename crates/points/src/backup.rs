//! A copy of the store while it is being used, by this process or another one.
//!
//! The journal's segments are copied first, the database after them. So what the copy of the journal lacks, because it
//! was sealed and written over meanwhile, is in the copy of the database; and what both have is told apart by the
//! number of the last sealed record, as at every start. Segments that came into use after the copying began are left
//! out, for those before them may have been copied when they were shorter; what is in them came later.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::journal::{record, segment};
use crate::{Error, Points, schema};

/// How often a segment that is being written is read until what was read is of one moment.
const READINGS: usize = 10;

impl Points {
    /// Copies the store in the folder `dir`, which any process may have open and go on writing, into the folder `to`,
    /// which must have none. All that was acknowledged before this was called is in the copy, and it is on the disk
    /// when this returns.
    ///
    /// # Errors
    /// If there is no store in `dir`, there is one in `to`, or a file can't be read or written.
    pub fn copy(dir: &Path, to: &Path) -> Result<(), Error> {
        let (from, file) = (dir.join("points.db"), to.join("points.db"));
        if !from.exists() {
            let none = format!("there is no {}", from.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, none).into());
        }
        if file.exists() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        let journal = to.join("journal");
        std::fs::create_dir(&journal)?;
        copy_journal(&dir.join("journal"), &journal)?;
        let connection = schema::reading(&from)?;
        connection.execute("vacuum into ?1", [file.to_string_lossy()])?;
        File::open(&file)?.sync_all()?;
        for folder in [&journal, to] {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn copy_journal(from: &Path, to: &Path) -> io::Result<()> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        // One that is gone meanwhile was sealed.
        if let Ok(bytes) = std::fs::read(&path)
            && let Some((epoch, _)) = segment::read(&bytes)
        {
            segments.push((epoch, path));
        }
    }
    let newest = segments.iter().map(|(epoch, _)| *epoch).max();
    // The newest first: an older one can't grow any more once a newer one is there.
    segments.sort_unstable_by_key(|(epoch, _)| std::cmp::Reverse(*epoch));
    for (_, path) in segments {
        let (Ok(bytes), Some(name)) = (of_one_moment(&path), path.file_name()) else {
            continue;
        };
        let epoch = segment::read(&bytes).map(|(epoch, _)| epoch);
        if epoch.is_some() && epoch <= newest {
            let mut file = OpenOptions::new().write(true).create_new(true).open(to.join(name))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
        }
    }
    Ok(())
}

/// A segment as it is at one moment. Reading one while it grows may miss a record and find the next one, which looks
/// like damage; but damage is still there when it is read again.
fn of_one_moment(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = std::fs::read(path)?;
    for _ in 1..READINGS {
        if !has_gap(&bytes) {
            break;
        }
        bytes = std::fs::read(path)?;
    }
    Ok(bytes)
}

fn has_gap(bytes: &[u8]) -> bool {
    let Some((epoch, mut next)) = segment::read(bytes) else {
        return false;
    };
    let mut rest = bytes.get(segment::HEAD..).unwrap_or_default();
    while let Some((_, _, length)) = record::read(rest).filter(|(head, ..)| (head.epoch, head.seq) == (epoch, next)) {
        rest = rest.get(length..).unwrap_or_default();
        next += 1;
    }
    let is_later = |head: record::Head| head.epoch == epoch && head.seq > next;
    record::scan(rest, is_later).next().is_some()
}
