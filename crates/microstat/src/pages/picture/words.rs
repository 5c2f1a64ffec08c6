//! What is shown of a Word Web: which words are the most popular, how each moves, which are new and which are gone.

use std::collections::HashMap;

use charts::{Layer, Mark, Stack, Svg, layer_key, number, rank, sparkline};
use domain::value::OTHER;
use points::{WordCount, Words};

use super::figure::Figure;
use super::shown::Shown;
use super::{Picture, Subject};
use crate::error::AppError;
use crate::pages::change::{Change, float, share};
use crate::pages::chart::Chart;
use crate::pages::view::View;
use crate::state::Shared;

/// So many words are told apart in the chart; all others stand together.
const DRAWN: usize = 6;
/// So many words are ranked.
const RANKED: usize = 50;
/// So many new and vanished words are named.
const NAMED: usize = 12;
/// So many words of a time are looked through to see which are new, which are gone, and which were searched for.
const LOOKED_THROUGH: u32 = 10_000;

/// The words of a time.
pub(crate) struct Ranking {
    pub(crate) rows: Vec<Row>,
    /// How many words are looked for among, and how many of them match.
    pub(crate) matching: Option<(usize, usize)>,
    /// Words that weren't there in the time before, most popular first; none if that can't be told.
    pub(crate) new: Option<Vec<Named>>,
    /// Words that were there in the time before alone.
    pub(crate) gone: Option<Vec<Named>>,
}

/// A word of the ranking.
pub(crate) struct Row {
    pub(crate) place: usize,
    /// Which part of the chart is this word's.
    pub(crate) key: Option<Svg>,
    pub(crate) bar: Svg,
    pub(crate) word: String,
    pub(crate) count: String,
    pub(crate) share: String,
    /// How it moved over the time shown.
    pub(crate) line: Svg,
    /// Against the time before.
    pub(crate) change: Option<Change>,
    /// How many places up or down, where that is known.
    pub(crate) moved: Option<Change>,
}

/// A word and how often it came.
pub(crate) struct Named {
    pub(crate) word: String,
    pub(crate) count: String,
}

pub(super) async fn picture(
    app: &Shared,
    of: &Subject<'_>,
    view: &View,
    shown: &Shown,
    marks: &[Mark<'_>],
) -> Result<Picture, AppError> {
    let now = app.points.words(&of.sources, shown.range, LOOKED_THROUGH).await?;
    let before = match shown.previous() {
        Some(range) => Some(app.points.words(&of.sources, range, LOOKED_THROUGH).await?),
        None => None,
    };
    let found = search(&now, &view.search);
    // Those of the chart first, then those of the ranking.
    let drawn: Vec<&WordCount> = now.words.iter().take(DRAWN).collect();
    let names: Vec<String> = drawn
        .iter()
        .copied()
        .chain(found.iter().map(|(_, word)| *word))
        .map(|word| word.word.clone())
        .collect();
    let series = app.points.word_series(&of.sources, &names, &shown.buckets).await?;
    let totals = app.points.series(&of.sources, &shown.buckets, false).await?;
    let totals: Vec<u64> = totals.iter().map(|bucket| bucket.count).collect();
    let (of_chart, of_rows) = series.split_at(drawn.len());
    Ok(Picture {
        figures: figures(&now, before.as_ref()),
        heading: "Words over time".to_owned(),
        chart: chart(of, shown, marks, &names[..drawn.len()], of_chart, &totals),
        notes: notes(&now),
        spread: None,
        words: Some(ranking(&now, before.as_ref(), view, &found, of_rows)),
    })
}

/// The words that match, with their places among all.
fn search<'w>(now: &'w Words, text: &str) -> Vec<(usize, &'w WordCount)> {
    let wanted = text.to_lowercase();
    let all = now.words.iter().enumerate();
    all.filter(|(_, word)| wanted.is_empty() || word.word.to_lowercase().contains(&wanted))
        .take(RANKED)
        .collect()
}

