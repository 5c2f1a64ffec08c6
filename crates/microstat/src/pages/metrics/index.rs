//! "Metrics": every metric of a project, searched, filtered, sorted, a hundred a page.

use std::cmp::Ordering;
use std::collections::HashSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use charts::{Svg, number};
use domain::id::{MetricId, ProjectId};
use domain::metric::MetricType;
use domain::time::Micros;
use points::Summary;
use serde::Deserialize;
use store::metrics::Metric;

use super::tag;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::pages::change::{Change, share};
use crate::pages::dashboards::{day_change, day_line};
use crate::pages::frame::{Frame, Tab};
use crate::pages::html;
use crate::state::Shared;

/// Metrics a page.
const PER_PAGE: usize = 100;

/// What the list is asked for; whatever makes no sense is as if it weren't there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    #[serde(rename = "type")]
    kind: String,
    sort: String,
    order: String,
    page: String,
    /// "yes": hidden ones too.
    hidden: String,
}

/// A column that can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Name,
    Type,
    Last,
    Change,
    Seen,
}

impl Sort {
    const ALL: [Self; 5] = [Self::Name, Self::Type, Self::Last, Self::Change, Self::Seen];

    const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Type => "type",
            Self::Last => "last",
            Self::Change => "change",
            Self::Seen => "seen",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Type => "Type",
            Self::Last => "Last 24 hours",
            Self::Change => "Change",
            Self::Seen => "Last seen",
        }
    }

    /// What one wants to see first: the beginning of the alphabet, but the most and the latest.
    const fn falls_first(self) -> bool {
        matches!(self, Self::Last | Self::Change | Self::Seen)
    }
}

/// What the list shows, put together from what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    q: String,
    kind: Option<MetricType>,
    sort: Sort,
    falling: bool,
    page: usize,
    hidden: bool,
}

impl View {
    fn new(asked: &Asked) -> Self {
        let sort = Sort::ALL.into_iter().find(|sort| sort.code() == asked.sort);
        let sort = sort.unwrap_or_default();
        Self {
            q: asked.q.trim().to_owned(),
            kind: asked.kind.parse().ok(),
            sort,
            falling: match asked.order.as_str() {
                "asc" => false,
                "desc" => true,
                _ => sort.falls_first(),
            },
            page: asked.page.parse().unwrap_or(1).max(1),
            hidden: asked.hidden == "yes",
        }
    }

    /// The query that leads here again; what goes without saying isn't in it.
    fn query(&self) -> String {
        let page = self.page.to_string();
        let order = if self.falling { "desc" } else { "asc" };
        let pairs = [
            ("q", self.q.as_str(), !self.q.is_empty()),
            ("type", self.kind.map_or("", MetricType::name), self.kind.is_some()),
            ("sort", self.sort.code(), self.sort != Sort::default()),
            ("order", order, self.falling != self.sort.falls_first()),
            ("hidden", "yes", self.hidden),
            ("page", &page, self.page > 1),
        ];
        let given = pairs.iter().filter(|(.., given)| *given);
        let given: Vec<(&str, &str)> = given.map(|(name, value, _)| (*name, *value)).collect();
        let query = serde_urlencoded::to_string(given).unwrap_or_default();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = Self {
            page: 1,
            ..self.clone()
        };
        change(&mut other);
        other.query()
    }

    fn shows(&self, metric: &Metric) -> bool {
        (self.hidden || metric.hidden_at.is_none())
            && self.kind.is_none_or(|kind| kind == metric.kind)
            && (contains(metric.title(), &self.q) || contains(metric.name.as_str(), &self.q))
    }
}

/// Whether a name has each of these words in it, whatever the case.
pub(super) fn contains(name: &str, words: &str) -> bool {
    let name = name.to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| name.contains(word))
}

#[derive(Template)]
#[template(path = "metrics/index.html")]
struct MetricsPage {
    frame: Frame,
    project: ProjectId,
    view: View,
    columns: Vec<Column>,
    kinds: Vec<Choice>,
    lines: Vec<Line>,
    /// Where this list is, to come back to.
    here: String,
    /// How many names the project's apps publish, and may.
    names: i64,
    limit: String,
    is_full: bool,
    /// Whether there is any metric, hidden ones too.
    any: bool,
    /// How many are hidden, and where the list is with or without them.
    hidden: usize,
    other_way: String,
    /// How many were deleted and can be restored.
    deleted: usize,
    /// "1–100 of 1,234".
    place: String,
    previous: Option<String>,
    next: Option<String>,
}

