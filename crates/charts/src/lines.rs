//! Several things side by side: the words of a Word Web over time, or several metrics.

use domain::time::Micros;

use crate::curve::{self, runs, through};
use crate::frame::{Frame, Span, spans, table};
use crate::legend::Legend;
use crate::mark::Mark;
use crate::scale::Scale;
use crate::svg::{At, Svg};
use crate::table::Table;
use crate::time_axis::TimeAxis;
use crate::unit::Unit;

/// So many series can be told apart; more aren't drawn.
pub const SERIES: usize = 8;
/// About so many markers a line, so that dashes and markers are both seen.
const MARKERS: usize = 10;
/// So many units have an axis: one on each side.
const AXES: usize = 2;

/// One line: a name people typed, and its value in each bucket.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// As published.
    pub name: &'a str,
    /// What the values are. Series of one unit share a scale.
    pub unit: Unit,
    /// As many as the chart has starts; what is missing or not finite is a gap.
    pub values: &'a [Option<f64>],
    /// The values of the period before, bucket by bucket, as a dashed line; empty for none.
    pub before: &'a [Option<f64>],
}

/// A line a series. Colour, dash and marker tell them apart. The first unit has its axis on the left, a second one on
/// the right; a line of yet another unit has a scale of its own, which the legend states.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// The time shown.
    pub axis: &'a TimeAxis,
    /// When each bucket starts, rising.
    pub starts: &'a [Micros],
    /// The most important first; the first [`SERIES`] are drawn.
    pub series: &'a [Series<'a>],
    /// Annotations; those outside the time shown are left out.
    pub marks: &'a [Mark<'a>],
    /// In pixels, axis included.
    pub height: u32,
}

impl Lines<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let scales = self.scales();
        let axes: Vec<&Scale> = scales.iter().take(AXES).map(|(_, scale)| scale).collect();
        let frame = Frame::new(
            self.axis,
            self.marks,
            self.height,
            axes.iter().any(|scale| scale.caption.is_some()),
        );
        let spans = spans(self.axis, self.starts.iter().copied());
        let mut svg = frame.begin("lines", self.title, &self.sentence(), &axes);
        // The first lies on top of the others.
        for (nth, series) in self.drawn().enumerate().collect::<Vec<_>>().into_iter().rev() {
            let scale = of(&scales, series.unit);
            svg.put(format_args!("<g class=\"s{}\">", nth + 1));
            frame.plot.begin_paths(&mut svg);
            curve::before(&mut svg, &frame.plot, scale, &spans, |place| {
                series.before.get(place).copied().flatten()
            });
            line(&mut svg, &frame, scale, &spans, series);
            svg.put(format_args!("</svg>"));
            markers(&mut svg, &frame, scale, &spans, (nth, series));
            svg.put(format_args!("</g>"));
        }
        if self.drawn().all(Series::is_empty) {
            frame.plot.nothing(&mut svg);
        }
        frame.hits(&mut svg, &spans, |place| self.values(place), |_| None);
        svg.put(format_args!("</svg>"));
        svg
    }

    fn drawn(&self) -> impl Iterator<Item = &Series<'_>> {
        self.series.iter().take(SERIES)
    }

    /// A scale a unit, in the order that series first have them.
    fn scales(&self) -> Vec<(Unit, Scale)> {
        let mut units: Vec<Unit> = Vec::new();
        for series in self.drawn() {
            if !units.contains(&series.unit) {
                units.push(series.unit);
            }
        }
        if units.is_empty() {
            units.push(Unit::Count);
        }
        let scale = |unit| {
            let same = self.drawn().filter(move |series| series.unit == unit);
            let values = same.flat_map(|series| series.values.iter().chain(series.before));
            (unit, Scale::fit(values.copied().flatten(), unit))
        };
        units.into_iter().map(scale).collect()
    }

    fn values(&self, place: usize) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for series in self.drawn() {
            let shown = series
                .at(place)
                .map_or_else(|| "no data".to_owned(), |value| series.unit.show(value));
            values.push((series.name.to_owned(), shown));
            if let Some(before) = series.before.get(place).copied().flatten() {
                let name = if self.series.len() == 1 {
                    "Before".to_owned()
                } else {
                    format!("{}, before", series.name)
                };
                values.push((name, series.unit.show(before)));
            }
        }
        values
    }

    fn sentence(&self) -> String {
        let named: Vec<String> = self.drawn().filter_map(Series::range).collect();
        if named.is_empty() {
            "Nothing in this time.".to_owned()
        } else {
            format!("{}.", named.join("; "))
        }
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let names = self.drawn().flat_map(|series| {
            let before = (!series.before.is_empty()).then(|| format!("{}, before", series.name));
            [series.name.to_owned()].into_iter().chain(before)
        });
        let shown = |unit: Unit, value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| unit.show(value));
        let spans = spans(self.axis, self.starts.iter().copied());
        table(self.axis, self.marks, &spans, names, |place| {
            let cells = self.drawn().flat_map(|series| {
                let before = series.before.get(place).copied().flatten();
                let before = (!series.before.is_empty()).then(|| shown(series.unit, before));
                [shown(series.unit, series.at(place))].into_iter().chain(before)
            });
            cells.collect()
        })
    }

    /// Which line is which, as a list for below the picture.
    #[must_use]
    pub fn legend(&self) -> Svg {
        let scales = self.scales();
        let mut legend = Legend::new();
        for (nth, series) in self.drawn().enumerate() {
            let place = scales.iter().position(|(unit, _)| *unit == series.unit).unwrap_or(0);
            let name = match (place, scales.len()) {
                (_, 1) => series.name.to_owned(),
                (0, _) => format!("{} (left axis)", series.name),
                (1, _) => format!("{} (right axis)", series.name),
                _ => {
                    let (unit, scale) = &scales[place];
                    format!(
                        "{} (from {} to {})",
                        series.name,
                        unit.show(scale.low),
                        unit.show(scale.high)
                    )
                }
            };
            legend.keyed(key(nth).as_str(), &name);
        }
        if self.drawn().any(|series| !series.before.is_empty()) {
            legend.before();
        }
        legend.end()
    }
}

