//! The tables: what each server reached, and micro stat against each.

use super::BATCHES;
use super::contestant::Contestant;
use crate::load::Outcome;
use crate::table::{Table, float, median, short, whole};

/// What was measured of one server, round by round.
pub(super) struct Round {
    pub(super) contestant: Contestant,
    /// For each size of batch, a cell a round.
    pub(super) cells: [Vec<Cell>; BATCHES.len()],
    pub(super) peaks_mb: Vec<f64>,
    /// Why it is left out, if it is.
    pub(super) missing: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) points_a_second: f64,
    pub(super) cpu_s_a_million: f64,
    pub(super) half_load_p99_ms: Option<f64>,
}

impl Cell {
    pub(super) fn of(outcome: &Outcome, cpu_s: f64) -> Self {
        Self {
            points_a_second: outcome.points_a_second(),
            cpu_s_a_million: cpu_s / float(outcome.points) * 1e6,
            half_load_p99_ms: None,
        }
    }
}

impl Round {
    pub(super) fn new(contestant: Contestant) -> Self {
        Self {
            contestant,
            cells: Default::default(),
            peaks_mb: Vec::new(),
            missing: None,
        }
    }

    /// The median of a figure for the size of batch at this place.
    pub(super) fn median(&self, place: usize, figure: impl Fn(&Cell) -> f64) -> Option<f64> {
        median(self.cells[place].iter().map(figure).collect())
    }

    pub(super) fn points_a_second(&self, place: usize) -> Option<f64> {
        self.median(place, |cell| cell.points_a_second)
    }
}

pub(super) fn of(rounds: &[Round], contestant: Contestant) -> Option<&Round> {
    rounds.iter().find(|round| round.contestant == contestant)
}

pub(super) fn print(rounds: &[Round]) {
    let sizes = BATCHES.map(|size| format!("batch {}", whole(Some(float(size)))));
    let cpu = format!(
        "server CPU s a million ({})",
        BATCHES.map(|size| whole(Some(float(size)))).join(" / ")
    );
    let mut head = vec!["data points a second"];
    head.extend(sizes.iter().map(String::as_str));
    head.extend(["synced before the answer?", &cpu, "peak memory, MB"]);
    let mut table = Table::new(&head);
    for round in rounds {
        let mut cells = vec![round.contestant.label().to_owned()];
        cells.extend((0..BATCHES.len()).map(|place| whole(round.points_a_second(place))));
        cells.push(round.contestant.is_synced().to_owned());
        let cpu = (0..BATCHES.len()).map(|place| short(round.median(place, |cell| cell.cpu_s_a_million)));
        cells.push(cpu.collect::<Vec<_>>().join(" / "));
        cells.push(whole(median(round.peaks_mb.clone())));
        table.row(cells);
    }
    table.print();
    for round in rounds {
        if let Some(why) = &round.missing {
            println!("\n{} could not be measured to the end: {why}", round.contestant.label());
        }
    }
    ratios(rounds, &sizes);
}

fn ratios(rounds: &[Round], sizes: &[String]) {
    let Some(ours) = of(rounds, Contestant::Microstat) else {
        return;
    };
    let mut head = vec!["micro stat : …"];
    head.extend(sizes.iter().map(String::as_str));
    head.push("CPU, … : micro stat, by size of batch");
    let mut table = Table::new(&head);
    for theirs in rounds.iter().filter(|round| round.contestant != Contestant::Microstat) {
        let places = 0..BATCHES.len();
        let speed = |place| Some(ours.points_a_second(place)? / theirs.points_a_second(place)?);
        let cpu = |place| {
            let figure = |cell: &Cell| cell.cpu_s_a_million;
            Some(theirs.median(place, figure)? / ours.median(place, figure)?)
        };
        let mut cells = vec![theirs.contestant.label().to_owned()];
        cells.extend(places.clone().map(|place| short(speed(place))));
        cells.push(places.map(|place| short(cpu(place))).collect::<Vec<_>>().join(" / "));
        table.row(cells);
    }
    table.print();
}
