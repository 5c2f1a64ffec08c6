//! An import, read batch by batch.
//!
//! A batch's key is made of the import and the place it begins at, and its note says where it ends: so a batch that was
//! stored before this program died, but not written down in the accounts, is found and never stored again.

use std::collections::{BTreeMap, HashMap};

use domain::batch::Metric;
use domain::id::{EventId, MetricId, ProjectId};
use domain::import::Settings;
use domain::reason::Reason;
use domain::time::HOUR;
use points::{Batch, DataPoint, Outcome, REMEMBERED};
use serde::{Deserialize, Serialize};
use store::audit_events::{Action, Actor, NewEvent};
use store::import_parts::Kind;
use store::imports::{Claimed, Import, Next, Progress, State};
use store::metrics::Wanted;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::error::AppError;
use crate::imports::read::{Chunk, Reading, Refused};
use crate::imports::records::Unreadable;
use crate::imports::{files, shared};
use crate::ingest::claims;
use crate::state::App;

/// Batches of an import before another has its turn.
const TURN: usize = 40;
/// A batch is found again for so long after it was stored.
const SURE: i64 = REMEMBERED - HOUR;

const TOO_LONG_AGO: &str = "micro stat was stopped for a day in the middle of a batch, and no longer knows whether that \
                            batch was stored. What was read before it is in.";

/// What is kept with a batch's key, so that it is known what became of the batch.
#[derive(Serialize, Deserialize)]
struct Note {
    taken: i64,
    place: i64,
    rows: i64,
    rejected: i64,
    rejected_bytes: i64,
    metrics: String,
}

/// An import that is worked on.
pub(super) struct Work<'a> {
    app: &'a App,
    claimed: Claimed,
    progress: Progress,
    /// How much of the list of what was refused is sure.
    listed: i64,
}

impl<'a> Work<'a> {
    pub(super) fn new(app: &'a App, claimed: Claimed) -> Self {
        let progress = claimed.import.progress.clone();
        Self {
            app,
            listed: progress.rejected_bytes,
            claimed,
            progress,
        }
    }

