//! Apps that publish batch after batch and know what they were told is kept, and people who look how much there is.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::http::{Client, Reply};
use crate::waiting::now;

/// Data points a batch.
pub(crate) const BATCH: u64 = 20;
/// Metrics that a batch is about; they are spread over shards by their ids.
const METRICS: u64 = 10;
/// How long an app rests between two batches, and before it tries one again.
const RESTING: Duration = Duration::from_millis(50);
/// How long what was acknowledged may take to be in every answer that doesn't say that it is stale.
pub(crate) const FRESH: Duration = Duration::from_secs(12);

/// Where to publish, and where to look.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) through: SocketAddr,
    pub(crate) publish: String,
    pub(crate) totals: String,
    pub(crate) token: String,
}

/// What was published, and what was read.
#[derive(Default)]
pub(crate) struct Book {
    next: AtomicU64,
    ending: AtomicBool,
    sent: AtomicU64,
    /// How many data points were acknowledged by then.
    acknowledged: Mutex<Vec<(Instant, u64)>>,
    /// Tries that were not acknowledged.
    tries: AtomicU64,
    /// What the last of them was told.
    refusal: Mutex<String>,
    /// Answers that gave a first answer again.
    replayed: AtomicU64,
    read: AtomicU64,
    unread: AtomicU64,
    said_stale: AtomicU64,
    stalest_ms: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

/// What happened since it was last asked.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) tries: u64,
    pub(crate) replayed: u64,
    pub(crate) read: u64,
    pub(crate) unread: u64,
    pub(crate) said_stale: u64,
    pub(crate) stalest: Duration,
}

impl Book {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.lock().unwrap().last().map_or(0, |(_, total)| *total)
    }

    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    pub(crate) fn refusal(&self) -> String {
        self.refusal.lock().unwrap().clone()
    }

    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    pub(crate) fn tally(&self) -> Tally {
        let take = |number: &AtomicU64| number.swap(0, Ordering::SeqCst);
        Tally {
            tries: take(&self.tries),
            replayed: take(&self.replayed),
            read: take(&self.read),
            unread: take(&self.unread),
            said_stale: take(&self.said_stale),
            stalest: Duration::from_millis(take(&self.stalest_ms)),
        }
    }

    /// How many data points were acknowledged at a time.
    fn acknowledged_at(&self, at: Instant) -> u64 {
        let history = self.acknowledged.lock().unwrap();
        let until = history.partition_point(|(when, _)| *when <= at);
        until.checked_sub(1).map_or(0, |last| history[last].1)
    }

    /// How long ago the first data point was acknowledged that an answer of so many lacks.
    fn age(&self, count: u64, asked: Instant) -> Duration {
        let history = self.acknowledged.lock().unwrap();
        let lacking = history.iter().find(|(_, total)| *total > count);
        lacking.map_or(Duration::ZERO, |(when, _)| asked.saturating_duration_since(*when))
    }
}

/// Batch `n`: values that no other has, of as many metrics as it takes for each shard to have some.
fn batch(n: u64) -> String {
    let point = |k| {
        let (metric, value) = (k % METRICS, n * BATCH + k);
        format!(r#"{{"name":"Load {metric}","type":"Counter","value":{value}}}"#)
    };
    let points: Vec<_> = (0..BATCH).map(point).collect();
    format!("[{}]", points.join(","))
}

/// Publishes batch after batch, each until it is acknowledged, until it is told to end.
pub(crate) fn app(door: Door, book: Arc<Book>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut client = Client::of(door.through);
        while !book.ending.load(Ordering::SeqCst) {
            let n = book.next.fetch_add(1, Ordering::SeqCst);
            book.sent.fetch_add(BATCH, Ordering::SeqCst);
            let (key, body) = (format!("batch {n}"), batch(n));
            loop {
                let reply = client.post(&door.publish, &key, &body);
                if let Ok(reply) = &reply
                    && is_kept(reply)
                {
                    if reply.header("idempotent-replayed").is_some() {
                        book.replayed.fetch_add(1, Ordering::SeqCst);
                    }
                    let mut history = book.acknowledged.lock().unwrap();
                    let total = history.last().map_or(0, |(_, total)| *total) + BATCH;
                    history.push((now(), total));
                    break;
                }
                book.tries.fetch_add(1, Ordering::SeqCst);
                *book.refusal.lock().unwrap() = format!("{reply:?}");
                std::thread::sleep(RESTING);
            }
            std::thread::sleep(RESTING);
        }
    })
}

fn is_kept(reply: &Reply) -> bool {
    if !matches!(reply.status, 200 | 201) {
        return false;
    }
    assert_eq!(reply.json()["accepted"], BATCH, "{reply:?}");
    true
}

/// Looks how many data points there are, again and again. No answer may have more than was sent, or lack what was
/// acknowledged long before, unless it says that it is stale.
pub(crate) fn reader(door: Door, book: Arc<Book>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut client = Client::of(door.through);
        while !book.ending.load(Ordering::SeqCst) {
            std::thread::sleep(4 * RESTING);
            let asked = now();
            let reply = client.get(&door.totals, &door.token);
            let Some((count, behind)) = reply.as_ref().ok().and_then(counted) else {
                book.unread.fetch_add(1, Ordering::SeqCst);
                continue;
            };
            book.read.fetch_add(1, Ordering::SeqCst);
            if behind > Duration::ZERO {
                book.said_stale.fetch_add(1, Ordering::SeqCst);
            } else {
                let age = u64::try_from(book.age(count, asked).as_millis()).unwrap();
                book.stalest_ms.fetch_max(age, Ordering::SeqCst);
            }
            let most = book.sent.load(Ordering::SeqCst);
            let least = asked
                .checked_sub(FRESH + behind)
                .map_or(0, |at| book.acknowledged_at(at));
            if count > most || count < least {
                let wrong = format!("{count} data points, of {least} to {most}, {behind:?} behind");
                book.wrong.lock().unwrap().push(wrong);
            }
        }
    })
}

/// How many data points an answer has, and how far it says that it is behind; nothing of an answer that refuses.
pub(crate) fn counted(reply: &Reply) -> Option<(u64, Duration)> {
    if reply.status != 200 {
        return None;
    }
    let json = reply.json();
    let counts = json["buckets"]
        .as_array()?
        .iter()
        .filter_map(|bucket| bucket["count"].as_u64());
    let behind = reply
        .header("x-microstat-behind")
        .and_then(|seconds| seconds.parse().ok());
    Some((counts.sum(), Duration::from_secs(behind.unwrap_or(0))))
}
