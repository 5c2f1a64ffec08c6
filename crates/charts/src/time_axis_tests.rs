use domain::time::{DAY, HOUR, MINUTE, Micros};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::TimeAxis;

fn axis(zone: &str, from: &str, to: &str) -> TimeAxis {
    let zone = TimeZone::get(zone).unwrap();
    let at = |text: &str| {
        Micros::from(
            text.parse::<jiff::civil::DateTime>()
                .unwrap()
                .to_zoned_datetime(zone.clone())
                .unwrap()
                .timestamp(),
        )
    };
    let (from, to) = (at(from), at(to));
    TimeAxis {
        from,
        to,
        now: to,
        zone,
    }
}

fn labels(axis: &TimeAxis) -> String {
    let shown: Vec<_> = axis
        .ticks()
        .into_iter()
        .map(|tick| {
            if tick.major {
                format!("[{}]", tick.label)
            } else {
                tick.label
            }
        })
        .collect();
    shown.join(" ")
}

#[test]
fn each_range_has_the_ticks_people_expect() {
    let end = "2026-11-24T14:20";
    let shown = |from| labels(&axis("Europe/London", from, end));
    assert_eq!(
        shown("2026-11-24T13:20"),
        "13:20 13:25 [13:30] 13:35 13:40 [13:45] 13:50 13:55 [14:00] 14:05 14:10 [14:15] 14:20"
    );
    assert_eq!(
        shown("2026-11-23T14:20"),
        "16:00 [18:00] 20:00 22:00 [24 Nov] 02:00 04:00 [06:00] 08:00 10:00 [12:00] 14:00"
    );
    assert_eq!(
        shown("2026-11-17T14:20"),
        "18 Nov [19 Nov] 20 Nov [21 Nov] 22 Nov [23 Nov] 24 Nov"
    );
    assert_eq!(shown("2026-10-25T14:20"), "[26 Oct] [2 Nov] [9 Nov] [16 Nov] [23 Nov]");
    assert_eq!(
        shown("2025-11-24T14:20"),
        "Dec [2026] Feb Mar [Apr] May Jun [Jul] Aug Sep [Oct] Nov"
    );
    assert_eq!(shown("2020-01-01T00:00"), "[2020] 2021 [2022] 2023 [2024] 2025 [2026]");
}

#[test]
fn an_hour_the_clock_skips_has_no_tick() {
    let spring = axis("Europe/Berlin", "2026-03-29T00:00", "2026-03-29T06:00");
    assert_eq!(spring.to - spring.from, 5 * HOUR);
    let hours: Vec<_> = spring
        .ticks()
        .into_iter()
        .map(|t| t.label)
        .filter(|l| l.ends_with(":00"))
        .collect();
    assert_eq!(hours, ["01:00", "03:00", "04:00", "05:00", "06:00"]);
}

#[test]
fn an_hour_the_clock_repeats_has_two() {
    let autumn = axis("Europe/Berlin", "2026-10-25T00:00", "2026-10-25T12:00");
    assert_eq!(autumn.to - autumn.from, 13 * HOUR);
    let axis = TimeAxis {
        to: autumn.from + 6 * HOUR,
        ..autumn
    };
    let hours: Vec<_> = axis
        .ticks()
        .into_iter()
        .map(|t| t.label)
        .filter(|l| l.ends_with(":00"))
        .collect();
    assert_eq!(hours, ["01:00", "02:00", "02:00", "03:00", "04:00", "05:00"]);
}

#[test]
fn a_day_without_a_midnight_still_starts() {
    // Clocks in Asuncion went from 23:59 to 01:00 in the night to 2024-10-06.
    let axis = axis("America/Asuncion", "2024-10-03T00:00", "2024-10-09T00:00");
    assert!(labels(&axis).contains("6 Oct"), "{}", labels(&axis));
}

#[test]
fn stretches_of_time_read_as_people_say_them() {
    let axis = axis("Europe/London", "2025-11-24T00:00", "2026-11-24T14:20");
    let at = |text: &str| Micros::from(format!("{text}:00Z").parse::<jiff::Timestamp>().unwrap());
    let words = |from, to| axis.words(at(from), at(to));
    assert_eq!(words("2026-11-24T14:00", "2026-11-24T15:00"), "Tue 24 Nov, 14:00–15:00");
    assert_eq!(words("2026-11-24T23:00", "2026-11-25T00:00"), "Tue 24 Nov, 23:00–24:00");
    assert_eq!(words("2026-11-24T00:00", "2026-11-25T00:00"), "Tue 24 Nov");
    assert_eq!(words("2025-12-01T00:00", "2025-12-08T00:00"), "1–7 Dec 2025");
    assert_eq!(words("2026-10-26T00:00", "2026-11-02T00:00"), "26 Oct – 1 Nov");
    assert_eq!(words("2025-12-01T00:00", "2026-01-01T00:00"), "December 2025");
    assert_eq!(
        words("2026-11-24T18:00", "2026-11-25T06:00"),
        "Tue 24 Nov, 18:00 – Wed 25 Nov, 06:00"
    );
}

proptest! {
    #[test]
    fn ticks_lie_on_the_axis_rise_and_are_neither_too_many_nor_too_few(
        from in 0_i64..2_500_000_000,
        length in 10_i64..(20 * 365 * 24 * 60),
        zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/St_Johns"), Just("Asia/Kathmandu"), Just("Australia/Lord_Howe")],
    ) {
        let from = Micros(from * 1_000_000);
        let axis = TimeAxis { from, to: from + length * MINUTE, now: from, zone: TimeZone::get(zone).unwrap() };
        let ticks = axis.ticks();
        prop_assert!((1..=14).contains(&ticks.len()), "{} ticks", ticks.len());
        prop_assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
        prop_assert!(ticks.iter().all(|tick| (axis.from..=axis.to).contains(&tick.at)));
        let majors = ticks.iter().filter(|tick| tick.major).count();
        prop_assert!(majors <= 7, "{majors} majors of {}", ticks.len());
        prop_assert!(length * MINUTE < 2 * DAY || majors > 0 || ticks.len() < 5);
    }

    #[test]
    fn places_stay_within_the_axis(from in any::<i64>(), to in any::<i64>(), at in any::<i64>()) {
        let axis = TimeAxis { from: Micros(from), to: Micros(to), now: Micros(to), zone: TimeZone::UTC };
        prop_assert!((0.0..=100.0).contains(&axis.percent(Micros(at))));
    }
}
