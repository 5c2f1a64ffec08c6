//! What pictures look like, and what they must never do, whatever is published.

use charts::{Band, Bars, Bucket, Lines, Percentiles, Series, TimeAxis, Unit, key, rank, sparkline};
use domain::time::{HOUR, Micros};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const NOON: Micros = Micros(1_795_521_600_000_000);

fn axis(hours: i64) -> TimeAxis {
    TimeAxis {
        from: NOON - hours * HOUR,
        to: NOON,
        now: NOON - HOUR / 2,
        zone: TimeZone::get("Europe/London").unwrap(),
    }
}

fn counted(counts: &[u64]) -> (TimeAxis, Vec<Bucket>) {
    let axis = axis(i64::try_from(counts.len()).unwrap());
    let start = |n: usize| axis.from + i64::try_from(n).unwrap() * HOUR;
    let buckets = counts
        .iter()
        .enumerate()
        .map(|(n, count)| Bucket::counting(start(n), *count))
        .collect();
    (axis, buckets)
}

fn bars<'a>(axis: &'a TimeAxis, buckets: &'a [Bucket]) -> Bars<'a> {
    Bars {
        title: "All Data Points",
        measure: "Data points",
        axis,
        buckets,
        height: 120,
    }
}

fn band<'a>(axis: &'a TimeAxis, buckets: &'a [Bucket]) -> Band<'a> {
    Band {
        title: "Checkout",
        unit: Unit::Milliseconds,
        axis,
        buckets,
        percentiles: true,
        height: 120,
    }
}

fn valued(start: Micros, min: f64, avg: f64, max: f64) -> Bucket {
    Bucket {
        start,
        count: 3,
        min: Some(min),
        max: Some(max),
        avg: Some(avg),
        percentiles: Some(Percentiles {
            p50: avg,
            p75: avg,
            p95: max,
            p99: max,
        }),
    }
}

/// One element a line, so that a change is seen where it is.
fn lines_of(svg: &impl ToString) -> String {
    svg.to_string().replace("><", ">\n<")
}

/// Every tag closed in order, every attribute quoted, no character that isn't allowed.
fn well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        let Some((tag, next)) = after.split_once('>') else {
            return false;
        };
        if text.contains('>') || tag.contains('<') || tag.matches('"').count() % 2 == 1 {
            return false;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or_default());
        }
        rest = next;
    }
    open.is_empty() && !svg.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn bars_stand_where_their_hour_is_and_the_last_is_still_filling() {
    let (axis, buckets) = counted(&[0, 120, 1_204, 7]);
    insta::assert_snapshot!(lines_of(&bars(&axis, &buckets).svg()));
}

#[test]
fn nothing_at_all_is_said_in_words() {
    for counts in [&[][..], &[0, 0, 0]] {
        let (axis, buckets) = counted(counts);
        let svg = bars(&axis, &buckets).svg().to_string();
        assert!(
            svg.contains("Nothing in this time") && !svg.contains("class=\"bar\""),
            "{svg}"
        );
    }
}

#[test]
fn one_data_point_is_one_bar_that_can_be_seen() {
    let (axis, buckets) = counted(&[0, 1, 0, 0]);
    let svg = bars(&axis, &buckets).svg().to_string();
    assert_eq!(svg.matches("class=\"bar\"").count(), 1);
    let (axis, buckets) = counted(&[1, 1_000_000, 0, 0]);
    let svg = bars(&axis, &buckets).svg().to_string();
    assert!(svg.contains("y=\"82\" width=\"9%\" height=\"4.92\""), "{svg}");
}

#[test]
fn a_band_breaks_where_there_is_no_data_and_shows_what_stands_alone() {
    let axis = axis(6);
    let at = |n: i64| axis.from + n * HOUR;
    let buckets = [
        valued(at(0), 80.0, 120.0, 400.0),
        valued(at(1), 90.0, 130.0, 500.0),
        Bucket::counting(at(2), 0),
        valued(at(3), 70.0, 110.0, 300.0),
        Bucket::counting(at(4), 0),
        Bucket::counting(at(5), 0),
    ];
    let band = band(&axis, &buckets);
    insta::assert_snapshot!(lines_of(&band.svg()));
    insta::assert_snapshot!("band_legend", lines_of(&band.legend()));
    insta::assert_debug_snapshot!("band_table", band.table());
}

