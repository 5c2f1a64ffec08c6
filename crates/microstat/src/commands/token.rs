//! `token create`: an API token for somebody who has an account.

use clap::{Args, Subcommand};
use domain::email::EmailAddress;
use domain::id::TokenId;
use domain::name::Name;
use domain::role::Role;
use store::api_tokens::NewToken;

use super::{Outcome, print};
use crate::secrets::Secret;
use crate::state::Core;

/// What to do with API tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Make an API token with the rights of a person, and print it alone; it is not shown again
    Create(Create),
}

/// A token to be made.
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// The e-mail address of the person whose rights it has
    #[arg(long, value_parser = EmailAddress::new)]
    pub email: EmailAddress,
    /// What to call the token
    #[arg(long, value_parser = Name::new)]
    pub name: Name,
}

/// Makes a token and prints it. It may do whatever its person may, in every organisation of theirs.
///
/// # Errors
/// If nobody has this address, or the database refuses. No token is made then.
pub async fn create(core: &Core, new: &Create) -> Outcome {
    let mut tx = core.db.begin().await?;
    let found = store::users::find_by_email(&mut tx, new.email.canonical()).await?;
    let (user, _) = found.ok_or_else(|| format!("nobody has an account with {}", new.email))?;
    let token = Secret::token(&core.random);
    let kept = NewToken {
        id: TokenId::from_random(core.random.bits()),
        user: user.id,
        organisation: None,
        role: Role::Administrator,
        name: &new.name,
        token_hash: token.hash(),
        last_four: token.last_four(),
    };
    store::api_tokens::create(&mut tx, kept, core.now()).await?;
    tx.commit().await?;
    print(token.reveal())?;
    Ok(())
}
