//! The same data as words, for readers who don't see the picture.

/// Headers and rows of a table. Each row's first cell says when; no markup, nothing escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns' names.
    pub headers: Vec<String>,
    /// The rows, oldest first, each as long as the headers.
    pub rows: Vec<Vec<String>>,
}
