//! Which rows answer a question: the coarsest that fit, so that few are added up.

use std::fmt::Write;

use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, MINUTE};

use super::super::schema::Table;
use crate::journal::entry::Horizons;

/// Adjoining stretches of time that are asked for, by where they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slots {
    starts: Vec<i64>,
    end: i64,
}

/// Rows to be added up: those of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// How long what each says is; data points have no length.
    pub(super) unit: i64,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The unit of data points.
pub(super) const POINTS: i64 = 0;
/// Starts of slots in a stretch, at most, whose slots are filled one by one.
const FEW: usize = 4;

impl Slots {
    pub(super) fn of(buckets: &Buckets) -> Self {
        Self {
            starts: buckets.starts().iter().map(|start| start.0).collect(),
            end: buckets.end().0,
        }
    }

    pub(super) fn only(range: Range) -> Self {
        Self {
            starts: vec![range.from().0],
            end: range.to().0,
        }
    }

    /// Ranges each of which begins where the one before ends.
    pub(super) fn adjoining(starts: Vec<i64>, end: i64) -> Self {
        Self { starts, end }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    fn start(&self, nth: usize) -> i64 {
        self.starts.get(nth).copied().unwrap_or(self.end)
    }

    /// An expression for which one a time lies in. Runs of equal length are counted through.
    pub(super) fn place(&self, time: &str) -> String {
        let mut runs: Vec<(usize, i64)> = Vec::new();
        for nth in 0..self.starts.len() {
            let length = self.start(nth + 1).saturating_sub(self.start(nth));
            if runs.last().is_none_or(|(_, of)| *of != length) {
                runs.push((nth, length));
            }
        }
        // One alone is told without where it starts, which may be the beginning of all time; and not by a constant, which
        // would be no reason to group.
        if self.starts.len() == 1 {
            return format!("toUInt32(intDiv({time}, {}))", i64::MAX);
        }
        let within = |(nth, length): (usize, i64)| format!("{nth} + intDiv({time} - ({}), {length})", self.start(nth));
        let Some((last, before)) = runs.split_last() else {
            return "toUInt32(0)".to_owned();
        };
        if before.is_empty() {
            return format!("toUInt32({})", within(*last));
        }
        let mut text = "toUInt32(multiIf(".to_owned();
        for (run, next) in before.iter().zip(runs.iter().skip(1)) {
            let _ = write!(text, "{time} < {}, {}, ", self.start(next.0), within(*run));
        }
        let _ = write!(text, "{}))", within(*last));
        text
    }

    /// The rows of a table that answer for all of them, as far as something lies in `span`. Those of data points stand
    /// for what the table would have finer.
    pub(super) fn pieces(&self, table: Table, horizons: Horizons, span: (i64, i64)) -> Vec<Piece> {
        let from = self.starts[0].max(span.0.div_euclid(DAY) * DAY);
        let to = self.end.min((span.1.div_euclid(DAY) + 1) * DAY);
        let Horizons {
            raw, minutes, hours, ..
        } = horizons;
        let words = table == Table::Words;
        let hours = if words { minutes } else { hours };
        // Where data points are, minutes may be forgotten already, with the hours of words, which have no minutes.
        let shorter = if words {
            [(HOUR, minutes), (MINUTE, i64::MAX)]
        } else {
            [(HOUR, i64::MIN), (MINUTE, minutes)]
        };
        let finest = if words { HOUR } else { MINUTE };
        let hours = hours.min(raw);
        let later = minutes.max(raw);
        let minutes = minutes.clamp(hours, raw);
        let mut pieces = Vec::new();
        for (unit, shorter, region) in [
            (DAY, shorter, (i64::MIN, hours)),
            (HOUR, shorter, (hours, minutes)),
            (finest, shorter, (minutes, raw)),
            (POINTS, shorter, (raw, later)),
            (POINTS, shorter, (later, i64::MAX)),
        ] {
            let (from, to) = (from.max(region.0), to.min(region.1));
            if from < to {
                self.fill((from, to), unit, shorter, &mut pieces);
            }
        }
        joined(pieces, raw)
    }

    /// Fills a stretch with the coarsest rows that lie in one slot each, and what is left at its ends with finer ones.
    fn fill(&self, (from, to): (i64, i64), finest: i64, shorter: [(i64, i64); 2], pieces: &mut Vec<Piece>) {
        let inside =
            self.starts.partition_point(|start| *start <= from)..self.starts.partition_point(|start| *start < to);
        let cuts = &self.starts[inside];
        // Few slots are filled one by one: where one ends rarely says how the other is best read.
        if !cuts.is_empty() && cuts.len() <= FEW {
            let mut start = from;
            for end in cuts.iter().copied().chain([to]) {
                self.fill((start, end), finest, shorter, pieces);
                start = end;
            }
            return;
        }
        for unit in [DAY, HOUR, MINUTE] {
            let is_gone = |(of, kept_from): &(i64, i64)| *of == unit && finest == POINTS && from < *kept_from;
            if unit <= finest || shorter.iter().any(is_gone) {
                continue;
            }
            let first = from.saturating_add(unit - 1).div_euclid(unit) * unit;
            let end = to.div_euclid(unit) * unit;
            let fits = cuts.iter().all(|start| start.rem_euclid(unit) == 0);
            if fits && first < end {
                pieces.push(Piece {
                    unit,
                    from: first,
                    to: end,
                });
                for rest in [(from, first), (end, to)] {
                    if rest.0 < rest.1 {
                        self.fill(rest, finest, shorter, pieces);
                    }
                }
                return;
            }
        }
        pieces.push(Piece { unit: finest, from, to });
    }
}

/// Pieces in the order of time, those that adjoin and have one unit as one; but not across `raw`, for on one side of it there
/// are data points that may be asked instead.
fn joined(mut pieces: Vec<Piece>, raw: i64) -> Vec<Piece> {
    pieces.sort_unstable_by_key(|piece| piece.from);
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.unit == piece.unit && last.to == piece.from && last.to != raw => last.to = piece.to,
            _ => joined.push(piece),
        }
    }
    joined
}

