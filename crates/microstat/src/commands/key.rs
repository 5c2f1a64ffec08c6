//! `key replace`: the way out when the secret key of an installation is lost.

use clap::Subcommand;

use super::{Outcome, print};
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::state::Core;

/// What to do with the secret key.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Make the key of --secret-key (or of the data folder) the one that every process must have: when the other is lost.
    /// Invitation codes and links in mails that were made with that stop working
    Replace,
}

/// Makes this process's key the installation's.
///
/// # Errors
/// If the database can't be used.
pub async fn replace(config: Config, clock: Clock, random: Random) -> Outcome {
    let file = config.key_file();
    let core = Core::open_with_any_key(config, clock, random).await?;
    let mut tx = core.db.begin().await?;
    store::installation_keys::replace(&mut tx, core.keys.fingerprint(), core.now()).await?;
    tx.commit().await?;
    print(&format!(
        "{} is the key from now on. Give every process the same file, and start them again.",
        file.display()
    ))?;
    Ok(())
}
