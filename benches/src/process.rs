//! A process that was started here, what it costs, and its end: it ends with the value that stands for it, whatever
//! happens in between.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::Failure;

/// Clock ticks a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;
/// How long a process may take to end when it is asked to, in tenths of a second.
const PATIENCE: usize = 50;

/// A running process, and those it has started.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    /// Whether it is asked to end before it is ended: PostgreSQL's own processes end by themselves only then.
    is_asked: bool,
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_asked {
            let _ = Command::new("sh")
                .args(["-c", "kill -INT \"$0\"", &self.child.id().to_string()])
                .status();
            for _ in 0..PATIENCE {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                sleep(Duration::from_millis(100));
            }
        }
        self.kill();
    }
}

impl Process {
    /// Starts it; what it prints goes into a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self, Failure> {
        let file = File::create(log)?;
        let started = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn();
        let child = started.map_err(|error| format!("{} can't be started: {error}", name(command)))?;
        let log = log.to_owned();
        Ok(Self {
            child,
            log,
            is_asked: false,
        })
    }

    /// Asks it to end when its time has come, instead of killing it at once.
    pub(crate) fn asked(mut self) -> Self {
        self.is_asked = true;
        self
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// # Errors
    /// With the end of what it printed, if it isn't running any more.
    pub(crate) fn is_running(&mut self) -> Result<(), Failure> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let log = fs::read(&self.log).unwrap_or_default();
        let end = String::from_utf8_lossy(&log[log.len().saturating_sub(800)..]).into_owned();
        Err(format!("it ended with {status}: {}", end.trim()).into())
    }

    /// Seconds of processor that it and its own have used.
    pub(crate) fn cpu_s(&self) -> Result<f64, Failure> {
        let mut ticks = 0.0;
        for id in self.family()? {
            let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
                continue;
            };
            let (_, fields) = stat.rsplit_once(')').ok_or("unreadable stat")?;
            // its own time in and outside the kernel, then that of its children that have ended
            let times = fields.split_whitespace().skip(11).take(4).map(str::parse::<f64>);
            ticks += times.sum::<Result<f64, _>>()?;
        }
        Ok(ticks / TICKS)
    }

    /// Most memory it had at once, in MB; of several processes that share memory, what they have now.
    pub(crate) fn peak_mb(&self) -> Result<f64, Failure> {
        match self.family()?.as_slice() {
            [id] => kib(&format!("/proc/{id}/status"), "VmHWM:"),
            family => {
                let each = |id: &u32| kib(&format!("/proc/{id}/smaps_rollup"), "Pss:").unwrap_or(0.0);
                Ok(family.iter().map(each).sum())
            }
        }
    }

    /// Memory it has now, in MB.
    pub(crate) fn memory_mb(&self) -> Result<f64, Failure> {
        kib(&format!("/proc/{}/status", self.child.id()), "VmRSS:")
    }

    /// It and its descendants.
    fn family(&self) -> Result<Vec<u32>, Failure> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1));
            if let Some(parent) = parent.and_then(|parent| parent.parse::<u32>().ok()) {
                parents.push((id, parent));
            }
        }
        let mut family = vec![self.child.id()];
        let mut seen = 0;
        while let Some(&of) = family.get(seen) {
            family.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(id, _)| id));
            seen += 1;
        }
        Ok(family)
    }
}

/// A line of a file in `/proc` that tells KiB, in MB.
fn kib(file: &str, label: &str) -> Result<f64, Failure> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: f64 = number.ok_or_else(|| format!("no {label} in {file}"))?.trim().parse()?;
    Ok(kib * 1_024.0 / 1e6)
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}

/// Runs a command to its end.
///
/// # Errors
/// With what it printed, if it fails.
pub(crate) fn run(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{} can't be started: {error}", name(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed: {}", name(command), said.trim()).into())
}
