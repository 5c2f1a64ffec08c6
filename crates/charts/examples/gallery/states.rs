//! Every chart in every state: full, compared and annotated, of one data point, of none, with long and right-to-left
//! names and with extreme values, from 80 to 2,000 pixels.

use std::fmt::Write as _;

use charts::{
    Band, Bars, Bucket, HeatMap, Histogram, Layer, Limit, Lines, Mark, MarkKind, Percentile, Pointed, Series, Stack,
    Svg, Theme, TimeAxis, Unit, badge, wide_sparkline,
};
use domain::time::{DAY, HOUR, Micros};

use crate::{NOW, axis, counting, starts, wave, whole};

const ALL: [u32; 5] = [2_000, 1_440, 768, 390, 80];
const SOME: [u32; 3] = [768, 390, 80];
const HEIGHT: u32 = 220;
const LONG: &str = "A name as long as it may be, that somebody's program made of a sentence, a file and a line, and \
    that goes on and on, since nobody told it to stop, past the edge of every screen and on to the next line of every \
    table, until at last, at 255 characters, it has its end";
const HEBREW: &str = "הזמנות: מחיר (₪)";
const ARABIC: &str = "متصفح سفاري";

pub(crate) fn page() -> String {
    let mut page = Page(String::new());
    bars(&mut page);
    band(&mut page);
    lines(&mut page);
    stack(&mut page);
    histogram(&mut page);
    heat_map(&mut page);
    small(&mut page);
    alone(&mut page);
    page.0
}

struct Page(String);

impl Page {
    fn show(&mut self, title: &str, widths: &[u32], svg: &Svg, legend: Option<&Svg>) {
        let legend = legend.map(ToString::to_string).unwrap_or_default();
        let _ = write!(self.0, "<h2>{title}</h2><div class=\"boxes\">");
        for width in widths {
            let _ = write!(
                self.0,
                "<div class=\"box w{width}\"><figure class=\"chart\"><chart-readout>{svg}</chart-readout></figure>{}</div>",
                if *width > 80 { &legend } else { "" }
            );
        }
        self.0.push_str("</div>");
    }

    fn plain(&mut self, title: &str, class: &str, markup: &[Svg]) {
        let all: String = markup
            .iter()
            .map(|svg| format!("<div class=\"box {class}\">{svg}</div>"))
            .collect();
        let _ = write!(self.0, "<h2>{title}</h2><div class=\"boxes\">{all}</div>");
    }
}

fn mark(ago: i64, until: Option<i64>, label: &str, kind: MarkKind) -> Mark<'_> {
    Mark {
        at: NOW - ago,
        until: until.map(|ago| NOW - ago),
        label,
        kind,
    }
}

fn marks() -> Vec<Mark<'static>> {
    vec![
        mark(20 * HOUR, None, "v2.4.0", MarkKind::Deploy),
        mark(
            15 * HOUR,
            Some(12 * HOUR),
            "Newsletter went out to all customers",
            MarkKind::Note,
        ),
        mark(6 * HOUR, None, "v2.4.1", MarkKind::Deploy),
        mark(6 * HOUR - 1, None, "v2.4.2", MarkKind::Deploy),
        mark(6 * HOUR - 2, None, HEBREW, MarkKind::Note),
        mark(HOUR / 6, None, "v2.5.0", MarkKind::Deploy),
    ]
}

fn bars(page: &mut Page) {
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

fn band(page: &mut Page) {
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

fn lines(page: &mut Page) {
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

fn stack(page: &mut Page) {
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

/// A lump and a long tail.
fn lump(n: u32, of: u32, peak: f64) -> u64 {
    let x = f64::from(n) / f64::from(of);
    whole((-(x - peak).powi(2) * 40.0).exp() * 900.0 + (1.0 - x) * 20.0 * wave(n, 3))
}

fn histogram(page: &mut Page) {
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

fn heat_map(page: &mut Page) {
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

fn small(page: &mut Page) {
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

fn alone(page: &mut Page) {
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
    markup.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
