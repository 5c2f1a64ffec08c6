//! `user create`: an account made by the operator, who vouches for its address.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::{Args, Subcommand};
use domain::email::EmailAddress;
use domain::name::Name;
use domain::password::Password;
use serde_json::json;

use super::{Outcome, print};
use crate::auth::{opening, password};
use crate::state::Core;

/// More bytes than any password has.
const LONGEST_LINE: u64 = 4 << 10;

/// What to do with accounts.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Make an account with an organisation and a first project; the password is one line on standard input
    Create(Create),
}

/// An account to be made.
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// The person's e-mail address; it counts as verified
    #[arg(long, value_parser = EmailAddress::new)]
    pub email: EmailAddress,
    /// The person's name
    #[arg(long, value_parser = Name::new)]
    pub name: Name,
}

/// Makes an account and prints one line of JSON with the ids that programs need.
///
/// # Errors
/// If the password can't be read or is refused, the address has an account, or the database refuses. Nothing is
/// made then.
pub async fn create(core: &Core, new: &Create) -> Outcome {
    let password = read_password()?;
    password
        .check(&new.email)
        .map_err(|error| format!("password: {error}"))?;
    let hash = password::hash(core, password).await?;
    let mut tx = core.db.begin().await?;
    let verified_at = Some(core.now());
    let opened = opening::open(&mut tx, core, &new.name, &new.email, &hash, verified_at).await?;
    let opened = opened.ok_or_else(|| format!("{} has an account already", new.email))?;
    tx.commit().await?;
    let made = json!({
        "user": opened.user,
        "email": new.email.as_str(),
        "organisation": opened.organisation,
        "project": opened.project,
        "dsn": opened.dsn.to_string(),
        "url": core.config.link(&format!("/projects/{}", opened.project)),
    });
    print(&made.to_string())?;
    Ok(())
}

fn read_password() -> io::Result<Password> {
    if io::stdin().is_terminal() {
        eprint!("Password (it is shown as you type): ");
    }
    let mut line = String::new();
    io::stdin().lock().take(LONGEST_LINE).read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(io::Error::other("no password: give it as one line on standard input"));
    }
    Ok(Password::typed(text))
}
