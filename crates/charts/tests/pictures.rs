//! What pictures look like, and what they must never do, whatever is published.

use charts::{
    Band, Bars, Bucket, HeatMap, Histogram, Layer, Limit, Lines, Mark, MarkKind, Percentile, Pointed, Series, Stack,
    Theme, TimeAxis, Unit, badge, key, rank, sparkline, wide_sparkline,
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
        assert!(svg.contains(">Nothing<") && !svg.contains("class=\"bar\""), "{svg}");
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
    let medians = buckets.map(|bucket| bucket.avg);
    let highs = buckets.map(|bucket| bucket.max);
    let percentiles = [
        Percentile {
            label: "p50",
            values: &medians,
        },
        Percentile {
            label: "p99",
            values: &highs,
        },
    ];
    let band = Band {
        percentiles: &percentiles,
        ..band(&axis, &buckets)
    };
    insta::assert_snapshot!(lines_of(&band.svg()));
    insta::assert_snapshot!("band_legend", lines_of(&band.legend()));
    insta::assert_debug_snapshot!("band_table", band.table());
}

fn series<'a>(name: &'a str, unit: Unit, values: &'a [Option<f64>]) -> Series<'a> {
    Series {
        name,
        unit,
        values,
        before: &[],
    }
}

#[test]
fn lines_are_told_apart_by_more_than_colour() {
    let axis = axis(3);
    let starts: Vec<Micros> = (0..3).map(|n| axis.from + n * HOUR).collect();
    let series = [
        series("chrome", Unit::Count, &[Some(5.0), Some(8.0), Some(2.0)]),
        series("safari", Unit::Count, &[Some(1.0), Some(0.0)]),
    ];
    let lines = Lines {
        title: "Browsers",
        axis: &axis,
        starts: &starts,
        series: &series,
        marks: &[],
        height: 120,
    };
    insta::assert_snapshot!(lines_of(&lines.svg()));
    assert_eq!(lines.table().rows[1][1..], ["8", "0"]);
    let samples: std::collections::HashSet<String> = (0..charts::SERIES).map(|nth| key(nth).to_string()).collect();
    assert_eq!(samples.len(), charts::SERIES);
}

#[test]
fn the_period_before_is_dashed_and_named_wherever_it_is_given() {
    let (axis, buckets) = counted(&[4, 120, 1_204, 7]);
    let bars = Bars {
        before: &[9, 80, 3],
        ..bars(&axis, &buckets)
    };
    insta::assert_snapshot!(lines_of(&bars.svg()));
    assert_eq!(bars.table().rows[2][1..], ["1,204", "3"]);
    assert_eq!(bars.table().rows[3][1..], ["7", "–"]);
    assert!(bars.legend().unwrap().as_str().contains("Period before"));
    let valued = [valued(axis.from, 1.0, 2.0, 3.0), Bucket::counting(axis.from + HOUR, 0)];
    let band = Band {
        before: &[Some(5.0), Some(6.0)],
        ..band(&axis, &valued)
    };
    let svg = band.svg().to_string();
    assert!(
        svg.contains("Before: 6 ms") && svg.contains("class=\"before\""),
        "{svg}"
    );
    assert_eq!(band.table().rows[1][1..], ["0", "–", "–", "–", "6 ms"]);
}

#[test]
fn few_data_points_are_paler_and_say_so() {
    let axis = axis(4);
    let mut buckets: Vec<Bucket> = (0..4).map(|n| valued(axis.from + n * HOUR, 1.0, 2.0, 3.0)).collect();
    buckets[0].count = 40;
    buckets[1].count = 50;
    buckets[3].count = 1;
    let svg = Band {
        few: 5,
        ..band(&axis, &buckets)
    }
    .svg()
    .to_string();
    assert_eq!(svg.matches("class=\"band\"").count(), 1);
    assert_eq!(
        svg.matches("class=\"band is-few\"").count(),
        1,
        "all from the second on hang together"
    );
    assert!(
        svg.contains("Only 3 data points") && svg.contains("Only 1 data point<") || svg.contains("Only 1 data point\n")
    );
    assert!(!svg.contains("Only 40"));
}

