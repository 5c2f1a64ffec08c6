//! The last step of what costs much: the name of the thing has to be typed.

use serde::Deserialize;

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    pub(crate) name: String,
}

/// The form at the foot of a page that says what will happen (`typed_name.html`).
pub(crate) struct TypedName {
    /// Where the form goes.
    pub(crate) action: String,
    /// Where whoever changed their mind goes.
    pub(crate) back: String,
    /// The field's label.
    pub(crate) label: &'static str,
    /// The name to be typed.
    pub(crate) name: String,
    /// What was typed.
    pub(crate) typed: String,
    /// Whether that was another name.
    pub(crate) wrong: bool,
    /// The button's text: the same as that of the button that led here.
    pub(crate) button: String,
}
