use charts::{Band, Bars, Bucket, Layer, Lines, Mark, MarkKind, Percentile, Series, Stack, Unit, key};
use domain::time::{HOUR, Micros};

use super::{axis, band, bars, counted, lines_of, series, valued};

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