/// What is added up: of rollups, of data points, and of what both say.
pub(super) struct Added(&'static str, &'static str, &'static str);

pub(super) const COUNT: Added = Added("sumMerge(points)", "count()", "sum");
pub(super) const AMOUNT: Added = Added("sumMerge(amount)", "sum(hits)", "sum");
pub(super) const TOTAL: Added = Added("sumMerge(total)", "sum(number)", "sum");
pub(super) const LEAST: Added = Added("minMerge(least)", "min(number)", "min");
pub(super) const GREATEST: Added = Added("maxMerge(greatest)", "max(number)", "max");

/// The query that adds up what pieces have that is `of` something, for each slot and what else it is told apart `by`:
/// rows of a rollup and data points together. None if there are no pieces.
pub(super) fn added_up(
    slots: &Slots,
    pieces: &[Piece],
    table: Table,
    of: &str,
    by: Option<&str>,
    what: &[Added],
) -> Option<String> {
    let keys = by.map_or("slot".to_owned(), |by| format!("slot, {by}"));
    let select = |from: &str, time: &str, inside: &str, term: fn(&Added) -> &'static str| {
        let mut text = format!("SELECT {} AS slot", slots.place(time));
        if let Some(by) = by {
            let _ = write!(text, ", {by}");
        }
        for (nth, added) in what.iter().enumerate() {
            let _ = write!(text, ", {} AS added_{nth}", term(added));
        }
        // What is added up is read of the rows alone that these say are meant.
        let _ = write!(text, " FROM {from} PREWHERE {of} AND {inside} GROUP BY {keys}");
        text
    };
    let sealed = condition(pieces, false).map(|inside| select(table.name(), "start", &inside, |added| added.0));
    let points = condition(pieces, true).map(|inside| select(Table::Points.name(), "at", &inside, |added| added.1));
    let selects: Vec<String> = sealed.into_iter().chain(points).collect();
    if selects.is_empty() {
        return None;
    }
    let sums = what.iter().enumerate();
    let sums: Vec<String> = sums.map(|(nth, added)| format!("{}(added_{nth})", added.2)).collect();
    Some(format!(
        "SELECT {keys}, {} FROM ({}) GROUP BY {keys} FORMAT RowBinary",
        sums.join(", "),
        selects.join(" UNION ALL ")
    ))
}

/// The condition for rows of a rollup, or, if `POINTS`, for data points; nothing if there are none of them.
pub(super) fn condition(pieces: &[Piece], of_points: bool) -> Option<String> {
    let mut alternatives = Vec::new();
    for Piece { unit, from, to } in pieces.iter().filter(|piece| (piece.unit == POINTS) == of_points) {
        alternatives.push(if of_points {
            format!("(at >= {from} AND at < {to})")
        } else {
            format!("(unit = {unit} AND start >= {from} AND start < {to})")
        });
    }
    (!alternatives.is_empty()).then(|| format!("({})", alternatives.join(" OR ")))
}

