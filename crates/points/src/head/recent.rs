//! Data points of one metric that are not sealed yet.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{MetricId, ProjectId};
use domain::time::Micros;
use domain::value::Value;
use foldhash::fast::RandomState;

use super::metric::{Sum, hour};
use crate::journal::entry::{Erasure, Stored};
use crate::kind::{Kind, Raw};

/// A metric's data points of one generation, in the order they came.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(crate) metric: MetricId,
    pub(crate) project: ProjectId,
    pub(crate) kind: Kind,
    pub(crate) points: Vec<Raw>,
    /// Words by the places their data points have them under.
    pub(crate) words: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u64, RandomState>,
    /// What each hour adds up to, oldest first.
    pub(crate) hours: Vec<(i64, Sum)>,
}

impl Recent {
    pub(crate) fn new(metric: MetricId, project: ProjectId, kind: Kind) -> Self {
        Self {
            metric,
            project,
            kind,
            points: Vec::new(),
            words: Vec::new(),
            places: HashMap::default(),
            hours: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, at: i64, value: Stored<'_>) {
        let bits = match value {
            Stored::Hits(hits) => hits.into(),
            Stored::Number(number) => number.to_bits(),
            Stored::Word(word) => self.place(word),
        };
        let amount = self.kind.amount(bits);
        self.points.push(Raw { at, bits });
        add(&mut self.hours, hour(at), Sum { count: 1, amount });
    }

    fn place(&mut self, word: &str) -> u64 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let (word, place): (Arc<str>, u64) = (word.into(), self.words.len() as u64);
        self.words.push(word.clone());
        self.places.insert(word, place);
        place
    }

    /// The word kept under a place.
    pub(crate) fn word(&self, place: u64) -> &str {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        self.words.get(place).map_or("", |word| &**word)
    }

    pub(crate) fn value(&self, bits: u64) -> Value {
        match self.kind {
            Kind::Hits => Value::Hits(u32::try_from(bits).unwrap_or(u32::MAX)),
            Kind::Number => Value::Number(f64::from_bits(bits)),
            Kind::Word => Value::Word(self.word(bits).to_owned()),
        }
    }

    /// Those from one time up to another, in the order they came.
    pub(crate) fn between(&self, from: i64, to: i64) -> impl Iterator<Item = Raw> {
        let inside = move |point: &&Raw| (from..to).contains(&point.at);
        self.points.iter().filter(inside).copied()
    }

    /// The earliest and latest time.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let times = || self.points.iter().map(|point| point.at);
        Some((times().min()?, times().max()?))
    }

    /// Forgets what is erased, and says what each hour loses.
    pub(crate) fn erase(&mut self, erasure: Erasure) -> Vec<(i64, Sum)> {
        let (from, to) = match erasure {
            Erasure::Metric(_) | Erasure::Project(_) => (i64::MIN, i64::MAX),
            Erasure::Range(_, from, to) => (from, to),
            // What is that old and not sealed is not kept as hours first: it was hardly ever there.
            Erasure::Older(_, horizons) => (i64::MIN, horizons.raw),
        };
        let mut lost = Vec::new();
        self.points.retain(|point| {
            let stays = !(from..to).contains(&point.at);
            if !stays {
                let amount = self.kind.amount(point.bits);
                add(&mut lost, hour(point.at), Sum { count: 1, amount });
            }
            stays
        });
        for (hour, sum) in &lost {
            subtract(&mut self.hours, *hour, *sum);
        }
        lost
    }

    /// When it first and last came, as times people know.
    pub(crate) fn seen(&self) -> Option<(Micros, Micros)> {
        self.span().map(|(first, last)| (Micros(first), Micros(last)))
    }
}

/// Adds to an hour of a sorted list; mostly it is the last one.
pub(super) fn add(hours: &mut Vec<(i64, Sum)>, hour: i64, sum: Sum) {
    if let Some((last, there)) = hours.last_mut()
        && *last == hour
    {
        return there.add(sum);
    }
    match hours.binary_search_by_key(&hour, |(there, _)| *there) {
        Ok(place) => hours[place].1.add(sum),
        Err(place) => hours.insert(place, (hour, sum)),
    }
}

pub(super) fn subtract(hours: &mut [(i64, Sum)], hour: i64, sum: Sum) {
    if let Ok(place) = hours.binary_search_by_key(&hour, |(there, _)| *there) {
        let there = &mut hours[place].1;
        there.count -= sum.count;
        there.amount -= sum.amount;
    }
}