#[test]
fn annotations_are_flags_that_are_counted_where_they_crowd() {
    let (axis, buckets) = counted(&[0, 120, 1_204, 7]);
    let mark = |at, until, label, kind| Mark { at, until, label, kind };
    let marks = [
        mark(axis.from + 2 * HOUR, None, "v2.4.0: hotfix", MarkKind::Deploy),
        mark(axis.from + 2 * HOUR + 1, None, "v2.4.1", MarkKind::Deploy),
        mark(
            axis.from + HOUR / 2,
            Some(axis.from + HOUR + HOUR / 2),
            "Sale <20%>",
            MarkKind::Note,
        ),
        mark(axis.to, None, "Not seen", MarkKind::Note),
        mark(axis.from - HOUR, Some(axis.from), "Over before", MarkKind::Note),
    ];
    let bars = Bars {
        marks: &marks,
        ..bars(&axis, &buckets)
    };
    insta::assert_snapshot!(lines_of(&bars.svg()));
    let table = bars.table();
    assert_eq!(table.headers[2], "Annotations");
    assert_eq!(table.rows[0][2], "Note – Sale <20%>");
    assert_eq!(table.rows[2][2], "Deploy – v2.4.0:\u{a0}hotfix; Deploy – v2.4.1");
}

#[test]
fn a_second_unit_has_its_axis_on_the_right_and_a_third_says_its_scale() {
    let axis = axis(3);
    let starts: Vec<Micros> = (0..3).map(|n| axis.from + n * HOUR).collect();
    let hits = [Some(5.0), None, Some(8.0)];
    let series = [
        series("Orders", Unit::Count, &hits),
        series("Checkout", Unit::Milliseconds, &[Some(420.0), Some(440.0), Some(390.0)]),
        series("Oven", Unit::named("°C"), &[Some(200.0), Some(f64::NAN), Some(220.0)]),
        Series {
            before: &hits,
            ..series("Refunds", Unit::Count, &[Some(1.0)])
        },
    ];
    let lines = Lines {
        title: "All",
        axis: &axis,
        starts: &starts,
        series: &series,
        marks: &[],
        height: 120,
    };
    insta::assert_snapshot!(lines_of(&lines.svg()));
    insta::assert_snapshot!("units_legend", lines_of(&lines.legend()));
    assert_eq!(lines.table().rows[1][1..], ["–", "440 ms", "–", "–", "–"]);
}

#[test]
fn layers_lie_on_each_other_with_all_others_on_top() {
    let axis = axis(3);
    let starts: Vec<Micros> = (0..3).map(|n| axis.from + n * HOUR).collect();
    let layers = [
        Layer {
            name: "chrome",
            counts: &[5, 8, 2],
        },
        Layer {
            name: "safari",
            counts: &[1, 0],
        },
    ];
    let stack = Stack {
        title: "Browsers",
        axis: &axis,
        starts: &starts,
        layers: &layers,
        others: &[0, 2],
        marks: &[],
        height: 120,
    };
    insta::assert_snapshot!(lines_of(&stack.svg()));
    insta::assert_snapshot!("stack_legend", lines_of(&stack.legend()));
    assert_eq!(
        stack.table().rows[1],
        [stack.table().rows[1][0].as_str(), "8", "0", "2", "10"]
    );
    let many: Vec<Layer<'_>> = (0..12)
        .map(|_| Layer {
            name: "w",
            counts: &[1, 1, 1],
        })
        .collect();
    let stack = Stack { layers: &many, ..stack };
    assert!(stack.svg().as_str().contains("Others: 4 (33%)"));
}

