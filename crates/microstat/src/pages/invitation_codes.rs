//! Invitation codes, as Administrators handle them: made, shown once, turned off.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::CodeId;
use domain::invitation_code::{BadTerms, InvitationCode, Terms};
use domain::role::Role;
use domain::time::HOUR;
use serde::Deserialize;
use store::audit_events::Action;
use store::invitation_codes::{Code, Creation, NewCode};
use store::organisations::Organisation;

use super::frame::Frame;
use super::inviting::InvitingPage;
use super::members::subject;
use super::organisations::settings_path;
use super::sign_up::sentence;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const ENDING: &str = "/organisations/{organisation}/codes/{code}/ending";
    table
        .route(Method::POST, "/organisations/{organisation}/codes", create)
        .route(Method::GET, ENDING, ask_ending)
        .route(Method::POST, ENDING, end)
}

#[derive(Deserialize)]
struct Form {
    role: Role,
    #[serde(default)]
    hours: String,
    #[serde(default)]
    uses: String,
}

#[derive(Template)]
#[template(path = "invitation_codes/created.html")]
struct CreatedPage {
    frame: Frame,
    organisation: Organisation,
    code: InvitationCode,
    terms: Terms,
    until: domain::time::Micros,
}

async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut page = InvitingPage::open(&app, &at).await?;
    // what is no number is out of every range
    let hours: i64 = form.hours.trim().parse().unwrap_or(0);
    let uses: i64 = form.uses.trim().parse().unwrap_or(0);
    let terms = Terms::new(form.role, hours.saturating_mul(HOUR), uses);
    (page.code_role, page.hours, page.uses) = (form.role, hours, form.uses);
    let terms = match terms {
        Ok(terms) => terms,
        Err(error) => {
            let text = Some(sentence(&error.to_string()));
            match error {
                BadTerms::Role => page.role_error = text,
                BadTerms::Expiry => page.hours_error = text,
                BadTerms::Uses => page.uses_error = text,
            }
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (organisation, me) = (at.organisation.id, &at.signed.user);
    let code = InvitationCode::from_random(app.random.bytes());
    let new = NewCode {
        id: CodeId::from_random(app.random.bits()),
        code_hash: app.keys.code_hash(code.digits()),
        last_four: code.last_four(),
        terms,
    };
    let mut tx = app.db.begin().await?;
    match store::invitation_codes::create(&mut tx, organisation, me.id, new, app.now()).await? {
        Creation::Created => {}
        Creation::NotAllowed => return Err(no_longer_administrator()),
        Creation::TooMany => {
            let text = "There are 10 codes already, as many as can be used at the same time. Turn one off first.";
            page.code_error = Some(text.to_owned());
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    }
    let until = app.now() + terms.holds_for();
    let detail = format!(
        "{}, {} uses, until {}",
        terms.role(),
        terms.max_uses(),
        until.day_and_clock()
    );
    let by = actor(me, &client);
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::CodeCreated,
        &named(code.last_four()),
        &detail,
    )
    .await?;
    tx.commit().await?;
    html(&CreatedPage {
        frame: Frame::organisation(&app, &at, "Invitation code").await?,
        organisation: at.organisation,
        code,
        terms,
        until,
    })
}

/// A code as audit logs name it.
fn named(last_four: &str) -> String {
    format!("…-{last_four}")
}

fn no_longer_administrator() -> AppError {
    AppError::Forbidden("Only an Administrator of this organisation may do this.".to_owned())
}

#[derive(Template)]
#[template(path = "invitation_codes/ending.html")]
struct EndingPage {
    frame: Frame,
    organisation: Organisation,
    code: Code,
}

/// Shows who would be removed.
async fn ask_ending(State(app): State<Shared>, at: Member, ids: Ids) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let id: CodeId = ids.get("code")?;
    let codes = store::invitation_codes::of_organisation(&app.db, at.organisation.id, app.now()).await?;
    let mut code = codes.into_iter().find(|code| code.id == id).ok_or(AppError::NotFound)?;
    code.joined.retain(|(user, ..)| *user != at.signed.user.id);
    html(&EndingPage {
        frame: Frame::organisation(&app, &at, "Turn off and remove who joined by it").await?,
        organisation: at.organisation,
        code,
    })
}

#[derive(Deserialize)]
struct Ending {
    /// Whether to remove who joined by it, too.
    #[serde(default)]
    remove: bool,
}

async fn end(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Ending>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (organisation, me, id) = (at.organisation.id, &at.signed.user, ids.get("code")?);
    let by = actor(me, &client);
    let mut tx = app.db.begin().await?;
    let off = store::invitation_codes::turn_off(&mut tx, organisation, me.id, id, app.now()).await?;
    let code = named(&off.ok_or(AppError::NotFound)?);
    audit(&mut tx, &app, &by, organisation, Action::CodeTurnedOff, &code, "").await?;
    let mut gone = Vec::new();
    if form.remove {
        gone = store::memberships::remove_joined_by(&mut tx, organisation, me.id, id, app.now()).await?;
    }
    for member in &gone {
        let detail = format!("had joined by the code {code}");
        audit(
            &mut tx,
            &app,
            &by,
            organisation,
            Action::MemberRemoved,
            &subject(member),
            &detail,
        )
        .await?;
        let mail = Mail::Removed {
            to: member.user,
            organisation: at.organisation.name.clone(),
            by: me.name.to_string(),
        };
        queue(&mut tx, &app, &mail).await?;
    }
    tx.commit().await?;
    app.job_queued.notify_one();
    let text = match gone.len() {
        0 => format!("The code {code} is turned off."),
        1 => format!("The code {code} is turned off, and {} is removed.", gone[0].name),
        n => format!("The code {code} is turned off, and {n} people who joined by it are removed."),
    };
    Ok(redirect(settings_path(organisation))
        .notice(&app, &text)
        .into_response())
}
