//! API tokens of a person: made, shown once, revoked.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::{OrganisationId, TokenId};
use domain::name::Name;
use domain::role::Role;
use serde::Deserialize;
use store::Tx;
use store::api_tokens::NewToken;
use store::audit_events::Action;

use super::frame::{Entry, Frame};
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::secrets::Secret;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/tokens", new)
        .route(Method::POST, "/account/tokens", create)
        .route(Method::POST, "/account/tokens/{token}/deletion", delete)
}

#[derive(Template)]
#[template(path = "api_tokens/new.html")]
struct NewPage {
    frame: Frame,
    form: Form,
    name_error: Option<&'static str>,
    role_error: Option<String>,
}

#[derive(Template)]
#[template(path = "api_tokens/made.html")]
struct MadePage {
    frame: Frame,
    name: Name,
    token: Secret,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    name: String,
    role: Role,
    #[serde(default)]
    organisation: String,
}

impl NewPage {
    async fn load(app: &Shared, signed: &SignedIn, form: Form) -> Result<Self, AppError> {
        Ok(Self {
            frame: Frame::account(app, signed, None, "Make API token").await?,
            form,
            name_error: None,
            role_error: None,
        })
    }

    fn is_chosen(&self, entry: &Entry) -> bool {
        entry.id.to_string() == self.form.organisation
    }

    /// The greatest role the person has where the token is for.
    fn most(&self, organisation: Option<OrganisationId>) -> Option<Role> {
        let within = |entry: &&Entry| organisation.is_none_or(|only| only == entry.id);
        let there = self.frame.organisations.iter().filter(within);
        there.map(|entry| entry.role).max()
    }
}

async fn new(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    let form = Form {
        name: String::new(),
        role: Role::Viewer,
        organisation: String::new(),
    };
    html(&NewPage::load(&app, &signed, form).await?)
}

async fn create(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut page = NewPage::load(&app, &signed, form).await?;
    let organisation = match page.form.organisation.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| AppError::NotFound)?),
    };
    let (name, role) = (Name::new(&page.form.name), page.form.role);
    let most = match (organisation, page.most(organisation)) {
        (_, Some(most)) => most,
        (None, None) => Role::Viewer,
        (Some(_), None) => return Err(AppError::NotFound),
    };
    let name = match name {
        Ok(name) if role <= most => name,
        name => {
            page.name_error = name.err().map(domain::name::BadName::advice);
            let own = format!("You are {most} there, so a token of yours can't be more than that.");
            page.role_error = (role > most).then_some(own);
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let token = Secret::token(&app.random);
    let new = NewToken {
        id: TokenId::from_random(app.random.bits()),
        user: signed.user.id,
        organisation,
        role,
        name: &name,
        token_hash: token.hash(),
        last_four: token.last_four(),
    };
    let mut tx = app.db.begin().await?;
    if !store::api_tokens::create(&mut tx, new, app.now()).await? {
        return Err(AppError::NotFound);
    }
    let subject = format!("{name} (…{})", token.last_four());
    record(
        &mut tx,
        &app,
        (&signed, &client),
        organisation,
        Action::TokenCreated,
        &subject,
        role.name(),
    )
    .await?;
    tx.commit().await?;
    html(&MadePage {
        frame: Frame::account(&app, &signed, None, "API token made").await?,
        name,
        token,
    })
}

async fn delete(
    State(app): State<Shared>,
    signed: SignedIn,
    client: Client,
    ids: Ids,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let id: TokenId = ids.get("token")?;
    let mut tx = app.db.begin().await?;
    let mine = store::api_tokens::of_user(&mut tx, signed.user.id).await?;
    let token = mine
        .into_iter()
        .find(|token| token.id == id)
        .ok_or(AppError::NotFound)?;
    if !store::api_tokens::delete(&mut tx, signed.user.id, id).await? {
        return Err(AppError::NotFound);
    }
    let subject = format!("{} (…{})", token.name, token.last_four);
    record(
        &mut tx,
        &app,
        (&signed, &client),
        token.organisation,
        Action::TokenRevoked,
        &subject,
        "",
    )
    .await?;
    tx.commit().await?;
    let text = format!("The API token {} is revoked.", token.name);
    Ok(redirect("/account").notice(&app, &text).into_response())
}

/// A token that is for one organisation alone is told of in its audit log.
async fn record(
    tx: &mut Tx,
    app: &Shared,
    (signed, client): (&SignedIn, &Client),
    organisation: Option<OrganisationId>,
    action: Action,
    subject: &str,
    detail: &str,
) -> Result<(), AppError> {
    if let Some(organisation) = organisation {
        let by = actor(&signed.user, client);
        audit(tx, app, &by, organisation, action, subject, detail).await?;
    }
    Ok(())
}