#[cfg(test)]
mod tests {
    use domain::time::{DAY, HOUR, MINUTE};
    use proptest::prelude::*;

    use super::{Horizons, POINTS, Piece, Slots, Table};
    use crate::clickhouse::read::Known;

    const KEPT: Horizons = Horizons {
        raw: 0,
        minutes: 0,
        hours: 0,
        days: 0,
    };

    #[test]
    fn the_coarsest_rows_that_fit_are_taken() {
        let whole = Slots::adjoining(vec![HOUR / 2], 3 * DAY + 7);
        let pieces = whole.pieces(Table::Sums, KEPT, (0, 9 * DAY));
        let piece = |unit, from, to| Piece { unit, from, to };
        assert_eq!(
            pieces,
            [
                piece(MINUTE, HOUR / 2, HOUR),
                piece(HOUR, HOUR, DAY),
                piece(DAY, DAY, 3 * DAY),
                piece(POINTS, 3 * DAY, 3 * DAY + 7)
            ]
        );
        let two = Slots::adjoining(vec![0, 7], 2 * DAY);
        assert_eq!(
            two.pieces(Table::Sums, KEPT, (0, 9 * DAY)),
            [
                piece(POINTS, 0, MINUTE),
                piece(MINUTE, MINUTE, HOUR),
                piece(HOUR, HOUR, DAY),
                piece(DAY, DAY, 2 * DAY)
            ]
        );
        let forgotten = Horizons {
            raw: 2 * DAY,
            minutes: DAY,
            hours: 0,
            days: 0,
        };
        let by_minute = Slots::adjoining(vec![0, MINUTE + 1], 3 * DAY);
        let units = |pieces: Vec<Piece>| pieces.iter().map(|piece| piece.unit).collect::<Vec<_>>();
        assert_eq!(
            units(by_minute.pieces(Table::Sums, forgotten, (0, 9 * DAY))),
            [HOUR, DAY, DAY]
        );
        assert_eq!(
            units(by_minute.pieces(Table::Words, forgotten, (0, 9 * DAY))),
            [DAY, DAY]
        );
    }

    proptest! {
        /// Whatever is asked for, each moment is in one piece, and what pieces say lies in one slot each.
        #[test]
        fn pieces_cover_what_is_asked_for_once(
            starts in prop::collection::btree_set((0..4 * DAY, prop_oneof![Just(1), Just(MINUTE), Just(HOUR), Just(DAY)]), 1..12),
            length in 1..DAY,
            raw in 0..4_i64, minutes in 0..4_i64, hours in 0..4_i64, days in 0..4_i64,
            table in prop_oneof![Just(Table::Sums), Just(Table::Bins), Just(Table::Words)],
        ) {
            let mut starts: Vec<i64> = starts.into_iter().map(|(at, unit)| at / unit * unit).collect();
            starts.sort_unstable();
            starts.dedup();
            let end = starts.last().unwrap() + length;
            let [raw, minutes, hours, days] = [raw, minutes, hours, days].map(|days| days * DAY);
            let horizons = Known::effective(Horizons { raw, minutes, hours, days });
            let slots = Slots::adjoining(starts.clone(), end);
            let pieces = slots.pieces(table, horizons, (0, 9 * DAY));
            prop_assert_eq!(pieces.first().map(|piece| piece.from), Some(starts[0]));
            prop_assert_eq!(pieces.last().map(|piece| piece.to), Some(end));
            prop_assert!(pieces.windows(2).all(|two| two[0].to == two[1].from));
            for piece in &pieces {
                if piece.from >= horizons.raw && piece.unit != POINTS {
                    prop_assert!(piece.from % piece.unit == 0 && piece.to % piece.unit == 0);
                    let inside = starts.iter().filter(|start| (piece.from + 1..piece.to).contains(*start));
                    prop_assert!(inside.into_iter().all(|start| start % piece.unit == 0));
                }
                prop_assert!(!(piece.from + 1..piece.to).contains(&horizons.raw));
                prop_assert!(piece.unit != POINTS || piece.from >= horizons.raw);
                prop_assert!(piece.unit != MINUTE || piece.from >= horizons.minutes);
            }
        }
    }
}