impl Series<'_> {
    fn at(&self, place: usize) -> Option<f64> {
        self.values
            .get(place)
            .copied()
            .flatten()
            .filter(|value| value.is_finite())
    }

    /// Counts of nothing are nothing; a temperature of zero is something.
    fn is_empty(&self) -> bool {
        let nothing = |value: f64| !value.is_finite() || (self.unit == Unit::Count && value == 0.0);
        self.values.iter().copied().flatten().all(nothing)
    }

    fn range(&self) -> Option<String> {
        let values = || self.values.iter().copied().flatten().filter(|value| value.is_finite());
        let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        Some(format!(
            "{} from {} to {}",
            self.name,
            self.unit.show(low),
            self.unit.show(high)
        ))
    }
}

fn of(scales: &[(Unit, Scale)], unit: Unit) -> &Scale {
    let found = scales.iter().find(|(other, _)| *other == unit).or(scales.first());
    found.map_or_else(|| unreachable!("each series has a scale"), |(_, scale)| scale)
}

/// A sample of the line of the nth series, counted from 0: for a legend, or beside a ranking's row.
#[must_use]
pub fn key(nth: usize) -> Svg {
    let nth = nth % SERIES;
    let mut svg = Svg::default();
    svg.put(format_args!(
        "<svg class=\"key s{}\" viewBox=\"0 0 28 14\" width=\"28\" height=\"14\" aria-hidden=\"true\">\
         <line class=\"line\" x2=\"28\" y1=\"7\" y2=\"7\"/>\
         <svg x=\"14\" y=\"7\" overflow=\"visible\">{}</svg></svg>",
        nth + 1,
        shape(nth)
    ));
    svg
}

fn line(svg: &mut Svg, frame: &Frame<'_>, scale: &Scale, spans: &[Span], series: &Series<'_>) {
    let spot = |place: usize| {
        let value = series.at(place).unwrap_or_default();
        frame.plot.spot(spans[place].middle(), scale, value)
    };
    for run in runs(spans.len(), |place| series.at(place).is_some()) {
        // The way to a bucket that is still filling says little yet.
        let open = run.clone().find(|place| spans[*place].open).unwrap_or(run.end);
        through(svg, "line", (run.start..open).map(spot));
        if open < run.end && open > run.start {
            through(svg, "line is-open", (open - 1..run.end).map(spot));
        }
    }
}

fn markers(svg: &mut Svg, frame: &Frame<'_>, scale: &Scale, spans: &[Span], (nth, series): (usize, &Series<'_>)) {
    let every = spans.len().div_ceil(MARKERS).max(1);
    // Each series marks other buckets, so that markers of equal values don't hide each other.
    let turn = |place: usize| place % every == nth * every / SERIES;
    let there = |place: usize| series.at(place).is_some();
    let alone = |place: usize| (place == 0 || !there(place - 1)) && !there(place + 1);
    for (place, span) in spans.iter().enumerate() {
        let Some(value) = series.at(place).filter(|_| turn(place) || alone(place)) else {
            continue;
        };
        svg.put(format_args!(
            "<svg x=\"{}%\" y=\"{}\" overflow=\"visible\">{}</svg>",
            At(span.middle()),
            At(frame.plot.outer_y(scale, value)),
            shape(nth)
        ));
    }
}

/// Around the point 0, 0.
const fn shape(nth: usize) -> &'static str {
    match nth % 4 {
        0 => "<circle class=\"marker\" r=\"4\"/>",
        1 => "<rect class=\"marker\" x=\"-3.5\" y=\"-3.5\" width=\"7\" height=\"7\"/>",
        2 => "<polygon class=\"marker\" points=\"0,-5 4.5,3.5 -4.5,3.5\"/>",
        _ => "<polygon class=\"marker\" points=\"0,-5 5,0 0,5 -5,0\"/>",
    }
}