fn chart(
    of: &Subject<'_>,
    shown: &Shown,
    marks: &[Mark<'_>],
    names: &[String],
    counts: &[Vec<u64>],
    totals: &[u64],
) -> Chart {
    let layers: Vec<Layer<'_>> = names
        .iter()
        .zip(counts)
        .map(|(name, counts)| Layer { name, counts })
        .collect();
    let others: Vec<u64> = totals
        .iter()
        .enumerate()
        .map(|(bucket, total)| {
            counts
                .iter()
                .fold(*total, |rest, counts| rest.saturating_sub(counts[bucket]))
        })
        .collect();
    let stack = Stack {
        title: of.metric.title(),
        axis: &shown.axis,
        starts: shown.buckets.starts(),
        layers: &layers,
        others: &others,
        marks,
        height: of.height,
    };
    Chart {
        svg: stack.svg(),
        legend: Some(stack.legend()),
        table: stack.table(),
    }
}

fn figures(now: &Words, before: Option<&Words>) -> Vec<Figure> {
    let mut figures = vec![
        Figure::count("Data points", now.total, before.map(|before| before.total)),
        Figure::count("Distinct words", now.distinct, before.map(|before| before.distinct)),
    ];
    figures.extend(now.words.first().map(|first| {
        let detail = format!("{} of all", number::percent(share(first.count, now.total)));
        Figure::plain("Most popular", first.word.clone(), detail)
    }));
    figures
}

fn notes(now: &Words) -> Vec<String> {
    let mut notes = Vec::new();
    if now.words.iter().any(|word| word.word == OTHER) {
        notes.push(format!(
            "{OTHER} stands for all words of a day that came after its first 2,000 distinct ones."
        ));
    }
    notes
}

fn ranking(
    now: &Words,
    before: Option<&Words>,
    view: &View,
    found: &[(usize, &WordCount)],
    series: &[Vec<u64>],
) -> Ranking {
    let places = before.map(Places::of);
    let most = now.words.first().map_or(0, |word| word.count);
    let row = |((place, word), counts): (&(usize, &WordCount), &Vec<u64>)| {
        let values: Vec<Option<f64>> = counts.iter().map(|count| Some(float(*count))).collect();
        Row {
            place: place + 1,
            key: (*place < DRAWN).then(|| layer_key(*place)),
            bar: rank(share(word.count, most)),
            count: number::count(word.count),
            share: number::percent(share(word.count, now.total)),
            line: sparkline(&values, true, ""),
            change: places.as_ref().and_then(|places| places.change(word)),
            moved: places.as_ref().and_then(|places| places.moved(&word.word, *place)),
            word: word.word.clone(),
        }
    };
    let known = |of: &Words| u64::try_from(of.words.len()).unwrap_or(u64::MAX) >= of.distinct;
    Ranking {
        rows: found.iter().zip(series).map(row).collect(),
        matching: (!view.search.is_empty()).then(|| (now.words.len(), matching(now, &view.search))),
        // What isn't among all of them is new; where some weren't looked through, nobody knows.
        new: before.filter(|before| known(before)).map(|before| only_in(now, before)),
        gone: before.filter(|_| known(now)).map(|before| only_in(before, now)),
    }
}

fn matching(now: &Words, text: &str) -> usize {
    let wanted = text.to_lowercase();
    now.words
        .iter()
        .filter(|word| word.word.to_lowercase().contains(&wanted))
        .count()
}

/// The most popular words of one time that another has not.
fn only_in(of: &Words, other: &Words) -> Vec<Named> {
    let others: std::collections::HashSet<&str> = other.words.iter().map(|word| word.word.as_str()).collect();
    let only = of
        .words
        .iter()
        .filter(|word| word.word != OTHER && !others.contains(word.word.as_str()));
    only.take(NAMED)
        .map(|word| Named {
            word: word.word.clone(),
            count: number::count(word.count),
        })
        .collect()
}

/// Where words stood in the time before.
struct Places<'w> {
    of: HashMap<&'w str, (usize, u64)>,
    /// Whether these are all of its words.
    is_whole: bool,
}

impl<'w> Places<'w> {
    fn of(before: &'w Words) -> Self {
        let words = before.words.iter().enumerate();
        Self {
            of: words
                .map(|(place, word)| (word.word.as_str(), (place, word.count)))
                .collect(),
            is_whole: before.words.len() < LOOKED_THROUGH as usize,
        }
    }

    fn change(&self, word: &WordCount) -> Option<Change> {
        let (_, before) = self.of.get(word.word.as_str())?;
        Some(Change::of_counts(*before, word.count))
    }

    fn moved(&self, word: &str, place: usize) -> Option<Change> {
        let from = self.of.get(word).map(|(place, _)| *place);
        moved(from, place, self.is_whole)
    }
}

/// From one place in the ranking to another. What isn't among all of those before is new.
fn moved(from: Option<usize>, to: usize, is_whole: bool) -> Option<Change> {
    let Some(from) = from else {
        return is_whole.then(|| Change::words("new"));
    };
    Some(match from.cmp(&to) {
        std::cmp::Ordering::Greater => Change {
            way: "is-up",
            text: (from - to).to_string(),
        },
        std::cmp::Ordering::Less => Change {
            way: "is-down",
            text: (to - from).to_string(),
        },
        std::cmp::Ordering::Equal => Change::words("="),
    })
}

#[cfg(test)]
mod tests {
    use points::{WordCount, Words};

    use super::{moved, only_in, search};

    fn words(counts: &[(&str, u64)]) -> Words {
        Words {
            total: counts.iter().map(|(_, count)| count).sum(),
            distinct: counts.len() as u64,
            words: counts
                .iter()
                .map(|(word, count)| WordCount {
                    word: (*word).to_owned(),
                    count: *count,
                })
                .collect(),
        }
    }

    #[test]
    fn a_word_moves_up_or_down_or_stays_or_is_new() {
        let shown = |from, to, whole| moved(from, to, whole).map(|change| (change.way, change.text));
        assert_eq!(shown(Some(4), 1, true), Some(("is-up", "3".to_owned())));
        assert_eq!(shown(Some(1), 2, true), Some(("is-down", "1".to_owned())));
        assert_eq!(shown(Some(2), 2, true), Some(("", "=".to_owned())));
        assert_eq!(shown(None, 2, true), Some(("", "new".to_owned())));
        assert_eq!(shown(None, 2, false), None, "it may have been further down");
    }

    #[test]
    fn words_are_found_by_a_part_of_them_whatever_the_case_and_keep_their_places() {
        let now = words(&[("Blue Lamp", 5), ("שלום", 3), ("lamp", 2)]);
        let places = |text| search(&now, text).iter().map(|(place, _)| *place).collect::<Vec<_>>();
        assert_eq!(places("LAMP"), [0, 2]);
        assert_eq!(places("לום"), [1]);
        assert_eq!(places(""), [0, 1, 2]);
        assert_eq!(places("chair"), [0; 0]);
    }

    #[test]
    fn what_is_in_one_time_alone_is_new_or_gone() {
        let (now, before) = (
            words(&[("a", 5), ("b", 1), ("(other)", 9)]),
            words(&[("b", 7), ("c", 2)]),
        );
        let names = |of, other| {
            only_in(of, other)
                .into_iter()
                .map(|named| named.word)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&now, &before), ["a"]);
        assert_eq!(names(&before, &now), ["c"]);
    }
}
