//! A copy of the store while it is being used.
//!
//! The journal's segments are copied first, the database after them. So what the copy of the journal lacks, because it
//! was sealed and written over meanwhile, is in the copy of the database; and what both have is told apart by the
//! number of the last sealed record, as at every start. Segments that came into use after the copying began are left
//! out, for those before them may have been copied when they were shorter; what is in them came later.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::journal::segment;
use crate::{Error, Points, schema};

impl Points {
    /// Writes a consistent copy of all that was acknowledged to a new file, `points.db`, and a folder `journal` beside
    /// it, while others go on reading and writing. Opened as a data folder, it is that store.
    ///
    /// # Errors
    /// If the file exists or can't be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        let (dir, file) = (self.inner.dir.clone(), file.to_owned());
        let copied = tokio::task::spawn_blocking(move || copy(&dir, &file)).await;
        copied.map_err(|panic| Error::unavailable(&panic))?
    }
}

/// Copies the store in a folder, which another process may have open.
pub(crate) fn copy(dir: &Path, file: &Path) -> Result<(), Error> {
    if file.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    let to = file.with_file_name("journal");
    std::fs::create_dir_all(&to)?;
    journal(&dir.join("journal"), &to)?;
    let connection = schema::reading(&dir.join("points.db"))?;
    connection.execute("vacuum into ?1", [file.to_string_lossy()])?;
    File::open(file)?.sync_all()?;
    for folder in [Some(to.as_path()), file.parent()].into_iter().flatten() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn journal(from: &Path, to: &Path) -> io::Result<()> {
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
        let (Ok(bytes), Some(name)) = (std::fs::read(&path), path.file_name()) else {
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
