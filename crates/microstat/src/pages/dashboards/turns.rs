//! What has begun, and what has fallen silent.

use std::collections::HashMap;

use domain::id::MetricId;
use domain::metric::MetricType;
use domain::range::Range;
use domain::silence::Silence;
use domain::time::{DAY, HOUR, Micros};
use futures_util::future::try_join_all;
use store::metrics::Apart;

use super::Named;
use super::window::Window;
use crate::error::AppError;
use crate::pages::metrics::tag;
use crate::state::Shared;

/// So many are named.
const NAMED: usize = 8;
/// So many of those that have come to rest last are looked at more closely.
const LOOKED_AT: usize = 40;
/// What fell silent is told of for so long, in a shorter range too: else nobody would see on Monday what stopped on Friday.
const TOLD: i64 = 7 * DAY;

/// When metrics, each with what is merged into it, first and last had a data point.
pub(super) type Lifespans = HashMap<MetricId, (Micros, Micros)>;

/// A metric, and when something became of it.
pub(super) struct Turn {
    pub(super) id: MetricId,
    pub(super) name: String,
    pub(super) kind: MetricType,
    pub(super) tag: &'static str,
    /// New: its first data point. Silent: its last.
    pub(super) at: Micros,
    /// Silent: the longest pause it made before.
    pub(super) pause: String,
}

/// What both lists name, and how many there are besides.
pub(super) struct Turns {
    pub(super) new: Vec<(MetricId, Micros)>,
    pub(super) more_new: usize,
    pub(super) silent: Vec<(MetricId, Silence)>,
    pub(super) more_silent: usize,
}

/// Of those that are shown, hidden ones too.
pub(super) fn lifespans(each: Vec<(MetricId, Micros, Micros)>, apart: &Apart) -> Lifespans {
    let mut spans = Lifespans::with_capacity(each.len());
    for (id, first, last) in each {
        if let Some(shown) = apart.shown(id) {
            let span = spans.entry(shown).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
    }
    spans
}

pub(super) async fn turns(app: &Shared, seen: &Lifespans, apart: &Apart, window: &Window) -> Result<Turns, AppError> {
    let listed = || seen.iter().filter(|(id, _)| !apart.is_hidden(**id));
    let mut new: Vec<(MetricId, Micros)> = listed()
        .filter(|(_, (first, _))| window.range.contains(*first))
        .map(|(id, (first, _))| (*id, *first))
        .collect();
    new.sort_by_key(|(id, first)| (std::cmp::Reverse(*first), *id));

    let now = app.now();
    let since = now - window.range.length().max(TOLD);
    let mut quiet: Vec<(MetricId, Micros, Range)> = listed()
        .filter_map(|(id, (first, last))| Some((*id, *last, Silence::hours_of_interest(*first, *last, now)?)))
        .collect();
    quiet.sort_by_key(|(id, last, _)| (std::cmp::Reverse(*last), *id));
    quiet.truncate(LOOKED_AT);
    let looks = quiet.iter().map(async |(id, last, range)| {
        let pause = app
            .pauses
            .look(&app.points, *id, apart.sources(*id), *last, *range)
            .await?;
        Ok::<_, AppError>((
            *id,
            pause.filter(|silence| silence.fell_at() < now && silence.fell_at() >= since),
        ))
    });
    let found = try_join_all(looks).await?;
    let mut silent: Vec<(MetricId, Silence)> = found
        .into_iter()
        .filter_map(|(id, silence)| Some((id, silence?)))
        .collect();
    silent.sort_by_key(|(id, silence)| (std::cmp::Reverse(silence.fell_at()), *id));
    let (more_new, more_silent) = (new.len().saturating_sub(NAMED), silent.len().saturating_sub(NAMED));
    new.truncate(NAMED);
    silent.truncate(NAMED);
    Ok(Turns {
        new,
        more_new,
        silent,
        more_silent,
    })
}

impl Turns {
    /// The metrics that are named.
    pub(super) fn named(&self) -> impl Iterator<Item = MetricId> + '_ {
        let silent = self.silent.iter().map(|(id, _)| *id);
        self.new.iter().map(|(id, _)| *id).chain(silent)
    }

    pub(super) fn new_rows(&self, metrics: &Named) -> Vec<Turn> {
        self.new
            .iter()
            .filter_map(|(id, first)| turn(*id, *first, String::new(), metrics))
            .collect()
    }

    pub(super) fn silent_rows(&self, metrics: &Named) -> Vec<Turn> {
        let row = |(id, silence): &(MetricId, Silence)| turn(*id, silence.last, length(silence.pause), metrics);
        self.silent.iter().filter_map(row).collect()
    }
}

fn turn(id: MetricId, at: Micros, pause: String, metrics: &Named) -> Option<Turn> {
    let metric = metrics.get(&id)?;
    Some(Turn {
        id,
        name: metric.title().to_owned(),
        kind: metric.kind,
        tag: tag(metric.kind),
        at,
        pause,
    })
}

/// Whole hours in words.
fn length(micros: i64) -> String {
    match micros / HOUR {
        1 => "1 hour".to_owned(),
        hours if hours >= 48 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}
