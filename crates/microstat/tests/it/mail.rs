//! A mail as whoever gets it reads it.

use std::path::{Path, PathBuf};

use mail_parser::MessageParser;

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    /// As it was sent.
    pub(crate) raw: String,
    /// The address it was sent to.
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// When it says it was sent, in seconds since 1970.
    pub(crate) date: i64,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Mail {
    pub(crate) fn read(raw: &str) -> Self {
        let mail = MessageParser::default().parse(raw).expect("a mail");
        let address = |of: Option<&mail_parser::Address<'_>>| {
            let one = of.and_then(|all| all.first()).and_then(|one| one.address());
            one.expect("an address").to_owned()
        };
        Self {
            to: address(mail.to()),
            from: address(mail.from()),
            subject: mail.subject().expect("a subject").to_owned(),
            date: mail.date().expect("a date").to_timestamp(),
            text: mail.body_text(0).expect("a text part").replace("\r\n", "\n"),
            html: mail.body_html(0).expect("an HTML part").replace("\r\n", "\n"),
            raw: raw.to_owned(),
        }
    }

    /// Every mail in a folder, the oldest first.
    pub(crate) fn all_in(folder: &Path) -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
        files.retain(|file| file.extension().is_some_and(|kind| kind == "eml"));
        files.sort();
        let raw = files.iter().map(|file| std::fs::read_to_string(file).expect("mail"));
        raw.map(|raw| Self::read(&raw)).collect()
    }

    /// The path of the first link to somewhere below `under` on this site. Both parts have it.
    pub(crate) fn path(&self, under: &str) -> String {
        let mark = format!("http://localhost:8080{under}");
        let of = |text: &str| {
            let start = text.find(&mark).map(|at| at + mark.len() - under.len());
            let link = start.and_then(|start| {
                text[start..]
                    .split(|c: char| c.is_whitespace() || "\"<".contains(c))
                    .next()
            });
            link.unwrap_or_else(|| panic!("no link to {under} in {text}"))
                .to_owned()
        };
        let path = of(&self.text);
        assert_eq!(path, of(&self.html));
        path
    }
}
