//! Charts over time.

use charts::{Band, Bars, Bucket, Layer, Lines, MarkKind, Percentile, Series, Stack, Unit};
use domain::time::{DAY, HOUR, Micros};

use super::{ALL, ARABIC, HEBREW, HEIGHT, LONG, Page, SOME, mark, marks};
use crate::{axis, counting, starts, wave, whole};

pub(super) fn bars(page: &mut Page) {
    let axis = axis(24 * HOUR, HOUR);
    let buckets = counting(&axis, HOUR, 14_000.0, 1);
    let before: Vec<u64> = counting(&axis, HOUR, 11_000.0, 5)
        .iter()
        .map(|bucket| bucket.count)
        .collect();
    let marks = marks();
    let full = Bars {
        title: "Orders",
        measure: "Hits",
        axis: &axis,
        buckets: &buckets,
        before: &before,
        marks: &marks,
        height: HEIGHT,
    };
    page.show(
        "Bars, compared and annotated",
        &ALL,
        &full.svg(),
        full.legend().as_ref(),
    );
    let year = crate::axis(365 * DAY, DAY);
    let days = counting(&year, DAY, 900.0, 3);
    let last_year: Vec<u64> = counting(&year, DAY, 700.0, 8)
        .iter()
        .map(|bucket| bucket.count)
        .collect();
    let of_days = Bars {
        axis: &year,
        buckets: &days,
        before: &last_year,
        marks: &[],
        ..full
    };
    page.show("Bars of a year", &SOME, &of_days.svg(), None);
    let one = [Bucket::counting(axis.to - 3 * HOUR, 1)];
    let plain = Bars {
        before: &[],
        marks: &[],
        ..full
    };
    page.show("Bars, one", &SOME, &Bars { buckets: &one, ..plain }.svg(), None);
    page.show("Bars, none", &SOME, &Bars { buckets: &[], ..plain }.svg(), None);
    let extreme = [
        Bucket::counting(axis.from, u64::MAX),
        Bucket::counting(axis.from + HOUR, 1),
    ];
    page.show(
        "Bars, extreme",
        &SOME,
        &Bars {
            buckets: &extreme,
            ..plain
        }
        .svg(),
        None,
    );
}

fn valued(start: Micros, n: u32, base: f64) -> Bucket {
    let avg = base * (0.7 + wave(n, 7) * 0.6);
    Bucket {
        start,
        count: whole(wave(n, 9) * 300.0),
        min: Some(avg * 0.35),
        max: Some(avg * (1.9 + wave(n, 11))),
        avg: Some(avg),
    }
}

pub(super) fn band(page: &mut Page) {
    let axis = axis(24 * HOUR, HOUR);
    let mut buckets: Vec<Bucket> = (0..)
        .zip(starts(&axis, HOUR))
        .map(|(n, start)| valued(start, n, 240.0))
        .collect();
    for few in [3, 4, 5, 14] {
        buckets[few].count = 3;
    }
    for none in [9, 10, 13, 15] {
        buckets[none] = Bucket::counting(buckets[none].start, 0);
    }
    let times = |by: f64| buckets.iter().map(|bucket| Some(bucket.avg? * by)).collect::<Vec<_>>();
    let quantiles = [0.5, 0.92, 1.18, 1.6, 1.85].map(times);
    let labels = ["p5", "p50", "p75", "p95", "p99"];
    let percentiles: Vec<Percentile<'_>> = labels
        .into_iter()
        .zip(&quantiles)
        .map(|(label, values)| Percentile { label, values })
        .collect();
    let before: Vec<Option<f64>> = (0..24_u32)
        .map(|n| (n != 7).then(|| 300.0 * (0.7 + wave(n, 3) * 0.5)))
        .collect();
    let marks = marks();
    let full = Band {
        title: "Checkout",
        unit: Unit::Milliseconds,
        axis: &axis,
        buckets: &buckets,
        percentiles: &percentiles,
        before: &before,
        few: 5,
        marks: &marks,
        height: 260,
    };
    page.show(
        "Band, five percentiles, compared, few, gaps",
        &ALL,
        &full.svg(),
        Some(&full.legend()),
    );
    let plain = Band {
        percentiles: &percentiles[1..2],
        before: &[],
        marks: &[],
        ..full
    };
    let named = Band {
        unit: Unit::named("°C"),
        ..plain
    };
    page.show("Band in °C", &SOME, &named.svg(), Some(&named.legend()));
    let long = Band {
        unit: Unit::named("passengers"),
        ..plain
    };
    page.show("Band in passengers", &SOME, &long.svg(), None);
    page.show(
        "Band, one",
        &SOME,
        &Band {
            buckets: &buckets[20..21],
            percentiles: &[],
            ..plain
        }
        .svg(),
        None,
    );
    page.show(
        "Band, none",
        &SOME,
        &Band {
            buckets: &[],
            percentiles: &[],
            ..plain
        }
        .svg(),
        None,
    );
    let huge = |n: i64, value: f64| Bucket {
        min: Some(-value),
        avg: Some(0.0),
        max: Some(value),
        ..Bucket::counting(axis.from + n * HOUR, 9)
    };
    let extreme = [huge(0, 1e300), huge(1, f64::MAX), huge(2, 1e-300)];
    let extreme = Band {
        unit: Unit::Number,
        buckets: &extreme,
        percentiles: &[],
        ..plain
    };
    page.show("Band, extreme", &SOME, &extreme.svg(), None);
}

