//! Pages that ask for one name and nothing else: to make something, or to call it something else.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::name::Name;
use serde::Deserialize;

use super::frame::Frame;
use super::{html, html_with};
use crate::error::AppError;

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    pub(crate) name: String,
}

/// A page that asks for a name. Its title is the button's text too.
#[derive(Template)]
#[template(path = "naming.html")]
pub(crate) struct NamingPage {
    /// Around it.
    pub(crate) frame: Frame,
    /// What is to be known before.
    pub(crate) lead: String,
    /// Where the form goes.
    pub(crate) action: String,
    /// Where whoever changed their mind goes.
    pub(crate) back: String,
    /// The field's label.
    pub(crate) label: &'static str,
    /// What is in the field.
    pub(crate) value: String,
    /// What is wrong with it.
    pub(crate) error: Option<&'static str>,
}

impl NamingPage {
    /// Asks for it.
    pub(crate) fn ask(&self) -> Result<Response, AppError> {
        html(self)
    }

    /// The name that was typed; `None` if it is none, which [`Self::ask_again`] says then.
    pub(crate) fn read(&mut self, form: Form) -> Option<Name> {
        let name = Name::new(&form.name);
        self.value = form.name;
        self.error = name.as_ref().err().map(|bad| bad.advice());
        name.ok()
    }

    /// Asks again, saying what is wrong with what was typed.
    pub(crate) fn ask_again(&self) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, self)
    }
}
