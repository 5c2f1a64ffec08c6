//! Apps that publish batch after batch, and know what they were told is kept.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::wire::{Reply, Wire};

/// Data points a batch.
pub(crate) const BATCH: usize = 20;

/// What the apps have published, and what they know of it.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) next: AtomicUsize,
    pub(crate) acknowledged: Mutex<BTreeSet<usize>>,
    /// Sent, and not answered: it may be stored or not.
    pub(crate) open: Mutex<BTreeSet<usize>>,
}

impl Load {
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }
}

/// Whether a batch says by its key that it is the same when it is sent again; else its data points do, by their ids.
pub(crate) const fn is_keyed(n: usize) -> bool {
    n.is_multiple_of(2)
}

/// Batch `n`: values that no other batch has; in some there is also a data point that is refused.
fn batch(n: usize) -> String {
    let point = |k: usize| {
        let value = n * BATCH + k;
        let id = if is_keyed(n) {
            String::new()
        } else {
            format!(r#","id":"{value}""#)
        };
        format!(r#"{{"name":"Load","type":"Counter","value":{value}{id}}}"#)
    };
    let mut points: Vec<_> = (0..BATCH).map(point).collect();
    if n.is_multiple_of(7) {
        points.push(r#"{"name":"Refused","type":"Timer","value":-1}"#.to_owned());
    }
    format!("[{}]", points.join(","))
}

/// Publishes batch `n`, which is kept, now or earlier.
pub(crate) async fn publish(wire: &mut Wire, dsn: &str, n: usize) -> std::io::Result<Reply> {
    let key = if is_keyed(n) {
        format!("Idempotency-Key: batch {n}\r\n")
    } else {
        String::new()
    };
    let reply = wire.post(&format!("/api/v1/ingest?dsn={dsn}"), &key, &batch(n)).await?;
    let said = reply.json();
    let kept = [&said["accepted"], &said["duplicates"]].map(|count| count.as_u64().unwrap_or(0));
    assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    assert_eq!(kept.iter().sum::<u64>(), BATCH as u64, "{reply:?}");
    Ok(reply)
}

/// Publishes batch after batch until the server is gone.
pub(crate) async fn app(address: SocketAddr, dsn: Arc<str>, load: Arc<Load>) {
    let Ok(mut wire) = Wire::to(address).await else { return };
    loop {
        let n = load.next.fetch_add(1, Ordering::SeqCst);
        load.open.lock().unwrap().insert(n);
        if publish(&mut wire, &dsn, n).await.is_err() {
            return;
        }
        load.open.lock().unwrap().remove(&n);
        load.acknowledged.lock().unwrap().insert(n);
    }
}
