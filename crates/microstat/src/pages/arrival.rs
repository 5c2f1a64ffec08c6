//! Arriving: whoever has just signed in or up gets a session, and lands where they were going.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::device::describe;
use domain::id::UserId;
use store::Tx;
use store::devices::Met;
use store::sessions::NewSession;

use super::{Leaving, redirect};
use crate::auth::session::{self, Visitor};
use crate::error::AppError;
use crate::jobs::mail::{Mail, queue};
use crate::state::Shared;
use crate::web::Client;

/// Begins a session and leads to `path`. If the account was signed in on other devices before, not on this one, its
/// person is told by mail: notify the queue after the commit.
pub(crate) async fn arrive(
    tx: &mut Tx,
    app: &Shared,
    client: &Client,
    user: UserId,
    path: &str,
) -> Result<Leaving, AppError> {
    let device = describe(&client.user_agent);
    if store::devices::meet(tx, user, &device, app.now()).await? == Met::New {
        let address = client.address.clone();
        let mail = Mail::NewDevice {
            to: user,
            device,
            address,
        };
        queue(tx, app, &mail).await?;
    }
    let (id, token) = session::draw(app);
    let new = NewSession {
        id,
        user,
        token_hash: token.hash(),
        user_agent: &client.user_agent,
        address: &client.address,
    };
    store::sessions::create(tx, new, app.now()).await?;
    Ok(redirect(path).cookie(session::start(&app.config, &token)))
}

/// A return path, if it is a path on this site: browsers read `//` and `/\` as another host.
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let fine =
        text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') && !text.contains(char::is_control);
    fine.then_some(text)
}

/// `/`: where this session was last, else the first project, else the page for people without an organisation.
pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, AppError> {
    let Some(signed) = visitor.signed_in else {
        return Ok(redirect("/sign-in").into_response());
    };
    let mine = store::organisations::of_user(&app.db, signed.user.id).await?;
    let projects = || mine.iter().flat_map(|of| &of.projects);
    let last = projects().find(|project| Some(project.id) == signed.session.last_project);
    let path = match (last.or_else(|| projects().next()), mine.first()) {
        (Some(project), _) => format!("/projects/{}", project.id),
        (None, Some(of)) => format!("/organisations/{}", of.organisation.id),
        (None, None) => "/welcome".to_owned(),
    };
    let mut leaving = redirect(path);
    if let Some(notice) = &visitor.visit.notice {
        leaving = leaving.leave(&app, notice);
    }
    Ok(leaving.into_response())
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn a_return_path_is_a_path_on_this_site_or_dropped() {
        assert_eq!(local_path("/projects/a?range=7d"), Some("/projects/a?range=7d"));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "projects",
            "/a\r\nb",
            "/\\/x",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
