//! Invitations by mail, as Administrators handle them: sent, sent again, revoked.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::email::EmailAddress;
use domain::id::InvitationId;
use domain::invitation::read_addresses;
use domain::role::Role;
use serde::Deserialize;
use store::Tx;
use store::audit_events::Action;
use store::invitations::{NewInvitation, Refusal};
use store::organisations::Organisation;

use super::frame::Frame;
use super::inviting::InvitingPage;
use super::organisations::settings_path;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::Member;
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::router::Table;
use crate::secrets::{Purpose, Secret};
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const RESENDING: &str = "/organisations/{organisation}/invitations/{invitation}/resending";
    const REVOCATION: &str = "/organisations/{organisation}/invitations/{invitation}/revocation";
    table
        .route(Method::GET, "/organisations/{organisation}/invitations/new", new)
        .route(Method::POST, "/organisations/{organisation}/invitations", create)
        .route(Method::POST, RESENDING, resend)
        .route(Method::POST, REVOCATION, revoke)
}

/// Somebody who was invited, and the link that is shown once.
struct Invited {
    email: EmailAddress,
    link: Secret,
}

/// Who was invited, and who was a member already.
struct Sent {
    invited: Vec<Invited>,
    members: Vec<EmailAddress>,
}

#[derive(Template)]
#[template(path = "invitations/sent.html")]
struct SentPage {
    frame: Frame,
    organisation: Organisation,
    smtp: bool,
    sent: Sent,
}

impl SentPage {
    async fn answer(app: &Shared, at: Member, sent: Sent) -> Result<Response, AppError> {
        let title = if sent.invited.is_empty() {
            "Nobody new"
        } else {
            "Invitations sent"
        };
        html(&Self {
            frame: Frame::organisation(app, &at, title).await?,
            organisation: at.organisation,
            smtp: app.config.smtp.is_some(),
            sent,
        })
    }
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    emails: String,
    role: Role,
}

async fn new(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    html(&InvitingPage::open(&app, &at).await?)
}

async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut page = InvitingPage::open(&app, &at).await?;
    require_verified(&app, &at)?;
    let refusal = match read_addresses(&form.emails) {
        Ok(addresses) => {
            let mut tx = app.db.begin().await?;
            match send(
                &mut tx,
                &app,
                &at,
                &client,
                (form.role, addresses),
                Action::InvitationSent,
            )
            .await?
            {
                Ok(sent) => {
                    tx.commit().await?;
                    app.job_queued.notify_one();
                    return SentPage::answer(&app, at, sent).await;
                }
                Err(refusal) => advice(refusal)?,
            }
        }
        Err(bad) => bad.advice(),
    };
    page.emails = form.emails;
    page.role = form.role;
    page.emails_error = Some(refusal);
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// A new link, and the old one stops.
async fn resend(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    require_verified(&app, &at)?;
    let (organisation, id) = (at.organisation.id, ids.get::<InvitationId>("invitation")?);
    let mut tx = app.db.begin().await?;
    // locked first: what is pending then still is when it is replaced
    store::organisations::lock(&mut tx, organisation).await?;
    let pending = store::invitations::pending(&mut tx, organisation, app.now()).await?;
    let old = pending.into_iter().find(|one| one.id == id).ok_or_else(decided)?;
    let whom = (old.role, vec![old.email]);
    match send(&mut tx, &app, &at, &client, whom, Action::InvitationResent).await? {
        Ok(sent) => {
            tx.commit().await?;
            app.job_queued.notify_one();
            SentPage::answer(&app, at, sent).await
        }
        Err(refusal) => Err(AppError::Conflict(advice(refusal)?)),
    }
}

async fn revoke(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (organisation, id) = (at.organisation.id, ids.get("invitation")?);
    let mut tx = app.db.begin().await?;
    let revoked = store::invitations::revoke(&mut tx, organisation, at.signed.user.id, id, app.now()).await?;
    let email = revoked.ok_or_else(decided)?;
    let by = actor(&at.signed.user, &client);
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::InvitationRevoked,
        email.as_str(),
        "",
    )
    .await?;
    tx.commit().await?;
    let text = format!("The invitation for {email} is revoked.");
    Ok(redirect(settings_path(organisation))
        .notice(&app, &text)
        .into_response())
}

fn decided() -> AppError {
    AppError::Conflict("This invitation was answered, replaced or revoked meanwhile.".to_owned())
}

fn require_verified(app: &Shared, at: &Member) -> Result<(), AppError> {
    if app.is_verified(&at.signed.user) {
        return Ok(());
    }
    let text = "Verify your own e-mail address before you have mails sent to others: open the link in the mail you were \
                sent, or have it sent again under Your Account.";
    Err(AppError::Forbidden(text.to_owned()))
}

/// Invites all of them as this role, each by a mail, or nobody.
async fn send(
    tx: &mut Tx,
    app: &Shared,
    at: &Member,
    client: &Client,
    (role, addresses): (Role, Vec<EmailAddress>),
    action: Action,
) -> Result<Result<Sent, Refusal>, AppError> {
    let (organisation, me) = (&at.organisation, &at.signed.user);
    let mut new = Vec::new();
    let mut secrets = Vec::new();
    for email in addresses {
        let (nonce, copied) = (app.random.bytes::<32>(), Secret::token(&app.random));
        new.push(NewInvitation {
            id: InvitationId::from_random(app.random.bits()),
            email,
            mailed_hash: app.keys.mailed_token(Purpose::InvitationMail, &nonce).hash(),
            copied_hash: copied.hash(),
        });
        secrets.push((nonce, copied));
    }
    let members = match store::invitations::create(tx, organisation.id, me.id, role, &new, app.now()).await? {
        Ok(members) => members,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let by = actor(me, client);
    let mut invited = Vec::new();
    for (new, (nonce, copied)) in new.into_iter().zip(secrets) {
        if members.contains(&new.email) {
            continue;
        }
        audit(tx, app, &by, organisation.id, action, new.email.as_str(), role.name()).await?;
        queue(tx, app, &Mail::Invitation { nonce }).await?;
        invited.push(Invited {
            email: new.email,
            link: Secret::from(app.config.link(&format!("/invitations/{}", copied.reveal()))),
        });
    }
    Ok(Ok(Sent { invited, members }))
}

/// Why nobody was invited, and what to do.
fn advice(refusal: Refusal) -> Result<String, AppError> {
    Ok(match refusal {
        Refusal::NotAllowed => {
            let text = "Only an Administrator of this organisation invites people.";
            return Err(AppError::Forbidden(text.to_owned()));
        }
        Refusal::TooManyPending => {
            "Nothing was sent: an organisation has at most 100 pending invitations. Revoke some \
                                    of them, or wait until they are answered."
                .to_owned()
        }
        Refusal::TooManyMails(until) => format!(
            "Nothing was sent: an organisation sends at most 200 of these mails a day. Try again after {}.",
            until.day_and_clock()
        ),
        Refusal::TooManyMailsTo(email, until) => format!(
            "Nothing was sent: {email} was sent five of these mails within a day. Try again after {}, or leave this \
             address out.",
            until.day_and_clock()
        ),
    })
}