/// A column's head: a link that sorts.
struct Column {
    name: &'static str,
    query: String,
    /// The word for `aria-sort`, if the list is sorted by it.
    sorted: Option<&'static str>,
    class: &'static str,
}

/// A type that the list can be narrowed to.
struct Choice {
    name: &'static str,
    query: String,
    current: bool,
}

struct Line {
    id: MetricId,
    name: String,
    /// What it is published as, if that is another name.
    published: Option<String>,
    about: Option<String>,
    hidden: bool,
    kind: MetricType,
    tag: &'static str,
    favourite: bool,
    sparkline: Svg,
    last_24h: String,
    change: Change,
    last_seen: Option<Micros>,
}

/// A metric and what is known of its data points.
struct Known {
    metric: Metric,
    summary: Option<Summary>,
}

impl Known {
    /// How much more there is than before, to sort by: new ones first, those without anything last.
    fn growth(&self, now: Micros) -> f64 {
        match &self.summary {
            None => f64::NEG_INFINITY,
            Some(line) if line.last_24h == 0 && line.previous_24h == 0 => -2.0,
            Some(line) if line.previous_24h == 0 || day_change(line, now).text == "new" => f64::INFINITY,
            Some(line) => share(line.last_24h, line.previous_24h) - 1.0,
        }
    }

    fn compare(&self, other: &Self, sort: Sort, now: Micros) -> Ordering {
        let last = |known: &Self| known.summary.map_or(0, |line| line.last_24h);
        let seen = |known: &Self| known.summary.map(|line| line.last_seen);
        match sort {
            Sort::Name => Ordering::Equal,
            Sort::Type => self.metric.kind.cmp(&other.metric.kind),
            Sort::Last => last(self).cmp(&last(other)),
            Sort::Change => self.growth(now).total_cmp(&other.growth(now)),
            Sort::Seen => seen(self).cmp(&seen(other)),
        }
    }
}

pub(super) async fn index(
    State(app): State<Shared>,
    at: InProject,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    at.remember(&app).await?;
    let project = at.project.id;
    let mut view = View::new(&asked);
    // read beside each other: none needs another
    let (metrics, as_known, favourites, names, frame) = tokio::try_join!(
        async { Ok(store::metrics::of_project(&app.db, project).await?) },
        Metrics::of(&app, project),
        async { Ok(store::favourites::of_project(&app.db, at.signed.user.id, project).await?) },
        async { Ok(store::metrics::count(&app.db, project).await?) },
        Frame::project(&app, &at, Tab::Metrics, "Metrics"),
    )?;
    let any = !metrics.is_empty();
    let hidden = metrics.iter().filter(|metric| metric.hidden_at.is_some()).count();
    let metrics = metrics.into_iter().filter(|metric| view.shows(metric)).collect();
    let mut known = with_summaries(&as_known, metrics).await?;
    sort(&mut known, &view, app.now());
    let found = known.len();
    view.page = view.page.min(found.div_ceil(PER_PAGE)).max(1);
    let first = (view.page - 1) * PER_PAGE;
    let favourites: HashSet<MetricId> = favourites.into_iter().collect();
    let shown: Vec<Known> = known.into_iter().skip(first).take(PER_PAGE).collect();
    let ids: Vec<MetricId> = shown.iter().map(|known| known.metric.id).collect();
    let hours = as_known.sparklines(&ids).await?;
    let lines = shown.iter().zip(&hours);
    let lines: Vec<Line> = lines
        .map(|(known, hours)| line(known, hours, &favourites, app.now()))
        .collect();
    let last = first + lines.len();
    let deleted = if as_known.apart.deleted().is_empty() {
        0
    } else {
        store::metrics::restorable(&app.db, project, app.now()).await?.len()
    };
    html(&MetricsPage {
        frame,
        project,
        columns: Sort::ALL.into_iter().map(|sort| column(&view, sort)).collect(),
        kinds: kinds(&view),
        here: format!("/projects/{project}/metrics{}", view.query()),
        names,
        limit: number::count(at.project.metric_limit.unsigned_abs()),
        is_full: names >= at.project.metric_limit,
        any,
        hidden,
        other_way: view.with(|other| other.hidden = !view.hidden),
        deleted,
        place: format!("{}–{} of {}", first + 1, last, number::count(found as u64)),
        previous: (view.page > 1).then(|| view.with(|other| other.page = view.page - 1)),
        next: (last < found).then(|| view.with(|other| other.page = view.page + 1)),
        lines,
        view,
    })
}

