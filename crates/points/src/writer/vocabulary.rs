//! The words of a day: two thousand distinct ones a metric, the rest under "(other)".

use std::collections::HashSet;

use domain::id::MetricId;
use domain::value::{OTHER, WORDS_PER_DAY};
use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};

use super::Group;
use crate::Error;
use crate::clickhouse::local;
use crate::head::generation::Generation;
use crate::rollup::Day;
use crate::schema::{self, day_key};
use crate::seen::RandomMap;

/// The words of the metrics and days that are being published to.
#[derive(Debug, Default)]
pub(super) struct Vocabularies {
    days: RandomMap<(i64, i64), HashSet<Box<str>, RandomState>>,
}

impl Vocabularies {
    pub(super) fn has(&self, metric: MetricId, day: i64) -> bool {
        self.days.contains_key(&(metric.0, day))
    }

    /// Learns the words of a day: those in the database, in the head and in the open group.
    pub(super) fn load(
        &mut self,
        metric: MetricId,
        day: i64,
        connection: &Connection,
        generations: &[std::sync::Arc<Generation>],
        group: &Group,
    ) -> Result<(), Error> {
        let mut words = HashSet::default();
        // The generations were taken before the database is read: see `crate::head`.
        let data: Option<Vec<u8>> = match connection
            .prepare_cached("select number from metrics where metric = ?1")?
            .query_row([metric.0], |row| row.get::<_, u32>(0))
            .optional()?
        {
            Some(number) => connection
                .prepare_cached("select data from days where key = ?1")?
                .query_row([day_key(day, number)], |row| row.get(0))
                .optional()?,
            None => None,
        };
        if let Some(data) = data {
            Day::each_word(&data, |word, _| {
                words.insert(word.into());
            })?;
        }
        if local::is_shipping(connection)? {
            local::each_word(connection, metric, day, |word| {
                words.insert(word.into());
            })?;
        }
        for generation in generations {
            let contents = generation.read();
            let Some(recent) = contents.get(metric) else { continue };
            let of_day = recent.points.iter().filter(|point| schema::day(point.at) == day);
            for point in of_day {
                let word = recent.word(point.bits);
                if !words.contains(word) {
                    words.insert(word.into());
                }
            }
        }
        let pending = group.words.iter().filter(|(of, on, _)| (*of, *on) == (metric, day));
        words.extend(pending.map(|(_, _, word)| word.clone()));
        words.remove(OTHER);
        self.days.insert((metric.0, day), words);
        Ok(())
    }

    /// Keeps a word of a day that is loaded, or makes it "(other)".
    pub(super) fn settle(&mut self, metric: MetricId, day: i64, word: &mut String, group: &mut Group) {
        let Some(words) = self.days.get_mut(&(metric.0, day)) else {
            return;
        };
        if word == OTHER || words.contains(word.as_str()) {
            return;
        }
        if words.len() < WORDS_PER_DAY {
            words.insert(word.as_str().into());
            group.words.push((metric, day, word.as_str().into()));
        } else {
            OTHER.clone_into(word);
        }
    }

    pub(super) fn clear(&mut self) {
        self.days.clear();
    }

    /// Takes back the words of a group that was not kept.
    pub(super) fn undo(&mut self, group: &Group) {
        for (metric, day, word) in &group.words {
            if let Some(words) = self.days.get_mut(&(metric.0, *day)) {
                words.remove(word);
            }
        }
    }
}
