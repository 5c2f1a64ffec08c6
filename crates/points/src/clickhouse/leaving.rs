//! Data points that are moved from ClickHouse, a part at a time.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, MINUTE};
use sha2::{Digest, Sha256};

use super::binary::{Cells, listed};
use super::blocking::Server;
use super::read::Known;
use super::schema::Table;
use super::totals::{lines_of, totals_of};
use super::{Address, Failure};
use crate::Error;
use crate::head::generation::Contents;
use crate::journal::entry::{Horizons, Stored};
use crate::kind::Kind;
use crate::moving::{Line, Part, Portion, Put, Rolled, Stamp, Totals};
use crate::rollup::day::{HOURS, hour_of, start_of};
use crate::rollup::{Day, Minutes};
use crate::sketch::Sketch;

/// Data points that one query gives, if a metric doesn't have more an hour.
const AT_ONCE: u64 = 300_000;

/// Where data points are moved from.
#[derive(Debug)]
pub(crate) struct Source {
    server: Server,
    kinds: BTreeMap<MetricId, Kind>,
    horizons: BTreeMap<ProjectId, Horizons>,
    marks: BTreeMap<Part, u64>,
}

/// What there is of a metric on a day.
#[derive(Clone, Copy, Debug, Default)]
struct There {
    /// Data points.
    kept: u64,
    /// Data points that sums are of.
    summed: u64,
}

impl Source {
    pub(crate) fn open(address: Address) -> Result<Self, Error> {
        let mut source = Self {
            server: Server::prepared(address)?,
            kinds: BTreeMap::new(),
            horizons: BTreeMap::new(),
            marks: BTreeMap::new(),
        };
        for line in source.lines()? {
            source.kinds.insert(line.metric, line.kind);
            if !source.horizons.contains_key(&line.project) {
                let of = source.server.horizons(line.project.0)?;
                source.horizons.insert(line.project, of);
            }
        }
        Ok(source)
    }

    /// Every part there is.
    pub(crate) fn parts(&mut self) -> Result<BTreeMap<Part, Stamp>, Error> {
        let mut hashes: BTreeMap<Part, (Sha256, u64)> = BTreeMap::new();
        for (project, horizons) in &self.horizons {
            for (table, text) in [
                (
                    Table::Points,
                    format!(
                        "SELECT intDiv(at, {DAY}) AS day, count(), \
                         sum(cityHash64(metric, at, source, place, kind, hits, number, word)) FROM points \
                         WHERE project = {} GROUP BY day",
                        project.0
                    ),
                ),
                (
                    Table::Sums,
                    format!(
                        "SELECT intDiv(begins, {DAY}) AS day, sum(p), sum(cityHash64(metric, p, a, l, g)) FROM \
                         (SELECT metric, start AS begins, sumMerge(points) AS p, sumMerge(amount) AS a, \
                         minMerge(least) AS l, maxMerge(greatest) AS g FROM sums WHERE project = {} AND unit = {DAY} \
                         GROUP BY metric, begins) GROUP BY day",
                        project.0
                    ),
                ),
            ] {
                let said = self.server.ask(&text)?;
                let mut cells = Cells::of(&said);
                while !cells.is_empty() {
                    let (day, count, sum) = (cells.i64()?, cells.u64()?, cells.u64()?);
                    let part = Part { day, project: *project };
                    let (hash, points) = hashes.entry(part).or_default();
                    for number in [table as u64, count, sum] {
                        hash.update(number.to_le_bytes());
                    }
                    let known = |horizon: i64| u8::from(day * DAY < horizon);
                    hash.update([known(horizons.raw), known(horizons.minutes), known(horizons.hours)]);
                    *points = (*points).max(count);
                }
            }
        }
        let stamp = |(hash, points)| Stamp {
            mark: crate::moving::mark(hash),
            points,
        };
        let parts: BTreeMap<Part, Stamp> = hashes.into_iter().map(|(part, of)| (part, stamp(of))).collect();
        self.marks = parts.iter().map(|(part, stamp)| (*part, stamp.mark)).collect();
        Ok(parts)
    }

    /// Hands over a part. Says what it was known by when all were looked at: what comes to it meanwhile makes it another one.
    pub(crate) fn read(&self, part: Part, put: &mut Put<'_>) -> Result<u64, Error> {
        let horizons = self
            .horizons
            .get(&part.project)
            .copied()
            .unwrap_or(super::read::NOTHING_FORGOTTEN);
        let day = Read {
            server: &self.server,
            part,
            kinds: &self.kinds,
            horizons,
        };
        let there = day.there()?;
        let (mut whole, mut rolled) = (Vec::new(), Vec::new());
        for (metric, There { kept, summed }) in there {
            if kept > 0 && (kept == summed || part.day * DAY >= horizons.raw) {
                whole.push((metric, kept));
            } else if summed > 0 {
                rolled.push(metric);
            }
        }
        day.points(&whole, put)?;
        day.rolled(&rolled, put)?;
        Ok(self.marks.get(&part).copied().unwrap_or_default())
    }

