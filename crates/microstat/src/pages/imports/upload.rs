//! Uploading: in parts, each from the byte on that the one before ended with; or, without script, in one piece.

use axum::Json;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::ImportId;
use domain::role::Role;
use serde::Deserialize;
use serde_json::json;
use store::import_parts::Kind;
use store::imports::{Import, NewImport, State as Stands};

use super::{ImportsPage, InImport, path};
use crate::auth::csrf::{self, Checked, CheckedHead};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::imports::files::{self, PartError, Upload};
use crate::imports::shared;
use crate::pages::{html_with, redirect};
use crate::state::Shared;

/// Most characters of a file's name that are kept.
const NAME: usize = 200;

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    name: String,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    modified: i64,
}

/// A name to show: the last part of what may be a path, without what can't be shown.
fn name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(NAME).collect();
    let name = name.trim();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

fn too_many() -> AppError {
    AppError::Conflict(format!(
        "{} files of this project wait to be imported, which is as many as may. Import or remove one of them first.",
        store::imports::MOST
    ))
}

fn where_it_is(import: &Import, at: &InProject) -> serde_json::Value {
    json!({
        "received": import.received,
        "state": import.state.word(),
        "url": format!("{}/{}", path(at), import.id),
    })
}

/// Begins an upload in parts, or goes on with one of the same file. Script asks.
pub(super) async fn create(
    State(app): State<Shared>,
    at: InProject,
    Checked(file): Checked<File>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    if file.name.is_empty() || !(1..=files::LARGEST).contains(&file.size) {
        let text = "Choose a file that isn't empty and has at most 2 GiB.";
        return Err(AppError::Invalid(text.to_owned()));
    }
    let name = name(&file.name);
    let all = store::imports::of_project(&app.db, at.project.id).await?;
    let same = |known: &&Import| {
        known.state == Stands::Uploading
            && (known.file_name.as_str(), known.size, known.modified) == (&name, file.size, file.modified)
    };
    if let Some(known) = all.iter().find(same) {
        return Ok(Json(where_it_is(known, &at)).into_response());
    }
    let id = ImportId::from_random(app.random.bits());
    let new = NewImport {
        id,
        project: at.project.id,
        user: at.signed.user.id,
        file_name: &name,
        size: file.size,
        modified: file.modified,
    };
    let mut tx = app.db.begin().await?;
    if !store::imports::create(&mut tx, new, app.now()).await? {
        return Err(too_many());
    }
    tx.commit().await?;
    let made = store::imports::find(&app.db, at.project.id, id).await?;
    let made = made.ok_or(AppError::NotFound)?;
    Ok((StatusCode::CREATED, Json(where_it_is(&made, &at))).into_response())
}

#[derive(Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    offset: i64,
}

/// Takes a part of the file. Whoever sends another than the one that is waited for is told which that is.
pub(super) async fn part(
    State(app): State<Shared>,
    of: InImport,
    _: CheckedHead,
    Query(place): Query<Place>,
    request: Request,
) -> Result<Response, AppError> {
    let id = of.import.id;
    let conflict = |import: &Import| (StatusCode::CONFLICT, Json(where_it_is(import, &of.at))).into_response();
    let Some(writing) = app.imports.write(id) else {
        return Ok(conflict(&of.import));
    };
    // As it is now that nobody else writes.
    let import = store::imports::find(&app.db, of.at.project.id, id).await?;
    let import = import.ok_or(AppError::NotFound)?;
    if import.state != Stands::Uploading || import.received != place.offset {
        return Ok(conflict(&import));
    }
    let most = files::PART.min(import.size - import.received);
    if !shared::bring(&app, id, Kind::File, import.received).await? {
        return begin_again(&app, import, conflict).await;
    }
    let taken = async {
        let mut upload = Upload::at(&app, &writing, id, import.received, most).await?;
        upload.take(&app, request.into_body()).await?;
        upload.finish().await
    };
    let received = match taken.await {
        Ok(written) => import.received + written,
        Err(PartError::Gone) => return begin_again(&app, import, conflict).await,
        Err(error) => return refused(error),
    };
    let mut tx = app.db.begin().await?;
    let new = (import.received, received);
    let is_next = store::imports::receive(&mut tx, id, new, app.now()).await?;
    if is_next {
        shared::keep(&mut tx, &app, id, Kind::File, new).await?;
    }
    tx.commit().await?;
    if is_next {
        app.imports.copies.note(id, Kind::File, received).await;
    }
    let import = store::imports::find(&app.db, of.at.project.id, id).await?;
    let import = import.ok_or(AppError::NotFound)?;
    Ok(if is_next {
        Json(where_it_is(&import, &of.at)).into_response()
    } else {
        conflict(&import)
    })
}

