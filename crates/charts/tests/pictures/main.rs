//! What pictures look like, and what they must never do, whatever is published.

mod of_values;
mod over_time;
mod small;

use charts::{
    Band, Bars, Bucket, HeatMap, Histogram, Layer, Limit, Lines, Mark, MarkKind, Percentile, Pointed, Series, Stack,
    Theme, TimeAxis, Unit, badge, sparkline, wide_sparkline,
};
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
        before: &[],
        marks: &[],
        height: 120,
    }
}

fn band<'a>(axis: &'a TimeAxis, buckets: &'a [Bucket]) -> Band<'a> {
    Band {
        title: "Checkout",
        unit: Unit::Milliseconds,
        axis,
        buckets,
        percentiles: &[],
        before: &[],
        few: 0,
        marks: &[],
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

fn series<'a>(name: &'a str, unit: Unit, values: &'a [Option<f64>]) -> Series<'a> {
    Series {
        name,
        unit,
        values,
        before: &[],
    }
}

proptest! {
    #[test]
    fn any_bins_make_a_histogram_and_a_heat_map(
        mut edges in prop::collection::vec(any::<f64>(), 0..30), counts in prop::collection::vec(any::<u64>(), 0..30), at in any::<f64>(),
    ) {
        edges.retain(|edge| edge.is_finite());
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let limit = Some(Limit { value: at, share: at });
        let pointed = [Pointed { label: "p50", value: at }];
        let histogram = Histogram { title: "", unit: Unit::Number, edges: &edges, counts: &counts, pointed: &pointed, limit, height: 100 };
        let axis = axis(3);
        let starts = [axis.from, axis.from + HOUR];
        let columns = [counts.clone(), counts.clone()];
        let map = HeatMap {
            title: "", unit: Unit::Count, axis: &axis, starts: &starts, edges: &edges, counts: &columns, marks: &[], height: 100,
        };
        for svg in [histogram.svg(), map.svg(), map.legend()] {
            let svg = svg.to_string();
            prop_assert!(well_formed(&svg), "{svg}");
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        prop_assert_eq!(histogram.table().rows.len(), edges.len().saturating_sub(1));
        prop_assert_eq!(map.table().rows.len(), 2);
    }

    #[test]
    fn what_people_publish_stays_text(word in any::<String>(), title in "[<>&\"'/a-z\u{0}-\u{1f}]{0,40}") {
        let axis = axis(2);
        let starts = [axis.from, axis.from + HOUR];
        let series = [series(&word, Unit::named(&title), &[Some(1.0), Some(2.0)])];
        let marks = [Mark { at: axis.from, until: None, label: &word, kind: MarkKind::Note }];
        let lines = Lines { title: &title, axis: &axis, starts: &starts, series: &series, marks: &marks, height: 120 };
        let layers = [Layer { name: &word, counts: &[1, 2] }];
        let stack = Stack { title: &title, axis: &axis, starts: &starts, layers: &layers, others: &[1], marks: &marks, height: 120 };
        let alone = lines.svg().standalone(&word, 400, Theme::Auto);
        for markup in [
            lines.svg(), lines.legend(), sparkline(&[], false, &word), wide_sparkline(&[], false, &word, 40), stack.svg(),
            stack.legend(), badge(&word, &title), alone,
        ] {
            let markup = markup.to_string();
            prop_assert!(well_formed(&markup), "{markup}");
            prop_assert!(!markup.contains("<script") && !markup.contains(" style="));
        }
    }

    #[test]
    fn any_numbers_make_a_picture(values in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..40)) {
        let axis = axis(40);
        let buckets: Vec<Bucket> = (0..).zip(&values).map(|(n, v)| valued(axis.from + n * HOUR, v.0, v.1, v.2)).collect();
        let line: Vec<Option<f64>> = values.iter().map(|v| Some(v.0)).collect();
        let starts: Vec<Micros> = buckets.iter().map(|bucket| bucket.start).collect();
        let two = [series("a", Unit::Number, &line), series("b", Unit::named("°C"), &line), series("c", Unit::Milliseconds, &line)];
        let lines = Lines { title: "", axis: &axis, starts: &starts, series: &two, marks: &[], height: 90 };
        let band = Band { before: &line, percentiles: &[Percentile { label: "p1", values: &line }], few: 9, ..band(&axis, &buckets) };
        for svg in [band.svg(), lines.svg(), sparkline(&line, true, ""), wide_sparkline(&line, true, "", 50)] {
            let svg = svg.to_string();
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
