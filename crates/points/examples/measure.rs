//! Prints what the engine takes and gives: data points a second, bytes a data point, memory, query and start times.
//!
//! `cargo run --release -p points --example measure [ingest|fill|kill|metrics]…`; without arguments, all of them.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures to read"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, HOUR, Micros};
use domain::value::Value;
use points::{Batch, DataPoint, Options, Points};

/// 2026-11-24T10:20:30.5Z, so that no window begins on the hour.
const NOW: Micros = Micros(1_795_515_630_500_000);
const PROJECT: ProjectId = ProjectId(7);
const METRICS: u64 = 100;
const WORDS: u64 = 50;

/// A small generator (splitmix64), so that every run is the same.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

fn id(metric: u64) -> MetricId {
    MetricId((metric + 1).wrapping_mul(0x5_1234_5678_9abd).cast_signed() & ((1 << 50) - 1))
}

/// A quarter each: items (Counter), milliseconds to a tenth, log-normal (Timer), hits, words of which few are frequent.
fn value(metric: u64, dice: &mut Dice) -> Value {
    match metric % 4 {
        0 => Value::Number((20.0 + 8.0 * dice.normal()).round().max(0.0)),
        1 => Value::Number((1_200.0 * (0.6 * dice.normal()).exp()).round() / 10.0),
        2 => Value::Hits(1),
        _ => {
            let word = (WORDS as f64).powf(dice.unit()) as u64 - 1;
            Value::Word(format!("/page/{word}"))
        }
    }
}

fn point(metric: u64, at: Micros, dice: &mut Dice) -> DataPoint {
    DataPoint {
        metric: id(metric),
        at,
        value: value(metric, dice),
        id: None,
    }
}

fn batch(points: Vec<DataPoint>) -> Batch {
    Batch {
        project: PROJECT,
        key: None,
        points,
        note: Vec::new(),
    }
}

fn status(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn size(dir: &Path) -> u64 {
    let mut all = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        all += if meta.is_dir() { size(&entry.path()) } else { meta.len() };
    }
    all
}

async fn ingest() {
    println!("| batch | data points/s | CPU s/million | peak MB |");
    println!("|---|---|---|---|");
    for of in [1_u64, 20, 1_000] {
        let dir = tempfile::tempdir().unwrap();
        let points = Points::open(dir.path(), Options::default()).await.unwrap();
        let stored = Arc::new(AtomicU64::new(0));
        let until = Instant::now() + Duration::from_secs(5);
        let (began, before) = (Instant::now(), cpu());
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..64 {
            let (points, stored) = (points.clone(), stored.clone());
            // Made before, so that the engine is measured and not the making.
            let mut dice = Dice(task);
            let ready = batch((0..of).map(|_| point(dice.below(METRICS), NOW, &mut dice)).collect());
            tasks.spawn(async move {
                let mut ago = 0;
                while Instant::now() < until {
                    let mut batch = ready.clone();
                    ago += 1;
                    for point in &mut batch.points {
                        point.at = NOW + ago * 1_000;
                    }
                    points.append(batch, NOW + ago * 1_000).await.unwrap();
                    stored.fetch_add(of, Ordering::Relaxed);
                }
            });
        }
        tasks.join_all().await;
        let stored = stored.load(Ordering::Relaxed) as f64;
        let rate = stored / began.elapsed().as_secs_f64();
        let each = cpu().saturating_sub(before).as_secs_f64() / stored * 1e6;
        println!("| {of} | {rate:.0} | {each:.2} | {} |", status("VmHWM"));
    }
}

async fn times<F: Future<Output = ()>>(name: &str, mut query: impl FnMut() -> F) {
    let mut took = Vec::new();
    let before = cpu();
    for _ in 0..400 {
        let began = Instant::now();
        query().await;
        took.push(began.elapsed());
    }
    let first = took.remove(0);
    took.sort();
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    let cpu = ms(cpu().saturating_sub(before)) / 400.0;
    println!(
        "| {name} | {:.2} | {:.2} | {:.2} | {cpu:.2} |",
        ms(took[took.len() / 2]),
        ms(took[took.len() * 99 / 100]),
        ms(first)
    );
}

