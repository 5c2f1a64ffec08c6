//! Debian's packages, unpacked beside what was built: nothing is installed, and nobody needs to be root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::process::run;

/// Where packages are unpacked.
#[derive(Clone, Debug)]
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// In `target/peers`, beside the folder this program was built into.
    pub(crate) fn new() -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(2).ok_or("this program lies in no folder")?;
        let folder = target.join("peers");
        Ok(Self { folder })
    }

    /// The folder that a package is unpacked in, with all it needs that this machine hasn't. It is fetched once.
    ///
    /// # Errors
    /// If it can't be had; the message says what to do.
    pub(crate) fn unpack(&self, package: &str) -> Result<PathBuf, Failure> {
        let root = self.folder.join(package);
        if root.is_dir() {
            return Ok(root);
        }
        let fetched = tempfile::tempdir_in(self.made()?)?;
        fs::create_dir(fetched.path().join("partial"))?;
        eprintln!("fetching {package} from Debian …");
        let mut fetch = Command::new("apt-get");
        fetch
            .args([
                "install",
                "--download-only",
                "--reinstall",
                "--no-install-recommends",
                "-qqy",
            ])
            .args(["-o", "Debug::NoLocking=1", "-o"])
            .arg(format!("Dir::Cache::archives={}", fetched.path().display()))
            .arg(package);
        run(&mut fetch).map_err(|error| format!("{error}. Try `apt-get update`, on Debian 12"))?;
        // under another name until it is whole
        let half = fetched.path().join("root");
        for entry in fs::read_dir(fetched.path())?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "deb") {
                run(Command::new("dpkg").arg("-x").arg(entry.path()).arg(&half))?;
            }
        }
        fs::rename(&half, &root)?;
        Ok(root)
    }

    fn made(&self) -> Result<&Path, Failure> {
        fs::create_dir_all(&self.folder)?;
        Ok(&self.folder)
    }
}
