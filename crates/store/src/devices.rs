//! Devices an account was ever signed in on, by what they call themselves: a sign-in from another one is told.

use domain::id::UserId;
use domain::time::Micros;

use crate::db::sql;
use crate::{Result, Tx};

/// What an account knew of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is the account's first.
    First,
    /// The account had others, not this one.
    New,
    /// It was here before.
    Before,
}

/// Remembers that this person signs in on a device.
///
/// # Errors
/// If the database refuses.
pub async fn meet(tx: &mut Tx, user: UserId, device: &str, now: Micros) -> Result<Met> {
    let known = sql("select count(*) as n from known_devices where user_id = $1")
        .bind(user)
        .one(&mut *tx)
        .await?
        .get::<i64>("n")?;
    let added = sql(
        "insert into known_devices (user_id, device, first_seen_at) values ($1, $2, $3) \
         on conflict (user_id, device) do nothing",
    )
    .bind(user)
    .bind(device)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(match (added, known) {
        (0, _) => Met::Before,
        (_, 0) => Met::First,
        _ => Met::New,
    })
}
