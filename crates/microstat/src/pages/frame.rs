//! What is around every page: header, switcher, the note of the page before, the token for forms.

use domain::id::{OrganisationId, ProjectId};
use domain::role::Role;
use domain::time::Micros;
use domain::zone::{Clock, Zone};

use crate::assets;
use crate::auth::csrf;
use crate::auth::member::{InProject, Member};
use crate::auth::session::{SignedIn, Visitor};
use crate::auth::visit::Notice;
use crate::error::AppError;
use crate::state::Shared;

/// The part of the header that is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// A project's Dashboard.
    Dashboard,
    /// A project's metrics.
    Metrics,
    /// An organisation's boards.
    Boards,
    /// All projects of the person.
    Overview,
    /// Settings, "Your Account".
    Account,
    /// Settings, "Your Organisation".
    Organisation,
    /// Settings, "Your Project".
    Project,
    /// None of them.
    None,
}

/// An organisation in the switcher.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// The person's role there.
    pub role: Role,
    /// Its projects: id and name.
    pub projects: Vec<(ProjectId, String)>,
}

/// Where a page stands.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// The organisation: id and name.
    pub organisation: Option<(OrganisationId, String)>,
    /// The project: id and name.
    pub project: Option<(ProjectId, String)>,
    /// The person's role there.
    pub role: Option<Role>,
}

/// What is around a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// The lit part of the header.
    pub tab: Tab,
    /// The person's name, if signed in.
    pub person: Option<String>,
    /// Every organisation of the person.
    pub organisations: Vec<Entry>,
    /// Where this page stands.
    pub here: Here,
    /// The person's address, if it still waits to be verified.
    pub unverified: Option<String>,
    /// What the page before left to be said.
    pub notice: Option<Notice>,
    /// [`App::behind`](crate::state::App::behind).
    pub behind: Option<i64>,
    /// The token every form carries.
    pub csrf: String,
    /// What time it is.
    pub now: Micros,
    /// The time zone its times are shown in.
    pub zone: Zone,
    /// Whether that should be the browser's own.
    pub asks_browser: bool,
}

