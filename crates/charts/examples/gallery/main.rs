//! Prints one page with every component, or with every chart in every state, to look at in a browser:
//! `cargo run -p charts --example gallery [light|dark] [charts] > gallery.html`

mod states;

use charts::{
    Band, Bars, Bucket, HEIGHT, Lines, Percentile, Series, Table, TimeAxis, Unit, key, number, rank, sparkline,
};
use domain::time::{DAY, HOUR, MINUTE, Micros};
use jiff::tz::TimeZone;

/// 24 November 2026, 14:20 UTC.
const NOW: Micros = Micros(1_795_530_000_000_000);

fn main() {
    let theme = std::env::args().nth(1).unwrap_or_default();
    let web = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");
    if std::env::args().nth(2).is_some_and(|page| page == "charts") {
        let page = include_str!("charts.html")
            .replace("{theme}", &theme)
            .replace("{web}", web);
        print!("{}", page.replace("{body}", &states::page()));
        return;
    }
    let page = include_str!("gallery.html")
        .replace("{theme}", &theme)
        .replace("{web}", web)
        .replace("{bars}", &bars())
        .replace("{bars-year}", &bars_year())
        .replace("{bars-few}", &bars_few())
        .replace("{bars-empty}", &bars_empty())
        .replace("{band}", &band())
        .replace("{band-gaps}", &band_gaps())
        .replace("{lines}", &lines())
        .replace("{ranking}", &ranking())
        .replace("{busy}", &busy())
        .replace("{metrics}", &metrics());
    print!("{page}");
}

/// The same waves at every run: a day's rhythm with some noise.
fn wave(n: u32, seed: u32) -> f64 {
    let day = (f64::from(n) / 24.0 * std::f64::consts::TAU - 2.0).sin() * 0.38 + 0.55;
    let noise = f64::from(n.wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503)) >> 16 & 1023) / 1023.0;
    (day + (noise - 0.5) * 0.25).max(0.02)
}

fn axis(length: i64, step: i64) -> TimeAxis {
    let to = (NOW + step).floor(step);
    TimeAxis {
        from: to - length,
        to,
        now: NOW,
        zone: TimeZone::UTC,
    }
}

