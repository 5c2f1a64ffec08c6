//! Why a data point, or a whole batch, was refused: a closed list, and what is counted of it.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)+) => {
        /// Why a data point was not stored. The codes are part of the ingestion contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code in answers and in the database.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// What it means, for whoever reads the answer, where nothing closer can be said.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$name => $message,)+
                }
            }
        }
    };
}

reasons! {
    /// The body, or one element of it, is not what JSON or a data point looks like.
    InvalidJson = "invalid_json", "body must be a JSON array of data points, or one data point";
    /// No usable name: absent, empty, no string, or with control characters in it.
    MissingName = "missing_name", "name is missing";
    /// More than 255 characters.
    NameTooLong = "name_too_long", "name must have at most 255 characters";
    /// Absent, or none of the four.
    UnknownType = "unknown_type", "type must be one of Hit Counter, Counter, Timer, Word Web";
    /// No value where the type needs one.
    MissingValue = "missing_value", "value is missing";
    /// A value its type can't have, or a timestamp that can't be read.
    InvalidValue = "invalid_value", "value is invalid";
    /// More than ten minutes ahead.
    TimestampInFuture = "timestamp_in_future", "timestamp is more than 10 minutes ahead";
    /// Older than the project keeps.
    TimestampTooOld = "timestamp_too_old", "timestamp is older than the project keeps data points";
    /// A new metric in a project that has all it may have.
    MetricLimit = "metric_limit", "the project has as many metrics as it may have";
    /// More data points in one batch than this door takes.
    TooManyDataPoints = "too_many_data_points", "too many data points in one batch";
    /// Missing, malformed, or never existed.
    InvalidDsn = "invalid_dsn", "this DSN does not exist";
    /// Over the project's quota.
    QuotaExceeded = "quota_exceeded", "the project is over its quota";
    /// Too many data points or requests in too short a time.
    RateLimited = "rate_limited", "too many requests; try again later";
    /// The project is paused.
    ProjectPaused = "project_paused", "the project is paused";
    /// The DSN is turned off, or its project or organisation is deleted.
    ProjectDeleted = "project_deleted", "this DSN no longer takes data points";
    /// The project lists its origins, and this is none of them.
    OriginNotAllowed = "origin_not_allowed", "the project takes no data points from this origin";
    /// The data points could not be written.
    Unavailable = "unavailable", "data points can't be stored right now";
}

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why one value or timestamp was refused: the code, and what to do in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub reason: Reason,
    /// What the app should have sent.
    pub message: &'static str,
}

impl Refusal {
    /// A refusal that says more than its reason alone.
    #[must_use]
    pub const fn new(reason: Reason, message: &'static str) -> Self {
        Self { reason, message }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason, reason.message())
    }
}

/// One element of a batch that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The metric's name as the app sent it, cut to 255 characters.
    pub name: Option<String>,
    /// Why, and what to do.
    pub refusal: Refusal,
}

/// A data point that was rejected, for the project's own people, never for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// As the app sent it, cut short.
    pub text: String,
    /// What the app was told.
    pub message: &'static str,
}

/// How often one reason came up in a batch, and the first few cases of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Data points rejected for it.
    pub data_points: usize,
    /// The first of them.
    pub samples: Vec<Sample>,
}

/// Everything rejected in a batch: counted exactly, listed up to a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejections {
    total: usize,
    listed: Vec<Rejection>,
    counts: BTreeMap<Reason, Count>,
}

impl Rejections {
    /// Most rejections that are listed one by one.
    pub const LISTED: usize = 100;
    /// Most characters of a sample.
    pub const SAMPLE_CHARS: usize = 200;
    /// Most samples of a reason.
    pub const SAMPLES: usize = 5;

    /// Counts one more; `sample` is the data point as the app sent it.
    pub fn add(&mut self, rejection: Rejection, sample: &str) {
        self.total += 1;
        let count = self.counts.entry(rejection.refusal.reason).or_insert_with(|| Count {
            data_points: 0,
            samples: Vec::new(),
        });
        count.data_points += 1;
        if count.samples.len() < Self::SAMPLES {
            count.samples.push(Sample {
                text: cut(sample, Self::SAMPLE_CHARS).to_owned(),
                message: rejection.refusal.message,
            });
        }
        if self.listed.len() < Self::LISTED {
            self.listed.push(rejection);
        }
    }

    /// A body that can't be read counts as one data point; `body` is its beginning, and becomes the sample.
    #[must_use]
    pub fn whole(refusal: Refusal, body: &[u8]) -> Self {
        let start = &body[..body.len().min(4 * Self::SAMPLE_CHARS)];
        let readable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let sample: String = String::from_utf8_lossy(start).chars().map(readable).collect();
        let mut rejections = Self::default();
        let index = 0;
        let name = None;
        rejections.add(Rejection { index, name, refusal }, &sample);
        rejections
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The first of them.
    #[must_use]
    pub fn listed(&self) -> &[Rejection] {
        &self.listed
    }

    /// How many for each reason.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<Reason, Count> {
        &self.counts
    }
}

/// The first `chars` characters of a text.
pub(crate) fn cut(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{Reason, Refusal, Rejection, Rejections};

    #[test]
    fn every_code_leads_back_to_its_reason() {
        assert_eq!(Reason::ALL.len(), 17);
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("other"), None);
    }

    #[test]
    fn a_body_that_can_t_be_read_counts_as_one() {
        let rejections = Rejections::whole(Reason::InvalidJson.into(), b"nope\0\xff");
        assert_eq!(rejections.total(), 1);
        assert_eq!(
            rejections.counts()[&Reason::InvalidJson].samples[0].text,
            "nope\u{fffd}\u{fffd}"
        );
        let long = Rejections::whole(Reason::InvalidJson.into(), &[b'x'; 5_000]);
        assert_eq!(long.counts()[&Reason::InvalidJson].samples[0].text.len(), 200);
    }

    #[test]
    fn counts_stay_exact_past_what_is_listed() {
        let mut rejections = Rejections::default();
        for index in 0..250 {
            let reason = if index % 2 == 0 {
                Reason::InvalidValue
            } else {
                Reason::MissingName
            };
            let refusal = Refusal::from(reason);
            rejections.add(
                Rejection {
                    index,
                    name: None,
                    refusal,
                },
                &format!("{index} {}", "é".repeat(300)),
            );
        }
        assert_eq!(rejections.total(), 250);
        assert_eq!(rejections.listed().len(), 100);
        let count = &rejections.counts()[&Reason::MissingName];
        assert_eq!(count.data_points, 125);
        let numbers: Vec<&str> = count
            .samples
            .iter()
            .filter_map(|sample| sample.text.split(' ').next())
            .collect();
        assert_eq!(numbers, ["1", "3", "5", "7", "9"]);
        assert!(count.samples.iter().all(|sample| sample.text.chars().count() == 200));
    }
}