impl Frame {
    /// Around a page of a project.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn project(app: &Shared, at: &InProject, tab: Tab, title: &str) -> Result<Self, AppError> {
        let here = Here {
            organisation: Some((at.project.organisation, at.project.organisation_name.clone())),
            project: Some((at.project.id, at.project.name.clone())),
            role: Some(at.role),
        };
        let frame = Self::around(app, &at.signed, here, tab, title).await?;
        Ok(Self {
            zone: at.zone(),
            ..frame
        })
    }

    /// Around a page of an organisation: the header leads to its first project.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn organisation(app: &Shared, at: &Member, title: &str) -> Result<Self, AppError> {
        let here = Here {
            organisation: Some((at.organisation.id, at.organisation.name.clone())),
            project: None,
            role: Some(at.role),
        };
        let mut frame = Self::around(app, &at.signed, here, Tab::Organisation, title).await?;
        let entry = frame.organisations.iter().find(|entry| entry.id == at.organisation.id);
        frame.here.project = entry.and_then(|entry| entry.projects.first().cloned());
        Ok(frame)
    }

    /// Around a page of the person's own. The header leads to `from` if the person may open it (pages link here
    /// with the project they show, so that two tabs don't mix), else to where this session was last.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn account(
        app: &Shared,
        signed: &SignedIn,
        from: Option<ProjectId>,
        title: &str,
    ) -> Result<Self, AppError> {
        let mut frame = Self::around(app, signed, Here::default(), Tab::Account, title).await?;
        frame.here = frame
            .place(from)
            .or_else(|| frame.place(signed.session.last_project))
            .or_else(|| frame.first())
            .unwrap_or_default();
        Ok(frame)
    }

    /// Around a page about all projects of the person. The header leads to where this session was last.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn overview(
        app: &Shared,
        signed: &SignedIn,
        from: Option<ProjectId>,
        title: &str,
    ) -> Result<Self, AppError> {
        let frame = Self::account(app, signed, from, title).await?;
        Ok(Self {
            tab: Tab::Overview,
            ..frame
        })
    }

    /// Around a page for somebody who may not be signed in: no header but the name.
    #[must_use]
    pub fn bare(app: &Shared, visitor: &Visitor, title: &str) -> Self {
        Self {
            person: visitor.signed_in.as_ref().map(|signed| signed.user.name.to_string()),
            notice: visitor.visit.notice.clone(),
            csrf: csrf::token(app, &visitor.visit, visitor.presented.as_ref()),
            now: app.now(),
            zone: visitor.visit.zone.clone().unwrap_or_default(),
            ..Self::plain(title)
        }
    }

    /// Around a page that could not even find out who asks.
    #[must_use]
    pub fn plain(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            tab: Tab::None,
            person: None,
            organisations: Vec::new(),
            here: Here::default(),
            unverified: None,
            notice: None,
            behind: None,
            csrf: String::new(),
            now: Micros::default(),
            zone: Zone::default(),
            asks_browser: true,
        }
    }

    async fn around(app: &Shared, signed: &SignedIn, here: Here, tab: Tab, title: &str) -> Result<Self, AppError> {
        let organisations = store::organisations::of_user(&app.db, signed.user.id).await?;
        let entry = |of: store::organisations::Mine| Entry {
            id: of.organisation.id,
            name: of.organisation.name,
            role: of.role,
            projects: of
                .projects
                .into_iter()
                .map(|project| (project.id, project.name))
                .collect(),
        };
        Ok(Self {
            title: title.to_owned(),
            tab,
            person: Some(signed.user.name.to_string()),
            organisations: organisations.into_iter().map(entry).collect(),
            here,
            unverified: (!app.is_verified(&signed.user)).then(|| signed.user.email.to_string()),
            notice: signed.visit.notice.clone(),
            behind: app.behind(),
            csrf: csrf::token(app, &signed.visit, Some(&signed.token_hash)),
            now: app.now(),
            zone: signed.zone(),
            asks_browser: signed.user.clock == Clock::Browser,
        })
    }

    fn place(&self, project: Option<ProjectId>) -> Option<Here> {
        let project = project?;
        self.organisations.iter().find_map(|entry| {
            let (id, name) = entry.projects.iter().find(|(id, _)| *id == project)?;
            Some(entry.here(Some((*id, name.clone()))))
        })
    }

    fn first(&self) -> Option<Here> {
        let with_project = self.organisations.iter().find(|entry| !entry.projects.is_empty());
        with_project
            .or(self.organisations.first())
            .map(|entry| entry.here(entry.projects.first().cloned()))
    }

    /// A point in time, as the page tells it: "24 Nov, 14:00"; with its year if that isn't this one.
    #[must_use]
    pub fn at(&self, time: &Micros) -> String {
        self.zone.day_and_clock(*time, self.now)
    }

    /// A day: "24 Nov 2026".
    #[must_use]
    pub fn day(&self, time: &Micros) -> String {
        self.zone.day(*time)
    }

    /// A point in time with all there is to say: "24 Nov 2026, 14:00 CET".
    #[must_use]
    pub fn exactly(&self, time: &Micros) -> String {
        self.zone.exactly(*time)
    }

    /// How long ago: "3 minutes ago".
    #[must_use]
    pub fn ago(&self, time: &Micros) -> String {
        time.ago(self.now)
    }

    /// Whether the person may have favourites here, and delete metrics: not as a Viewer.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.here.role.is_some_and(|role| role >= Role::Member)
    }

    /// The name of the organisation this page belongs to.
    #[must_use]
    pub fn organisation_name(&self) -> &str {
        self.here.organisation.as_ref().map_or("", |(_, name)| name)
    }

    /// The path of an asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// Whether "Dashboard" is lit.
    #[must_use]
    pub fn is_dashboard(&self) -> bool {
        self.tab == Tab::Dashboard
    }

    /// Whether "Metrics" is lit.
    #[must_use]
    pub fn is_metrics(&self) -> bool {
        self.tab == Tab::Metrics
    }

    /// Whether "Boards" is lit.
    #[must_use]
    pub fn is_boards(&self) -> bool {
        self.tab == Tab::Boards
    }

    /// Whether the page is about all projects of the person.
    #[must_use]
    pub fn is_overview(&self) -> bool {
        self.tab == Tab::Overview
    }

    /// On pages of data: how long charts are behind, nothing if they aren't; `None` where they can't be.
    #[must_use]
    pub fn behind(&self) -> Option<String> {
        let has_data = self.is_dashboard() || self.is_metrics() || self.is_boards() || self.is_overview();
        let seconds = self.behind.filter(|_| has_data)?;
        Some(match seconds {
            0 => String::new(),
            1..120 => format!("{seconds} seconds"),
            120..7_200 => format!("{} minutes", seconds / 60),
            7_200..172_800 => format!("{} hours", seconds / 3_600),
            _ => format!("{} days", seconds / 86_400),
        })
    }

    /// Where the product's name leads: to all projects of whoever has several.
    #[must_use]
    pub fn home(&self) -> &'static str {
        if self.has_several() { "/overview" } else { "/" }
    }

    /// Whether the person can open more than one project.
    #[must_use]
    pub fn has_several(&self) -> bool {
        self.organisations.iter().map(|of| of.projects.len()).sum::<usize>() > 1
    }

    /// Whether "Settings" is lit.
    #[must_use]
    pub fn is_settings(&self) -> bool {
        self.is_account() || self.is_organisation() || self.is_project()
    }

    /// Whether "Your Account" is lit.
    #[must_use]
    pub fn is_account(&self) -> bool {
        self.tab == Tab::Account
    }

    /// Whether "Your Organisation" is lit.
    #[must_use]
    pub fn is_organisation(&self) -> bool {
        self.tab == Tab::Organisation
    }

    /// Whether "Your Project" is lit.
    #[must_use]
    pub fn is_project(&self) -> bool {
        self.tab == Tab::Project
    }

    /// Whether this organisation or project is the one shown.
    #[must_use]
    pub fn is_here(&self, organisation: &OrganisationId, project: Option<&ProjectId>) -> bool {
        !self.is_overview()
            && self
                .here
                .organisation
                .as_ref()
                .is_some_and(|(id, _)| id == organisation)
            && self.here.project.as_ref().map(|(id, _)| id) == project
    }

    /// Where one searches, near the project the page shows; not for people who were only passing by.
    #[must_use]
    pub fn search_path(&self) -> Option<String> {
        self.here.organisation.as_ref()?;
        let project = self.here.project.as_ref();
        Some(project.map_or_else(|| "/search".to_owned(), |(id, _)| format!("/search?project={id}")))
    }

    /// Your Account, remembering which project it was opened from.
    #[must_use]
    pub fn account_path(&self) -> String {
        self.here
            .project
            .as_ref()
            .map_or_else(|| "/account".to_owned(), |(id, _)| format!("/account?project={id}"))
    }
}

impl Entry {
    fn here(&self, project: Option<(ProjectId, String)>) -> Here {
        Here {
            organisation: Some((self.id, self.name.clone())),
            project,
            role: Some(self.role),
        }
    }
}
