//! How handlers answer: a page, or on to the next one with something to say there.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::visit::{Notice, set_cookie, write_notice};
use crate::error::AppError;
use crate::state::Shared;

/// A page.
pub(crate) fn html(view: &impl Template) -> Result<Response, AppError> {
    html_with(StatusCode::OK, view)
}

/// A page with a status of its own, as a form that is shown again has.
pub(crate) fn html_with(status: StatusCode, view: &impl Template) -> Result<Response, AppError> {
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    )];
    Ok((status, kind, view.render()?).into_response())
}

/// After a change: on to a page that shows it.
pub(crate) fn redirect(path: impl AsRef<str>) -> Leaving {
    Leaving {
        path: path.as_ref().to_owned(),
        cookies: Vec::new(),
    }
}

/// An answer that leads on, with what the browser should keep.
#[derive(Debug)]
pub(crate) struct Leaving {
    path: String,
    cookies: Vec<HeaderValue>,
}

impl Leaving {
    /// Has the next page say this, once.
    pub(crate) fn notice(self, app: &Shared, text: &str) -> Self {
        let text = text.to_owned();
        self.leave(app, &Notice { text, undo: None })
    }

    /// Has the next page say this, once, with a button "Undo" that posts to `undo`.
    pub(crate) fn undoable(self, app: &Shared, text: &str, undo: String) -> Self {
        let text = text.to_owned();
        let undo = Some(undo);
        self.leave(app, &Notice { text, undo })
    }

    /// Has the next page say what another page left to be said.
    pub(crate) fn leave(self, app: &Shared, notice: &Notice) -> Self {
        let value = write_notice(&app.keys, notice);
        self.cookie(set_cookie(&app.config, "notice", &value, Some(60)))
    }

    /// Sets a cookie.
    pub(crate) fn cookie(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }
}

impl IntoResponse for Leaving {
    fn into_response(self) -> Response {
        let mut response = Redirect::to(&self.path).into_response();
        for cookie in self.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
