//! The charts of a board, drawn side by side; and one that is shared alone.

use std::collections::BTreeSet;

use charts::{Mark, MarkKind, Svg};
use domain::annotation::Kind;
use domain::board::{Picture as As, Width};
use domain::id::{ChartId, OrganisationId, ProjectId};
use domain::metric::MetricType;
use domain::name::Name;
use domain::period::Preset;
use domain::zone::Zone;
use store::annotations::Annotation;
use store::boards::BoardChart;
use store::metrics::Metric;
use store::projects::Project;
use tokio::task::JoinSet;

use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::pages::change::float;
use crate::pages::metrics::tag;
use crate::pages::picture::{self, Picture, Ranking, Shown, Subject};
use crate::pages::view::{Chosen, Span, View};
use crate::state::Shared;

/// How high charts are on a board, in pixels.
const HEIGHT: u32 = 200;
/// How high the line of one number is.
const LINE: u32 = 44;
/// So many annotations are marked on a chart.
const MARKED: i64 = 50;
/// So many words are ranked on a board.
const RANKED: usize = 10;

/// Whose clock times are shown by.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// This reader's, who may follow the links.
    Reader(Box<SignedIn>),
    /// The project's: for whoever has a public link.
    Project,
}

impl Whose {
    fn zone(&self, project: &Project) -> Zone {
        match self {
            Self::Reader(signed) => signed.user.clock.zone(signed.visit.zone.as_ref(), Some(&project.zone)),
            Self::Project => project.zone.clone(),
        }
    }

    const fn has_links(&self) -> bool {
        matches!(self, Self::Reader(_))
    }
}

/// A chart, drawn.
pub(crate) struct Drawn {
    pub(crate) id: ChartId,
    pub(crate) project: ProjectId,
    pub(crate) title: String,
    pub(crate) width: Width,
    pub(crate) kind: Option<MetricType>,
    pub(crate) tag: &'static str,
    /// Where its metric's page is, for those who may open it.
    pub(crate) path: Option<String>,
    /// The time it shows, if there is anything in it.
    pub(crate) when: String,
    /// What there is in this time, if there is anything.
    pub(crate) picture: Option<Box<Picture>>,
    /// Of one number: its line.
    pub(crate) line: Option<Svg>,
    pub(crate) is_ranking: bool,
    /// Whether its metric or project is deleted.
    pub(crate) is_gone: bool,
}

impl Drawn {
    /// The words to be ranked, if that is what is shown.
    pub(crate) fn ranking(&self) -> Option<&Ranking> {
        let picture = self.picture.as_ref().filter(|_| self.is_ranking)?;
        picture.words.as_ref()
    }
}

/// The projects whose data points these show, with commas between.
pub(crate) fn projects(all: &[Drawn]) -> String {
    let there: BTreeSet<ProjectId> = all.iter().filter(|one| !one.is_gone).map(|one| one.project).collect();
    let there: Vec<String> = there.iter().map(ToString::to_string).collect();
    there.join(",")
}

/// Draws charts of metrics of this organisation, each of this time unless it has one of its own.
pub(crate) async fn all(
    app: &Shared,
    organisation: OrganisationId,
    charts: Vec<BoardChart>,
    range: Preset,
    whose: Whose,
) -> Result<Vec<Drawn>, AppError> {
    let mut drawing = JoinSet::new();
    for (place, chart) in charts.into_iter().enumerate() {
        let (app, whose) = (app.clone(), whose.clone());
        drawing.spawn(async move { (place, one(&app, organisation, chart, range, &whose).await) });
    }
    let mut drawn = Vec::with_capacity(drawing.len());
    while let Some(done) = drawing.join_next().await {
        let (place, one) = done.map_err(|error| AppError::Internal(Box::new(error)))?;
        drawn.push((place, one?));
    }
    drawn.sort_by_key(|(place, _)| *place);
    Ok(drawn.into_iter().map(|(_, one)| one).collect())
}

