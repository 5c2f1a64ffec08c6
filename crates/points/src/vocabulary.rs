//! The words of a day: two thousand distinct ones a metric, the rest under "(other)".

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::id::MetricId;
use domain::time::{DAY, Micros};
use domain::value::{OTHER, WORDS_PER_DAY};
use sqlx::SqliteConnection;

use crate::rows::{Rows, insert};

const WORDS: Rows = Rows {
    columns: 4,
    into: "insert into words (metric, day, word, amount) values ",
    then: " on conflict (metric, day, word) do update set amount = amount + excluded.amount",
};
const VOCABULARIES: Rows = Rows {
    columns: 3,
    into: "insert into vocabularies (metric, day, words) values ",
    then: " on conflict (metric, day) do update set words = excluded.words",
};

/// The words a group of batches touches.
#[derive(Default)]
pub(crate) struct Vocabulary {
    days: HashMap<(MetricId, Micros), Day>,
}

struct Day {
    /// Distinct words, "(other)" not counted.
    distinct: i64,
    /// How often each came; nothing for those past the limit.
    words: HashMap<String, Option<i64>>,
    /// How many came past the limit, or were called so by the app.
    other: i64,
}

impl Vocabulary {
    /// Counts a word on its day; one past the limit becomes "(other)".
    pub(crate) async fn settle(
        &mut self,
        connection: &mut SqliteConnection,
        metric: MetricId,
        at: Micros,
        word: &mut String,
    ) -> Result<(), sqlx::Error> {
        let date = at.floor(DAY);
        let day = match self.days.entry((metric, date)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let distinct = known_words(connection, metric, date).await?;
                entry.insert(Day {
                    distinct,
                    words: HashMap::new(),
                    other: 0,
                })
            }
        };
        if word == OTHER {
            day.other += 1;
            return Ok(());
        }
        let fate = if let Some(fate) = day.words.get_mut(word) {
            fate
        } else {
            let known = day.distinct > 0 && is_known(connection, metric, date, word).await?;
            let is_new = !known && day.distinct < i64::try_from(WORDS_PER_DAY).unwrap_or(i64::MAX);
            day.distinct += i64::from(is_new);
            day.words.entry(word.clone()).or_insert((known || is_new).then_some(0))
        };
        if let Some(count) = fate {
            *count += 1;
        } else {
            day.other += 1;
            OTHER.clone_into(word);
        }
        Ok(())
    }

    /// Writes what was counted.
    pub(crate) async fn flush(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut words = Vec::new();
        let mut sizes = Vec::new();
        for ((metric, date), day) in self.days {
            sizes.push((metric, date, day.distinct));
            let kept = day.words.into_iter().filter_map(|(word, count)| Some((word, count?)));
            let other = (day.other > 0).then(|| (OTHER.to_owned(), day.other));
            words.extend(kept.chain(other).map(|(word, count)| (metric, date, word, count)));
        }
        insert(connection, &WORDS, words, |query, (metric, date, word, count)| {
            query.bind(metric.0).bind(date.0).bind(word).bind(count)
        })
        .await?;
        insert(connection, &VOCABULARIES, sizes, |query, (metric, date, distinct)| {
            query.bind(metric.0).bind(date.0).bind(distinct)
        })
        .await
    }
}

async fn known_words(connection: &mut SqliteConnection, metric: MetricId, date: Micros) -> Result<i64, sqlx::Error> {
    let known = sqlx::query_scalar("select words from vocabularies where metric = ?1 and day = ?2")
        .bind(metric.0)
        .bind(date.0)
        .fetch_optional(connection)
        .await?;
    Ok(known.unwrap_or(0))
}

async fn is_known(
    connection: &mut SqliteConnection,
    metric: MetricId,
    date: Micros,
    word: &str,
) -> Result<bool, sqlx::Error> {
    let known: Option<i64> = sqlx::query_scalar("select 1 from words where metric = ?1 and day = ?2 and word = ?3")
        .bind(metric.0)
        .bind(date.0)
        .bind(word)
        .fetch_optional(connection)
        .await?;
    Ok(known.is_some())
}
