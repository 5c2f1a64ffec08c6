//! Sub-commands: a file a noun. They work beside a running server, and print what they made on standard output.

pub mod backup;
pub mod demo;
pub mod key;
mod manifest;
pub mod moving;
pub mod points;
pub mod restore;
pub mod token;
pub mod user;

use std::error::Error;
use std::io::{self, Write};

/// What a sub-command comes to; the error's text is for whoever typed the command.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Prints one line. Unlike `println!`, it says so when nobody reads it.
fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
