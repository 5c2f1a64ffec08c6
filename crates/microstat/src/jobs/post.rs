//! Where mails go: to an SMTP server, or into files of the data folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::time::Micros;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::Config;

/// Longest wait for an SMTP server, well below the time a job is held for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where mails go.
#[derive(Clone, Debug)]
pub enum Post {
    /// Each is a file in this folder.
    Folder(PathBuf),
    /// A server takes them.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// Why a mail could not be handed over.
#[derive(Debug)]
pub(crate) struct Undelivered {
    /// What the server, or the machine, said.
    pub(crate) reason: String,
    /// Trying again would bring the same.
    pub(crate) for_good: bool,
}

impl Undelivered {
    fn for_now(error: &impl ToString) -> Self {
        Self {
            reason: error.to_string(),
            for_good: false,
        }
    }

    pub(crate) fn for_good(error: &impl ToString) -> Self {
        Self {
            reason: error.to_string(),
            for_good: true,
        }
    }
}

impl Post {
    /// The post that the settings name.
    ///
    /// # Errors
    /// If the URL of the SMTP server is none.
    pub fn open(config: &Config) -> Result<Self, SmtpError> {
        let Some(url) = &config.smtp else {
            return Ok(Self::Folder(config.data.join("mail")));
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&with_starttls(url))?;
        Ok(Self::Smtp(transport.timeout(Some(PATIENCE)).build()))
    }

    /// Hands a mail over. When this says that it went well, the mail is out of our hands.
    pub(crate) async fn send(&self, message: Message, at: Micros) -> Result<(), Undelivered> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                let write = move || write(&folder, &message.formatted(), at);
                let written = tokio::task::spawn_blocking(write).await;
                written
                    .map_err(|error| Undelivered::for_now(&error))?
                    .map_err(|error| Undelivered::for_now(&error))
            }
            Self::Smtp(transport) => match tokio::time::timeout(2 * PATIENCE, transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if is_for_good(&error) => Err(Undelivered::for_good(&error)),
                Ok(Err(error)) => Err(Undelivered::for_now(&error)),
                Err(late) => Err(Undelivered::for_now(&late)),
            },
        }
    }
}

/// A server refuses this mail for good by 5xx; by 53x it refuses us, until somebody corrects the settings.
fn is_for_good(error: &SmtpError) -> bool {
    error.is_permanent() && error.status().is_some_and(|code| u16::from(code) / 10 != 53)
}

/// `smtp://` takes STARTTLS where it is offered, on port 587 unless another is named; `?tls=required` insists on it.
fn with_starttls(url: &str) -> String {
    let authority = url.strip_prefix("smtp://").unwrap_or_default();
    if authority.is_empty() || url.contains('?') {
        return url.to_owned();
    }
    format!("{url}?tls=opportunistic")
}

/// Writes a mail whole or not at all, under the next free name of this moment.
fn write(folder: &Path, message: &[u8], at: Micros) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let time = at.timestamp().strftime("%Y%m%dT%H%M%S%6fZ").to_string();
    for n in 0.. {
        let name = folder.join(format!("{time}-{n:04}.eml"));
        let draft = name.with_extension("draft");
        // the draft holds the name for whoever made it
        let mut open = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        if name.try_exists()? {
            fs::remove_file(&draft)?;
            continue;
        }
        open.write_all(message)?;
        open.sync_all()?;
        fs::rename(&draft, &name)?;
        return File::open(folder)?.sync_all();
    }
    Err(io::Error::other("no free name"))
}

#[cfg(test)]
mod tests {
    use super::{with_starttls, write};
    use domain::time::Micros;

    #[test]
    fn starttls_is_taken_where_it_is_offered_unless_told_otherwise() {
        assert_eq!(with_starttls("smtp://h:25"), "smtp://h:25?tls=opportunistic");
        for same in ["smtps://u:p@h", "smtp://h?tls=required", "h:25"] {
            assert_eq!(with_starttls(same), same);
        }
    }

    #[test]
    fn mails_of_one_moment_have_names_in_their_order_and_nothing_half_written_is_a_mail() {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mail");
        for text in ["one", "two", "three"] {
            write(&mails, text.as_bytes(), Micros(1_795_514_400_000_000)).unwrap();
        }
        write(&mails, b"four", Micros(1_795_514_400_000_001)).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(&mails).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        let texts: Vec<_> = names
            .iter()
            .map(|name| std::fs::read_to_string(name).unwrap())
            .collect();
        assert_eq!(texts, ["one", "two", "three", "four"]);
        assert!(names[0].ends_with("20261124T100000000000Z-0000.eml"), "{names:?}");
    }
}