fn series<'a>(name: &'a str, unit: Unit, values: &'a [Option<f64>]) -> Series<'a> {
    Series {
        name,
        unit,
        values,
        before: &[],
    }
}

pub(super) fn lines(page: &mut Page) {
    let axis = axis(7 * DAY, 3 * HOUR);
    let starts = starts(&axis, 3 * HOUR);
    let values = |seed: u32, scale: f64| -> Vec<Option<f64>> {
        (0..56)
            .map(|n| (n % 19 != seed).then(|| wave(n * 3, seed) * scale))
            .collect()
    };
    let all = [values(1, 900.0), values(2, 420.0), values(3, 31.0), values(4, 600.0)];
    let marks = [
        mark(3 * DAY, Some(2 * DAY), LONG, MarkKind::Note),
        mark(5 * DAY, None, ARABIC, MarkKind::Deploy),
    ];
    let four = [
        Series {
            before: &all[3],
            ..series("Orders", Unit::Count, &all[0])
        },
        series("Checkout", Unit::Milliseconds, &all[1]),
        series("Oven", Unit::named("°C"), &all[2]),
        series(LONG, Unit::Count, &all[3]),
    ];
    let full = Lines {
        title: "Orders and others",
        axis: &axis,
        starts: &starts,
        series: &four,
        marks: &marks,
        height: 260,
    };
    page.show(
        "Lines, four metrics in three units",
        &ALL,
        &full.svg(),
        Some(&full.legend()),
    );
    let words = [
        HEBREW,
        ARABIC,
        "<b>\"hostile\"</b>",
        "edge",
        LONG,
        "opera",
        "samsung",
        "(other)",
    ];
    let counts: Vec<Vec<Option<f64>>> = (1..=8_u32).map(|seed| values(seed, 900.0 / f64::from(seed))).collect();
    let eight: Vec<Series<'_>> = words
        .into_iter()
        .zip(&counts)
        .map(|(name, values)| series(name, Unit::Count, values))
        .collect();
    let of_words = Lines {
        series: &eight,
        marks: &[],
        ..full
    };
    page.show("Lines, eight words", &SOME, &of_words.svg(), Some(&of_words.legend()));
    let single = [series("Orders", Unit::Count, &[Some(3.0)])];
    page.show(
        "Lines, one",
        &SOME,
        &Lines {
            series: &single,
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
    page.show(
        "Lines, none",
        &SOME,
        &Lines {
            series: &[],
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
}

pub(super) fn stack(page: &mut Page) {
    let axis = axis(30 * DAY, DAY);
    let days = starts(&axis, DAY);
    let counts: Vec<Vec<u64>> = (1..=6_u32)
        .map(|seed| {
            counting(&axis, DAY, 900.0 / f64::from(seed), seed)
                .iter()
                .map(|bucket| bucket.count)
                .collect()
        })
        .collect();
    let names = ["chrome", HEBREW, ARABIC, "<b>edge</b>", LONG, "opera"];
    let layers: Vec<Layer<'_>> = names
        .into_iter()
        .zip(&counts)
        .map(|(name, counts)| Layer { name, counts })
        .collect();
    let marks = [mark(12 * DAY, None, "v2.4.0", MarkKind::Deploy)];
    let full = Stack {
        title: "Browsers",
        axis: &axis,
        starts: &days,
        layers: &layers,
        others: &counts[4],
        marks: &marks,
        height: 240,
    };
    page.show("Stack", &ALL, &full.svg(), Some(&full.legend()));
    let year = crate::axis(365 * DAY, DAY);
    let all = starts(&year, DAY);
    let of_year: Vec<u64> = counting(&year, DAY, 900.0, 3)
        .iter()
        .map(|bucket| bucket.count)
        .collect();
    let two = [
        Layer {
            name: "chrome",
            counts: &of_year,
        },
        Layer {
            name: "safari",
            counts: &of_year,
        },
    ];
    let of_year = Stack {
        axis: &year,
        starts: &all,
        layers: &two,
        others: &of_year,
        marks: &[],
        ..full
    };
    page.show("Stack of a year", &SOME, &of_year.svg(), None);
    let one = [Layer {
        name: "chrome",
        counts: &[0, 0, 1],
    }];
    page.show(
        "Stack, one",
        &SOME,
        &Stack {
            layers: &one,
            others: &[],
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
    page.show(
        "Stack, none",
        &SOME,
        &Stack {
            layers: &[],
            others: &[],
            marks: &[],
            ..full
        }
        .svg(),
        None,
    );
}
