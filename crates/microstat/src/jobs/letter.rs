//! A letter: what a mail says, in the one shape all of ours have, and the message made of it.

use std::time::{Duration, SystemTime};

use askama::Template;
use domain::email::EmailAddress;
use domain::name::unlinked;
use domain::time::Micros;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use store::users::User;

/// Longest line a mail server must take, less some room.
const LONGEST_LINE: usize = 900;

/// What a mail says. All of it is plain text; the HTML part escapes it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// What the person is called, where we know.
    pub(crate) name: Option<String>,
    /// Whom it goes to.
    pub(crate) email: EmailAddress,
    /// One line.
    pub(crate) subject: String,
    /// What there is to say.
    pub(crate) paragraphs: Vec<String>,
    /// What there is to do.
    pub(crate) button: Option<Button>,
    /// What to know beside it: how long the link holds, what to do if this is unexpected.
    pub(crate) notes: Vec<String>,
}

/// A link to open.
#[derive(Clone, Debug)]
pub(crate) struct Button {
    /// What opening it does.
    pub(crate) label: &'static str,
    /// Where it leads, on this site.
    pub(crate) link: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    url: &'a str,
}

/// What is written around every letter.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<'a> {
    /// Who it comes from.
    pub(crate) from: &'a Mailbox,
    /// This installation.
    pub(crate) url: &'a str,
    /// Names the message, the same at every try: a mailbox that got it twice can tell.
    pub(crate) id: String,
    /// When it is sent.
    pub(crate) at: Micros,
}

impl Letter {
    /// A letter to somebody with an account.
    pub(crate) fn to(user: &User, subject: impl Into<String>) -> Self {
        Self {
            name: Some(unlinked(user.name.as_str())),
            ..Self::to_address(user.email.clone(), subject)
        }
    }

    /// A letter to an address.
    pub(crate) fn to_address(email: EmailAddress, subject: impl Into<String>) -> Self {
        Self {
            name: None,
            email,
            subject: subject.into(),
            paragraphs: Vec::new(),
            button: None,
            notes: Vec::new(),
        }
    }

    /// Says one thing more.
    pub(crate) fn say(mut self, paragraph: impl Into<String>) -> Self {
        self.paragraphs.push(paragraph.into());
        self
    }

    /// Has one thing to do.
    pub(crate) fn button(mut self, label: &'static str, link: String) -> Self {
        self.button = Some(Button { label, link });
        self
    }

    /// Says one thing beside it.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The message: text and HTML that say the same.
    ///
    /// # Errors
    /// If the address can't be written to.
    pub(crate) fn message(&self, envelope: &Envelope<'_>) -> Result<Message, Unwritable> {
        let url = envelope.url;
        let text = Text { letter: self, url }.render()?;
        let html = Html { letter: self, url }.render()?;
        let to = Mailbox::new(None, self.email.as_str().parse()?);
        // no person's name has a control character in it; should one get here, it still begins no header
        let subject: String = self.subject.chars().filter(|c| !c.is_control()).collect();
        let id = format!("<{}@{}>", envelope.id, envelope.from.email.domain());
        let since_1970 = u64::try_from(envelope.at.0).unwrap_or(0);
        let parts = MultiPart::alternative()
            .boundary(format!("=_micro_stat_{}", envelope.id))
            .singlepart(part(ContentType::TEXT_PLAIN, text))
            .singlepart(part(ContentType::TEXT_HTML, html));
        let message = Message::builder()
            .from(envelope.from.clone())
            .to(to)
            .subject(subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(since_1970))
            .message_id(Some(id))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(parts)?;
        Ok(message)
    }
}

/// Why a letter can't be made a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritable {
    /// The address is not one that mail knows.
    #[error("this address can't be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// Something is missing.
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
    /// A template failed.
    #[error(transparent)]
    Template(#[from] askama::Error),
}

/// Plain ASCII stays as it is, long links too, so that a mail in a file can be read as it lies there.
fn part(kind: ContentType, text: String) -> SinglePart {
    let plain = text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST_LINE);
    let body = if plain {
        let lines = text.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    };
    SinglePart::builder().content_type(kind).body(body)
}
