//! Annotations, as charts mark them.

use charts::{Mark, MarkKind};
use domain::annotation::Kind;
use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use store::annotations::Annotation;

use crate::error::AppError;
use crate::state::Shared;

/// Most that a chart marks: more couldn't be told apart.
const MARKED: i64 = 40;

/// The annotations of a stretch of time: those of the whole project, and those of the metric if it is of one.
pub(crate) async fn annotations(
    app: &Shared,
    project: ProjectId,
    metric: Option<MetricId>,
    range: Range,
) -> Result<Vec<Annotation>, AppError> {
    Ok(store::annotations::in_range(&app.db, project, metric, range, MARKED).await?)
}

/// The same for charts.
pub(crate) fn marks(annotations: &[Annotation]) -> Vec<Mark<'_>> {
    annotations.iter().map(mark).collect()
}

fn mark(annotation: &Annotation) -> Mark<'_> {
    let content = &annotation.content;
    Mark {
        at: content.at,
        until: content.until,
        label: &content.text,
        kind: match content.kind {
            Kind::Deploy => MarkKind::Deploy,
            Kind::Note => MarkKind::Note,
        },
    }
}
