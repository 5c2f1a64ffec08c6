use charts::{HeatMap, Histogram, Limit, Pointed, Unit};
use domain::time::{HOUR, Micros};

use super::{axis, lines_of};

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
