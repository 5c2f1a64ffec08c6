//! The goals of ingestion, each with what was reached.

use super::BATCHES;
use super::contestant::Contestant;
use super::report::{Round, of};
use crate::table::{Table, float, median, short, verdict, whole};

/// Of VictoriaMetrics' better door.
const OF_VICTORIA: f64 = 2.0;
/// Of the bare server, at the batch that follows.
const OF_BARE: f64 = 0.6;
/// Seconds of the server's processor a million data points, by size of batch.
const CPU_S: [(usize, f64); 2] = [(20, 1.6), (1_000, 0.35)];
const HALF_LOAD_P99_MS: f64 = 10.0;
/// At full load.
const PEAK_MB: f64 = 200.0;

pub(super) fn print(rounds: &[Round]) {
    let Some(ours) = of(rounds, Contestant::Microstat).filter(|ours| ours.missing.is_none()) else {
        return;
    };
    let mut table = Table::new(&["goal", "wanted", "reached", ""]);
    let mut row = |goal: String, wanted: String, reached: Option<f64>, is_met: bool| {
        let is_met = if reached.is_some() {
            verdict(is_met)
        } else {
            "not measured".to_owned()
        };
        table.row(vec![goal, wanted, short(reached), is_met]);
    };
    let at = |size| BATCHES.iter().position(|&batch| batch == size).unwrap_or(0);
    for (place, size) in BATCHES.into_iter().enumerate() {
        let doors = [Contestant::VictoriaLine, Contestant::VictoriaJson];
        let theirs = doors
            .iter()
            .filter_map(|&door| of(rounds, door)?.points_a_second(place));
        let theirs = theirs.max_by(f64::total_cmp);
        let reached = theirs.and_then(|theirs| Some(ours.points_a_second(place)? / theirs));
        let goal = format!(
            "data points a second, batch {}, of VictoriaMetrics' better door",
            number(size)
        );
        row(goal, format!("≥ {OF_VICTORIA}"), reached, reached >= Some(OF_VICTORIA));
    }
    let bare = of(rounds, Contestant::Bare).and_then(|bare| bare.points_a_second(at(20)));
    let reached = bare.and_then(|bare| Some(ours.points_a_second(at(20))? / bare));
    let goal = "data points a second, batch 20, of the bare server".to_owned();
    row(goal, format!("≥ {OF_BARE}"), reached, reached >= Some(OF_BARE));
    for (size, most) in CPU_S {
        let reached = ours.median(at(size), |cell| cell.cpu_s_a_million);
        let goal = format!("server CPU s a million, batch {}", number(size));
        row(
            goal,
            format!("≤ {most}"),
            reached,
            reached.is_some_and(|reached| reached <= most),
        );
    }
    for (place, size) in BATCHES.into_iter().enumerate() {
        let reached = ours.median(place, |cell| cell.half_load_p99_ms.unwrap_or(f64::NAN));
        let goal = format!("p99 at half of its own load, batch {}, ms", number(size));
        let is_met = reached.is_some_and(|reached| reached < HALF_LOAD_P99_MS);
        row(goal, format!("< {HALF_LOAD_P99_MS}"), reached, is_met);
    }
    let reached = median(ours.peaks_mb.clone());
    let is_met = reached.is_some_and(|reached| reached < PEAK_MB);
    row(
        "peak memory under full load, MB".to_owned(),
        format!("< {PEAK_MB}"),
        reached,
        is_met,
    );
    table.print();
}

fn number(size: usize) -> String {
    whole(Some(float(size)))
}
