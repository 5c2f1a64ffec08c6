//! What a person chose of the columns, and the start of an import with it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::import::{Delimiter, Form, Settings, Source, TimeForm};
use serde::Deserialize;
use store::audit_events::Action;
use store::imports::{Started, State as Stands};

use super::show::{self, Looked};
use super::{InImport, path};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::imports::look::Chosen;
use crate::pages::redirect;
use crate::state::Shared;
use crate::web::Client;

/// The form, as it was sent. What is missing is guessed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    format: String,
    delimiter: String,
    header: String,
    /// How the file was read when the columns were chosen: for another way they are guessed anew.
    read_as: String,
    layout: String,
    time: String,
    time_form: String,
    zone: String,
    metric: String,
    metric_name: String,
    kind: String,
    value: String,
    decimal: String,
}

impl Asked {
    pub(super) fn chosen(&self) -> Chosen {
        let yes = |text: &str, yes: &str, no: &str| match text {
            text if text == yes => Some(true),
            text if text == no => Some(false),
            _ => None,
        };
        Chosen {
            is_json: yes(&self.format, "jsonl", "csv"),
            delimiter: Delimiter::from_code(&self.delimiter),
            header: yes(&self.header, "yes", "no"),
        }
    }

    /// What was guessed, but for what was chosen.
    pub(super) fn settings(&self, guessed: Settings) -> Settings {
        let mut settings = guessed;
        if self.read_as != read_as(settings.form) {
            return settings;
        }
        let columns = settings.columns.len();
        let column = |text: &str| text.parse::<usize>().ok().filter(|column| *column < columns);
        settings.is_wide = self.layout == "wide";
        settings.time = column(&self.time).unwrap_or(settings.time);
        settings.time_form = TimeForm::from_code(&self.time_form).unwrap_or(settings.time_form);
        self.zone.trim().clone_into(&mut settings.zone);
        settings.metric = column(&self.metric).map_or_else(|| Source::Fixed(self.metric_name.clone()), Source::Column);
        settings.kind = column(&self.kind).map_or_else(|| Source::Fixed(self.kind.clone()), Source::Column);
        settings.value = column(&self.value);
        settings.decimal_comma = self.decimal == "comma";
        settings
    }

    /// The fields again, for the form that starts with what is shown.
    pub(super) fn fields(settings: &Settings) -> Vec<(&'static str, String)> {
        let of = |source: &Source| source.column().map_or_else(String::new, |column| column.to_string());
        let kind = match &settings.kind {
            Source::Column(column) => column.to_string(),
            Source::Fixed(kind) => kind.clone(),
        };
        let name = match &settings.metric {
            Source::Column(_) => String::new(),
            Source::Fixed(name) => name.clone(),
        };
        let mut fields = match settings.form {
            Form::JsonLines => vec![("format", "jsonl".to_owned())],
            Form::Csv { delimiter, header } => vec![
                ("format", "csv".to_owned()),
                ("delimiter", delimiter.code().to_owned()),
                ("header", if header { "yes" } else { "no" }.to_owned()),
            ],
        };
        fields.extend([
            ("read_as", read_as(settings.form)),
            ("layout", if settings.is_wide { "wide" } else { "long" }.to_owned()),
            ("time", settings.time.to_string()),
            ("time_form", settings.time_form.code().to_owned()),
            ("zone", settings.zone.clone()),
            ("metric", of(&settings.metric)),
            ("metric_name", name),
            ("kind", kind),
            (
                "value",
                settings.value.map_or_else(String::new, |column| column.to_string()),
            ),
            (
                "decimal",
                if settings.decimal_comma { "comma" } else { "point" }.to_owned(),
            ),
        ]);
        fields
    }
}

/// A word for how a file is read.
pub(super) fn read_as(form: Form) -> String {
    match form {
        Form::JsonLines => "jsonl".to_owned(),
        Form::Csv { delimiter, header } => format!("{}-{header}", delimiter.code()),
    }
}

/// Starts the import with what the page showed.
pub(super) async fn create(
    State(app): State<Shared>,
    of: InImport,
    client: Client,
    Checked(form): Checked<Asked>,
) -> Result<Response, AppError> {
    if of.import.state != Stands::Ready {
        return Err(AppError::Conflict(
            "This file is still being uploaded, or its import was started already. Reload its page.".to_owned(),
        ));
    }
    if of.at.project.paused_at.is_some() {
        return Err(AppError::Conflict(
            "This project is paused, so it takes no data points. Resume it under Your Project, then import.".to_owned(),
        ));
    }
    let settings = match show::looked(&app, &of, &form).await? {
        Looked::Readable(readable) if readable.wrong.is_none() => readable.settings,
        _ => return show::again(&app, &of, form).await,
    };
    let mut tx = app.db.begin().await?;
    let (project, id) = (&of.at.project, of.import.id);
    let settings = serde_json::to_string(&settings)?;
    match store::imports::start(&mut tx, project.id, id, &settings, app.now()).await? {
        Started::Yes => {}
        Started::Busy => {
            return Err(AppError::Conflict(format!(
                "Another import of this project is running. Wait until it is done, or cancel it at {}.",
                path(&of.at)
            )));
        }
        Started::NotReady => return Err(AppError::Conflict("This import was started already.".to_owned())),
    }
    let by = actor(&of.at.signed.user, &client);
    let (organisation, name) = (project.organisation, &of.import.file_name);
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::ImportStarted,
        name,
        &project.name,
    )
    .await?;
    tx.commit().await?;
    app.imports.started.notify_one();
    Ok(redirect(of.path()).into_response())
}