async fn with_summaries(known: &Metrics<'_>, metrics: Vec<Metric>) -> Result<Vec<Known>, AppError> {
    let summaries = known.summaries().await?;
    let known = |metric: Metric| Known {
        summary: summaries.get(&metric.id).copied(),
        metric,
    };
    Ok(metrics.into_iter().map(known).collect())
}

/// By the chosen column, then by name, as an index is: capital and small letters together.
fn sort(known: &mut [Known], view: &View, now: Micros) {
    known.sort_by_cached_key(|known| (known.metric.title().to_lowercase(), known.metric.kind));
    if view.sort == Sort::Name {
        if view.falling {
            known.reverse();
        }
        return;
    }
    known.sort_by(|a, b| {
        let order = a.compare(b, view.sort, now);
        if view.falling { order.reverse() } else { order }
    });
}

fn line(known: &Known, hours: &[u64; 24], favourites: &HashSet<MetricId>, now: Micros) -> Line {
    let (metric, summary) = (&known.metric, known.summary.as_ref());
    Line {
        id: metric.id,
        name: metric.title().to_owned(),
        published: metric.display_name.is_some().then(|| metric.name.to_string()),
        about: metric.description.as_ref().map(|text| text.first_line().to_owned()),
        hidden: metric.hidden_at.is_some(),
        kind: metric.kind,
        tag: tag(metric.kind),
        favourite: favourites.contains(&metric.id),
        sparkline: day_line(hours),
        last_24h: number::count(summary.map_or(0, |line| line.last_24h)),
        change: summary.map_or_else(Change::default, |line| day_change(line, now)),
        last_seen: summary.map(|line| line.last_seen),
    }
}

fn column(view: &View, sort: Sort) -> Column {
    let current = view.sort == sort;
    let falling = if current { !view.falling } else { sort.falls_first() };
    Column {
        name: sort.name(),
        query: view.with(|other| (other.sort, other.falling) = (sort, falling)),
        sorted: current.then_some(if view.falling { "descending" } else { "ascending" }),
        class: match sort {
            Sort::Name => "",
            Sort::Type => "wide",
            Sort::Last | Sort::Change => "num",
            Sort::Seen => "wide nowrap",
        },
    }
}

fn kinds(view: &View) -> Vec<Choice> {
    let choice = |kind: Option<MetricType>| Choice {
        name: kind.map_or("All types", MetricType::name),
        query: view.with(|other| other.kind = kind),
        current: view.kind == kind,
    };
    let all = MetricType::ALL.into_iter().map(Some);
    std::iter::once(None).chain(all).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::{Asked, View, contains};

    fn query(q: &str, kind: &str, sort: &str, order: &str, page: &str) -> String {
        let [q, kind, sort, order, page] = [q, kind, sort, order, page].map(str::to_owned);
        let hidden = String::new();
        let asked = Asked {
            q,
            kind,
            sort,
            order,
            page,
            hidden,
        };
        View::new(&asked).query()
    }

    #[test]
    fn what_goes_without_saying_is_not_in_the_query() {
        assert_eq!(query("", "", "", "", ""), "");
        assert_eq!(query(" ", "No Type", "size", "up", "-1"), "");
        assert_eq!(query("", "", "name", "asc", "1"), "");
        assert_eq!(query("", "", "last", "desc", ""), "?sort=last");
        assert_eq!(
            query("a&b", "word-web", "last", "asc", "2"),
            "?q=a%26b&type=Word+Web&sort=last&order=asc&page=2"
        );
    }

    #[test]
    fn every_word_must_be_in_the_name() {
        assert!(contains("Basket Items", "items BASK") && contains("ÉTAT", "état"));
        assert!(contains("Basket Items", ""));
        assert!(!contains("Basket Items", "basket page"));
    }
}
