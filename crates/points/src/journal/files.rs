//! The files the journal is in: a folder, or in tests something that forgets what was not synced.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Where segments are.
pub(crate) trait Disk: Debug + Send + Sync {
    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes a file of zeros that is there, at this length, after any crash; or leaves none behind.
    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn SegmentFile>>;
    /// Opens a file.
    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>>;
    /// Removes a file. It may be there again after a crash.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A segment's file.
pub(crate) trait SegmentFile: Debug + Send {
    /// All that is in it.
    fn read(&self) -> io::Result<Vec<u8>>;
    /// Writes over a part of it.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns once all that was written is on the disk.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of a file system.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        std::fs::read_dir(&self.0)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let path = self.0.join(name);
        let make = || {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            // Written, not merely reserved: else the first sync of each part would have to note that it is in use.
            io::copy(&mut io::repeat(0).take(length), &mut &file)?;
            file.sync_all()?;
            self.sync()?;
            Ok(file)
        };
        match make() {
            Ok(file) => Ok(Box::new(Whole(file))),
            Err(error) => {
                let _ = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.0.join(name))?;
        Ok(Box::new(Whole(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }
}

#[derive(Debug)]
struct Whole(File);

impl SegmentFile for Whole {
    fn read(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.0.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
