//! The x axis: a stretch of time in a reader's time zone, with ticks where their clock or calendar is round.

use domain::time::{DAY, HOUR, MINUTE, Micros};
use jiff::ZonedDateTime;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// A stretch of time, seen from a time zone.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// Where it begins.
    pub from: Micros,
    /// Where it ends; the last bucket ends here.
    pub to: Micros,
    /// What time it is: the bucket it falls into is still filling.
    pub now: Micros,
    /// Whose clock and calendar.
    pub zone: TimeZone,
}

/// A round time on the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeTick {
    /// When.
    pub at: Micros,
    /// As people read it: `14:00`, `24 Nov`, `Nov`, `2026`.
    pub label: String,
    /// Shown where there is little room too.
    pub major: bool,
    /// A day among hours, or a year among months.
    pub turn: bool,
}

/// So many ticks fit on a wide screen, and so many on a phone.
const MOST: usize = 13;
const MOST_MAJOR: usize = 5;

/// How far apart ticks are, from the finest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    Minutes(i64),
    Hours(i64),
    Days(i64),
    Weeks(i64),
    Months(i64),
    Years(i64),
}

const LADDER: [Rung; 23] = [
    Rung::Minutes(1),
    Rung::Minutes(2),
    Rung::Minutes(5),
    Rung::Minutes(10),
    Rung::Minutes(15),
    Rung::Minutes(30),
    Rung::Hours(1),
    Rung::Hours(2),
    Rung::Hours(3),
    Rung::Hours(6),
    Rung::Hours(12),
    Rung::Days(1),
    Rung::Days(2),
    Rung::Weeks(1),
    Rung::Weeks(2),
    Rung::Weeks(4),
    Rung::Months(1),
    Rung::Months(3),
    Rung::Months(6),
    Rung::Years(1),
    Rung::Years(2),
    Rung::Years(5),
    Rung::Years(10),
];

impl Rung {
    /// About how long it is; months and years as they are on average.
    const fn micros(self) -> i64 {
        match self {
            Self::Minutes(n) => n * MINUTE,
            Self::Hours(n) => n * HOUR,
            Self::Days(n) => n * DAY,
            Self::Weeks(n) => n * 7 * DAY,
            Self::Months(n) => n * 30 * DAY,
            Self::Years(n) => n * 365 * DAY,
        }
    }

    /// Whether this rung has a tick at a time that is on a finer rung already.
    fn has(self, at: &ZonedDateTime) -> bool {
        let (minute, hour) = (i64::from(at.minute()), i64::from(at.hour()));
        match self {
            Self::Minutes(n) => minute % n == 0,
            Self::Hours(n) => (minute == 0 && hour % n == 0) || starts_day(at),
            _ => self.has_date(at.date()) && (hour == 0 || starts_day(at)),
        }
    }

    fn has_date(self, date: Date) -> bool {
        // 1970-01-05 was a Monday.
        let days = || {
            Micros::from(
                TimeZone::UTC
                    .to_timestamp(date.to_datetime(Time::midnight()))
                    .unwrap_or_default(),
            )
            .0 / DAY
        };
        let month = i64::from(date.month()) - 1;
        match self {
            Self::Minutes(_) | Self::Hours(_) => true,
            Self::Days(n) => days().rem_euclid(n) == 0,
            Self::Weeks(n) => (days() - 4).rem_euclid(7 * n) == 0,
            Self::Months(n) => date.day() == 1 && month % n == 0,
            Self::Years(n) => date.day() == 1 && month == 0 && i64::from(date.year()) % n == 0,
        }
    }
}

/// True at the first moment of a day that has no midnight.
fn starts_day(at: &ZonedDateTime) -> bool {
    at.start_of_day().is_ok_and(|start| start.timestamp() == at.timestamp())
}

impl TimeAxis {
    /// How far along the axis a time lies, in percent of its length.
    #[must_use]
    pub fn percent(&self, at: Micros) -> f64 {
        let length = (self.to - self.from).max(1);
        let passed = (at - self.from).clamp(0, length);
        ratio(passed, length) * 100.0
    }

    /// Ticks at round times within the axis, rising.
    #[must_use]
    pub fn ticks(&self) -> Vec<TimeTick> {
        let length = (self.to - self.from).max(1);
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let finest = LADDER.iter().position(|rung| length / rung.micros() < most);
        let finest = finest.unwrap_or(LADDER.len() - 1);
        let times = self.times(LADDER[finest]);
        let majors = |rung: Rung| times.iter().filter(|t| rung.has(t)).count();
        let coarse = LADDER[finest..]
            .iter()
            .copied()
            .find(|rung| majors(*rung) <= MOST_MAJOR && divides(LADDER[finest], *rung));
        // Where no coarser round times fit, every so many ticks do.
        let every = times.len().div_ceil(MOST_MAJOR).max(1);
        let major = |(index, time)| coarse.map_or(index % every == 0, |rung: Rung| rung.has(time));
        times
            .iter()
            .enumerate()
            .map(|(index, time)| Self::tick(time, LADDER[finest], major((index, time))))
            .collect()
    }

