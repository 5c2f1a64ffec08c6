//! PostgreSQL, by inserts and by copying, over its own protocol. It syncs before it answers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use super::running::Running;
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::{Protocol, Request};
use crate::process::run;

const TABLE: &str = "create table points (at timestamptz not null default now(), metric text not null, \
    value double precision, word text); create index on points (metric, at)";

pub(super) async fn start() -> Result<Running, Failure> {
    let programs = programs()?;
    let mut running = Running::prepare()?;
    let folder = running.folder().to_owned();
    let is_root = run(Command::new("id").arg("-u"))?.trim() == "0";
    if is_root {
        run(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let data = folder.join("data");
    let mut make = program(&programs.join("initdb"), &folder, is_root);
    make.arg("-D").arg(&data);
    run(make.args(["-U", "postgres", "--auth=trust", "--no-locale", "-E", "UTF8"]))?;
    let mut serve = program(&programs.join("postgres"), &folder, is_root);
    serve
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-p", &running.address.port().to_string(), "-k"])
        .arg(&folder)
        .args(["-c", "max_connections=300"]);
    running.start(&mut serve)?;
    running.end_by_asking();
    running.protocol = Protocol::Postgres;
    running.greeting = greeting();
    let mut create = Command::new(programs.join("psql"));
    create.args(["-h", "127.0.0.1", "-U", "postgres", "-q", "-c", TABLE]);
    create.args(["-p", &running.address.port().to_string()]);
    for _ in 0..100 {
        if run(&mut create).is_ok() {
            return Ok(running);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    run(&mut create)?;
    Ok(running)
}

/// The newest version on this machine: Debian's package sets up a cluster of its own, so it is not unpacked.
fn programs() -> Result<PathBuf, Failure> {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|entries| entries.flatten().collect::<Vec<_>>());
    let newest = versions.unwrap_or_default().into_iter().map(|entry| entry.path()).max();
    let missing = || io::Error::other("not on this machine: `apt-get install postgresql`");
    Ok(newest.ok_or_else(missing)?.join("bin"))
}

/// PostgreSQL refuses to run as root.
fn program(path: &Path, folder: &Path, is_root: bool) -> Command {
    let mut command = if is_root {
        Command::new("setpriv")
    } else {
        Command::new(path)
    };
    if is_root {
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(path);
    }
    command.current_dir(folder);
    command
}

/// Version 3.0 of the protocol, a user, a database.
fn greeting() -> Vec<u8> {
    let rest = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let mut bytes = u32::try_from(rest.len() + 4).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend_from_slice(rest);
    bytes
}

pub(super) fn insert(points: &[DataPoint]) -> Request {
    let rows = points.iter().map(|point| {
        let word = point.word().map_or("null".to_owned(), |word| format!("'{word}'"));
        format!("('Metric {}',{},{word})", point.metric, point.number())
    });
    let rows = rows.collect::<Vec<_>>().join(",");
    let mut bytes = Vec::new();
    message(
        b'Q',
        &format!("insert into points (metric, value, word) values {rows}\0"),
        &mut bytes,
    );
    Request::fixed(bytes, points.len())
}

pub(super) fn copy(points: &[DataPoint]) -> Request {
    let rows = points.iter().map(|point| {
        let word = point.word().unwrap_or_else(|| "\\N".to_owned());
        format!("Metric {}\t{}\t{word}\n", point.metric, point.number())
    });
    let mut bytes = Vec::new();
    message(b'Q', "copy points (metric, value, word) from stdin\0", &mut bytes);
    message(b'd', &rows.collect::<String>(), &mut bytes);
    message(b'c', "", &mut bytes);
    Request::fixed(bytes, points.len())
}

/// A letter, a length that counts itself, and the rest.
fn message(letter: u8, text: &str, bytes: &mut Vec<u8>) {
    bytes.push(letter);
    bytes.extend(u32::try_from(text.len() + 4).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}
