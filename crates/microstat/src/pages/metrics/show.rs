//! A metric's page.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::annotation::Kind;
use domain::comparison::Compare;
use domain::metric::MetricType;
use domain::percentile::Percentile;
use domain::period::Preset;
use domain::range::Range;
use domain::statistic::Statistic;
use domain::time::Micros;
use serde::Deserialize;
use store::annotations::Annotation;
use store::metrics::Metric;

use super::{InMetric, help, tag, value};
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::picture::{self, Fields, Picture, Shown, Subject};
use crate::pages::view::{Chosen, Span, TOGETHER, View, typed};
use crate::pages::{html_with, redirect};
use crate::state::Shared;

/// So many data points are listed on the metric's own page.
const LATEST: u32 = 10;

#[derive(Template)]
#[template(path = "metrics/show.html")]
struct MetricPage {
    frame: Frame,
    path: String,
    metric: Metric,
    tag: &'static str,
    help: &'static str,
    favourite: bool,
    /// Where this page is, to come back to.
    here: String,
    view: View,
    shown: Shown,
    fields: Fields,
    /// The same view for whoever gets the link, whenever.
    link: String,
    steps: Steps,
    others: Vec<Other>,
    /// What is wrong with the metric that was to be added.
    add: Add,
    /// What is wrong with the percentiles that were typed.
    percentiles_error: Option<String>,
    /// What there is in this time, if there is anything.
    picture: Option<Picture>,
    annotations: Vec<Annotation>,
    latest: Vec<(Micros, String)>,
    more: bool,
}

/// Where one step leads: queries of this page.
struct Steps {
    earlier: String,
    /// There is nothing later than now.
    later: Option<String>,
    wider: String,
}

/// Another metric in the chart.
struct Other {
    title: String,
    /// The query of the view without it.
    without: String,
}

/// A metric that is to stand in the same chart, by its name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Add {
    add: String,
    #[serde(skip)]
    error: Option<String>,
}

impl MetricPage {
    /// The name as an app sends it.
    fn name_as_json(&self) -> String {
        serde_json::Value::from(self.metric.name.as_str()).to_string()
    }

    /// The stretches of time that are offered: name, query, whether it is the one that is shown.
    fn presets(&self) -> Vec<(&'static str, String, bool)> {
        let preset = |preset: Preset| {
            let is_current = self.shown.chosen == Chosen::Preset(preset);
            (
                preset.name(),
                self.view.but(|view| view.span = Span::Preset(preset)),
                is_current,
            )
        };
        Preset::ALL.into_iter().map(preset).collect()
    }

    /// The shortest of them that has the last data point in it: name and query.
    fn reaching(&self) -> Option<(&'static str, String)> {
        let (_, last) = self.shown.seen?;
        let preset = Preset::reaching(last, self.shown.range.to())?;
        Some((preset.name(), self.view.but(|view| view.span = Span::Preset(preset))))
    }

    fn compare_link(&self, compare: Compare) -> String {
        self.view.but(|view| view.compare = compare)
    }

    /// What can be shown of this metric beside others: name, whether it is, where a press leads.
    fn statistics(&self) -> Vec<(&'static str, bool, String)> {
        let chosen = picture::statistic(&self.view, self.metric.kind);
        let all = Statistic::ALL.into_iter().filter(|one| one.is_of(self.metric.kind));
        let link = |one: Statistic| {
            (
                one.name(),
                one == chosen,
                self.view.but(|view| view.statistic = Some(one)),
            )
        };
        all.map(link).collect()
    }

    /// The percentiles that one press adds or takes away: what it is called, whether it is shown, where that leads.
    fn percentile_links(&self) -> Vec<(String, bool, String)> {
        let shown = self.view.percentiles().unwrap_or_default();
        let mut offered = domain::percentile::list("50 75 90 95 99").unwrap_or_default();
        offered.extend(
            shown
                .iter()
                .filter(|one| !offered.contains(one))
                .copied()
                .collect::<Vec<_>>(),
        );
        offered.sort_unstable();
        let link = |one: Percentile| {
            let is_shown = shown.contains(&one);
            let mut next: Vec<Percentile> = shown.iter().filter(|other| **other != one).copied().collect();
            if !is_shown {
                next.push(one);
            }
            (
                one.to_string(),
                is_shown,
                self.view.but(|view| view.percentiles = typed_list(next)),
            )
        };
        offered.into_iter().map(link).collect()
    }

    /// The query of the page that adds an annotation: of which metric, and where to go afterwards.
    fn annotate(&self) -> String {
        let pairs = [("metric", self.metric.id.to_string()), ("return", self.here.clone())];
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    /// The query without a search.
    fn all_words(&self) -> String {
        self.view.but(|view| view.search.clear())
    }

    fn can_add(&self) -> bool {
        self.others.len() + 1 < TOGETHER
    }

    /// Whether there are percentiles to choose from.
    fn has_spread(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| picture.spread.is_some())
    }

    fn has_numbers(&self) -> bool {
        matches!(self.metric.kind, MetricType::Counter | MetricType::Timer)
    }
}