async fn fill(n: u64, apart: bool) {
    let dir = tempfile::tempdir().unwrap();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    let span = 30 * DAY as u64;
    let began = Instant::now();
    let mut dice = Dice(1);
    let mut sent = tokio::task::JoinSet::new();
    for chunk in 0..n / 1_000 {
        let of = (0..1_000).map(|place| {
            // Apart: each data point at a millisecond of its own. Together: requests of 20 at one millisecond.
            let k = chunk * 1_000 + place;
            let k = if apart { k } else { k / 20 * 20 };
            let jitter = Dice(k).below(span / n / 1_000 * if apart { 2 } else { 40 } + 1) * 1_000;
            let at = NOW - (span - k * (span / n) + jitter).cast_signed();
            point(dice.below(METRICS), at.floor(1_000), &mut dice)
        });
        let (points, of) = (points.clone(), batch(of.collect()));
        sent.spawn(async move { points.append(of, NOW).await.unwrap() });
        if sent.len() > 16 {
            sent.join_next().await.unwrap().unwrap();
        }
    }
    while sent.join_next().await.is_some() {}
    points.seal().await.unwrap();
    println!(
        "{n} data points in {:.1} s; peak {} MB",
        began.elapsed().as_secs_f64(),
        status("VmHWM")
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bytes = size(dir.path());
    println!(
        "{:.2} bytes a data point, everything included ({bytes} bytes)",
        bytes as f64 / n as f64
    );
    sizes(&dir.path().join("points.db"), n);
    queries(&points).await;
    drop(points);
    let began = Instant::now();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    println!("opened again in {:.3} s", began.elapsed().as_secs_f64());
    drop(points);
}

fn sizes(file: &Path, n: u64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    for table in ["blocks", "days", "sketches", "project_days", "metrics"] {
        let (rows, of): (i64, i64) = connection
            .query_row(
                &format!(
                    "select count(*), {} from {table}",
                    if table == "metrics" {
                        "0"
                    } else {
                        "coalesce(sum(length(data)), 0)"
                    }
                ),
                (),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        println!("  {table}: {rows} rows, {:.3} bytes a data point", of as f64 / n as f64);
    }
    for kind in 0..4 {
        let (of, points): (i64, i64) = connection
            .query_row(
                "select sum(length(data)), sum(points) from blocks join metrics on number = (key >> 16) & 1073741823
                    where metric in (select value from json_each(?1))",
                [format!(
                    "{:?}",
                    (0..METRICS)
                        .filter(|m| m % 4 == kind)
                        .map(|m| id(m).0)
                        .collect::<Vec<_>>()
                )],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        println!(
            "  {}: {:.3} bytes a data point",
            ["items", "milliseconds", "hits", "words"][kind as usize],
            of as f64 / points as f64
        );
    }
}

async fn queries(points: &Points) {
    println!("| query | p50 ms | p99 ms | first ms | CPU ms |");
    println!("|---|---|---|---|---|");
    let utc = &jiff::tz::TimeZone::UTC;
    let day = Range::new(NOW - DAY, NOW).unwrap();
    let month = Range::new(NOW - 30 * DAY, NOW).unwrap();
    let cut = |range: Range, step: &str| range.buckets(step.parse().unwrap(), utc).unwrap();
    let mut dice = Dice(9);
    let mut timer = || id(dice.below(METRICS / 4) * 4 + 1);
    let (fives, hours) = (cut(day, "5m"), cut(month, "1h"));
    let day_hours = cut(day, "1h");
    times("one metric, 24 h by 5 min", || {
        let metric = timer();
        let fives = &fives;
        async move { drop(points.series(metric, fives, false).await.unwrap()) }
    })
    .await;
    times("one metric, 24 h by 5 min, with quantiles", || {
        let metric = timer();
        let fives = &fives;
        async move { drop(points.series(metric, fives, true).await.unwrap()) }
    })
    .await;
    times("one metric, 30 d by hour", || {
        let metric = timer();
        let hours = &hours;
        async move { drop(points.series(metric, hours, false).await.unwrap()) }
    })
    .await;
    times("one metric, 30 d by hour, with quantiles", || {
        let metric = timer();
        let hours = &hours;
        async move { drop(points.series(metric, hours, true).await.unwrap()) }
    })
    .await;
    for (name, range) in [("p95, 24 h", day), ("p95, 30 d", month)] {
        times(name, || {
            let metric = timer();
            async move { drop(points.quantiles(metric, range, &[0.95]).await.unwrap()) }
        })
        .await;
    }
    times("all metrics, count an hour, 24 h (one line)", || async {
        points.totals(PROJECT, &day_hours).await.unwrap();
    })
    .await;
    times("all metrics, each by hour, 24 h (summaries)", || async {
        points.summaries(PROJECT, NOW).await.unwrap();
    })
    .await;
    times("ten busiest, 24 h", || async {
        points.busiest(PROJECT, day, 10).await.unwrap();
    })
    .await;
    times("ten busiest, 30 d", || async {
        points.busiest(PROJECT, month, 10).await.unwrap();
    })
    .await;
    times("words, 24 h", || async {
        points.words(id(3), day, 50).await.unwrap();
    })
    .await;
    times("words, 30 d", || async {
        points.words(id(3), month, 50).await.unwrap();
    })
    .await;
    times("newest 100 data points", || async {
        points.data_points(id(1), month, 100, None).await.unwrap();
    })
    .await;
}

/// Appends until it is killed, saying what was acknowledged.
async fn victim(dir: &Path) {
    let points = Points::open(dir, Options::default()).await.unwrap();
    let stored = Arc::new(AtomicU64::new(0));
    for task in 0..64 {
        let (points, stored) = (points.clone(), stored.clone());
        tokio::spawn(async move {
            let mut dice = Dice(task);
            let ready = batch((0..1_000).map(|_| point(dice.below(METRICS), NOW, &mut dice)).collect());
            loop {
                points.append(ready.clone(), NOW).await.unwrap();
                stored.fetch_add(1_000, Ordering::Relaxed);
            }
        });
    }
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        println!("{}", stored.load(Ordering::Relaxed));
        std::io::stdout().flush().unwrap();
    }
}

async fn kill() {
    println!("| killed after | acknowledged | found | ready after s |");
    println!("|---|---|---|---|");
    for seconds in [1_u64, 2, 3, 5] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("victim")
            .arg(dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        child.kill().unwrap();
        let said = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
        child.wait().unwrap();
        let acknowledged: u64 = said.lines().next_back().and_then(|line| line.parse().ok()).unwrap_or(0);
        let began = Instant::now();
        let points = Points::open(dir.path(), Options::default()).await.unwrap();
        let ready = began.elapsed().as_secs_f64();
        let all = Range::new(NOW.floor(HOUR), NOW + HOUR).unwrap();
        let found: u64 = points
            .busiest(PROJECT, all, 1_000)
            .await
            .unwrap()
            .iter()
            .map(|(_, n)| n)
            .sum();
        println!("| {seconds} s | {acknowledged} | {found} | {ready:.3} |");
        assert!(
            found >= acknowledged && found.is_multiple_of(1_000),
            "something acknowledged was lost"
        );
    }
}

async fn metrics() {
    println!("| metrics | MB after start | bytes a metric |");
    println!("|---|---|---|");
    for n in [1_000_u64, 100_000] {
        let dir = tempfile::tempdir().unwrap();
        let points = Points::open(dir.path(), Options::default()).await.unwrap();
        for project in 0..n / 1_000 {
            let mut dice = Dice(project);
            let of = (0..1_000).flat_map(|metric| (0..3).map(move |k| (metric, k)));
            let of = of
                .map(|(metric, k)| point(project * 1_000 + metric, NOW - k * 10 * HOUR, &mut dice))
                .collect();
            let batch = Batch {
                project: ProjectId(project.cast_signed()),
                ..batch(of)
            };
            points.append(batch, NOW).await.unwrap();
        }
        points.seal().await.unwrap();
        drop(points);
        let out = Command::new(std::env::current_exe().unwrap())
            .arg("rest")
            .arg(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        let mut fields = said.split_whitespace().map(|field| field.parse::<f64>().unwrap());
        let (kb, empty, seconds) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        println!(
            "| {n} | {:.1} | {:.0} | (opened in {seconds:.2} s)",
            kb / 1_024.0,
            (kb - empty) * 1_024.0 / n as f64
        );
    }
}

/// What a store that was just opened takes.
async fn rest(dir: &Path) {
    let rss = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = rss();
    let began = Instant::now();
    let points = Points::open(dir, Options::default()).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    points.summaries(ProjectId(0), NOW).await.unwrap();
    println!("{} {before} {took}", rss());
}

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let [what, dir] = &asked[..]
        && (what == "victim" || what == "rest")
    {
        if what == "victim" {
            victim(Path::new(dir)).await;
        }
        return rest(Path::new(dir)).await;
    }
    let all = asked.is_empty();
    let is = |what: &str| all || asked.iter().any(|asked| asked == what);
    if is("ingest") {
        ingest().await;
    }
    if is("fill") {
        fill(10_000_000, true).await;
    }
    if is("together") {
        fill(10_000_000, false).await;
    }
    if is("kill") {
        kill().await;
    }
    if is("metrics") {
        metrics().await;
    }
}
