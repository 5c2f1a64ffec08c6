//! "Favourites": each a card with the figure that its type is about, a line, and how it moved.

use charts::{Svg, Unit, number, wide_sparkline};
use domain::id::MetricId;
use domain::metric::MetricType;
use domain::range::Range;
use domain::time::Micros;
use futures_util::future::try_join_all;
use points::Bucket;
use store::metrics::{Apart, Metric};

use super::Named;
use super::turns::Lifespans;
use super::window::Window;
use crate::error::AppError;
use crate::pages::change::{Change, float, share};
use crate::pages::metrics::tag;
use crate::pages::picture::unit;
use crate::state::Shared;

/// A card.
pub(super) struct Card {
    pub(super) id: MetricId,
    pub(super) name: String,
    pub(super) kind: MetricType,
    pub(super) tag: &'static str,
    pub(super) figure: String,
    /// What the figure is.
    pub(super) what: String,
    pub(super) line: Svg,
    pub(super) change: Change,
    /// Before which other one it stands once it has moved a place to the front; the same to the back, where nothing is
    /// the end.
    pub(super) forward: Option<String>,
    pub(super) back: Option<String>,
}

/// What is drawn and said of a metric.
struct Said {
    figure: String,
    what: String,
    line: Vec<Option<f64>>,
    change: Option<Change>,
}

/// In this order, all read side by side.
pub(super) async fn cards(
    app: &Shared,
    order: &[MetricId],
    metrics: &Named,
    apart: &Apart,
    seen: &Lifespans,
    window: &Window,
) -> Result<Vec<Card>, AppError> {
    let known = order.iter().filter_map(|id| metrics.get(id));
    let cards = known.map(|metric| card(app, metric, apart.sources(metric.id), seen.get(&metric.id), window));
    let mut cards = try_join_all(cards).await?;
    let ids: Vec<String> = cards.iter().map(|card| card.id.to_string()).collect();
    for (place, card) in cards.iter_mut().enumerate() {
        card.forward = place.checked_sub(1).map(|before| ids[before].clone());
        card.back = (place + 1 < ids.len()).then(|| ids.get(place + 2).cloned().unwrap_or_default());
    }
    Ok(cards)
}

async fn card(
    app: &Shared,
    metric: &Metric,
    sources: Vec<MetricId>,
    seen: Option<&(Micros, Micros)>,
    window: &Window,
) -> Result<Card, AppError> {
    let first = seen.map_or(window.range.to(), |(first, _)| *first);
    let before = window.before(first);
    let said = match metric.kind {
        MetricType::HitCounter | MetricType::Counter | MetricType::Timer => {
            numbers(app, metric, &sources, before, window).await?
        }
        MetricType::WordWeb => words(app, &sources, before, window).await?,
    };
    let why_not = if first >= window.range.from() {
        "new"
    } else {
        "nothing to compare with yet"
    };
    Ok(Card {
        id: metric.id,
        name: metric.title().to_owned(),
        kind: metric.kind,
        tag: tag(metric.kind),
        figure: said.figure,
        what: said.what,
        line: wide_sparkline(&said.line, true, "", 44),
        change: said.change.unwrap_or_else(|| Change::words(why_not)),
        forward: None,
        back: None,
    })
}

async fn numbers(
    app: &Shared,
    metric: &Metric,
    sources: &[MetricId],
    before: Option<Range>,
    window: &Window,
) -> Result<Said, AppError> {
    let is_timer = metric.kind == MetricType::Timer;
    let now = app.points.whole(sources, window.range, is_timer).await?;
    let series = app.points.series(sources, &window.buckets, is_timer).await?;
    let before = match before {
        Some(range) => Some(app.points.whole(sources, range, is_timer).await?),
        None => None,
    };
    if metric.kind == MetricType::HitCounter {
        return Ok(Said {
            figure: number::count(now.count),
            what: if now.count == 1 { "hit" } else { "hits" }.to_owned(),
            line: series.iter().map(|bucket| Some(float(bucket.count))).collect(),
            change: before.map(|before| Change::of_counts(before.count, now.count)),
        });
    }
    let (of, what): (fn(&Bucket) -> Option<f64>, _) = if is_timer {
        (|bucket| bucket.p95, "95th percentile")
    } else {
        (|bucket| bucket.avg, "average")
    };
    let unit: Unit = unit(metric);
    let change = before.map(|before| match (of(&before), of(&now)) {
        (Some(before), Some(now)) => Change::percent(before, now),
        (None, _) => Change::words("none before"),
        (Some(_), None) => Change::words("none now"),
    });
    Ok(Said {
        figure: of(&now).map_or_else(|| "–".to_owned(), |value| unit.show(value)),
        what: what.to_owned(),
        line: series.iter().map(of).collect(),
        change,
    })
}

async fn words(app: &Shared, sources: &[MetricId], before: Option<Range>, window: &Window) -> Result<Said, AppError> {
    let now = app.points.words(sources, window.range, 1).await?;
    let series = app.points.series(sources, &window.buckets, false).await?;
    let before = match before {
        Some(range) => Some(app.points.words(sources, range, 1).await?),
        None => None,
    };
    let top = now.words.first();
    let change = before.map(|before| match (before.words.first(), top) {
        (Some(was), Some(is)) if was.word == is.word => Change::words("the same before"),
        (Some(was), _) => Change::words(format!("{} before", was.word)),
        (None, _) => Change::words("none before"),
    });
    Ok(Said {
        figure: top.map_or_else(|| "–".to_owned(), |top| top.word.clone()),
        what: top.map_or_else(
            || "top word".to_owned(),
            |top| {
                format!(
                    "top word, {} of {}",
                    number::percent(share(top.count, now.total)),
                    number::count(now.total)
                )
            },
        ),
        line: series.iter().map(|bucket| Some(float(bucket.count))).collect(),
        change,
    })
}
