//! Passwords at rest: argon2id, hashed off the async threads, a few at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use domain::password::Password;

use crate::error::AppError;
use crate::state::Core;

/// Memory in KiB, passes, lanes. When these rise, old hashes are renewed at the next sign-in.
const PARAMS: (u32, u32, u32) = (19 * 1024, 2, 1);

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = PARAMS;
    let params = Params::new(memory, passes, lanes, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What became of a password that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is the one.
    Right,
    /// It is the one, but its hash was made with weaker parameters than today's.
    RightButOld,
    /// It isn't.
    Wrong,
}

async fn on_a_thread<T: Send + 'static>(core: &Core, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    let place = Arc::clone(&core.hashers)
        .acquire_owned()
        .await
        .map_err(|e| AppError::Internal(Box::new(e)))?;
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    })
    .await
    .map_err(|e| AppError::Internal(Box::new(e)))
}

/// What is kept of a password.
///
/// # Errors
/// If the machine can't hash.
pub async fn hash(core: &Core, password: Password) -> Result<String, AppError> {
    let salt: [u8; 16] = core.random.bytes();
    let hashed = on_a_thread(core, move || {
        argon2()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
    });
    hashed.await?.map_err(|e| AppError::Internal(e.to_string().into()))
}

/// What is kept of nobody's password: no password has this hash, and trying one takes the same work as any other.
fn nobodys() -> String {
    let (memory, passes, lanes) = PARAMS;
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}

/// Tries a password against what is kept; against [`nobodys`], if nothing is (an unknown address).
///
/// # Errors
/// If the machine can't hash.
pub async fn verify(core: &Core, password: Password, kept: Option<String>) -> Result<Tried, AppError> {
    on_a_thread(core, move || {
        let kept = kept.unwrap_or_else(nobodys);
        let Ok(parsed) = PasswordHash::new(&kept) else {
            return Tried::Wrong;
        };
        if argon2().verify_password(password.as_bytes(), &parsed).is_err() {
            return Tried::Wrong;
        }
        let (memory, passes, lanes) = PARAMS;
        match Params::try_from(&parsed) {
            Ok(p) if p.m_cost() >= memory && p.t_cost() >= passes && p.p_cost() >= lanes => Tried::Right,
            _ => Tried::RightButOld,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{PARAMS, argon2, nobodys};
    use argon2::Params;
    use argon2::password_hash::phc::PasswordHash;
    use argon2::password_hash::{Error, PasswordVerifier};

    #[test]
    fn nobodys_password_takes_the_work_of_a_real_one() {
        let kept = nobodys();
        let parsed = PasswordHash::new(&kept).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), PARAMS);
        assert!(PARAMS.0 >= 19 * 1024 && PARAMS.1 >= 2);
        // it is computed and compared, not refused beforehand
        assert_eq!(argon2().verify_password(b"", &parsed), Err(Error::PasswordInvalid));
    }
}
