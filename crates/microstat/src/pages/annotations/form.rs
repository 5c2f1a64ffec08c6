//! The form for an annotation: a new one, or one to be changed.

use askama::Template;
use domain::annotation::{Bad, Content, Kind, MAX_CHARS, Part};
use domain::id::{AnnotationId, MetricId, ProjectId};
use domain::period;
use domain::time::Micros;
use domain::zone::Zone;
use serde::Deserialize;
use store::annotations::Annotation;

use super::path;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::pages::arrival::local_path;
use crate::pages::frame::{Frame, Tab};
use crate::state::Shared;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    kind: String,
    text: String,
    url: String,
    at: String,
    until: String,
    /// The time zone both are typed in.
    zone: String,
    /// The metric it is of; empty: the whole project.
    metric: String,
    #[serde(rename = "return")]
    pub(super) back: String,
}

/// What is wrong with it, for the person who typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    text: Option<String>,
    url: Option<String>,
    at: Option<String>,
    until: Option<String>,
}

impl Faults {
    /// One that is about the whole of it.
    pub(super) fn whole(text: String) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    fn of(all: &[Bad]) -> Self {
        let mut faults = Self::default();
        for bad in all {
            let field = match bad.part() {
                Part::Text => &mut faults.text,
                Part::Link => &mut faults.url,
                Part::At => &mut faults.at,
                Part::Until => &mut faults.until,
            };
            *field = Some(bad.advice().to_owned());
        }
        faults
    }
}

impl Form {
    /// A form with little in it yet: perhaps a time, by this clock.
    pub(super) fn new(metric: String, at: &str, back: String, zone: &Zone) -> Self {
        let at = period::moment_in(at, zone.zone());
        Self {
            metric,
            at: at.map(|at| field(at, zone)).unwrap_or_default(),
            zone: zone.name().to_owned(),
            back,
            ..Self::default()
        }
    }

    /// The form as one would type it for this one, by this clock.
    pub(super) fn of(kept: &Annotation, zone: &Zone) -> Self {
        let content = &kept.content;
        Self {
            kind: content.kind.word().to_owned(),
            text: content.text.clone(),
            url: content.link.clone().unwrap_or_default(),
            at: field(content.at, zone),
            until: content.until.map(|until| field(until, zone)).unwrap_or_default(),
            zone: zone.name().to_owned(),
            metric: kept.metric.map(|id| id.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The metric it is of; what isn't one is none.
    pub(super) fn metric(&self) -> Option<MetricId> {
        self.metric.parse().ok()
    }

    fn kind(&self) -> Kind {
        Kind::from_word(&self.kind).unwrap_or(Kind::Note)
    }

    /// The annotation that was typed. Without a time it is of now.
    pub(super) fn content(&self, now: Micros) -> Result<Content, Faults> {
        let zone = Zone::from_stored(&self.zone);
        let read = |text: &str| period::moment_in(text, zone.zone());
        let at = if self.at.trim().is_empty() {
            Some(now)
        } else {
            read(&self.at)
        };
        let until = (!self.until.trim().is_empty()).then(|| read(&self.until));
        let no_time = || Some("Enter a day and a time, like 2026-11-24T14:00.".to_owned());
        let times = (at.unwrap_or(now), until.flatten());
        let mut faults = match Content::new(self.kind(), &self.text, &self.url, times, now) {
            Ok(content) if at.is_some() && until != Some(None) => return Ok(content),
            Ok(_) => Faults::default(),
            Err(bad) => Faults::of(&bad),
        };
        if at.is_none() {
            faults.at = no_time();
        }
        if until == Some(None) {
            faults.until = no_time();
        }
        Err(faults)
    }
}

/// A time as browsers' fields take it, to the second where it has seconds.
fn field(at: Micros, zone: &Zone) -> String {
    let format = if at.0 % 60_000_000 == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    };
    zone.zone().to_datetime(at.timestamp()).strftime(format).to_string()
}

/// One that is to be changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of {
    pub(super) id: AnnotationId,
    pub(super) metric: Option<MetricId>,
}

/// The form on its page. The page's title is the button's text, too.
#[derive(Template)]
#[template(path = "annotations/form.html")]
pub(super) struct FormPage {
    frame: Frame,
    project: ProjectId,
    form: Form,
    faults: Faults,
    of: Option<Of>,
    /// The metric that it may be of, instead of the whole project.
    metric: Option<(MetricId, String)>,
    back: String,
}

impl FormPage {
    pub(super) async fn load(
        app: &Shared,
        at: &InProject,
        form: Form,
        of: Option<Of>,
        faults: Faults,
    ) -> Result<Self, AppError> {
        let project = at.project.id;
        let id = match of {
            Some(of) => of.metric,
            None => form.metric(),
        };
        let metric = match id {
            Some(id) => store::metrics::find(&app.db, project, id).await?,
            None => None,
        };
        let list = path(project);
        let title = if of.is_some() {
            "Change annotation"
        } else {
            "Add annotation"
        };
        Ok(Self {
            frame: Frame::project(app, at, Tab::Metrics, title).await?,
            project,
            back: local_path(&form.back).unwrap_or(&list).to_owned(),
            form,
            faults,
            of,
            metric: metric.map(|metric| (metric.id, metric.title().to_owned())),
        })
    }

    fn action(&self) -> String {
        let list = path(self.project);
        match self.of {
            Some(of) => format!("{list}/{}", of.id),
            None => list,
        }
    }

    fn is_of_metric(&self) -> bool {
        self.form.metric().is_some()
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;

    use super::Form;

    const NOW: Micros = Micros(1_795_514_400_000_000);

    fn typed(at: &str, until: &str, zone: &str) -> Form {
        Form {
            text: "x".to_owned(),
            at: at.to_owned(),
            until: until.to_owned(),
            zone: zone.to_owned(),
            ..Form::default()
        }
    }

    #[test]
    fn without_a_time_it_is_of_now_and_times_are_typed_in_the_readers_zone() {
        assert_eq!(typed(" ", "", "").content(NOW).unwrap().at, NOW);
        let content = typed("2026-11-24T09:00", "2026-11-24T10:00", "Europe/Berlin").content(NOW);
        let content = content.unwrap();
        assert_eq!(content.at.to_string(), "2026-11-24T08:00:00Z");
        assert_eq!(content.until.unwrap().to_string(), "2026-11-24T09:00:00Z");
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let faults = Form {
            url: "javascript:x".to_owned(),
            ..typed("yesterday", "soon", "")
        };
        let faults = Form {
            text: String::new(),
            ..faults
        }
        .content(NOW)
        .unwrap_err();
        assert!(faults.text.is_some() && faults.url.is_some() && faults.at.is_some() && faults.until.is_some());
        let faults = typed("2026-11-24T09:00", "2026-11-24T08:00", "")
            .content(NOW)
            .unwrap_err();
        assert!(faults.at.is_none() && faults.until.is_some());
    }
}
