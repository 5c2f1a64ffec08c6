//! Time zones: whose clock and calendar times are shown by.

use jiff::tz::TimeZone;

/// A time zone with its name in the IANA database, like `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A name was none of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a time zone, like Europe/Berlin")]
pub struct BadZone;

impl Default for Zone {
    fn default() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }
}

impl Zone {
    /// The zone with a name, as the database spells it.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Self, BadZone> {
        let name = name.trim();
        // What else the database has in its folder ("posixrules", "right/…") is not for people.
        if name.is_empty() || name.len() > 64 || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(BadZone);
        }
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::default());
        }
        let zone = TimeZone::get(name).map_err(|_| BadZone)?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, zone })
    }

    /// One that was kept; UTC if this system doesn't know it any more.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self::parse(name).unwrap_or_default()
    }

    /// Its name: `Europe/Berlin`, `UTC`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its clock and calendar.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Every zone there is to choose from, by name: UTC first.
    #[must_use]
    pub fn names() -> Vec<String> {
        let places = [
            "Africa/",
            "America/",
            "Antarctica/",
            "Arctic/",
            "Asia/",
            "Atlantic/",
            "Australia/",
            "Europe/",
            "Indian/",
            "Pacific/",
        ];
        let mut names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| places.iter().any(|place| name.starts_with(place)))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.insert(0, "UTC".to_owned());
        names
    }
}

/// What a person chose to read times by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The clock of whatever they look at it with.
    #[default]
    Browser,
    /// The clock of the project they look at.
    Project,
    /// Always this one.
    Of(Zone),
}

impl Clock {
    /// How it is kept, and called in a form: `browser`, `project` or a zone's name.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Browser => "browser",
            Self::Project => "project",
            Self::Of(zone) => zone.name(),
        }
    }

    /// The choice with a code.
    ///
    /// # Errors
    /// If it is neither of these words nor a zone's name.
    pub fn parse(code: &str) -> Result<Self, BadZone> {
        match code.trim() {
            "browser" => Ok(Self::Browser),
            "project" => Ok(Self::Project),
            name => Zone::parse(name).map(Self::Of),
        }
    }

    /// The zone times are shown in: of a page that belongs to a project, with a browser that may have said its own.
    #[must_use]
    pub fn zone(&self, browser: Option<&Zone>, project: Option<&Zone>) -> Zone {
        let (first, second) = match self {
            Self::Of(zone) => (Some(zone), None),
            Self::Browser => (browser, project),
            Self::Project => (project, browser),
        };
        first.or(second).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{BadZone, Clock, Zone};

    #[test]
    fn zones_are_known_by_their_names() {
        for name in ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Argentina/Buenos_Aires"] {
            assert_eq!(Zone::parse(name).unwrap().name(), name);
        }
        for name in [
            "",
            "Mars/Olympus",
            "../etc/passwd",
            "/etc/localtime",
            "right/UTC",
            "browser",
            "+01:00",
        ] {
            assert_eq!(Zone::parse(name), Err(BadZone), "{name}");
        }
        assert_eq!(Zone::from_stored("Gone/Away").name(), "UTC");
    }

    #[test]
    fn every_zone_that_can_be_chosen_is_one() {
        let names = Zone::names();
        assert!(names.len() > 300 && names[0] == "UTC", "{}", names.len());
        assert!(names.iter().all(|name| Zone::parse(name).is_ok()));
    }

    #[test]
    fn times_are_shown_by_the_clock_that_was_chosen() {
        let [berlin, tokyo] = ["Europe/Berlin", "Asia/Tokyo"].map(|name| Zone::parse(name).unwrap());
        let shown = |code: &str, browser, project| Clock::parse(code).unwrap().zone(browser, project).name().to_owned();
        assert_eq!(shown("browser", Some(&berlin), Some(&tokyo)), "Europe/Berlin");
        assert_eq!(shown("browser", None, Some(&tokyo)), "Asia/Tokyo", "without script");
        assert_eq!(shown("project", Some(&berlin), Some(&tokyo)), "Asia/Tokyo");
        assert_eq!(
            shown("project", Some(&berlin), None),
            "Europe/Berlin",
            "on a page of no project"
        );
        assert_eq!(shown("Africa/Lagos", Some(&berlin), Some(&tokyo)), "Africa/Lagos");
        assert_eq!(shown("browser", None, None), "UTC");
        assert_eq!(Clock::parse("nowhere"), Err(BadZone));
    }
}