async fn one(
    app: &Shared,
    organisation: OrganisationId,
    chart: BoardChart,
    range: Preset,
    whose: &Whose,
) -> Result<Drawn, AppError> {
    let mut view = View::parse(&chart.view);
    if !chart.said.own_time {
        view.span = Span::Preset(range);
    }
    let mut drawn = Drawn {
        id: chart.id,
        project: chart.project,
        title: chart
            .said
            .title
            .as_ref()
            .map_or_else(|| "Deleted metric".to_owned(), Name::to_string),
        width: chart.said.width,
        kind: None,
        tag: "",
        path: None,
        when: String::new(),
        picture: None,
        line: None,
        is_ranking: chart.said.picture == As::Words,
        is_gone: true,
    };
    let Some((project, metric)) = find(app, organisation, &chart).await? else {
        return Ok(drawn);
    };
    if chart.said.title.is_none() {
        metric.title().clone_into(&mut drawn.title);
    }
    (drawn.is_gone, drawn.kind, drawn.tag) = (false, Some(metric.kind), tag(metric.kind));
    drawn.path = whose
        .has_links()
        .then(|| format!("/projects/{}/metrics/{}{}", project.id, metric.id, view.query()));
    let zone = view.zone.clone().unwrap_or_else(|| whose.zone(&project));
    let (shown, picture) = draw(app, (&project, &metric), &view, zone, HEIGHT, whose.has_links()).await?;
    drawn.when = format!("{} {}", shown.when(), shown.zone.name());
    if chart.said.picture == As::Number && picture.is_some() {
        drawn.line = Some(line(app, &metric, &shown).await?);
    }
    drawn.picture = picture.map(|mut picture| {
        if let Some(ranking) = picture.words.as_mut() {
            ranking.rows.truncate(RANKED);
        }
        Box::new(picture)
    });
    Ok(drawn)
}

/// The metric of a chart and its project, if both are there.
pub(crate) async fn find(
    app: &Shared,
    organisation: OrganisationId,
    chart: &BoardChart,
) -> Result<Option<(Project, Metric)>, AppError> {
    let project = store::projects::find(&app.db, chart.project).await?;
    let Some(project) = project.filter(|project| project.organisation == organisation) else {
        return Ok(None);
    };
    let metric = store::metrics::find(&app.db, project.id, chart.metric).await?;
    Ok(metric.map(|metric| (project, metric)))
}

/// What is shown of a metric looked at like this, if there is anything; a time that makes no sense is the last 24 hours.
/// Annotations are for members alone.
pub(crate) async fn draw(
    app: &Shared,
    (project, metric): (&Project, &Metric),
    view: &View,
    zone: Zone,
    height: u32,
    annotated: bool,
) -> Result<(Shown, Option<Picture>), AppError> {
    let chosen = view.chosen(&zone).unwrap_or(Chosen::Preset(Preset::default()));
    let subject = Subject {
        height,
        ..Subject::new(app, project, metric, zone).await?
    };
    let shown = Shown::new(app, &subject, chosen, view.compare).await?;
    if shown.count == 0 {
        return Ok((shown, None));
    }
    let annotations = if annotated {
        store::annotations::in_range(&app.db, project.id, Some(metric.id), shown.range, MARKED).await?
    } else {
        Vec::new()
    };
    let marks: Vec<Mark<'_>> = annotations.iter().map(mark).collect();
    let picture = picture::of(app, &subject, view, &shown, &marks).await?;
    Ok((shown, Some(picture)))
}

/// An annotation as charts mark it.
fn mark(annotation: &Annotation) -> Mark<'_> {
    Mark {
        at: annotation.content.at,
        until: annotation.content.until,
        label: &annotation.content.text,
        kind: match annotation.content.kind {
            Kind::Deploy => MarkKind::Deploy,
            Kind::Note => MarkKind::Note,
        },
    }
}

async fn line(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Svg, AppError> {
    let sources: points::Sources = store::metrics::sources(&app.db, metric.id).await?.into();
    let series = app.points.series(&sources, &shown.buckets, false).await?;
    let value = |bucket: &points::Bucket| match metric.kind {
        MetricType::HitCounter | MetricType::WordWeb => Some(float(bucket.count)),
        MetricType::Counter | MetricType::Timer => bucket.avg,
    };
    let values: Vec<Option<f64>> = series.iter().map(value).collect();
    Ok(charts::wide_sparkline(&values, true, "", LINE))
}
