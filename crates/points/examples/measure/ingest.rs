//! Data points a second, in batches of three sizes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use points::{Options, Points};

use crate::data::{Dice, METRICS, NOW, batch, point};
use crate::figures::{cpu, status};

pub(crate) async fn ingest() {
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
