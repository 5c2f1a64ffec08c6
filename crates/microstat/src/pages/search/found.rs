//! What there is to be found, and what of it fits best.

use std::cmp::Reverse;
use std::collections::HashMap;

use domain::fuzzy::fit;
use domain::id::ProjectId;
use serde::Serialize;
use store::metrics::Named;
use store::organisations::Mine;

use crate::pages::help;

/// What being of the project one is in counts for, against how well a name fits.
const HERE: u32 = 1_000;
/// What having been there counts for.
const RECENT: u32 = 600;
/// What a name is worth more than its surroundings.
const ITSELF: u32 = 4_000;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// What it is: "Metric", "Project", …
    pub(super) kind: &'static str,
    pub(super) title: String,
    /// Where it is.
    pub(super) detail: String,
    pub(super) url: String,
}

/// What a person may open beside metrics.
pub(super) struct Places {
    all: Vec<Place>,
    /// Projects by id: name and organisation's name.
    projects: HashMap<ProjectId, String>,
    here: Option<ProjectId>,
}

struct Place {
    found: Found,
    bonus: u32,
    /// Offered before anything is asked.
    is_offered: bool,
}

impl Places {
    pub(super) fn of(mine: &[Mine], here: Option<ProjectId>) -> Self {
        let mut places = Self {
            all: Vec::new(),
            projects: HashMap::new(),
            here: None,
        };
        for of in mine {
            for project in &of.projects {
                places
                    .projects
                    .insert(project.id, format!("{}, {}", project.name, of.organisation.name));
            }
        }
        places.here = here.filter(|id| places.projects.contains_key(id));
        let here = places.here;
        if let Some((id, detail)) = here.and_then(|id| Some((id, places.projects.get(&id)?.clone()))) {
            for (title, under) in [
                ("Dashboard", ""),
                ("Metrics", "/metrics"),
                ("Tutorial", "/tutorial"),
                ("Your Project", "/settings"),
            ] {
                places.add("Page", title, &detail, format!("/projects/{id}{under}"), HERE, true);
            }
        }
        places.add("Page", "Overview", "All projects", "/overview".to_owned(), 0, true);
        let account = here.map_or_else(|| "/account".to_owned(), |id| format!("/account?project={id}"));
        places.add("Settings", "Your Account", "", account, 0, true);
        for of in mine {
            let (id, name) = (of.organisation.id, &of.organisation.name);
            for project in &of.projects {
                places.add(
                    "Project",
                    &project.name,
                    name,
                    format!("/projects/{}", project.id),
                    0,
                    true,
                );
                let settings = format!("/projects/{}/settings", project.id);
                if here != Some(project.id) {
                    places.add(
                        "Settings",
                        "Your Project",
                        &format!("{}, {name}", project.name),
                        settings,
                        0,
                        false,
                    );
                }
            }
            places.add(
                "Organisation",
                name,
                of.role.name(),
                format!("/organisations/{id}"),
                0,
                false,
            );
            places.add(
                "Settings",
                "Your Organisation",
                name,
                format!("/organisations/{id}/settings"),
                0,
                false,
            );
        }
        for (page, heading, path) in help::headings() {
            places.add("Help", heading, page, path, 0, false);
        }
        places
    }

    fn add(&mut self, kind: &'static str, title: &str, detail: &str, url: String, bonus: u32, is_offered: bool) {
        let found = Found {
            kind,
            title: title.to_owned(),
            detail: detail.to_owned(),
            url,
        };
        self.all.push(Place {
            found,
            bonus,
            is_offered,
        });
    }

    /// The best first; if nothing is asked, where one has been, and then where one goes most.
    pub(super) fn search(&self, q: &str, metrics: &[Named], recent: &[&str], most: usize) -> Vec<Found> {
        let metrics = metrics
            .iter()
            .filter_map(|metric| Some(One::Metric(metric, self.projects.get(&metric.project)?)));
        let ones: Vec<One<'_>> = metrics.chain(self.all.iter().map(One::Place)).collect();
        let been = |one: &One<'_>| recent.iter().position(|path| *path == one.url());
        if q.is_empty() {
            let mut first: Vec<(usize, &One<'_>)> = ones.iter().filter_map(|one| Some((been(one)?, one))).collect();
            first.sort_by_key(|(place, _)| *place);
            let offered = ones.iter().filter(|one| one.is_offered() && been(one).is_none());
            let all = first.into_iter().map(|(_, one)| one).chain(offered);
            return all.take(most).map(One::found).collect();
        }
        let worth = |one: &One<'_>| {
            let recent = if been(one).is_some() { RECENT } else { 0 };
            Some(one.worth(q)? + one.nearness(self.here) + recent)
        };
        let mut fits: Vec<(u32, &One<'_>)> = ones.iter().filter_map(|one| Some((worth(one)?, one))).collect();
        // Equal ones stay as they are: metrics, then places.
        fits.sort_by_key(|(worth, _)| Reverse(*worth));
        fits.into_iter().take(most).map(|(_, one)| one.found()).collect()
    }
}

/// Something that can be found.
enum One<'a> {
    /// A metric, and where it is.
    Metric(&'a Named, &'a str),
    Place(&'a Place),
}

impl One<'_> {
    fn url(&self) -> String {
        match self {
            Self::Metric(metric, _) => format!("/projects/{}/metrics/{}", metric.project, metric.id),
            Self::Place(place) => place.found.url.clone(),
        }
    }

    fn found(&self) -> Found {
        match self {
            Self::Metric(metric, around) => Found {
                kind: metric.kind.name(),
                title: metric.title.clone(),
                detail: (*around).to_owned(),
                url: self.url(),
            },
            Self::Place(place) => place.found.clone(),
        }
    }

    fn is_offered(&self) -> bool {
        matches!(self, Self::Place(place) if place.is_offered)
    }

    fn nearness(&self, here: Option<ProjectId>) -> u32 {
        match self {
            Self::Metric(metric, _) if here == Some(metric.project) => HERE,
            Self::Metric(..) => 0,
            Self::Place(place) => place.bonus,
        }
    }

    /// How well it fits by its name, or else by that together with where it is.
    fn worth(&self, q: &str) -> Option<u32> {
        let (itself, title, around) = match self {
            Self::Metric(metric, around) => {
                let published = (metric.published != metric.title)
                    .then(|| fit(q, &metric.published))
                    .flatten();
                (fit(q, &metric.title).max(published), metric.title.as_str(), *around)
            }
            Self::Place(Place { found, .. }) => (fit(q, &found.title), found.title.as_str(), found.detail.as_str()),
        };
        let by_itself = itself.map(|fit| fit + ITSELF);
        // One word that isn't in the name would find everything around.
        let is_several = q.split_whitespace().nth(1).is_some();
        by_itself.or_else(|| is_several.then(|| fit(q, &format!("{title} {around}"))).flatten())
    }
}