    pub(super) async fn go_on(mut self) -> Result<(), AppError> {
        let import = &self.claimed.import;
        let was_held = import.held_until.0 != 0;
        if was_held && self.app.now() - import.touched_at > SURE {
            return self.end(State::Failed, TOO_LONG_AGO).await;
        }
        if was_held && !self.catch_up().await? {
            return Ok(());
        }
        let settings: Settings = serde_json::from_str(&self.claimed.import.settings)?;
        if !self.bring().await? {
            return self.end(State::Failed, GONE).await;
        }
        let path = files::data(self.app, self.claimed.import.id);
        let (place, rows) = (self.progress.place, self.progress.rows);
        let opened = tokio::task::spawn_blocking(move || Reading::open(&path, settings, place, rows)).await;
        let mut reading = match opened.map_err(fault)? {
            Ok(reading) => reading,
            Err(why) => return self.end(State::Failed, &why.to_string()).await,
        };
        for turn in 1..=TURN {
            let (now, days) = (self.app.now(), self.claimed.retention_days);
            let read = tokio::task::spawn_blocking(move || {
                let chunk = reading.chunk(usize::MAX, now, days);
                (reading, chunk)
            });
            let (back, chunk) = read.await.map_err(fault)?;
            reading = back;
            let next = match &chunk {
                Ok(chunk) if chunk.is_end => Next::End(State::Done, ""),
                Ok(_) if turn == TURN => Next::Release,
                _ => Next::Hold,
            };
            let goes_on = match chunk {
                Ok(chunk) => self.store(chunk, next).await?,
                Err(why @ Unreadable::Io(_)) => return Err(AppError::Internal(Box::new(why))),
                Err(why) => return self.end(State::Failed, &why.to_string()).await,
            };
            if !goes_on || next != Next::Hold {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Has both files here as far as they are sure; `false` if they are nowhere.
    async fn bring(&self) -> Result<bool, AppError> {
        let Import { id, size, .. } = self.claimed.import;
        Ok(shared::bring(self.app, id, Kind::File, size).await?
            && shared::bring(self.app, id, Kind::Rejected, self.listed).await?)
    }

    /// Writes down a batch that was stored by somebody who then died; `false` if the import is no longer ours.
    async fn catch_up(&mut self) -> Result<bool, AppError> {
        let (project, key) = (self.claimed.import.project, self.key());
        let first = self.app.points.first_outcome(project, &key, self.app.now()).await?;
        let Some(outcome) = first else {
            return Ok(true);
        };
        let from = self.progress.place;
        self.settle(outcome)?;
        self.advance(from, Next::Hold).await
    }

    fn key(&self) -> String {
        format!("import {} {}", self.claimed.import.id, self.progress.place)
    }

    /// Stores what is good of a chunk and lists what isn't; `false` if the import is no longer ours.
    async fn store(&mut self, mut chunk: Chunk, next: Next<'_>) -> Result<bool, AppError> {
        let from = self.progress.place;
        let project = self.claimed.import.project;
        // From looking ids up to having stored under them no metric is deleted.
        let _in_use = self.app.catalog.in_use().await;
        let mut points = Vec::new();
        let mut by_metric: BTreeMap<String, u64> = serde_json::from_str(&self.progress.metrics)?;
        let ids = ids(
            self.app,
            project,
            chunk.parts.iter().flat_map(|part| &part.batch.metrics),
        )
        .await?;
        for part in &mut chunk.parts {
            let ids: Vec<Option<MetricId>> = part.batch.metrics.iter().map(|metric| ids[metric]).collect();
            let (kept, over): (Vec<_>, Vec<_>) = std::mem::take(&mut part.batch.points)
                .into_iter()
                .partition(|point| ids[point.metric].is_some());
            let over = over.into_iter().map(|point| (point.index, point.metric));
            part.batch.reject(Reason::MetricLimit, over);
            for point in kept {
                let Some(metric) = ids[point.metric] else { continue };
                *by_metric.entry(metric.to_string()).or_default() += 1;
                points.push(DataPoint {
                    metric,
                    at: point.at,
                    value: point.value,
                    id: None,
                });
            }
        }
        let refused = refused(&chunk);
        let rejected = chunk.broken.len()
            + chunk
                .parts
                .iter()
                .map(|part| part.batch.rejections.total())
                .sum::<usize>();
        let (taken, place, rows) = chunk.progress;
        let note = Note {
            taken,
            place,
            rows,
            rejected: self.progress.rejected + i64::try_from(rejected).unwrap_or(0),
            rejected_bytes: self.list(&refused).await?,
            metrics: serde_json::to_string(&by_metric)?,
        };
        let (note, is_empty) = (serde_json::to_vec(&note)?, points.is_empty());
        let outcome = if is_empty {
            Outcome {
                replayed: Some(note),
                ..Outcome::default()
            }
        } else {
            let batch = Batch {
                project,
                key: Some(self.key()),
                points,
                note: note.clone(),
            };
            match claims::append(self.app, batch, self.app.now()).await {
                Ok(outcome) => Outcome {
                    replayed: Some(outcome.replayed.unwrap_or(note)),
                    ..outcome
                },
                Err(points::Error::Unavailable(why)) => {
                    tracing::warn!(%why, import = %self.claimed.import.id, "a batch of an import can't be stored");
                    self.advance(from, Next::Wait(WAITS)).await?;
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        };
        if outcome.stored > 0 {
            self.app.stored(project);
        }
        self.settle(outcome)?;
        self.advance(from, next).await
    }

    /// What became of a batch, by its note.
    fn settle(&mut self, outcome: Outcome) -> Result<(), AppError> {
        let note: Note = serde_json::from_slice(&outcome.replayed.unwrap_or_default())?;
        let add = |to: &mut i64, more: u64| *to += i64::try_from(more).unwrap_or(0);
        add(&mut self.progress.accepted, outcome.stored);
        add(&mut self.progress.duplicates, outcome.duplicates);
        self.progress.taken = note.taken;
        self.progress.place = note.place;
        self.progress.rows = note.rows;
        self.progress.rejected = note.rejected;
        self.progress.rejected_bytes = note.rejected_bytes;
        self.progress.metrics = note.metrics;
        Ok(())
    }

    /// Adds to the list of what was refused, behind what is sure to be in it; gives how long it is then.
    async fn list(&self, refused: &[Refused]) -> Result<i64, AppError> {
        let mut text = String::new();
        if refused.is_empty() {
            return Ok(self.progress.rejected_bytes);
        }
        if self.progress.rejected_bytes == 0 {
            let settings: Settings = serde_json::from_str(&self.claimed.import.settings)?;
            text.push_str(&heading(&settings));
        }
        for one in refused {
            text.push_str(&line(one));
        }
        let path = files::rejected(self.app, self.claimed.import.id);
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.create(true).truncate(false).write(true).open(path).await?;
        file.set_len(self.progress.rejected_bytes.unsigned_abs()).await?;
        file.seek(std::io::SeekFrom::End(0)).await?;
        file.write_all(text.as_bytes()).await?;
        file.flush().await?;
        file.sync_data().await?;
        Ok(self.progress.rejected_bytes + i64::try_from(text.len()).unwrap_or(0))
    }

    async fn end(&mut self, state: State, why: &str) -> Result<(), AppError> {
        self.advance(self.progress.place, Next::End(state, why)).await?;
        Ok(())
    }

    /// Writes down how far it is; `false` if the import has ended or somebody else was faster.
    async fn advance(&mut self, from: i64, next: Next<'_>) -> Result<bool, AppError> {
        let (app, import) = (self.app, &self.claimed.import);
        let mut tx = app.db.begin().await?;
        let is_ours = store::imports::advance(&mut tx, import.id, from, &self.progress, next, app.now()).await?;
        let list = (self.listed, self.progress.rejected_bytes);
        if is_ours {
            shared::keep(&mut tx, app, import.id, Kind::Rejected, list).await?;
        }
        if is_ours && let Next::End(state, _) = next {
            let detail = format!(
                "{}: {} data points stored, {} rejected",
                state.word(),
                self.progress.accepted,
                self.progress.rejected
            );
            let new = NewEvent {
                id: EventId::from_random(app.random.bits()),
                organisation: self.claimed.organisation,
                actor: &Actor {
                    user: None,
                    name: "micro stat".to_owned(),
                    address: String::new(),
                },
                action: Action::ImportEnded,
                subject: &import.file_name,
                detail: &detail,
            };
            store::audit_events::record(&mut tx, new, app.now()).await?;
            store::import_parts::remove(&mut tx, import.id, Kind::File).await?;
        }
        tx.commit().await?;
        if is_ours && list.0 < list.1 {
            self.listed = list.1;
            app.imports.copies.note(import.id, Kind::Rejected, list.1).await;
        }
        if is_ours && matches!(next, Next::End(..)) {
            files::remove(app, import.id, true).await;
        }
        Ok(is_ours)
    }
}

const GONE: &str = "Its file is not there any more. Upload it again.";
const WAITS: &str = "Data points can’t be stored right now: the disk may be full, or too much is waiting to be written. \
                     It is tried again every minute.";

fn fault(error: tokio::task::JoinError) -> AppError {
    AppError::Internal(Box::new(error))
}

/// The ids of metrics, new ones made as far as the project may have them.
async fn ids(
    app: &App,
    project: ProjectId,
    metrics: impl Iterator<Item = &Metric>,
) -> Result<HashMap<Metric, Option<MetricId>>, AppError> {
    let mut ids: HashMap<Metric, Option<MetricId>> = metrics.map(|metric| (metric.clone(), None)).collect();
    for (name, kind, known) in store::metrics::published(&app.db, project).await? {
        if let Some(id) = ids.get_mut(&Metric { name, kind }) {
            *id = Some(known);
        }
    }
    let new: Vec<Metric> = ids
        .iter()
        .filter(|(_, id)| id.is_none())
        .map(|(metric, _)| metric.clone())
        .collect();
    if new.is_empty() {
        return Ok(ids);
    }
    let wanted = new.iter().map(|metric| Wanted {
        candidate: MetricId::from_random(app.random.bits()),
        name: &metric.name,
        kind: metric.kind,
    });
    let wanted: Vec<_> = wanted.collect();
    let mut tx = app.db.begin().await?;
    let made = store::metrics::ensure(&mut tx, project, &wanted, app.now()).await?;
    tx.commit().await?;
    ids.extend(new.into_iter().zip(made));
    Ok(ids)
}

/// All that was refused of a chunk, by rows.
fn refused(chunk: &Chunk) -> Vec<Refused> {
    let mut refused = chunk.broken.clone();
    refused.extend(chunk.parts.iter().flat_map(crate::imports::read::Part::refused));
    refused.sort_by_key(|one| one.row);
    refused
}

fn heading(settings: &Settings) -> String {
    let mut line = "row,reason,message".to_owned();
    match settings.form {
        domain::import::Form::Csv { .. } => {
            for column in &settings.columns {
                line.push(',');
                domain::csv::push_cell(&mut line, column);
            }
        }
        domain::import::Form::JsonLines => line.push_str(",line"),
    }
    line.push_str("\r\n");
    line
}

fn line(refused: &Refused) -> String {
    let mut line = format!("{},{},", refused.row, refused.reason);
    domain::csv::push_cell(&mut line, refused.message);
    for cell in &refused.cells {
        line.push(',');
        domain::csv::push_cell(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}
