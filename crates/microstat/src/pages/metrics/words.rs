//! What the page of a Word Web shows: which words are the most popular, and how each moves.

use std::collections::HashMap;

use charts::{HEIGHT, Lines, Series, Svg, Unit, key, number, rank};
use domain::value::OTHER;
use points::Words;
use store::metrics::Metric;

use super::figure::Figure;
use super::numbers::Picture;
use super::shown::Shown;
use crate::error::AppError;
use crate::pages::change::{Change, float, share};
use crate::pages::chart::Chart;
use crate::state::Shared;

/// So many words are drawn as lines: more lie on top of each other.
const DRAWN: usize = 5;
/// So many words are ranked.
const RANKED: u32 = 50;
/// So many words of the time before are looked through to see where a word comes from.
const LOOKED_THROUGH: u32 = 1_000;

/// A word of the ranking.
pub(super) struct Row {
    /// Which line of the picture is this word's.
    pub(super) key: Option<Svg>,
    pub(super) bar: Svg,
    pub(super) word: String,
    pub(super) count: String,
    pub(super) share: String,
    /// How many places up or down, where that is known.
    pub(super) moved: Option<Change>,
}

pub(super) async fn words(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Picture, AppError> {
    let now = app.points.words(metric.id, shown.range, RANKED).await?;
    let before = match shown.previous() {
        Some(range) => Some(app.points.words(metric.id, range, LOOKED_THROUGH).await?),
        None => None,
    };
    Ok(Picture {
        figures: figures(&now, before.as_ref()),
        chart: chart(app, metric, shown, &now).await?,
        notes: notes(&now),
        words: ranking(&now, before.as_ref()),
    })
}

async fn chart(app: &Shared, metric: &Metric, shown: &Shown, now: &Words) -> Result<Chart, AppError> {
    let names: Vec<String> = now.words.iter().take(DRAWN).map(|word| word.word.clone()).collect();
    let counts = app.points.word_series(metric.id, &names, &shown.buckets).await?;
    let values: Vec<Vec<Option<f64>>> = counts
        .iter()
        .map(|counts| counts.iter().map(|count| Some(float(*count))).collect())
        .collect();
    let series: Vec<Series<'_>> = names
        .iter()
        .zip(&values)
        .map(|(name, values)| Series {
            name,
            unit: Unit::Count,
            values,
            before: &[],
        })
        .collect();
    let lines = Lines {
        title: metric.name.as_str(),
        axis: &shown.axis,
        starts: shown.buckets.starts(),
        series: &series,
        marks: &[],
        height: HEIGHT,
    };
    Ok(Chart {
        svg: lines.svg(),
        legend: Some(lines.legend()),
        table: lines.table(),
    })
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
    let others = now.words.iter().filter(|word| word.word == OTHER).count() as u64;
    let ranked = now.words.len() as u64 - others;
    if now.distinct > ranked {
        notes.push(format!(
            "The {ranked} most popular of {} words.",
            number::count(now.distinct)
        ));
    }
    if others > 0 {
        notes.push(format!(
            "{OTHER} stands for all words of a day that came after its first 2,000 distinct ones."
        ));
    }
    notes
}

fn ranking(now: &Words, before: Option<&Words>) -> Vec<Row> {
    let places = before.map(|before| {
        let words = before.words.iter().enumerate();
        let places: HashMap<&str, usize> = words.map(|(place, word)| (word.word.as_str(), place)).collect();
        (places, before.words.len() < LOOKED_THROUGH as usize)
    });
    let most = now.words.first().map_or(0, |word| word.count);
    let row = |(place, word): (usize, &points::WordCount)| Row {
        key: (place < DRAWN).then(|| key(place)),
        bar: rank(share(word.count, most)),
        word: word.word.clone(),
        count: number::count(word.count),
        share: number::percent(share(word.count, now.total)),
        moved: places.as_ref().and_then(|(places, is_whole)| {
            let from = places.get(word.word.as_str()).copied();
            moved(from, place, *is_whole)
        }),
    };
    now.words.iter().enumerate().map(row).collect()
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
    use super::moved;

    #[test]
    fn a_word_moves_up_or_down_or_stays_or_is_new() {
        let shown = |from, to, whole| moved(from, to, whole).map(|change| (change.way, change.text));
        assert_eq!(shown(Some(4), 1, true), Some(("is-up", "3".to_owned())));
        assert_eq!(shown(Some(1), 2, true), Some(("is-down", "1".to_owned())));
        assert_eq!(shown(Some(2), 2, true), Some(("", "=".to_owned())));
        assert_eq!(shown(None, 2, true), Some(("", "new".to_owned())));
        assert_eq!(shown(None, 2, false), None, "it may have been further down");
    }
}
