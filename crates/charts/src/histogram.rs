//! How values are spread: a bar a bin.

use std::fmt::Write as _;

use crate::bins::Bins;
use crate::number;
use crate::plot::{Head, Plot, hit};
use crate::scale::Scale;
use crate::svg::{At, Svg, Text, float, float_len};
use crate::table::Table;
use crate::text::ems;
use crate::unit::Unit;

/// Room above the plot for each row of values' names, in pixels.
const ROW: f64 = 15.0;
/// Most rows of them.
const ROWS: usize = 4;
/// Names closer than this, in percent, are said together.
const TOGETHER: f64 = 1.2;
/// A bar is at most this wide, in percent.
const WIDEST: f64 = 24.0;
/// Names are kept apart as if the picture were so wide, in pixels; narrower ones show no names.
const WIDTH: f64 = 320.0;
const FONT: f64 = 12.0;
/// What is there at all is seen, in pixels.
const LEAST: f64 = 1.5;

/// A value that is pointed out on a histogram's axis: a percentile, the average.
#[derive(Clone, Copy, Debug)]
pub struct Pointed<'a> {
    /// A short name: `p95`.
    pub label: &'a str,
    /// Where.
    pub value: f64,
}

/// A line at a value, and the share of data points above it.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The value.
    pub value: f64,
    /// How much of all lies above it, 0 to 1.
    pub share: f64,
}

/// How often values of each size came. All bins are drawn equally wide, whether they are or each is a multiple of the
/// one before.
#[derive(Clone, Copy, Debug)]
pub struct Histogram<'a> {
    /// The chart's name, for readers who don't see it.
    pub title: &'a str,
    /// What the values are.
    pub unit: Unit,
    /// The bins' edges, rising; one more than counts. If each lies halfway between two whole numbers, values are whole.
    pub edges: &'a [f64],
    /// How many data points are in each bin.
    pub counts: &'a [u64],
    /// Values to point out, such as percentiles.
    pub pointed: &'a [Pointed<'a>],
    /// What lies above is coloured.
    pub limit: Option<Limit>,
    /// In pixels, axis included.
    pub height: u32,
}

