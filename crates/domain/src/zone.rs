//! Time zones: whose clock and calendar times are shown by.

use jiff::tz::TimeZone;

use crate::time::Micros;

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

    /// A day, as people read it: "24 Nov 2026".
    #[must_use]
    pub fn day(&self, at: Micros) -> String {
        self.told(at, "%-d %b %Y")
    }

    /// Day and clock, as people read it: "24 Nov, 14:00". With the year if it isn't that of `now`; UTC, which is
    /// nobody's own, is named.
    #[must_use]
    pub fn day_and_clock(&self, at: Micros, now: Micros) -> String {
        let year = |at: Micros| at.timestamp().to_zoned_datetime(self.zone.clone()).year();
        let format = if year(at) == year(now) {
            "%-d %b, %H:%M"
        } else {
            "%-d %b %Y, %H:%M"
        };
        let utc = if self.name == "UTC" { " UTC" } else { "" };
        self.told(at, format) + utc
    }

    /// Day, year, clock and which clock it is: "24 Nov 2026, 15:00 CET".
    #[must_use]
    pub fn exactly(&self, at: Micros) -> String {
        self.told(at, "%-d %b %Y, %H:%M %Z")
    }

    fn told(&self, at: Micros, format: &str) -> String {
        at.timestamp()
            .to_zoned_datetime(self.zone.clone())
            .strftime(format)
            .to_string()
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
    use crate::time::Micros;

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
    fn times_are_told_by_the_zones_own_clock() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| Micros::from(text.parse::<jiff::Timestamp>().unwrap());
        let now = at("2026-11-24T10:00:00Z");
        let told = |text: &str| {
            (
                berlin.day_and_clock(at(text), now),
                berlin.exactly(at(text)),
                berlin.day(at(text)),
            )
        };
        let three = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            told("2026-11-24T23:30:00Z"),
            three("25 Nov, 00:30", "25 Nov 2026, 00:30 CET", "25 Nov 2026")
        );
        assert_eq!(
            told("2025-12-31T22:59:59Z"),
            three("31 Dec 2025, 23:59", "31 Dec 2025, 23:59 CET", "31 Dec 2025"),
            "last year"
        );
        assert_eq!(
            told("2025-12-31T23:00:00Z"),
            three("1 Jan, 00:00", "1 Jan 2026, 00:00 CET", "1 Jan 2026"),
            "this year, there"
        );
        assert_eq!(
            Zone::default().day_and_clock(now, now),
            "24 Nov, 10:00 UTC",
            "nobody's own clock is named"
        );
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
