//! The words of a Word Web.

use std::collections::HashMap;

use domain::range::{Buckets, Range};
use domain::value::OTHER;

use super::said::each;
use super::sources::Sources;
use crate::{Error, Points};

/// How often a word came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordCount {
    /// The word.
    pub word: String,
    /// How often it came.
    pub count: u64,
}

/// What was said in a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// How many words came, all counted.
    pub total: u64,
    /// How many distinct ones; "(other)", which stands for any number of them, is not counted.
    pub distinct: u64,
    /// The most popular, with "(other)" in its place among them.
    pub words: Vec<WordCount>,
}

impl Points {
    /// The most popular words of a range. Of days whose data points are not kept any more, all words count if the day
    /// (UTC) begins in it; where minutes are kept, those of an hour if the hour does.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn words(&self, sources: impl Into<Sources>, range: Range, limit: u32) -> Result<Words, Error> {
        let (sources, whole) = (sources.into(), Buckets::only(range));
        let mut counts = Counts::default();
        if let Some(clickhouse) = self.clickhouse() {
            let add = |_, word: &str, count| add(&mut counts, word, count);
            clickhouse.each_word(sources.metrics(), &whole, None, add).await?;
            return Ok(ranked(counts, limit));
        }
        self.read(move |reading| {
            each(reading, &sources, &whole, |_, word, count| {
                add(&mut counts, word, count);
            })?;
            Ok(ranked(counts, limit))
        })
        .await
    }

    /// How often each of these words came in each bucket: a list a word, in the words' order.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn word_series(
        &self,
        sources: impl Into<Sources>,
        words: &[String],
        buckets: &Buckets,
    ) -> Result<Vec<Vec<u64>>, Error> {
        let (sources, words, buckets) = (sources.into(), words.to_vec(), buckets.clone());
        let mut series = vec![vec![0; buckets.starts().len()]; words.len()];
        if let Some(clickhouse) = self.clickhouse() {
            let places = places(&words);
            let add = |bucket: usize, word: &str, count| {
                if let Some(word) = places.get(word) {
                    series[*word][bucket] += count;
                }
            };
            clickhouse
                .each_word(sources.metrics(), &buckets, Some(&words), add)
                .await?;
            return Ok(as_asked(&words, &series));
        }
        self.read(move |reading| {
            let places = places(&words);
            each(reading, &sources, &buckets, |bucket, word, count| {
                if let Some(word) = places.get(word) {
                    series[*word][bucket] += count;
                }
            })?;
            Ok(as_asked(&words, &series))
        })
        .await
    }
}

fn places(words: &[String]) -> HashMap<&str, usize> {
    words.iter().map(String::as_str).zip(0..).collect()
}

/// A word asked for twice is answered twice.
fn as_asked(words: &[String], series: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let places = places(words);
    words.iter().map(|word| series[places[word.as_str()]].clone()).collect()
}

type Counts = HashMap<String, u64>;

fn add(counts: &mut Counts, word: &str, count: u64) {
    if let Some(there) = counts.get_mut(word) {
        *there += count;
    } else {
        counts.insert(word.to_owned(), count);
    }
}

fn ranked(counts: Counts, limit: u32) -> Words {
    let distinct = counts.len() - usize::from(counts.contains_key(OTHER));
    let mut words: Vec<WordCount> = counts
        .into_iter()
        .map(|(word, count)| WordCount { word, count })
        .collect();
    words.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.word.cmp(&b.word)));
    let total = words.iter().map(|word| word.count).sum();
    words.truncate(limit.max(1) as usize);
    Words {
        total,
        distinct: distinct as u64,
        words,
    }
}