impl Histogram<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> Svg {
        let scale = Scale::fit(self.counts().map(float), Unit::Count);
        let names = self.names();
        let rows = names.iter().map(|(row, _)| row + 1).max().unwrap_or(0);
        let plot = Plot::new(self.height, float_len(rows) * ROW, false);
        let sentence = self.sentence();
        let head = Head {
            kind: "histogram",
            title: self.title,
            sentence: &sentence,
            data: String::new(),
        };
        let mut svg = plot.begin(&head, &[&scale]);
        let bins = self.bins();
        for (label, class) in bins.labels_below() {
            plot.below(&mut svg, label.at, class, &label.text);
        }
        plot.begin_inside(&mut svg);
        self.bars(&mut svg, &plot, &scale);
        svg.put(format_args!("</svg>"));
        point_out(&mut svg, &plot, &names);
        if self.total() == 0 {
            plot.nothing(&mut svg);
        }
        let width = self.width();
        plot.begin_inside(&mut svg);
        for bin in 0..bins.count() {
            hit(&mut svg, (width * float_len(bin), width), &self.lines(bin));
        }
        svg.put(format_args!("</svg></svg>"));
        svg
    }

    fn bars(&self, svg: &mut Svg, plot: &Plot, scale: &Scale) {
        let width = self.width();
        let share = if self.bins().count() <= 80 { 0.92 } else { 1.0 };
        for (bin, count) in self.counts().enumerate().filter(|(_, count)| *count > 0) {
            let height = (plot.height() - plot.y(scale, float(count))).max(LEAST);
            // A bin that the limit goes through is above as far as it is above.
            let above = self.limit.is_some_and(|limit| self.edges[bin] >= limit.value);
            let wide = (width * share).min(WIDEST);
            svg.put(format_args!(
                "<rect class=\"bar{}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"{}\"/>",
                if above { " is-above" } else { "" },
                At(width * (float_len(bin) + 0.5) - wide / 2.0),
                At(plot.height() - height),
                At(wide),
                At(height)
            ));
        }
    }

    /// What is pointed out, each in a row in which its name has room.
    fn names(&self) -> Vec<(usize, Named)> {
        let bins = self.bins();
        if bins.count() == 0 || self.total() == 0 {
            return Vec::new();
        }
        let pointed = self.pointed.iter().filter(|pointed| pointed.value.is_finite());
        let pointed = pointed.map(|pointed| (bins.percent(pointed.value), pointed.label));
        let mut pointed: Vec<(f64, &str)> = pointed.collect();
        pointed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let together = pointed.chunk_by(|a, b| b.0 - a.0 < TOGETHER).map(|group| {
            let labels: Vec<&str> = group.iter().map(|(_, label)| *label).collect();
            Named::new("pointed", group[0].0, labels.join(", "))
        });
        let limit = self
            .limit
            .map(|limit| Named::new("limit", bins.percent(limit.value), self.above(limit)));
        let mut all: Vec<Named> = together.chain(limit).collect();
        all.sort_by(|a, b| a.at.total_cmp(&b.at));
        let mut ends = [f64::NEG_INFINITY; ROWS];
        let row = |named: Named| {
            let (from, to) = named.stretch();
            let row = ends.iter().position(|end| *end <= from).unwrap_or(ROWS - 1);
            ends[row] = to;
            (row, named)
        };
        all.into_iter().map(row).collect()
    }

    fn above(&self, limit: Limit) -> String {
        format!(
            "above {}: {}",
            self.unit.show(limit.value),
            number::percent(limit.share)
        )
    }

    fn bins(&self) -> Bins<'_> {
        Bins {
            edges: self.edges,
            unit: self.unit,
        }
    }

    /// A bin's, in percent.
    fn width(&self) -> f64 {
        100.0 / float_len(self.bins().count().max(1))
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        (0..self.bins().count()).map(|bin| self.counts.get(bin).copied().unwrap_or(0))
    }

    fn total(&self) -> u64 {
        self.counts().fold(0, u64::saturating_add)
    }

    fn share(&self, count: u64) -> String {
        number::percent(float(count) / float(self.total().max(1)))
    }

    fn lines(&self, bin: usize) -> Vec<String> {
        let count = self.counts.get(bin).copied().unwrap_or(0);
        let up_to = self.counts().take(bin + 1).fold(0, u64::saturating_add);
        vec![
            self.bins().words(bin),
            format!("Data points: {}", number::count(count)),
            format!("Share: {}", self.share(count)),
            format!("Up to here: {}", self.share(up_to)),
        ]
    }

    fn sentence(&self) -> String {
        let most = self
            .counts()
            .enumerate()
            .max_by_key(|(bin, count)| (*count, std::cmp::Reverse(*bin)));
        let mut sentence = match most {
            Some((bin, count)) if count > 0 => {
                format!("Most often {}: {} of all.", self.bins().words(bin), self.share(count))
            }
            _ => return "No data points.".to_owned(),
        };
        for pointed in self.pointed.iter().filter(|pointed| pointed.value.is_finite()) {
            // Writing into a String can't fail.
            let _ = write!(sentence, " {} {}.", pointed.label, self.unit.show(pointed.value));
        }
        if let Some(limit) = self.limit {
            let above = format!(
                " {} of all above {}.",
                number::percent(limit.share),
                self.unit.show(limit.value)
            );
            sentence.push_str(&above);
        }
        sentence
    }

    /// The same as words.
    #[must_use]
    pub fn table(&self) -> Table {
        let row = |(bin, count)| vec![self.bins().words(bin), number::count(count), self.share(count)];
        Table {
            headers: ["Value", "Data points", "Share"].map(str::to_owned).to_vec(),
            rows: self.counts().enumerate().map(row).collect(),
        }
    }
}

fn point_out(svg: &mut Svg, plot: &Plot, names: &[(usize, Named)]) {
    let y = |row: usize| 10.0 + float_len(row) * ROW;
    for (row, named) in names {
        svg.put(format_args!(
            "<line class=\"{}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"{}\"/>",
            named.class,
            At(y(*row) - 9.0),
            At(plot.floor()),
            x = At(named.at)
        ));
    }
    // All names lie above all lines, which go around them.
    for (row, named) in names {
        svg.put(format_args!(
            "<text class=\"{} is-medial\" x=\"{}%\" dx=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
            named.class,
            At(named.at),
            if named.back { "-4" } else { "4" },
            At(y(*row)),
            if named.back { "end" } else { "start" },
            Text(&named.text)
        ));
    }
}

/// A name above the plot.
struct Named {
    class: &'static str,
    at: f64,
    text: String,
    /// On the left of its line.
    back: bool,
}

impl Named {
    fn new(class: &'static str, at: f64, text: String) -> Self {
        let back = at + Self::width(&text) > 100.0;
        Self { class, at, text, back }
    }

    /// In percent of a narrow picture.
    fn width(text: &str) -> f64 {
        (ems(text) * FONT + 8.0) / WIDTH * 100.0
    }

    fn stretch(&self) -> (f64, f64) {
        let width = Self::width(&self.text);
        if self.back {
            (self.at - width, self.at)
        } else {
            (self.at, self.at + width)
        }
    }
}
