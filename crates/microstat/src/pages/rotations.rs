//! After somebody left or was removed: a new DSN in the place of each they had seen, or the decision to keep them.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::OrganisationId;
use domain::role::Role;
use domain::time::DAY;
use serde::Deserialize;
use store::departures::Departure;
use store::dsns::Dsn;
use store::organisations::Organisation;
use store::projects::Project;

use super::dsns::{DAYS, days, replace};
use super::frame::Frame;
use super::organisations::settings_path;
use super::{html, html_with, redirect};
use crate::auth::actor::actor;
use crate::auth::csrf::Checked;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

/// Departures longer ago than this no longer ask for anything.
const ASKED_FOR: i64 = 30 * DAY;

pub(crate) fn routes(table: Table) -> Table {
    const ROTATION: &str = "/organisations/{organisation}/dsns/rotation";
    table
        .route(Method::GET, ROTATION, new)
        .route(Method::POST, ROTATION, create)
}

/// What is offered to Administrators.
pub(crate) struct Offer {
    /// The organisation.
    pub(crate) organisation: OrganisationId,
    /// Who went, the last first.
    pub(crate) people: Vec<Departure>,
    /// The DSNs they had seen, with the projects these belong to.
    pub(crate) dsns: Vec<(Project, Dsn)>,
}

/// What is to be offered, if anything: nothing once every DSN is newer than the last departure, or is on its way
/// out, or an Administrator decided to keep them.
pub(crate) async fn offer(app: &Shared, organisation: OrganisationId, role: Role) -> Result<Option<Offer>, AppError> {
    if role != Role::Administrator {
        return Ok(None);
    }
    let people = store::departures::unsettled(&app.db, organisation, app.now() - ASKED_FOR).await?;
    let Some(last) = people.first() else {
        return Ok(None);
    };
    let projects = store::projects::of_organisation(&app.db, organisation).await?;
    let seen = store::dsns::older_than(&app.db, organisation, last.at).await?;
    let dsns = seen.into_iter().filter_map(|(id, dsn)| {
        let project = projects.iter().find(|project| project.id == id)?;
        Some((project.clone(), dsn))
    });
    let dsns: Vec<_> = dsns.collect();
    Ok((!dsns.is_empty()).then_some(Offer {
        organisation,
        people,
        dsns,
    }))
}

#[derive(Template)]
#[template(path = "dsns/rotations.html")]
struct RotationsPage {
    frame: Frame,
    organisation: Organisation,
    offer: Offer,
    days: String,
    wrong: bool,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    days: String,
    #[serde(default)]
    keep: bool,
}

async fn new(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let Some(offer) = offer(&app, at.organisation.id, at.role).await? else {
        return Ok(nothing_to_do(&app, at.organisation.id));
    };
    html(&RotationsPage {
        frame: Frame::organisation(&app, &at, "Rotate older DSNs").await?,
        organisation: at.organisation,
        offer,
        days: DAYS.to_string(),
        wrong: false,
    })
}

fn nothing_to_do(app: &Shared, organisation: OrganisationId) -> Response {
    let text = "No DSN has to be rotated because of somebody who left.";
    redirect(settings_path(organisation)).notice(app, text).into_response()
}

async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let organisation = at.organisation.id;
    if form.keep {
        let mut tx = app.db.begin().await?;
        store::departures::settle(&mut tx, organisation, app.now()).await?;
        tx.commit().await?;
        let text = "The DSNs stay as they are.";
        return Ok(redirect(settings_path(organisation)).notice(&app, text).into_response());
    }
    let Some(offer) = offer(&app, organisation, at.role).await? else {
        return Ok(nothing_to_do(&app, organisation));
    };
    let Some(days) = days(&form.days) else {
        let view = RotationsPage {
            frame: Frame::organisation(&app, &at, "Rotate older DSNs").await?,
            organisation: at.organisation,
            offer,
            days: form.days,
            wrong: true,
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    let by = actor(&at.signed.user, &client);
    let stops_at = app.now() + days * DAY;
    let mut tx = app.db.begin().await?;
    for (project, dsn) in &offer.dsns {
        let place = (organisation, project.id, project.name.as_str());
        replace(&mut tx, &app, &by, place, dsn.id, stops_at).await?;
    }
    store::departures::settle(&mut tx, organisation, app.now()).await?;
    tx.commit().await?;
    let text = format!(
        "Every DSN they had seen has a new one beside it. Put the new ones into your apps until {}: then the old ones stop.",
        stops_at.day_and_clock()
    );
    Ok(redirect(settings_path(organisation))
        .notice(&app, &text)
        .into_response())
}
