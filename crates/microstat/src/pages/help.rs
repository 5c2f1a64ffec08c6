//! "Help": the Markdown files of `docs/`, built into the program and shown to everyone.

mod markdown;
mod search;

use std::collections::HashSet;
use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::Method;
use axum::response::Response;
use serde::Deserialize;

use self::markdown::Document;
use self::search::{Hit, Part};
use super::frame::{Frame, Tab};
use super::html;
use crate::auth::session::Visitor;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

macro_rules! pages {
    ($($slug:literal $file:literal)+) => {
        &[$(Source { slug: $slug, file: $file, text: include_str!(concat!("../../../../docs/", $file)) }),+]
    };
}

/// In the order they are listed. A link to a file in `docs/` leads to its page.
const SOURCES: &[Source] = pages! {
    "getting-started" "GETTING-STARTED.md"
    "inviting-your-team" "INVITING-YOUR-TEAM.md"
    "publishing" "PUBLISHING.md"
    "metric-types" "METRIC-TYPES.md"
    "reading-charts" "READING-CHARTS.md"
    "dashboard" "DASHBOARD.md"
    "managing-metrics" "MANAGING-METRICS.md"
    "annotations" "ANNOTATIONS.md"
    "boards" "BOARDS.md"
    "time-zones" "TIME-ZONES.md"
    "export-and-import" "EXPORT-AND-IMPORT.md"
    "roles" "ROLES.md"
    "api" "API.md"
    "self-hosting" "SELF-HOSTING.md"
    "operating" "OPERATING.md"
    "faq" "FAQ.md"
};

/// Characters of a question that are read.
const LONGEST_QUESTION: usize = 200;

struct Source {
    slug: &'static str,
    file: &'static str,
    text: &'static str,
}

struct Page {
    slug: &'static str,
    document: Document,
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let page = |source: &Source| Page {
        slug: source.slug,
        document: Document::read(source.text, path_of),
    };
    SOURCES.iter().map(page).collect()
});

/// Every section of every page, as it is looked through.
static PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| {
    let parts = |source: &Source| {
        let mut ids = HashSet::new();
        search::parts(source.text, &format!("/help/{}", source.slug), |heading| {
            markdown::id_of(heading, &mut ids)
        })
    };
    SOURCES.iter().flat_map(parts).collect()
});

/// Where a link in `docs/` leads inside the product: to a file beside it, or out.
fn path_of(link: &str) -> String {
    let (file, section) = link.split_at(link.find('#').unwrap_or(link.len()));
    match SOURCES.iter().find(|source| source.file == file) {
        Some(source) => format!("/help/{}{section}", source.slug),
        None => link.to_owned(),
    }
}

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/help", index)
        .route(Method::GET, "/help/{page}", show)
}

#[derive(Template)]
#[template(path = "help/index.html")]
struct Index {
    frame: Frame,
    pages: &'static [Page],
    /// What is looked for; nothing: every page is listed.
    q: String,
    hits: Vec<Hit>,
}

#[derive(Template)]
#[template(path = "help/show.html")]
struct Show {
    frame: Frame,
    pages: &'static [Page],
    page: &'static Page,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn index(State(app): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let q: String = asked.q.trim().chars().take(LONGEST_QUESTION).collect();
    html(&Index {
        frame: frame(&app, &visitor, "Help").await?,
        pages: &PAGES,
        hits: search::search(&PARTS, &q),
        q,
    })
}

async fn show(State(app): State<Shared>, visitor: Visitor, Path(slug): Path<String>) -> Result<Response, AppError> {
    let page = PAGES.iter().find(|page| page.slug == slug).ok_or(AppError::NotFound)?;
    html(&Show {
        frame: frame(&app, &visitor, &page.document.title).await?,
        pages: &PAGES,
        page,
    })
}

/// Every page and section: the title of the page it is in, its own, and where it is.
pub(super) fn headings() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    PAGES.iter().flat_map(|page| {
        let (title, path) = (page.document.title.as_str(), format!("/help/{}", page.slug));
        let whole = std::iter::once(("", title, path.clone()));
        let sections = page.document.sections.iter();
        whole.chain(sections.map(move |(id, heading)| (title, heading.as_str(), format!("{path}#{id}"))))
    })
}

/// Whoever is signed in finds the way back in the header.
async fn frame(app: &Shared, visitor: &Visitor, title: &str) -> Result<Frame, AppError> {
    let Some(signed) = &visitor.signed_in else {
        return Ok(Frame::bare(app, visitor, title));
    };
    let mut frame = Frame::account(app, signed, None, title).await?;
    frame.tab = Tab::None;
    Ok(frame)
}