#[test]
fn lines_are_told_apart_by_more_than_colour() {
    let axis = axis(3);
    let starts: Vec<Micros> = (0..3).map(|n| axis.from + n * HOUR).collect();
    let series = [
        Series {
            name: "chrome",
            counts: &[5, 8, 2],
        },
        Series {
            name: "safari",
            counts: &[1, 0],
        },
    ];
    let lines = Lines {
        title: "Browsers",
        axis: &axis,
        starts: &starts,
        series: &series,
        height: 120,
    };
    insta::assert_snapshot!(lines_of(&lines.svg()));
    assert_eq!(lines.table().rows[1][1..], ["8", "0"]);
    let samples: std::collections::HashSet<String> = (0..charts::SERIES).map(|nth| key(nth).to_string()).collect();
    assert_eq!(samples.len(), charts::SERIES);
}

#[test]
fn sparklines_of_one_flat_and_broken_series() {
    let all = [
        sparkline(&[Some(3.0)], false, ""),
        sparkline(&[Some(4.0), Some(4.0), Some(4.0)], true, ""),
        sparkline(&[Some(0.0), Some(0.0)], false, "Nothing"),
        sparkline(&[Some(1.0), None, Some(f64::NAN), Some(5.0), Some(2.0)], true, "\"<&>"),
        sparkline(&[Some(1.0), Some(2.0), None], true, ""),
        sparkline(&[], true, ""),
    ];
    insta::assert_snapshot!(all.iter().map(lines_of).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_ranks_bar_keeps_to_its_row() {
    let width = |share| {
        rank(share)
            .to_string()
            .split("<rect class=\"rank-bar\" width=\"")
            .nth(1)
            .map(|w| w[..w.find('"').unwrap()].to_owned())
    };
    let widths = [0.0, 0.000_01, 0.375, 1.0, 7.0, f64::NAN].map(|share| width(share).unwrap());
    assert_eq!(widths, ["0%", "0.75%", "37.5%", "100%", "100%", "0%"]);
}

proptest! {
    #[test]
    fn what_people_publish_stays_text(word in any::<String>(), title in "[<>&\"'/a-z\u{0}-\u{1f}]{0,40}") {
        let axis = axis(2);
        let starts = [axis.from, axis.from + HOUR];
        let series = [Series { name: &word, counts: &[1, 2] }];
        let lines = Lines { title: &title, axis: &axis, starts: &starts, series: &series, height: 120 };
        for markup in [lines.svg().to_string(), lines.legend().to_string(), sparkline(&[], false, &word).to_string()] {
            prop_assert!(well_formed(&markup), "{markup}");
            prop_assert!(!markup.contains("<script") && !markup.contains(" style="));
        }
    }

    #[test]
    fn any_numbers_make_a_picture(values in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..40)) {
        let axis = axis(40);
        let buckets: Vec<Bucket> = (0..).zip(&values).map(|(n, v)| valued(axis.from + n * HOUR, v.0, v.1, v.2)).collect();
        let line: Vec<Option<f64>> = values.iter().map(|v| Some(v.0)).collect();
        for svg in [band(&axis, &buckets).svg().to_string(), sparkline(&line, true, "").to_string()] {
            prop_assert!(well_formed(&svg), "{svg}");
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn any_counts_make_a_picture_and_a_table(counts in prop::collection::vec(any::<u64>(), 0..400)) {
        let (axis, buckets) = counted(&counts);
        let bars = bars(&axis, &buckets);
        prop_assert!(well_formed(bars.svg().as_str()));
        prop_assert_eq!(bars.svg().as_str().matches("class=\"hit\"").count(), counts.len());
        prop_assert_eq!(bars.table().rows.len(), counts.len());
    }
}
