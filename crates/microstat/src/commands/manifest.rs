//! What a backup says of itself, in `manifest.json`: when it was made, and each file with its checksum.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use data_encoding::HEXLOWER;
use domain::time::{Micros, SECOND};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const NAME: &str = "manifest.json";
/// Rises when a backup is laid out in a way that older versions would misread.
const FORMAT: u32 = 1;

/// Where the accounts of a backup are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Accounts {
    /// In the backup.
    Sqlite,
    /// In a dump that its operator made of the PostgreSQL database.
    Postgres,
}

/// A backup's manifest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The program's version.
    version: String,
    /// When the copying began: all that was acknowledged by then is in it.
    pub(super) made_at: String,
    pub(super) accounts: Accounts,
    pub(super) files: Vec<Entry>,
}

/// A file of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its path in the backup.
    pub(super) name: String,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Of everything that is in the folder.
    pub(super) fn of(folder: &Path, accounts: Accounts, made_at: Micros) -> io::Result<Self> {
        let mut files = Vec::new();
        list(folder, Path::new(""), &mut files)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: made_at.floor(SECOND).to_string(),
            accounts,
            files,
        })
    }

    /// Writes it into the folder.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = File::create_new(folder.join(NAME))?;
        serde_json::to_writer_pretty(&file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// Reads a backup's manifest and holds every file against it.
    pub(super) fn verified(folder: &Path) -> Result<Self, String> {
        let path = folder.join(NAME);
        let text = fs::read(&path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| format!("{} is damaged: {error}", path.display()))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "it was made by version {}, which this one can't read",
                manifest.version
            ));
        }
        for entry in &manifest.files {
            entry.verify(folder)?;
        }
        Ok(manifest)
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Entry {
    fn verify(&self, folder: &Path) -> Result<(), String> {
        let path = Path::new(&self.name);
        // A manifest leads nowhere out of its folder.
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("its manifest names {}", self.name));
        }
        let (bytes, sha256) = sum(&folder.join(path)).map_err(|error| format!("{}: {error}", self.name))?;
        if (bytes, &sha256) != (self.bytes, &self.sha256) {
            return Err(format!("{} is not what was written", self.name));
        }
        Ok(())
    }

    /// Where it is in a folder.
    pub(super) fn within(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name)
    }
}

fn list(folder: &Path, under: &Path, files: &mut Vec<Entry>) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(under))? {
        let entry = entry?;
        let path = under.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(folder, &path, files)?;
        } else {
            let (bytes, sha256) = sum(&folder.join(&path))?;
            let name = path.to_string_lossy().into_owned();
            files.push(Entry { name, bytes, sha256 });
        }
    }
    Ok(())
}

/// The length of a file, and its SHA-256 in hexadecimal.
fn sum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((length, HEXLOWER.encode(&hash.finalize())));
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}
