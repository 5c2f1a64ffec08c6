//! `kill -9` at random moments, hundreds of times: every data point that was acknowledged is there once, none that was
//! refused, and a key gives its first answer.

mod app;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;

use self::app::{App, BATCH, Manner, Told};
use crate::Failure;
use crate::server::Server;
use crate::table::{Table, float, short, whole};

/// How often, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Times it is killed
    #[arg(long, default_value_t = 300)]
    times: usize,
    /// What the moments are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Apps at once: a third plain, a third with keys, a third with ids
    #[arg(long, default_value_t = 9)]
    apps: usize,
    /// Most milliseconds of load before it is killed; the least is one
    #[arg(long, default_value_t = 2_000)]
    most_ms: u64,
}

/// What was found at the end.
#[derive(Debug, Default)]
struct Found {
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    /// Of batches that were refused, or data points that nobody sent.
    refused: usize,
    /// Batches of which a part is there.
    torn: usize,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let mut server = Server::start().await?;
    let path = format!("/api/v1/ingest?dsn={}", server.dsn);
    let mut apps: Vec<App> = (0..options.apps).map(App::new).collect();
    let (mut moments, mut keys, mut longest_s) = (Moments(options.seed), 0, 0.0_f64);
    for round in 1..=options.times {
        let mut load = JoinSet::new();
        for app in apps {
            load.spawn(app.publish(server.address, path.clone()));
        }
        tokio::time::sleep(moments.next(options.most_ms)).await;
        server.process.kill();
        apps = load.join_all().await.into_iter().collect::<Result<_, _>>()?;
        let started = Instant::now();
        server.start_again()?;
        server.ready().await?;
        longest_s = longest_s.max(started.elapsed().as_secs_f64());
        for app in &mut apps {
            keys += app.settle(server.address, &path).await?;
        }
        if round.is_multiple_of(50) {
            eprintln!("{round} of {}", options.times);
        }
    }
    let mut found = Found::default();
    let there = published(&server).await?;
    let strangers = there.keys().filter(|name| !name.starts_with("App ")).count();
    found.refused += strangers;
    for app in &apps {
        let values = there.get(&format!("App {}", app.place));
        found.compare(app, values.map_or(&[], Vec::as_slice));
    }
    found.print(options, keys, longest_s)
}

/// The values of every metric.
async fn published(server: &Server) -> Result<BTreeMap<String, Vec<usize>>, Failure> {
    let token = server.installation.token()?;
    let project = format!("/api/v1/projects/{}/metrics", server.installation.project);
    let metrics = server.ask(&token, &project).await?;
    let mut published = BTreeMap::new();
    for metric in metrics["metrics"].as_array().ok_or("no metrics")? {
        let said = |what: &str| metric[what].as_str().ok_or("a metric without a name");
        let mut values = Vec::new();
        let mut before = String::new();
        loop {
            let path = format!("{project}/{}/data-points?limit=1000{before}", said("id")?);
            let page = server.ask(&token, &path).await?;
            for point in page["data_points"].as_array().ok_or("no data points")? {
                let value = point["value"].as_f64().ok_or("a value that is no number")?;
                values.push(format!("{value:.0}").parse()?);
            }
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        published.insert(said("name")?.to_owned(), values);
    }
    Ok(published)
}

impl Found {
    fn compare(&mut self, app: &App, values: &[usize]) {
        let mut times = vec![0_usize; app.batches.len() * BATCH];
        for value in values {
            match times.get_mut(*value) {
                Some(times) => *times += 1,
                None => self.refused += 1,
            }
        }
        self.doubled += times.iter().filter(|times| **times > 1).count();
        for (told, times) in app.batches.iter().zip(times.chunks(BATCH)) {
            let there = times.iter().filter(|times| **times > 0).count();
            match told {
                Told::Kept => {
                    self.acknowledged += BATCH;
                    self.lost += BATCH - there;
                }
                Told::Refused => self.refused += there,
                // Without a word that it is the same batch, nobody knows whether it is there; but not half of it.
                Told::Nothing => self.torn += usize::from(there > 0 && there < BATCH && app.manner == Manner::Plain),
            }
        }
    }

    fn print(&self, options: &Options, keys: usize, longest_s: f64) -> Result<(), Failure> {
        let mut table = Table::new(&[
            "kills",
            "acknowledged",
            "lost",
            "twice",
            "refused and there",
            "torn batches",
            "keys tried again",
            "longest start, s",
        ]);
        table.row(vec![
            options.times.to_string(),
            whole(Some(float(self.acknowledged))),
            self.lost.to_string(),
            self.doubled.to_string(),
            self.refused.to_string(),
            self.torn.to_string(),
            keys.to_string(),
            short(Some(longest_s)),
        ]);
        table.print();
        println!(
            "\n{} apps, batches of {BATCH}, seed {}; killed after 1 to {} ms of load.",
            options.apps, options.seed, options.most_ms
        );
        match self.lost + self.doubled + self.refused + self.torn {
            0 => Ok(()),
            _ => Err("not everything is there once".into()),
        }
    }
}

/// Moments to kill at: as many of a few milliseconds as of some hundreds.
struct Moments(u64);

impl Moments {
    fn next(&mut self, most_ms: u64) -> Duration {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let share = f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        let most = f64::from(u32::try_from(most_ms).unwrap_or(u32::MAX));
        Duration::from_secs_f64(most.powf(share) / 1e3)
    }
}