    pub(crate) fn lines(&self) -> Result<Vec<Line>, Error> {
        lines_of(&self.server)
    }

    pub(crate) fn horizons(&self) -> BTreeMap<ProjectId, Horizons> {
        self.horizons.clone()
    }

    pub(crate) fn totals(&self) -> Result<Totals, Error> {
        totals_of(&self.server)
    }
}

/// Reading a part.
struct Read<'s> {
    server: &'s Server,
    part: Part,
    kinds: &'s BTreeMap<MetricId, Kind>,
    horizons: Horizons,
}

impl Read<'_> {
    fn inside(&self, time: &str, metrics: &[MetricId]) -> String {
        let (from, to) = (self.part.day * DAY, (self.part.day + 1) * DAY);
        let metrics = listed(metrics.iter().map(|metric| metric.0));
        format!(
            "project = {} AND metric IN ({metrics}) AND {time} >= {from} AND {time} < {to}",
            self.part.project.0
        )
    }

    fn there(&self) -> Result<BTreeMap<MetricId, There>, Failure> {
        let (project, from, to) = (self.part.project.0, self.part.day * DAY, (self.part.day + 1) * DAY);
        let mut there: BTreeMap<MetricId, There> = BTreeMap::new();
        let said = self.server.ask(&format!(
            "SELECT metric, count() FROM points WHERE project = {project} AND at >= {from} AND at < {to} GROUP BY metric"
        ))?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (metric, count) = (MetricId(cells.i64()?), cells.u64()?);
            there.entry(metric).or_default().kept = count;
        }
        let said = self.server.ask(&format!(
            "SELECT metric, sumMerge(points) FROM sums WHERE project = {project} AND unit = {DAY} AND start = {from} \
             GROUP BY metric"
        ))?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (metric, count) = (MetricId(cells.i64()?), cells.u64()?);
            there.entry(metric).or_default().summed = count;
        }
        Ok(there)
    }

    /// Data points of metrics, in queries of about as many; one that has more is asked for hour by hour.
    fn points(&self, metrics: &[(MetricId, u64)], put: &mut Put<'_>) -> Result<(), Error> {
        let (mut together, mut count) = (Vec::new(), 0);
        for (metric, points) in metrics {
            if *points > AT_ONCE {
                for hour in 0..HOURS {
                    let from = start_of(self.part.day, hour);
                    let hour = format!(
                        "{} AND at >= {from} AND at < {}",
                        self.inside("at", &[*metric]),
                        from + HOUR
                    );
                    self.some(&hour, put)?;
                }
                continue;
            }
            if count + points > AT_ONCE {
                self.some(&self.inside("at", &together), put)?;
                (together, count) = (Vec::new(), 0);
            }
            together.push(*metric);
            count += points;
        }
        if together.is_empty() {
            Ok(())
        } else {
            self.some(&self.inside("at", &together), put)
        }
    }

    fn some(&self, which: &str, put: &mut Put<'_>) -> Result<(), Error> {
        let said = self.server.ask(&format!(
            "SELECT metric, at, kind, hits, number, word FROM points WHERE {which} ORDER BY metric, at, place, source"
        ))?;
        let (mut cells, mut contents) = (Cells::of(&said), Contents::default());
        while !cells.is_empty() {
            let (metric, at) = (MetricId(cells.i64()?), cells.i64()?);
            let kind = Kind::from_code(cells.u8()?)?;
            let (hits, number, word) = (cells.u64()?, cells.f64()?, cells.text()?);
            let value = match kind {
                Kind::Hits => Stored::Hits(u32::try_from(hits).map_err(|_| Failure::Unreadable)?),
                Kind::Number => Stored::Number(number),
                Kind::Word => Stored::Word(word),
            };
            contents.push(self.part.project, metric, at, value);
        }
        if contents.points() > 0 {
            put(Portion::Points(contents))?;
        }
        Ok(())
    }

    /// What days of metrics add up to, whose data points are gone.
    fn rolled(&self, metrics: &[MetricId], put: &mut Put<'_>) -> Result<(), Error> {
        if metrics.is_empty() {
            return Ok(());
        }
        let known = Known {
            project: self.part.project.0,
            kind: Kind::Number,
            span: (0, 0),
            horizons: self.horizons,
        };
        let finest = known.finest(self.part.day * DAY, true);
        let mut all: BTreeMap<MetricId, Rolling> = BTreeMap::new();
        for metric in metrics {
            let kind = self.kinds.get(metric).copied().ok_or(Failure::Unreadable)?;
            all.insert(*metric, Rolling::new(kind, finest));
        }
        self.sums(metrics, finest, &mut all)?;
        self.bins(metrics, finest, &mut all)?;
        self.words(metrics, finest, &mut all)?;
        for (metric, rolling) in all {
            put(Portion::Rolled(Box::new(rolling.done(metric))))?;
        }
        Ok(())
    }

    fn sums(&self, metrics: &[MetricId], finest: i64, all: &mut BTreeMap<MetricId, Rolling>) -> Result<(), Failure> {
        let said = self.server.ask(&format!(
            "SELECT metric, unit, start, sumMerge(points), sumMerge(amount), sumMerge(total), minMerge(least), \
             maxMerge(greatest) FROM sums WHERE {} AND unit >= {finest} GROUP BY metric, unit, start",
            self.inside("start", metrics)
        ))?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (metric, unit, start) = (MetricId(cells.i64()?), cells.i64()?, cells.i64()?);
            let of = all.get_mut(&metric);
            let sum = cells.hour(of.as_ref().is_some_and(|of| of.rollup.kind == Kind::Number))?;
            let Some(of) = of else { continue };
            match unit {
                DAY if !of.rollup.by_hour => of.rollup.hours[0] = sum,
                HOUR if of.rollup.by_hour => of.rollup.hours[hour_of(start)] = sum,
                MINUTE if of.rollup.by_minute => of.minutes(start).sum(start, sum),
                _ => {}
            }
        }
        Ok(())
    }

    fn bins(&self, metrics: &[MetricId], finest: i64, all: &mut BTreeMap<MetricId, Rolling>) -> Result<(), Failure> {
        let said = self.server.ask(&format!(
            "SELECT metric, unit, start, bin, sumMerge(points) FROM bins WHERE {} AND unit >= {finest} \
             GROUP BY metric, unit, start, bin",
            self.inside("start", metrics)
        ))?;
        let mut cells = Cells::of(&said);
        let mut bins: BTreeMap<(MetricId, i64, i64), Vec<(i32, u64)>> = BTreeMap::new();
        while !cells.is_empty() {
            let of = (MetricId(cells.i64()?), cells.i64()?, cells.i64()?);
            bins.entry(of).or_default().push((cells.i32()?, cells.u64()?));
        }
        for ((metric, unit, start), bins) in bins {
            let Some(of) = all.get_mut(&metric) else { continue };
            let sketch = Sketch::of_bins(bins);
            match unit {
                DAY => of.rollup.sketch = Some(sketch),
                HOUR if of.rollup.by_hour => of.sketches.push((hour_of(start), sketch)),
                MINUTE if of.rollup.by_minute => of.minutes(start).put_sketch(start, sketch),
                _ => {}
            }
        }
        Ok(())
    }

    fn words(&self, metrics: &[MetricId], finest: i64, all: &mut BTreeMap<MetricId, Rolling>) -> Result<(), Failure> {
        // Whole days first: hours count words by their places in the day's list.
        let said = self.server.ask(&format!(
            "SELECT metric, unit, start, word, sumMerge(points) AS many FROM words WHERE {} AND unit >= {finest} \
             GROUP BY metric, unit, start, word ORDER BY unit DESC, metric, many DESC, word",
            self.inside("start", metrics)
        ))?;
        let mut cells = Cells::of(&said);
        while !cells.is_empty() {
            let (metric, unit, start) = (MetricId(cells.i64()?), cells.i64()?, cells.i64()?);
            let (word, count) = (cells.text()?, cells.u64()?);
            let Some(of) = all.get_mut(&metric) else { continue };
            if unit == DAY {
                of.places.insert(word.to_owned(), of.rollup.words.len() as u64);
                of.rollup.words.push((word.to_owned(), count));
            } else if of.rollup.by_minute
                && let Some(place) = of.places.get(word).copied()
            {
                of.minutes(start).words.insert(place, count);
            }
        }
        Ok(())
    }
}

/// A metric's day that is being put together.
struct Rolling {
    rollup: Day,
    minutes: BTreeMap<usize, Minutes>,
    sketches: Vec<(usize, Sketch)>,
    places: BTreeMap<String, u64>,
}

impl Rolling {
    fn new(kind: Kind, finest: i64) -> Self {
        let mut rollup = Day::new(kind);
        rollup.raw = false;
        rollup.by_hour = finest <= HOUR;
        rollup.by_minute = finest <= MINUTE;
        Self {
            rollup,
            minutes: BTreeMap::new(),
            sketches: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// The minutes of the hour of a time.
    fn minutes(&mut self, at: i64) -> &mut Minutes {
        let kind = self.rollup.kind;
        self.minutes.entry(hour_of(at)).or_insert_with(|| Minutes::new(kind))
    }

    fn done(mut self, metric: MetricId) -> Rolled {
        self.sketches.sort_unstable_by_key(|(hour, _)| *hour);
        Rolled {
            metric,
            rollup: self.rollup,
            minutes: self.minutes.into_iter().collect(),
            sketches: self.sketches,
        }
    }
}
