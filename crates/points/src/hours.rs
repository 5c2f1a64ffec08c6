//! Hours: what every hour of a metric and of a project adds up to, kept beside the data points themselves.

use std::collections::HashMap;

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{HOUR, Micros};
use domain::value::Value;
use sqlx::SqliteConnection;

use crate::rows::{Rows, insert};

const HOURS: Rows = Rows {
    columns: 7,
    into: "insert into hours (metric, hour, data_points, amount, total, minimum, maximum) values ",
    then: " on conflict (metric, hour) do update set data_points = data_points + excluded.data_points,
        amount = amount + excluded.amount, total = total + excluded.total,
        minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum)",
};
const PROJECT_HOURS: Rows = Rows {
    columns: 3,
    into: "insert into project_hours (project, hour, data_points) values ",
    then: " on conflict (project, hour) do update set data_points = data_points + excluded.data_points",
};

/// The hours a group of batches touches.
#[derive(Default)]
pub(crate) struct Hours {
    metrics: HashMap<(MetricId, Micros), Hour>,
    projects: HashMap<(ProjectId, Micros), i64>,
}

#[derive(Default)]
struct Hour {
    data_points: i64,
    amount: i64,
    numbers: Option<Numbers>,
}

struct Numbers {
    total: f64,
    minimum: f64,
    maximum: f64,
}

impl Hours {
    pub(crate) fn add(&mut self, project: ProjectId, metric: MetricId, at: Micros, value: &Value) {
        let start = at.floor(HOUR);
        *self.projects.entry((project, start)).or_default() += 1;
        let hour = self.metrics.entry((metric, start)).or_default();
        hour.data_points += 1;
        hour.amount += match value {
            Value::Hits(hits) => i64::from(*hits),
            Value::Number(_) | Value::Word(_) => 1,
        };
        if let Value::Number(number) = *value {
            let numbers = hour.numbers.get_or_insert(Numbers {
                total: 0.0,
                minimum: number,
                maximum: number,
            });
            numbers.total += number;
            numbers.minimum = numbers.minimum.min(number);
            numbers.maximum = numbers.maximum.max(number);
        }
    }

    pub(crate) async fn flush(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut hours: Vec<_> = self.metrics.into_iter().collect();
        hours.sort_unstable_by_key(|(key, _)| *key);
        insert(connection, &HOURS, hours, |query, ((metric, start), hour)| {
            query
                .bind(metric.0)
                .bind(start.0)
                .bind(hour.data_points)
                .bind(hour.amount)
                .bind(hour.numbers.as_ref().map(|numbers| numbers.total))
                .bind(hour.numbers.as_ref().map(|numbers| numbers.minimum))
                .bind(hour.numbers.as_ref().map(|numbers| numbers.maximum))
        })
        .await?;
        insert(
            connection,
            &PROJECT_HOURS,
            self.projects,
            |query, ((project, start), data_points)| query.bind(project.0).bind(start.0).bind(data_points),
        )
        .await
    }
}

/// A range as the whole steps in it, and what is left before and after them. Parts may be empty.
pub(crate) struct Parts {
    pub(crate) before: (i64, i64),
    pub(crate) whole: (i64, i64),
    pub(crate) after: (i64, i64),
}

/// Cuts a range at the whole multiples of `step` in it.
pub(crate) fn parts(range: Range, step: i64) -> Parts {
    let (from, to) = (range.from(), range.to());
    let first = (from + (step - 1)).floor(step);
    let last = to.floor(step);
    if first < last {
        Parts {
            before: (from.0, first.0),
            whole: (first.0, last.0),
            after: (last.0, to.0),
        }
    } else {
        Parts {
            before: (from.0, to.0),
            whole: (0, 0),
            after: (0, 0),
        }
    }
}
