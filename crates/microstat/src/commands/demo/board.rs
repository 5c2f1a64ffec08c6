//! A board of the shop's charts, and what happened beside its data.

use domain::annotation::{Content, Kind};
use domain::board::{Picture, Width};
use domain::id::{AnnotationId, BoardId, ChartId, MetricId, ProjectId, UserId};
use domain::name::Name;
use domain::period::Preset;
use domain::time::{DAY, HOUR};
use store::Tx;
use store::boards::{NewBoard, NewChart, Said};

use super::super::Outcome;
use super::Told;
use crate::state::App;

/// The charts, in order: the metric, its own title, how wide, as what.
const CHARTS: [(&str, &str, Width, Picture); 6] = [
    ("Order", "Orders", Width::Third, Picture::Number),
    ("Checkout Time", "", Width::Third, Picture::Number),
    ("Visitors Now", "", Width::Third, Picture::Number),
    ("Page View", "Page views", Width::Whole, Picture::Chart),
    ("Checkout Time", "", Width::Half, Picture::Chart),
    ("Search Words", "What people look for", Width::Half, Picture::Words),
];

/// What happened: how many hours ago, for how many of them, what, and of which metric, if of one alone.
const HAPPENED: [(i64, i64, Kind, &str, &str); 4] = [
    (21 * 24, 0, Kind::Deploy, "v4.1 went out", ""),
    (6 * 24, 72, Kind::Note, "Autumn sale", ""),
    (3 * 24, 0, Kind::Deploy, "v4.2 went out", ""),
    (5, 0, Kind::Note, "Payment provider reports delays", "Checkout Time"),
];

/// Puts the board together and notes what happened.
pub(super) async fn set(tx: &mut Tx, app: &App, me: UserId, project: ProjectId, metrics: &[Told]) -> Outcome {
    let found = store::projects::find(&mut *tx, project).await?;
    let organisation = found.ok_or("the shop is not there")?.organisation;
    let id_of = |name: &str| -> Option<MetricId> { metrics.iter().find(|told| told.name == name).map(|told| told.id) };
    let name = Name::new("The shop at a glance")?;
    let board = NewBoard {
        id: BoardId::from_random(app.random.bits()),
        name: &name,
        is_shared: true,
        range: Preset::Week,
    };
    store::boards::create(tx, organisation, me, board, app.now()).await?;
    for (metric, title, width, picture) in CHARTS {
        let Some(metric) = id_of(metric) else { continue };
        let said = Said {
            title: Name::new(title).ok(),
            width,
            picture,
            own_time: false,
        };
        let new = NewChart {
            id: ChartId::from_random(app.random.bits()),
            project,
            metric,
            said,
            view: "",
        };
        store::boards::add_chart(tx, board.id, new).await?;
    }
    for (ago, lasted, kind, text, metric) in HAPPENED {
        let at = app.now().floor(HOUR) - ago * HOUR;
        let until = (lasted > 0).then(|| at + lasted * HOUR);
        let content = Content::new(kind, text, "", (at, until), app.now() + DAY);
        let content = content.map_err(|_| "an annotation makes no sense")?;
        let id = AnnotationId::from_random(app.random.bits());
        store::annotations::add(tx, id, (project, id_of(metric)), &content, me, app.now()).await?;
    }
    Ok(())
}
