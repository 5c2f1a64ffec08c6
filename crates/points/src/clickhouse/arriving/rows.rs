//! Rows of data points and rollups, as they are inserted.

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, MINUTE};

use super::super::rows;
use super::super::schema::Table;
use crate::bytes::put_bytes;
use crate::head::generation::Contents;
use crate::kind::Kind;
use crate::moving::{Part, Rolled};
use crate::rollup::Hour;
use crate::rollup::day::start_of;
use crate::sketch::Sketch;

/// Columns of the table that rollups are inserted into; `what` is which rollup a row is of.
pub(super) const COLUMNS: &str = "what UInt8, source UInt64, project Int64, metric Int64, unit Int64, start Int64, p UInt64, a UInt64, \
                       t Float64, l Float64, g Float64, bin Int32, word String";
/// Which rollup, and what its view makes of a row.
pub(super) const VIEWS: [(u8, Table, &str, &str); 3] = [
    (
        1,
        Table::Sums,
        "sumState(p) AS points, sumState(a) AS amount, sumState(t) AS total, minState(l) AS least, \
         maxState(g) AS greatest",
        "",
    ),
    (2, Table::Bins, "bin, sumState(p) AS points", ", bin"),
    (3, Table::Words, "word, sumState(p) AS points", ", word"),
];

/// Rows that wait to be inserted.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: u64,
}

impl Waiting {
    pub(super) fn points(&mut self, source: u64, contents: &Contents, place: &mut u64) {
        for recent in &contents.metrics {
            for point in &recent.points {
                self.bytes.extend(source.to_le_bytes());
                self.bytes.extend(0_u64.to_le_bytes());
                rows::row(recent, *point, *place, &mut self.bytes);
                *place += 1;
                self.rows += 1;
            }
        }
    }

    pub(super) fn rolled(&mut self, source: u64, part: Part, rolled: &Rolled) {
        let Rolled {
            rollup,
            metric,
            minutes,
            sketches,
        } = rolled;
        let mut to = Rollup {
            of: (source, part.project, *metric),
            number: rollup.kind == Kind::Number,
            to: self,
        };
        let start = part.day * DAY;
        to.sum(DAY, start, &rollup.whole());
        if let Some(sketch) = &rollup.sketch {
            to.bins(DAY, start, sketch);
        }
        for (word, count) in rollup.words.iter().filter(|(_, count)| *count > 0) {
            to.word(DAY, start, word, *count);
        }
        if rollup.by_hour {
            for hour in rollup.there() {
                to.sum(HOUR, start_of(part.day, hour), &rollup.hours[hour]);
            }
            for (hour, sketch) in sketches {
                to.bins(HOUR, start_of(part.day, *hour), sketch);
            }
        }
        for (hour, minutes) in minutes {
            let start = start_of(part.day, *hour);
            for (at, sum) in (0..).map(|nth| start + nth * MINUTE).zip(&minutes.sums) {
                if sum.count > 0 {
                    to.sum(MINUTE, at, sum);
                }
            }
            for (minute, sketch) in minutes.sketches() {
                to.bins(MINUTE, start + i64::try_from(minute).unwrap_or(0) * MINUTE, sketch);
            }
            for (place, count) in &minutes.words {
                let word = usize::try_from(*place).ok().and_then(|place| rollup.words.get(place));
                if let Some((word, _)) = word {
                    to.word(HOUR, start, word, *count);
                }
            }
        }
    }
}

/// Rows of a metric's rollups.
struct Rollup<'w> {
    of: (u64, ProjectId, MetricId),
    number: bool,
    to: &'w mut Waiting,
}

impl Rollup<'_> {
    fn row(&mut self, what: u8, (unit, start): (i64, i64), sum: &Hour, bin: i32, word: &str) {
        let (source, project, metric) = self.of;
        let to = &mut self.to.bytes;
        to.push(what);
        to.extend(source.to_le_bytes());
        for number in [project.0, metric.0, unit, start] {
            to.extend(number.to_le_bytes());
        }
        to.extend(sum.count.to_le_bytes());
        to.extend(sum.amount.to_le_bytes());
        // As data points that are no numbers make them.
        let [total, least, greatest] = if self.number {
            [sum.sum, sum.min, sum.max]
        } else {
            [0.0; 3]
        };
        for number in [total, least, greatest] {
            to.extend(number.to_le_bytes());
        }
        to.extend(bin.to_le_bytes());
        put_bytes(to, word.as_bytes());
        self.to.rows += 1;
    }

    fn sum(&mut self, unit: i64, start: i64, sum: &Hour) {
        self.row(1, (unit, start), sum, 0, "");
    }

    fn bins(&mut self, unit: i64, start: i64, sketch: &Sketch) {
        for (bin, count) in sketch.bins() {
            self.row(
                2,
                (unit, start),
                &Hour {
                    count,
                    ..Hour::default()
                },
                bin,
                "",
            );
        }
    }

    fn word(&mut self, unit: i64, start: i64, word: &str, count: u64) {
        self.row(
            3,
            (unit, start),
            &Hour {
                count,
                ..Hour::default()
            },
            0,
            word,
        );
    }
}