fn starts(axis: &TimeAxis, step: i64) -> Vec<Micros> {
    let count = (axis.to - axis.from) / step;
    (0..count).map(|n| axis.from + n * step).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

fn counting(axis: &TimeAxis, step: i64, scale: f64, seed: u32) -> Vec<Bucket> {
    (0..)
        .zip(starts(axis, step))
        .map(|(n, start)| {
            let share = if start + step > NOW { 0.33 } else { 1.0 };
            Bucket::counting(start, whole(wave(n, seed) * scale * share))
        })
        .collect()
}

fn chart(svg: &charts::Svg, legend: Option<&charts::Svg>, table: &Table) -> String {
    let cells =
        |name: &str, cells: &[String]| format!("<{name}>{}</{name}>", cells.join(&format!("</{name}><{name}>")));
    let heads = cells("th", &table.headers);
    let latest: Vec<String> = table.rows.iter().rev().take(5).map(|row| cells("td", row)).collect();
    let rows = cells("tr", &latest);
    format!(
        "<figure class=\"chart\"><chart-readout>{svg}</chart-readout></figure>{}\
         <details class=\"more\"><summary>Show as a table</summary><div class=\"table-wrap\" tabindex=\"0\">\
         <table class=\"table\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>",
        legend.map_or(String::new(), ToString::to_string),
    )
}

fn draw(title: &str, measure: &str, axis: &TimeAxis, buckets: &[Bucket], height: u32) -> String {
    let bars = Bars {
        title,
        measure,
        axis,
        buckets,
        before: &[],
        marks: &[],
        height,
    };
    chart(&bars.svg(), None, &bars.table())
}

fn bars() -> String {
    let axis = axis(24 * HOUR, HOUR);
    draw(
        "All Data Points",
        "Data points",
        &axis,
        &counting(&axis, HOUR, 14_000.0, 1),
        HEIGHT,
    )
}

fn bars_year() -> String {
    let axis = axis(365 * DAY, DAY);
    let mut buckets = counting(&axis, DAY, 900.0, 3);
    for bucket in buckets.iter_mut().take(40) {
        bucket.count = 0;
    }
    draw("Orders", "Hits", &axis, &buckets, 200)
}

fn bars_few() -> String {
    let axis = axis(30 * DAY, DAY);
    let buckets: Vec<Bucket> = starts(&axis, DAY)
        .into_iter()
        .map(|start| Bucket::counting(start, u64::from(start > NOW - 9 * DAY && start < NOW - 8 * DAY)))
        .collect();
    draw("Refunds", "Hits", &axis, &buckets, 200)
}

fn bars_empty() -> String {
    let axis = axis(7 * DAY, 6 * HOUR);
    let buckets: Vec<Bucket> = starts(&axis, 6 * HOUR)
        .into_iter()
        .map(|start| Bucket::counting(start, 0))
        .collect();
    draw("Refunds", "Hits", &axis, &buckets, 200)
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

fn draw_band(title: &str, unit: Unit, axis: &TimeAxis, buckets: &[Bucket], percentiles: bool) -> String {
    let times = |by: f64| buckets.iter().map(|bucket| Some(bucket.avg? * by)).collect::<Vec<_>>();
    let quantiles = [0.92, 1.18, 1.6, 1.85].map(times);
    let lines = ["p50", "p75", "p95", "p99"].into_iter().zip(&quantiles);
    let lines: Vec<Percentile<'_>> = lines.map(|(label, values)| Percentile { label, values }).collect();
    let band = Band {
        title,
        unit,
        axis,
        buckets,
        percentiles: if percentiles { &lines } else { &[] },
        before: &[],
        few: 0,
        marks: &[],
        height: HEIGHT,
    };
    chart(&band.svg(), Some(&band.legend()), &band.table())
}

fn band() -> String {
    let axis = axis(24 * HOUR, 15 * MINUTE);
    let buckets: Vec<Bucket> = (0..)
        .zip(starts(&axis, 15 * MINUTE))
        .map(|(n, start)| valued(start, n / 4 + n % 4 * 7, 240.0))
        .collect();
    draw_band("Checkout", Unit::Milliseconds, &axis, &buckets, true)
}

fn band_gaps() -> String {
    let axis = axis(7 * DAY, 3 * HOUR);
    let gap = |n: u32| matches!(n, 9..=14 | 16..=20 | 33 | 35 | 40..=43);
    let buckets: Vec<Bucket> = (0..)
        .zip(starts(&axis, 3 * HOUR))
        .map(|(n, start)| {
            if gap(n) {
                Bucket::counting(start, 0)
            } else {
                valued(start, n * 3, 4.0)
            }
        })
        .collect();
    draw_band("Basket Items", Unit::Number, &axis, &buckets, false)
}

const WORDS: [&str; 8] = [
    "chrome",
    "safari",
    "firefox",
    "edge",
    "samsung internet",
    "opera",
    "<b>\"hostile\" & long word that goes on</b>",
    "(other)",
];

fn lines() -> String {
    let axis = axis(7 * DAY, 3 * HOUR);
    let starts = starts(&axis, 3 * HOUR);
    let counts: Vec<Vec<Option<f64>>> = (1..=8_u32)
        .map(|seed| {
            counting(&axis, 3 * HOUR, 900.0 / f64::from(seed).powf(1.1), seed)
                .iter()
                .map(|b| Some(f64::from(u32::try_from(b.count).unwrap_or(u32::MAX))))
                .collect()
        })
        .collect();
    let series: Vec<Series<'_>> = WORDS
        .into_iter()
        .zip(&counts)
        .map(|(name, values)| Series {
            name,
            unit: Unit::Count,
            values,
            before: &[],
        })
        .collect();
    let lines = Lines {
        title: "Browsers",
        axis: &axis,
        starts: &starts,
        series: &series,
        marks: &[],
        height: 300,
    };
    chart(
        &lines.svg(),
        Some(&lines.legend()),
        &Table {
            headers: vec![],
            rows: vec![],
        },
    )
}

fn ranking() -> String {
    let row = |(nth, word): (u32, &str)| {
        let share = 1.0 / f64::from(nth + 1).powi(2);
        let word = word.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<li>{}{}<span class=\"bar-name\">{word}</span>\
             <span class=\"bar-value\">{} <span class=\"muted\">{}</span></span></li>",
            rank(share),
            key(nth as usize),
            number::count(whole(share * 48_210.0)),
            number::percent(share * 0.66),
        )
    };
    (0..).zip(WORDS).map(row).collect()
}

fn busy() -> String {
    let names = [
        ("Page View", "hit", "Hit Counter"),
        ("Checkout", "timer", "Timer"),
        ("Browsers", "words", "Word Web"),
        ("Basket Items", "counter", "Counter"),
        (
            "Sign-in failed because the password was wrong, by country",
            "hit",
            "Hit Counter",
        ),
    ];
    let row = |(nth, (name, class, kind)): (u32, (&str, &str, &str))| {
        let share = 1.0 / f64::from(nth + 1).powf(1.3);
        format!(
            "<li>{}<a class=\"bar-name\" href=\"#\">{name}</a><span class=\"tag {class}\">{kind}</span>\
             <span class=\"bar-value\">{}</span></li>",
            rank(share),
            number::count(whole(share * 91_204.0))
        )
    };
    (0..).zip(names).map(row).collect()
}

/// Name, the type's class and name, values, count, change and its class.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Vec<Option<f64>>,
    f64,
    &'static str,
    &'static str,
);

fn metrics() -> String {
    let series = |seed: u32| -> Vec<Option<f64>> { (0..24).map(|n| Some(wave(n, seed))).collect() };
    let rows: [Row; 6] = [
        ("Page View", "hit", "Hit Counter", series(1), 91_204.0, "+12%", "is-up"),
        ("Checkout", "timer", "Timer", series(2), 12_345.0, "-3%", "is-down"),
        ("Browsers", "words", "Word Web", series(4), 8_100.0, "0%", ""),
        (
            "Basket Items",
            "counter",
            "Counter",
            vec![Some(4.0); 24],
            240.0,
            "new",
            "",
        ),
        ("Refund", "hit", "Hit Counter", vec![Some(0.0); 24], 0.0, "–", ""),
        ("Import took", "timer", "Timer", vec![Some(3.0)], 1.0, "–", ""),
    ];
    let row = |(name, class, kind, values, count, change, way): &Row| {
        format!(
            "<tr><th scope=\"row\"><a href=\"#\">{name}</a></th><td><span class=\"tag {class}\">{kind}</span></td><td>{}</td>\
             <td class=\"num\">{}</td><td class=\"num\"><span class=\"stat-change {way}\">{change}</span></td>\
             <td class=\"muted nowrap\"><time datetime=\"2026-11-24T14:19:40Z\">24 Nov, 14:19 UTC</time></td></tr>",
            sparkline(values, true, ""),
            number::count(whole(*count)),
        )
    };
    rows.iter().map(row).collect()
}