    fn tick(time: &ZonedDateTime, rung: Rung, major: bool) -> TimeTick {
        let (label, turn) = match rung {
            Rung::Minutes(_) | Rung::Hours(_) if starts_day(time) => (day_month(time), true),
            Rung::Minutes(_) | Rung::Hours(_) => (clock(time), false),
            Rung::Days(_) | Rung::Weeks(_) => (day_month(time), false),
            Rung::Months(_) if time.month() != 1 => (time.strftime("%b").to_string(), false),
            Rung::Months(_) => (time.year().to_string(), true),
            Rung::Years(_) => (time.year().to_string(), false),
        };
        TimeTick {
            at: Micros::from(time.timestamp()),
            label,
            major,
            turn,
        }
    }

    fn times(&self, rung: Rung) -> Vec<ZonedDateTime> {
        match rung {
            Rung::Minutes(_) | Rung::Hours(_) => self.clock_times(rung),
            _ => self.dates(rung),
        }
    }

    /// Walks the line of time itself, so that an hour the clock repeats or skips is repeated or skipped here too.
    fn clock_times(&self, rung: Rung) -> Vec<ZonedDateTime> {
        // Every clock in use is off UTC by a whole number of quarters of an hour.
        let stride = if rung.micros() >= 15 * MINUTE {
            15 * MINUTE
        } else {
            rung.micros().min(5 * MINUTE)
        };
        let mut times: Vec<ZonedDateTime> = Vec::new();
        let mut at = (self.from + (stride - 1)).floor(stride);
        while at <= self.to {
            let time = self.zoned(at);
            // After the clocks went back, a round hour may come twice within less than a step.
            let apart = |last: &ZonedDateTime| at - Micros::from(last.timestamp()) >= rung.micros() * 3 / 4;
            if rung.has(&time) && times.last().is_none_or(apart) {
                times.push(time);
            }
            at = at + stride;
        }
        times
    }

    fn dates(&self, rung: Rung) -> Vec<ZonedDateTime> {
        let mut times = Vec::new();
        let mut date = match rung {
            Rung::Months(_) | Rung::Years(_) => self.zoned(self.from).date().first_of_month(),
            _ => self.zoned(self.from).date(),
        };
        let end = self.zoned(self.to).date();
        while date <= end {
            if rung.has_date(date)
                && let Ok(start) = date.to_zoned_datetime(self.zone.clone())
                && (self.from..=self.to).contains(&Micros::from(start.timestamp()))
            {
                times.push(start);
            }
            let next = match rung {
                Rung::Months(_) | Rung::Years(_) => date.last_of_month().tomorrow(),
                _ => date.tomorrow(),
            };
            let Ok(next) = next else { break };
            date = next;
        }
        times
    }

    /// A stretch of time in words: `Tue 24 Nov, 14:00–15:00`, `Tue 24 Nov`, `2–8 Nov`, `November 2026`.
    #[must_use]
    pub fn words(&self, start: Micros, end: Micros) -> String {
        let (from, to) = (self.zoned(start), self.zoned(end));
        let this_year = from.year() == self.zoned(self.now).year();
        let year = if this_year {
            String::new()
        } else {
            format!(" {}", from.year())
        };
        if !(starts_day(&from) && starts_day(&to)) || start >= end {
            let day = from.strftime("%a %-d %b");
            let until = if starts_day(&to) {
                "24:00".to_owned()
            } else {
                clock(&to)
            };
            return if from.date() == to.date() || (starts_day(&to) && end - start <= DAY) {
                format!("{day}{year}, {}–{until}", clock(&from))
            } else {
                format!(
                    "{day}{year}, {} – {}, {}",
                    clock(&from),
                    to.strftime("%a %-d %b"),
                    clock(&to)
                )
            };
        }
        let last = to.date().yesterday().unwrap_or(to.date());
        if last == from.date() {
            format!("{}{year}", from.strftime("%a %-d %b"))
        } else if from.day() == 1 && from.date().last_of_month() == last {
            from.strftime("%B %Y").to_string()
        } else if from.month() == last.month() && from.year() == last.year() {
            format!("{}–{} {}{year}", from.day(), last.day(), from.strftime("%b"))
        } else {
            format!("{} – {}{year}", day_month(&from), last.strftime("%-d %b"))
        }
    }

    fn zoned(&self, at: Micros) -> ZonedDateTime {
        at.timestamp().to_zoned_datetime(self.zone.clone())
    }
}

/// Whether every tick of the coarser rung is one of the finer's.
const fn divides(fine: Rung, coarse: Rung) -> bool {
    match (fine, coarse) {
        (Rung::Minutes(a), Rung::Minutes(b))
        | (Rung::Hours(a), Rung::Hours(b))
        | (Rung::Days(a), Rung::Days(b))
        | (Rung::Weeks(a), Rung::Weeks(b))
        | (Rung::Months(a), Rung::Months(b))
        | (Rung::Years(a), Rung::Years(b)) => b % a == 0,
        (Rung::Days(a), _) => a == 1,
        (Rung::Weeks(_), _) => false,
        _ => fine.micros() < coarse.micros(),
    }
}

fn clock(time: &ZonedDateTime) -> String {
    let format = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.strftime(format).to_string()
}

fn day_month(time: &ZonedDateTime) -> String {
    time.strftime("%-d %b").to_string()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than a double holds"
)]
fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
#[path = "time_axis_tests.rs"]
mod tests;
