//! Ada with an organisation of hers that others are invited into.

use axum::http::StatusCode;
use domain::id::OrganisationId;
use store::audit_events::Event;
use store::memberships::Member;

use crate::harness::{Browser, Site};

pub(crate) struct Team {
    pub(crate) site: Site,
    pub(crate) ada: Browser,
    pub(crate) organisation: OrganisationId,
    /// `/organisations/…`
    pub(crate) path: String,
    /// The path of its first project.
    pub(crate) project: String,
}

impl Team {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With flags beside the usual ones. Ada's address is proven.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::of(Site::with(flags).await).await
    }

    /// With an installation of [several processes](Site::spread).
    pub(crate) async fn spread(flags: &[&str]) -> Self {
        Self::of(Site::spread(flags).await).await
    }

    async fn of(site: Site) -> Self {
        let ada = site.person("Ada", "ada@example.com").await;
        let organisation = site.organisation_of("ada@example.com").await;
        site.verify("ada@example.com").await;
        let projects = store::projects::of_organisation(&site.app.db, organisation).await;
        let project = format!("/projects/{}", projects.unwrap()[0].id);
        Self {
            site,
            ada,
            organisation,
            path: format!("/organisations/{organisation}"),
            project,
        }
    }

    /// Has Ada invite these, and gives the paths of the links that are shown once, in that order.
    pub(crate) async fn invite(&mut self, emails: &str, role: &str) -> Vec<String> {
        self.ada.open(&format!("{}/invitations/new", self.path)).await;
        let path = format!("{}/invitations", self.path);
        let answer = self.ada.submit(&path, &[("emails", emails), ("role", role)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        links(&answer.text)
    }

    /// Has Ada invite one person, and gives the mailed link's path and the copied one's.
    pub(crate) async fn invite_one(&mut self, email: &str, role: &str) -> (String, String) {
        let copied = self.invite(email, role).await.remove(0);
        let mails = self.site.deliver().await;
        let mail = mails.iter().rfind(|mail| mail.to == email).expect("a mail");
        (mail.path("/invitations/"), copied)
    }

    /// Has Ada make a code, and gives it as it is shown.
    pub(crate) async fn code(&mut self, role: &str, uses: &str) -> String {
        self.ada.open(&format!("{}/invitations/new", self.path)).await;
        let path = format!("{}/codes", self.path);
        let fields = [("role", role), ("hours", "168"), ("uses", uses)];
        let answer = self.ada.submit(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        between(&answer.text, "<code>", "</code>").to_owned()
    }

    /// "Your Organisation", as Ada sees it.
    pub(crate) async fn settings(&mut self) -> String {
        self.ada.open(&format!("{}/settings", self.path)).await.text
    }

    pub(crate) async fn members(&self) -> Vec<Member> {
        let members = store::memberships::of_organisation(&self.site.app.db, self.organisation).await;
        members.unwrap()
    }

    /// Addresses and roles of the members but Ada.
    pub(crate) async fn others(&self) -> Vec<String> {
        let members = self
            .members()
            .await
            .into_iter()
            .filter(|member| member.email != "ada@example.com");
        members
            .map(|member| format!("{} {}", member.email, member.role))
            .collect()
    }

    /// What was done, as word, subject and detail; of one moment in any order.
    pub(crate) async fn log(&self) -> Vec<String> {
        let events = store::audit_events::of_organisation(&self.site.app.db, self.organisation, None, 99).await;
        let line = |event: Event| format!("{} | {} | {}", event.action, event.subject, event.detail);
        events.unwrap().into_iter().map(line).collect()
    }
}

/// The text between two marks.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} in {text}")).0
}

/// The first path on a page that ends so.
pub(crate) fn path_to(page: &str, end: &str) -> String {
    let (before, _) = page
        .split_once(&format!("/{end}\""))
        .unwrap_or_else(|| panic!("no {end} in {page}"));
    format!("{}/{end}", before.rsplit('"').next().unwrap_or_default())
}

/// The paths of the invitation links on a page.
fn links(page: &str) -> Vec<String> {
    let marks = page.split("value=\"http://localhost:8080").skip(1);
    marks
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}