/// What came is nowhere any more: the file has to come anew.
async fn begin_again(
    app: &Shared,
    import: Import,
    conflict: impl FnOnce(&Import) -> Response,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    store::imports::begin_again(&mut tx, import.id, app.now()).await?;
    store::import_parts::remove(&mut tx, import.id, Kind::File).await?;
    tx.commit().await?;
    app.imports.copies.forget(import.id, Kind::File).await;
    Ok(conflict(&Import { received: 0, ..import }))
}

const FULL: &str = "The server’s disk is full. Ask whoever runs it to make room, then choose the file again: the upload \
                    goes on where it was.";

fn refused(error: PartError) -> Result<Response, AppError> {
    let (status, text) = match error {
        PartError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "This part has more bytes than it may."),
        PartError::Broken | PartError::Gone => (StatusCode::BAD_REQUEST, "This part did not come whole."),
        PartError::Full => (StatusCode::INSUFFICIENT_STORAGE, FULL),
        PartError::Io(error) => return Err(error.into()),
    };
    Ok((status, Json(json!({"message": text}))).into_response())
}

/// Takes a whole file from a form, and opens its page.
pub(super) async fn create_whole(
    State(app): State<Shared>,
    at: InProject,
    request: Request,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let (parts, body) = request.into_parts();
    let form = Multipart::from_request(Request::from_parts(parts.clone(), body), &app).await;
    let Ok(mut form) = form else {
        return again(&app, &at, "Choose a file.").await;
    };
    let mut is_ours = false;
    while let Ok(Some(field)) = form.next_field().await {
        match field.name() {
            Some("csrf") => {
                let given = field.text().await.unwrap_or_default();
                csrf::check(&app, &parts, &given)?;
                is_ours = true;
            }
            Some("file") if is_ours => return whole(&app, &at, field).await,
            _ => {}
        }
    }
    if is_ours {
        again(&app, &at, "Choose a file.").await
    } else {
        Err(AppError::CrossSite)
    }
}

/// The page with the form once more, and what was wrong.
async fn again(app: &Shared, at: &InProject, error: &'static str) -> Result<Response, AppError> {
    let mut view = ImportsPage::new(app, at).await?;
    view.error = Some(error);
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

async fn whole(app: &Shared, at: &InProject, mut field: Field<'_>) -> Result<Response, AppError> {
    let id = ImportId::from_random(app.random.bits());
    let name = name(field.file_name().unwrap_or_default());
    let Some(writing) = app.imports.write(id) else {
        return Err(AppError::NotFound);
    };
    let most = i64::try_from(files::WHOLE).unwrap_or(i64::MAX);
    let taken = async {
        let mut upload = Upload::at(app, &writing, id, 0, most).await?;
        while let Some(bytes) = field.chunk().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => PartError::TooLarge,
            _ => PartError::Broken,
        })? {
            upload.write(&bytes).await?;
        }
        upload.finish().await
    };
    let error = match taken.await {
        Ok(0) => "This file is empty. Choose another.",
        Ok(size) => {
            let new = NewImport {
                id,
                project: at.project.id,
                user: at.signed.user.id,
                file_name: &name,
                size,
                modified: 0,
            };
            let mut tx = app.db.begin().await?;
            let is_new = store::imports::create(&mut tx, new, app.now()).await?
                && store::imports::receive(&mut tx, id, (0, size), app.now()).await?;
            if is_new {
                shared::keep(&mut tx, app, id, Kind::File, (0, size)).await?;
                tx.commit().await?;
                app.imports.copies.note(id, Kind::File, size).await;
                return Ok(redirect(format!("{}/{id}", path(at))).into_response());
            }
            files::remove(app, id, false).await;
            return Err(too_many());
        }
        Err(PartError::TooLarge) => {
            "Without script a file may have at most 64 MiB. Turn script on, or pack it with gzip."
        }
        Err(PartError::Broken | PartError::Gone) => "The file did not come whole. Choose it again.",
        Err(PartError::Full) => "The server’s disk is full. Ask whoever runs it to make room.",
        Err(PartError::Io(error)) => {
            files::remove(app, id, false).await;
            return Err(error.into());
        }
    };
    files::remove(app, id, false).await;
    again(app, at, error).await
}
