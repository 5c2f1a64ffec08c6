//! The words of a Word Web.

use std::collections::HashMap;

use domain::id::MetricId;
use domain::range::{Buckets, Range};
use domain::time::{DAY, Micros};
use domain::value::OTHER;

use super::reading::{Reading, shared, whole_day};
use crate::kind::Kind;
use crate::rollup::Day;
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
    /// (UTC) begins in it.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn words(&self, metric: MetricId, range: Range, limit: u32) -> Result<Words, Error> {
        self.read(move |reading| {
            let mut counts: HashMap<String, u64> = HashMap::new();
            each(reading, metric, range, DAY, |_, word, count| {
                if let Some(there) = counts.get_mut(word) {
                    *there += count;
                } else {
                    counts.insert(word.to_owned(), count);
                }
            })?;
            counts.retain(|_, count| *count > 0);
            let distinct = counts.len() - usize::from(counts.contains_key(OTHER));
            let mut words: Vec<WordCount> = counts
                .into_iter()
                .map(|(word, count)| WordCount { word, count })
                .collect();
            words.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.word.cmp(&b.word)));
            let total = words.iter().map(|word| word.count).sum();
            words.truncate(limit.max(1) as usize);
            Ok(Words {
                total,
                distinct: distinct as u64,
                words,
            })
        })
        .await
    }

    /// How often each of these words came in each bucket: a list a word, in the words' order.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn word_series(
        &self,
        metric: MetricId,
        words: &[String],
        buckets: &Buckets,
    ) -> Result<Vec<Vec<u64>>, Error> {
        let (words, buckets) = (words.to_vec(), buckets.clone());
        self.read(move |reading| {
            let places: HashMap<&str, usize> = words.iter().map(String::as_str).zip(0..).collect();
            let mut series = vec![vec![0; buckets.starts().len()]; words.len()];
            let finest = if buckets.aligned_to(DAY) { DAY } else { 0 };
            each(reading, metric, buckets.range(), finest, |at, word, count| {
                if let (Some(word), Some(bucket)) = (places.get(word), buckets.find(Micros(at))) {
                    series[*word][bucket] += count;
                }
            })?;
            // A word asked for twice is answered twice.
            Ok(words.iter().map(|word| series[places[word.as_str()]].clone()).collect())
        })
        .await
    }
}

/// Calls `each` with times, words and how often they came: of whole days if `by` is a day, else of every data point.
fn each(
    reading: &Reading<'_>,
    metric: MetricId,
    range: Range,
    by: i64,
    mut each: impl FnMut(i64, &str, u64),
) -> Result<(), Error> {
    if let Some(sealed) = reading.find(metric)?.filter(|sealed| sealed.kind == Kind::Word) {
        reading.each_day(&sealed, range, |date, data| {
            let Some(inside) = shared(range, whole_day(date)) else {
                return Ok(());
            };
            let is_raw = Day::decode_hours(data)?.raw;
            if (by == DAY && inside == whole_day(date)) || !is_raw {
                if range.contains(Micros(date * DAY)) {
                    Day::each_word(data, |word, count| each(date * DAY, word, count))?;
                }
                return Ok(());
            }
            let words = Day::decode(data)?.words;
            reading.each_block(&sealed, date, inside, |points| {
                for point in points {
                    let place = usize::try_from(point.bits).unwrap_or(usize::MAX);
                    if let Some((word, _)) = words.get(place) {
                        each(point.at, word, 1);
                    }
                }
                Ok(())
            })
        })?;
    }
    reading.each_unsealed(metric, |recent| {
        if recent.kind == Kind::Word {
            for point in recent.between(range.from().0, range.to().0) {
                each(point.at, recent.word(point.bits), 1);
            }
        }
    });
    Ok(())
}
