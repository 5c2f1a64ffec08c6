//! Secrets: tokens in links and cookies, and the key that lies outside the database.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::clock::Random;

/// A text that must not be printed, logged or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// 256 random bits, as 43 characters that fit a URL.
    #[must_use]
    pub fn token(random: &Random) -> Self {
        Self(BASE64URL_NOPAD.encode(&random.bytes::<32>()))
    }

    /// The text itself, for the one place it is meant for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What its owner recognises it by afterwards.
    #[must_use]
    pub fn last_four(&self) -> &str {
        let start = self.0.len().saturating_sub(4);
        self.0.get(start..).unwrap_or_default()
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What is kept of a token of 256 bits: with so many, a plain hash can't be turned back.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What a keyed secret is for; two uses never give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The token in a mailed invitation's link.
    InvitationMail,
    /// The token in a password reset's link.
    ResetMail,
    /// The token in a verification's link.
    VerificationMail,
}

/// The installation's key: 32 random bytes in a file outside every database.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Reads the key file, or makes it, readable by its owner alone.
    ///
    /// # Errors
    /// If it can't be read or made, or has another length.
    pub fn load(file: &Path, random: &Random) -> io::Result<Self> {
        match fs::File::open(file) {
            Ok(mut open) => {
                let mut key = Vec::new();
                open.read_to_end(&mut key)?;
                let key = key.try_into().map_err(|_| io::Error::other("it must have 32 bytes"))?;
                Ok(Self(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(file, random),
            Err(error) => Err(error),
        }
    }

    /// Written under another name first, so that nobody ever reads half a key; if another process was
    /// faster, its key is the one.
    fn create(file: &Path, random: &Random) -> io::Result<Self> {
        let key: [u8; 32] = random.bytes();
        let draft = file.with_extension(format!("{:016x}", random.bits()));
        let mut open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        open.write_all(&key)?;
        open.sync_all()?;
        let linked = fs::hard_link(&draft, file);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(file, random),
            Err(error) => Err(error),
            Ok(()) => Ok(Self(key)),
        }
    }

    /// A key of these bytes, for tests.
    #[must_use]
    pub const fn of(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 of parts, each with its length before it, under a label.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in std::iter::once(&label.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// By which two keys are told apart, and neither is found.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.mac("fingerprint", &[])
    }

    /// What is kept of an invitation code: 80 bits need a key, or they could be guessed from a stolen database.
    #[must_use]
    pub fn code_hash(&self, code: &str) -> [u8; 32] {
        self.mac("invitation code", &[code.as_bytes()])
    }

    /// The token in a mailed link. It is made from a random nonce when the mail is sent, so that the queue
    /// holds no secret, and made again the same when sending is tried again.
    #[must_use]
    pub fn mailed_token(&self, purpose: Purpose, nonce: &[u8; 32]) -> Secret {
        let label = match purpose {
            Purpose::InvitationMail => "invitation mail",
            Purpose::ResetMail => "reset mail",
            Purpose::VerificationMail => "verification mail",
        };
        Secret(BASE64URL_NOPAD.encode(&self.mac(label, &[nonce])))
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, Purpose};
    use crate::clock::Random;

    #[test]
    fn the_key_file_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.key");
        let first = Keys::load(&file, &Random::System).unwrap();
        assert_eq!(first.0, Keys::load(&file, &Random::System).unwrap().0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_mailed_token_is_the_same_each_time_and_another_for_each_purpose() {
        let keys = Keys::of([7; 32]);
        let token = keys.mailed_token(Purpose::InvitationMail, &[1; 32]);
        assert!(token == keys.mailed_token(Purpose::InvitationMail, &[1; 32]));
        assert!(token != keys.mailed_token(Purpose::ResetMail, &[1; 32]));
        assert_eq!(token.reveal().len(), 43);
    }
}
