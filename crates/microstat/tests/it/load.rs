//! Apps that publish batch after batch, and know what they were told is kept.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::wire::Wire;

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

/// Batch `n`: values that no other batch has.
fn batch(n: usize) -> String {
    let points: Vec<_> = (0..BATCH)
        .map(|k| format!(r#"{{"name":"Load","type":"Counter","value":{}}}"#, n * BATCH + k))
        .collect();
    format!("[{}]", points.join(","))
}

pub(crate) async fn publish(wire: &mut Wire, dsn: &str, n: usize) -> std::io::Result<()> {
    let key = format!("Idempotency-Key: batch {n}\r\n");
    let reply = wire.post(&format!("/api/v1/ingest?dsn={dsn}"), &key, &batch(n)).await?;
    assert_eq!(
        (reply.status, &reply.json()["accepted"]),
        (201, &BATCH.into()),
        "{reply:?}"
    );
    Ok(())
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