/// Percentiles as a link says them; nothing for the usual ones.
fn typed_list(mut chosen: Vec<Percentile>) -> Option<String> {
    chosen.sort_unstable();
    if chosen == Percentile::USUAL {
        return None;
    }
    let words: Vec<String> = chosen.iter().map(|one| one.to_string().split_off(1)).collect();
    Some(words.join(","))
}

/// A range that makes no sense is told of beside its field, above the last 24 hours.
pub(super) async fn show(
    State(app): State<Shared>,
    of: InMetric,
    view: View,
    Query(mut add): Query<Add>,
) -> Result<Response, AppError> {
    of.at.remember(&app).await?;
    if !add.add.trim().is_empty() {
        match with(&app, &of, &view, &add.add).await? {
            Ok(query) => return Ok(redirect(format!("{}{query}", of.path())).into_response()),
            Err(error) => add.error = Some(error),
        }
    }
    let zone = view.zone.clone().unwrap_or_else(|| of.at.zone());
    let (chosen, error) = match view.chosen(&zone) {
        Ok(chosen) => (chosen, None),
        Err(error) => (Chosen::Preset(Preset::default()), Some(error)),
    };
    let metric = &of.metric;
    let subject = Subject::new(&app, &of.at.project, metric, zone.clone()).await?;
    let shown = Shown::new(&app, &subject, chosen, view.compare).await?;
    let annotations = picture::annotations(&app, of.at.project.id, Some(metric.id), shown.buckets.range()).await?;
    let marks = picture::marks(&annotations);
    let drawn = async || match shown.count {
        0 => Ok(None),
        _ => picture::of(&app, &subject, &view, &shown, &marks).await.map(Some),
    };
    let ((latest, more), picture) = tokio::try_join!(latest(&app, &subject), drawn())?;
    let percentiles_error = view
        .percentiles()
        .err()
        .map(|error| crate::pages::sign_up::sentence(&error.to_string()));
    let is_wrong = error.is_some() || add.error.is_some() || percentiles_error.is_some() || view.above().is_err();
    let status = if is_wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = MetricPage {
        frame: Frame {
            zone: zone.clone(),
            ..Frame::project(&app, &of.at, Tab::Metrics, metric.title()).await?
        },
        path: of.path(),
        tag: tag(metric.kind),
        help: help(metric.kind),
        favourite: of.is_favourite(&app).await?,
        here: format!("{}{}", of.path(), view.query()),
        fields: Fields::new(&view, shown.range, &zone, error),
        link: format!("{}{}{}", app.config.url, of.path(), view.fixed(shown.range, &zone)),
        steps: steps(&view, shown.range, app.now()),
        others: others(&app, &of, &view).await?,
        add,
        percentiles_error,
        picture,
        shown,
        view,
        annotations,
        latest,
        more,
        metric: of.metric,
    };
    html_with(status, &page)
}

/// The query of the view with another metric in it; or what is wrong with it.
async fn with(app: &Shared, of: &InMetric, view: &View, name: &str) -> Result<Result<String, String>, AppError> {
    let found = store::metrics::named(&app.db, of.at.project.id, name.trim()).await?;
    let is_new = |metric: &&Metric| metric.id != of.metric.id && !view.others.contains(&metric.id);
    if view.others.len() + 1 >= TOGETHER {
        return Ok(Err(format!(
            "At most {TOGETHER} metrics stand in one chart. Take one away first."
        )));
    }
    let Some(metric) = found.iter().find(is_new) else {
        let error = if found.is_empty() {
            "No metric of this project has this name."
        } else {
            "This metric is in the chart already."
        };
        return Ok(Err(error.to_owned()));
    };
    let id = metric.id;
    Ok(Ok(view.but(|view| view.others.push(id))))
}

async fn others(app: &Shared, of: &InMetric, view: &View) -> Result<Vec<Other>, AppError> {
    let metrics = picture::others(app, of.at.project.id, view).await?;
    let other = |metric: Metric| Other {
        title: metric.title().to_owned(),
        without: view.but(|view| view.others.retain(|id| *id != metric.id)),
    };
    Ok(metrics.into_iter().map(other).collect())
}

fn steps(view: &View, range: Range, now: Micros) -> Steps {
    let length = range.length();
    let to = |range: Range| view.but(|view| view.span = typed(range));
    let wider = Range::ending((range.to() + length / 2).min(now.max(range.to())), 2 * length);
    Steps {
        earlier: to(range.previous()),
        later: (matches!(view.span, Span::Typed { .. }) && range.to() < now)
            .then(|| to(Range::ending(range.to() + length, length))),
        wider: to(wider),
    }
}

async fn latest(app: &Shared, of: &Subject<'_>) -> Result<(Vec<(Micros, String)>, bool), AppError> {
    let page = app.points.data_points(&of.sources, Range::EVER, LATEST, None).await?;
    let listed = page
        .data_points
        .into_iter()
        .map(|kept| (kept.at, value(of.metric, kept.value)));
    Ok((listed.collect(), page.next.is_some()))
}
