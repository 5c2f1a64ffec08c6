//! Charts of values, and what is small or stands alone.

use std::fmt::Write as _;

use charts::{Bars, HeatMap, Histogram, Limit, Pointed, Svg, Theme, TimeAxis, Unit, badge, wide_sparkline};
use domain::time::HOUR;

use super::{ALL, HEBREW, HEIGHT, LONG, Page, SOME, marks};
use crate::{axis, counting, starts, wave, whole};

/// A lump and a long tail.
fn lump(n: u32, of: u32, peak: f64) -> u64 {
    let x = f64::from(n) / f64::from(of);
    whole((-(x - peak).powi(2) * 40.0).exp() * 900.0 + (1.0 - x) * 20.0 * wave(n, 3))
}

pub(super) fn histogram(page: &mut Page) {
    let edges: Vec<f64> = (0..=24).map(|n| f64::from(n) * 50.0).collect();
    let counts: Vec<u64> = (0..24).map(|n| lump(n, 24, 0.3)).collect();
    let pointed = [
        ("p50", 360.0),
        ("p75", 430.0),
        ("p95", 640.0),
        ("p99", 900.0),
        ("average", 372.0),
    ];
    let pointed = pointed.map(|(label, value)| Pointed { label, value });
    let full = Histogram {
        title: "Checkout",
        unit: Unit::Milliseconds,
        edges: &edges,
        counts: &counts,
        pointed: &pointed,
        limit: Some(Limit {
            value: 500.0,
            share: 0.182,
        }),
        height: HEIGHT,
    };
    page.show("Histogram", &ALL, &full.svg(), None);
    let powers: Vec<f64> = [1.0, 2.0, 5.0]
        .iter()
        .map(|n| n * 0.1)
        .chain((0..6).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10_f64.powi(power))))
        .collect();
    let of_powers: Vec<u64> = (0..20).map(|n| lump(n, 20, 0.5)).collect();
    let multiples = Histogram {
        edges: &powers,
        counts: &of_powers,
        limit: Some(Limit {
            value: 4_000.0,
            share: 0.01,
        }),
        ..full
    };
    page.show("Histogram, multiples", &SOME, &multiples.svg(), None);
    let wholes: Vec<f64> = (0..=9).map(|n| f64::from(n) + 0.5).collect();
    let baskets = Histogram {
        unit: Unit::named("items"),
        edges: &wholes,
        pointed: &[],
        limit: None,
        ..full
    };
    page.show("Histogram of whole numbers", &SOME, &baskets.svg(), None);
    let one = Histogram {
        edges: &[4.5, 5.5],
        counts: &[1],
        pointed: &[],
        limit: None,
        unit: Unit::Number,
        ..full
    };
    page.show("Histogram, one", &SOME, &one.svg(), None);
    page.show(
        "Histogram, none",
        &SOME,
        &Histogram {
            edges: &[],
            counts: &[],
            ..full
        }
        .svg(),
        None,
    );
    let extreme = Histogram {
        edges: &[-1e300, 0.0, 1e-300, 1e300],
        counts: &[1, 0, u64::MAX],
        pointed: &[],
        limit: None,
        ..full
    };
    page.show("Histogram, extreme", &SOME, &extreme.svg(), None);
}

pub(super) fn heat_map(page: &mut Page) {
    let axis = axis(24 * HOUR, HOUR / 3);
    let starts = starts(&axis, HOUR / 3);
    let edges: Vec<f64> = (0..=20).map(|n| f64::from(n) * 50.0).collect();
    let counts: Vec<Vec<u64>> = (0..72_u32)
        .map(|bucket| {
            (0..20)
                .map(|n| {
                    if bucket % 31 == 7 {
                        0
                    } else {
                        lump(n, 20, wave(bucket / 3, 2) * 0.6) / 9
                    }
                })
                .collect()
        })
        .collect();
    let marks = marks();
    let full = HeatMap {
        title: "Checkout",
        unit: Unit::Milliseconds,
        axis: &axis,
        starts: &starts,
        edges: &edges,
        counts: &counts,
        marks: &marks,
        height: 260,
    };
    page.show("Heat map", &ALL, &full.svg(), Some(&full.legend()));
    let wholes: Vec<f64> = (0..=9).map(|n| f64::from(n) + 0.5).collect();
    let baskets = HeatMap {
        unit: Unit::named("items"),
        edges: &wholes,
        marks: &[],
        ..full
    };
    let long = HeatMap {
        unit: Unit::named("passengers"),
        marks: &[],
        ..full
    };
    page.show("Heat map in passengers", &SOME, &long.svg(), None);
    page.show(
        "Heat map of whole numbers",
        &SOME,
        &baskets.svg(),
        Some(&baskets.legend()),
    );
    let one = [vec![], vec![], vec![0, 0, 0, 1]];
    page.show(
        "Heat map, one",
        &SOME,
        &HeatMap {
            counts: &one,
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
    page.show(
        "Heat map, none",
        &SOME,
        &HeatMap {
            counts: &[],
            edges: &[],
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
}

pub(super) fn small(page: &mut Page) {
    let values: Vec<Option<f64>> = (0..24).map(|n| Some(wave(n, 2))).collect();
    for class in ["w80", "w120", "w300"] {
        let all = [
            wide_sparkline(&values, true, "Orders", 48),
            wide_sparkline(&[Some(1.0), None, Some(5.0), Some(2.0)], true, "", 48),
            wide_sparkline(&[Some(3.0)], false, "", 48),
            wide_sparkline(&[Some(0.0), Some(0.0)], false, "", 48),
            wide_sparkline(&[], false, "", 48),
        ];
        page.plain("Sparklines that fill their place", class, &all);
    }
    let badges = [
        badge("Orders, 7 days", "1,204"),
        badge(HEBREW, "12 €"),
        badge("", "99.9%"),
        badge(LONG, LONG),
        badge("p95 日本語", "1.2 s"),
    ];
    page.plain("Badges on paper", "paper", &badges);
    page.plain("Badges at night", "night", &badges);
}

pub(super) fn alone(page: &mut Page) {
    let axis: TimeAxis = axis(24 * HOUR, HOUR);
    let buckets = counting(&axis, HOUR, 14_000.0, 1);
    let marks = marks();
    let bars = Bars {
        title: "Orders",
        measure: "Hits",
        axis: &axis,
        buckets: &buckets,
        before: &[],
        marks: &marks,
        height: 200,
    };
    let themes = [Theme::Light, Theme::Dark].into_iter();
    let all: Vec<Svg> = themes
        .flat_map(|theme| [900, 390].map(|width| bars.svg().standalone("Orders, the last 24 hours", width, theme)))
        .collect();
    // Style sheets inside one page would be one: each in a document of its own.
    let documents = all
        .iter()
        .map(|svg| format!("<img alt=\"\" src=\"data:image/svg+xml,{}\">", encoded(svg.as_str())));
    let _ = write!(
        page.0,
        "<h2>Alone</h2><div class=\"boxes\">{}</div>",
        documents.collect::<String>()
    );
}

fn encoded(markup: &str) -> String {
    let bytes = markup.bytes().map(|byte| format!("%{byte:02x}"));
    bytes.collect::<Vec<_>>().concat()
}
