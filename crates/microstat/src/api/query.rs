//! What a request's query asks for. What can't be read answers 400, what can't be had 422; both say what could.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use domain::range::{BadRange, Buckets, MAX_BUCKETS, Range};
use domain::step::Asked;
use domain::time::{DAY, Micros};
use domain::timestamp;
use domain::zone::Zone;
use serde::Deserialize;

use crate::error::AppError;
use crate::state::Shared;

/// Most rows of one answer.
const MOST: u32 = 1_000;

/// The parameters that more than one route takes, as they were written.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
    zone: Option<String>,
    limit: Option<String>,
    before: Option<String>,
    metric: Option<String>,
}

impl FromRequestParts<Shared> for Parameters {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let read = Query::<Self>::from_request_parts(parts, app).await;
        read.map(|Query(parameters)| parameters).map_err(|_| unreadable())
    }
}

/// What to say of a query that can't be read at all.
pub(super) fn unreadable() -> AppError {
    AppError::Unreadable(
        "This address's query can't be read. Percent-encode its values and give each parameter once.".to_owned(),
    )
}

impl Parameters {
    /// From `from` up to but without `to`; without either, the 24 hours that end now, this moment included.
    pub(super) fn range(&self, now: Micros) -> Result<Range, AppError> {
        let to = time("to", self.to.as_deref())?.unwrap_or(now + 1);
        let from = time("from", self.from.as_deref())?.unwrap_or(to - DAY);
        ordered(from, to)
    }

    /// From `from` up to but without `to`, each all the time there is without it.
    pub(super) fn open_range(&self) -> Result<Range, AppError> {
        let to = time("to", self.to.as_deref())?.unwrap_or(Range::EVER.to());
        let from = time("from", self.from.as_deref())?.unwrap_or(Range::EVER.from());
        ordered(from, to)
    }

    /// The metric that is asked for.
    pub(super) fn metric(&self) -> Option<&str> {
        self.metric.as_deref()
    }

    /// The range, cut into whole buckets: days and weeks are those of `zone`, or of UTC.
    pub(super) fn buckets(&self, now: Micros) -> Result<Buckets, AppError> {
        let range = self.range(now)?;
        let asked: Asked = self.step.as_deref().unwrap_or("auto").parse().map_err(|_| {
            AppError::Unreadable(
                "\"step\" must be auto, or a whole number of seconds, minutes, hours, days or weeks, at most a year: \
                 30s, 1m, 5m, 1h, 1d, 1w."
                    .to_owned(),
            )
        })?;
        range.buckets(asked, self.zone()?.zone()).map_err(|error| match error {
            BadRange::TooManyBuckets => AppError::Invalid(format!(
                "This range has more than {MAX_BUCKETS} buckets of this step. Ask for a longer step, \
                 for a shorter range, or for step=auto."
            )),
            BadRange::Empty => AppError::Invalid("Give a \"from\" that is before \"to\".".to_owned()),
        })
    }

    fn zone(&self) -> Result<Zone, AppError> {
        let zone = self.zone.as_deref().map(Zone::parse).transpose();
        zone.map(Option::unwrap_or_default).map_err(|_| {
            AppError::Unreadable("\"zone\" must be the name of a time zone, like Europe/Berlin or UTC.".to_owned())
        })
    }

    /// How many rows to answer with at most.
    pub(super) fn limit(&self, default: u32) -> Result<u32, AppError> {
        let Some(text) = self.limit.as_deref() else {
            return Ok(default);
        };
        let limit: i64 = text
            .parse()
            .map_err(|_| AppError::Unreadable(format!("\"limit\" must be a whole number from 1 to {MOST}.")))?;
        u32::try_from(limit)
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| AppError::Invalid(format!("\"limit\" must be from 1 to {MOST}.")))
    }

    /// Where an earlier answer said that the next page starts.
    pub(super) fn before<T: FromStr>(&self) -> Result<Option<T>, AppError> {
        let cursor = self.before.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| AppError::Unreadable("\"before\" must be the \"next\" of an earlier answer.".to_owned()))
    }
}

fn ordered(from: Micros, to: Micros) -> Result<Range, AppError> {
    Range::new(from, to).map_err(|_| {
        AppError::Invalid(format!(
            "\"from\" is {from} and \"to\" is {to}: give a \"from\" that is before \"to\"."
        ))
    })
}

/// A plus sign that wasn't percent-encoded arrives as a space.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<Micros>, AppError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let time = timestamp::parse(text).or_else(|| timestamp::parse(&text.replace(' ', "+")));
    time.map(Some).ok_or_else(|| {
        AppError::Unreadable(format!(
            "\"{name}\" must be a time like 2026-11-24T10:00:00Z, or Unix time in seconds or milliseconds."
        ))
    })
}
