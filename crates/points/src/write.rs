//! What a group of batches changes, inside the writer's transaction.

use std::collections::HashMap;

use domain::id::{MetricId, ProjectId};
use domain::time::Micros;
use domain::value::Value;
use sqlx::SqliteConnection;

use crate::hours::Hours;
use crate::rows::{Rows, insert};
use crate::vocabulary::Vocabulary;
use crate::{Batch, DataPoint, Outcome, keys};

const DATA_POINTS: Rows = Rows {
    columns: 4,
    into: "insert into data_points (metric, at, seq, value) values ",
    then: "",
};
const METRICS: Rows = Rows {
    columns: 4,
    into: "insert into metrics (metric, project, first_at, last_at) values ",
    then: " on conflict (metric) do update set first_at = min(first_at, excluded.first_at),
        last_at = max(last_at, excluded.last_at)",
};

/// Stores a group of batches, in order, and says what became of each.
pub(crate) async fn group(
    connection: &mut SqliteConnection,
    batches: Vec<(Batch, Micros)>,
) -> Result<Vec<Outcome>, sqlx::Error> {
    let seq: i64 = sqlx::query_scalar("select next from sequence")
        .fetch_one(&mut *connection)
        .await?;
    let mut group = Group {
        seq,
        ..Group::default()
    };
    let mut outcomes = Vec::with_capacity(batches.len());
    for (batch, now) in batches {
        outcomes.push(group.batch(connection, batch, now).await?);
    }
    group.flush(connection).await?;
    Ok(outcomes)
}

/// What is gathered before it is written in few, long statements.
#[derive(Default)]
struct Group {
    seq: i64,
    rows: Vec<(MetricId, Micros, i64, Value)>,
    spans: HashMap<MetricId, (ProjectId, Micros, Micros)>,
    hours: Hours,
    vocabulary: Vocabulary,
}

impl Group {
    async fn batch(
        &mut self,
        connection: &mut SqliteConnection,
        batch: Batch,
        now: Micros,
    ) -> Result<Outcome, sqlx::Error> {
        if let Some(key) = &batch.key
            && let Some(first) = keys::find(connection, batch.project, key, now).await?
        {
            return Ok(first);
        }
        let mut outcome = Outcome::default();
        for point in batch.points {
            let is_new = match &point.id {
                Some(id) => keys::remember_point(connection, batch.project, id, now).await?,
                None => true,
            };
            if is_new {
                self.point(connection, batch.project, point).await?;
                outcome.stored += 1;
            } else {
                outcome.duplicates += 1;
            }
        }
        if let Some(key) = batch.key {
            keys::remember_batch(connection, batch.project, key, now, &outcome, batch.note).await?;
        }
        Ok(outcome)
    }

    async fn point(
        &mut self,
        connection: &mut SqliteConnection,
        project: ProjectId,
        point: DataPoint,
    ) -> Result<(), sqlx::Error> {
        let DataPoint {
            metric, at, mut value, ..
        } = point;
        if let Value::Word(word) = &mut value {
            self.vocabulary.settle(connection, metric, at, word).await?;
        }
        self.hours.add(project, metric, at, &value);
        let span = self.spans.entry(metric).or_insert((project, at, at));
        span.1 = span.1.min(at);
        span.2 = span.2.max(at);
        self.rows.push((metric, at, self.seq, value));
        self.seq += 1;
        Ok(())
    }

    async fn flush(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        sqlx::query("update sequence set next = ?1")
            .bind(self.seq)
            .execute(&mut *connection)
            .await?;
        let mut rows = self.rows;
        rows.sort_unstable_by_key(|row| (row.0, row.1, row.2));
        insert(connection, &DATA_POINTS, rows, |query, (metric, at, seq, value)| {
            let query = query.bind(metric.0).bind(at.0).bind(seq);
            match value {
                Value::Hits(hits) => query.bind(i64::from(hits)),
                Value::Number(number) => query.bind(number),
                Value::Word(word) => query.bind(word),
            }
        })
        .await?;
        insert(
            connection,
            &METRICS,
            self.spans,
            |query, (metric, (project, first, last))| query.bind(metric.0).bind(project.0).bind(first.0).bind(last.0),
        )
        .await?;
        self.hours.flush(connection).await?;
        self.vocabulary.flush(connection).await
    }
}
