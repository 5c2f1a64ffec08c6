//! Which secret key the processes on one database have: its fingerprint, by which nobody finds the key.

use domain::time::Micros;

use crate::db::sql;
use crate::{Result, Tx};

/// Whether this is the key that the others have. The first one to ask decides.
///
/// # Errors
/// If the database refuses.
pub async fn is_known(tx: &mut Tx, fingerprint: [u8; 32], now: Micros) -> Result<bool> {
    sql(
        "insert into installation_keys (id, fingerprint, known_since) values (1, $1, $2) \
         on conflict (id) do nothing",
    )
    .bind(fingerprint)
    .bind(now)
    .execute(tx)
    .await?;
    let known = sql("select fingerprint from installation_keys where id = 1")
        .one(tx)
        .await?;
    Ok(known.get::<Vec<u8>>("fingerprint")? == fingerprint)
}

/// From now on it is this one.
///
/// # Errors
/// If the database refuses.
pub async fn replace(tx: &mut Tx, fingerprint: [u8; 32], now: Micros) -> Result<()> {
    sql(
        "insert into installation_keys (id, fingerprint, known_since) values (1, $1, $2) \
         on conflict (id) do update set fingerprint = excluded.fingerprint, known_since = excluded.known_since \
         where installation_keys.fingerprint <> excluded.fingerprint",
    )
    .bind(fingerprint)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
