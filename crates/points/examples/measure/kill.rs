//! Killed in the middle of full load: how soon it is ready again, with all that was acknowledged.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::range::Range;
use domain::time::HOUR;
use points::{Options, Points};

use crate::data::{Dice, METRICS, NOW, PROJECT, batch, point};

/// Appends until it is killed, saying what was acknowledged.
pub(crate) async fn victim(dir: &Path) {
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

pub(crate) async fn kill() {
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
