//! What was accepted of a batch, on its way to the disk.

use std::error::Error;

use axum::http::HeaderMap;
use domain::batch::{Batch, DataPoint, Limits, MAX_KEY_CHARS};
use domain::id::MetricId;
use domain::reason::{Reason, Refusal, Rejections};
use domain::time::DAY;
use points::Outcome;
use store::dsns::Target;

use super::Arrival;
use super::answer::{Answer, Details};
use super::body::Arrived;
use super::claims;
use super::door::{Case, Door};
use super::refused::Refused;
use super::unpack::Encoding;

/// Data points that no longer make a batch a large one.
const FEW: usize = 1_000;
const BAD_KEY: &str = "Idempotency-Key must have 1 to 128 characters";

/// A batch whose data points were judged one by one.
pub(crate) struct Stored {
    /// The answer to it.
    pub(crate) answer: Answer,
    /// What it lost, to be counted.
    pub(crate) rejections: Rejections,
}

impl Arrival<'_> {
    pub(crate) async fn store(
        &self,
        target: &Target,
        arrived: Arrived<'_>,
        encoding: Encoding,
    ) -> Result<Stored, Refused> {
        let key = match (idempotency_key(self.headers), self.door) {
            (Err(BadKey), Door::Strict) => {
                let refusal = Refusal::new(Reason::InvalidValue, BAD_KEY);
                return Err(Refused::whole(Case::Unreadable, refusal));
            }
            (key, _) => key,
        };
        let limits = Limits {
            now: self.now,
            oldest: self.now - target.retention_days.saturating_mul(DAY),
            max_elements: self.door.limits().data_points,
        };
        let parse = move |text: &[u8]| Batch::parse(text, &limits).map_err(|bad| Refused::not_json(bad, text));
        let (batch, turn) = self.read(arrived, encoding, parse).await?;
        let _turn = turn.filter(|_| batch.points.len() > FEW);
        self.append(target, key, batch).await
    }

    async fn append(
        &self,
        target: &Target,
        key: Result<Option<String>, BadKey>,
        mut batch: Batch,
    ) -> Result<Stored, Refused> {
        let bad_key = key.is_err();
        let key = key.unwrap_or_default();
        let points = std::mem::take(&mut batch.points);
        let _in_use = self.app.catalog.in_use().await;
        let ids = match self.ids(target, &batch, key.as_deref()).await {
            Ok(ids) => ids,
            Err(error) => return Err(self.unavailable(&*error, batch, places(&points))),
        };
        let (kept, over) = if ids.contains(&None) {
            points.into_iter().partition(|point| ids[point.metric].is_some())
        } else {
            (points, Vec::new())
        };
        batch.reject(Reason::MetricLimit, places(&over));
        let places = places(&kept);

        let mut details = Details::of(&batch.rejections);
        if bad_key {
            details.warn_of_batch(BAD_KEY);
        }
        for warning in std::mem::take(&mut batch.warnings) {
            details.warn(warning);
        }
        let rejected = batch.rejections.total() as u64;
        let outcome = if kept.is_empty() && key.is_none() {
            Outcome::default()
        } else {
            let to_store = points::Batch {
                project: target.project,
                note: key.as_ref().map_or_else(Vec::new, |_| note(rejected, &details)),
                key,
                points: kept.into_iter().filter_map(|point| with_id(point, &ids)).collect(),
            };
            match claims::append(self.app, to_store, self.now).await {
                Ok(outcome) => {
                    if outcome.stored > 0 {
                        self.app.stored(target.project);
                    }
                    outcome
                }
                Err(error) => return Err(self.unavailable(&error, batch, places)),
            }
        };
        Ok(match outcome.replayed {
            Some(note) => replay(outcome.stored, outcome.duplicates, &note),
            None => Stored {
                answer: Answer::judged(outcome.stored, rejected, outcome.duplicates, details),
                rejections: batch.rejections,
            },
        })
    }

    /// The ids of a batch's metrics. New ones are made, unless the batch was stored before and is sent once more.
    async fn ids(
        &self,
        target: &Target,
        batch: &Batch,
        key: Option<&str>,
    ) -> Result<Vec<Option<MetricId>>, Box<dyn Error + Send + Sync>> {
        let catalog = &self.app.catalog;
        let mut ids = catalog.find(self.app, target, &batch.metrics).await?;
        if !ids.contains(&None) {
            return Ok(ids);
        }
        if let Some(key) = key
            && Box::pin(claims::is_known(self.app, target.project, key, self.now)).await?
        {
            return Ok(ids);
        }
        Box::pin(catalog.make(self.app, target, &batch.metrics, &mut ids, self.now)).await?;
        Ok(ids)
    }

    fn unavailable(&self, error: &dyn Error, mut batch: Batch, places: Vec<(usize, usize)>) -> Refused {
        tracing::warn!(%error, request_id = %self.id, "a batch can't be stored");
        batch.reject(Reason::Unavailable, places);
        Refused {
            case: Case::Unavailable,
            message: Reason::Unavailable.message().into(),
            rejections: batch.rejections,
        }
    }
}

/// A key that can't be one.
struct BadKey;

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, BadKey> {
    let Some(given) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = std::str::from_utf8(given.as_bytes()).map_err(|_| BadKey)?.trim();
    let fits = (1..=MAX_KEY_CHARS).contains(&key.chars().count());
    fits.then(|| Some(key.to_owned())).ok_or(BadKey)
}

/// Of each data point: its place in the body, and its metric's place in the batch.
fn places(points: &[DataPoint]) -> Vec<(usize, usize)> {
    points.iter().map(|point| (point.index, point.metric)).collect()
}

fn with_id(point: DataPoint, ids: &[Option<MetricId>]) -> Option<points::DataPoint> {
    Some(points::DataPoint {
        metric: ids[point.metric]?,
        at: point.at,
        value: point.value,
        id: point.id,
    })
}

/// What is kept with a key, to give the first answer again.
fn note(rejected: u64, details: &Details) -> Vec<u8> {
    serde_json::to_vec(&(rejected, details)).unwrap_or_default()
}

/// The first answer again. What was lost then was counted then.
fn replay(accepted: u64, duplicates: u64, note: &[u8]) -> Stored {
    let (rejected, details) = serde_json::from_slice(note).unwrap_or_default();
    Stored {
        answer: Answer::judged(accepted, rejected, duplicates, details).replayed(),
        rejections: Rejections::default(),
    }
}