#[test]
fn a_histogram_names_its_bins_and_what_is_pointed_out() {
    let histogram = Histogram {
        title: "Checkout",
        unit: Unit::Milliseconds,
        edges: &[0.0, 100.0, 200.0, 500.0, 1_000.0],
        counts: &[10, 60, 25, 5],
        pointed: &[
            Pointed {
                label: "p50",
                value: 170.0,
            },
            Pointed {
                label: "p75",
                value: 190.0,
            },
            Pointed {
                label: "p99",
                value: 990.0,
            },
        ],
        limit: Some(Limit {
            value: 500.0,
            share: 0.05,
        }),
        height: 160,
    };
    insta::assert_snapshot!(lines_of(&histogram.svg()));
    assert_eq!(histogram.table().rows[1], ["100 ms – 200 ms", "60", "60%"]);
    let baskets = Histogram {
        unit: Unit::Number,
        edges: &[0.5, 1.5, 2.5, 9.5],
        counts: &[3, 2],
        pointed: &[],
        limit: None,
        ..histogram
    };
    let values: Vec<String> = baskets
        .table()
        .rows
        .into_iter()
        .map(|mut row| row.swap_remove(0))
        .collect();
    assert_eq!(values, ["1", "2", "3 – 9"]);
    let nothing = Histogram {
        edges: &[],
        counts: &[],
        ..histogram
    };
    assert!(nothing.svg().as_str().contains(">Nothing<"));
}

#[test]
fn a_heat_map_is_darkest_where_there_is_most() {
    let axis = axis(3);
    let starts: Vec<Micros> = (0..3).map(|n| axis.from + n * HOUR).collect();
    let counts = [vec![1, 1], vec![100, 1], vec![]];
    let map = HeatMap {
        title: "Checkout",
        unit: Unit::Milliseconds,
        axis: &axis,
        starts: &starts,
        edges: &[0.0, 100.0, 200.0],
        counts: &counts,
        marks: &[],
        height: 120,
    };
    insta::assert_snapshot!(lines_of(&map.svg()));
    insta::assert_snapshot!("heat_map_legend", lines_of(&map.legend()));
    assert_eq!(map.table().rows[1][1..], ["101", "0 ms – 100 ms: 100"]);
}

#[test]
fn a_unit_that_has_no_room_after_numbers_stands_above_them() {
    let axis = axis(2);
    let buckets = [valued(axis.from, 1_000.0, 2_000.0, 4_900.0)];
    let svg = |name| {
        let band = Band {
            unit: Unit::named(name),
            ..band(&axis, &buckets)
        };
        band.svg().to_string()
    };
    assert!(svg("€").contains(">4,000\u{a0}€</text>"), "{}", svg("€"));
    assert!(svg("passengers").contains("class=\"value unit\" x=\"-46\" y=\"10\">passengers</text>"));
    assert!(svg("passengers").contains("Maximum: 4,900\u{a0}passengers"));
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
        wide_sparkline(&[Some(1.0), None, Some(5.0), Some(2.0)], true, "Orders", 48),
        wide_sparkline(&[], false, "", 48),
    ];
    insta::assert_snapshot!(all.iter().map(lines_of).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_picture_stands_alone_with_its_colours_in_it() {
    let (axis, buckets) = counted(&[0, 120, 1_204, 7]);
    let picture = bars(&axis, &buckets).svg();
    let alone = picture.standalone("Orders <today>", 600, Theme::Light);
    insta::assert_snapshot!(lines_of(&alone));
    for width in [0, 80, 2_000, u32::MAX] {
        assert!(well_formed(picture.standalone("", width, Theme::Auto).as_str()));
    }
}

#[test]
fn badges_are_as_wide_as_their_text() {
    let all = [
        badge("Orders, 7 days", "1,204"),
        badge("", "99.9%"),
        badge("\u{5d4}\u{5d6}\u{5de}\u{5e0}\u{5d5}\u{5ea}", "12 €"),
        badge(&"long ".repeat(51), "<b>&\"'"),
        badge("", ""),
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
