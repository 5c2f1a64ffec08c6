//! How a metric is looked at: all of it stands in the part of a link behind the question mark. So the same link leads to
//! the same view again, on the metric's page, on a board, and where it is shared.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use domain::comparison::Compare;
use domain::id::MetricId;
use domain::percentile::{self, BadPercentiles, Percentile};
use domain::period::{self, BadPeriod, Preset};
use domain::range::Range;
use domain::statistic::Statistic;
use domain::time::SECOND;
use domain::zone::Zone;

/// Most metrics in one chart, the page's own included.
pub(crate) const TOGETHER: usize = 4;
/// A link says no more of these.
const LONGEST: usize = 300;

/// The time that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// So long, up to now.
    Preset(Preset),
    /// Between two times, as they were typed.
    Typed { from: String, to: String },
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    Preset(Preset),
    Between(Range),
}

/// How a metric is looked at. What can't be read is as if it weren't there, but for what people type, which is kept as
/// it was typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) span: Span,
    /// Whose clock the link was made by; else the reader's own.
    pub(crate) zone: Option<Zone>,
    pub(crate) compare: Compare,
    /// Percentiles as typed; nothing for the usual ones.
    pub(crate) percentiles: Option<String>,
    /// "Above": the value that data points are counted above, as typed.
    pub(crate) above: String,
    /// Metrics in the same chart.
    pub(crate) others: Vec<MetricId>,
    /// What is shown of each, where they are several.
    pub(crate) statistic: Option<Statistic>,
    /// Words that have this in them.
    pub(crate) search: String,
}

impl Default for View {
    fn default() -> Self {
        Self {
            span: Span::Preset(Preset::default()),
            zone: None,
            compare: Compare::default(),
            percentiles: None,
            above: String::new(),
            others: Vec::new(),
            statistic: None,
            search: String::new(),
        }
    }
}

impl View {
    /// Reads what stands behind the question mark.
    pub(crate) fn parse(query: &str) -> Self {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        Self::of(pairs)
    }

    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut view = Self::default();
        let (mut from, mut to) = (None, None);
        for (name, value) in pairs.into_iter().filter(|(_, value)| value.len() <= LONGEST) {
            match name.as_str() {
                "range" => view.span = Span::Preset(Preset::from_code(&value).unwrap_or_default()),
                "from" => from = Some(value),
                "to" => to = Some(value),
                "zone" => view.zone = Zone::parse(&value).ok(),
                "compare" => view.compare = Compare::from_code(&value).unwrap_or_default(),
                "p" => view.percentiles = Some(value),
                "above" => value.trim().clone_into(&mut view.above),
                "with" => view.add(&value),
                "show" => view.statistic = Statistic::from_code(&value),
                "q" => value.trim().clone_into(&mut view.search),
                _ => {}
            }
        }
        if from.is_some() || to.is_some() {
            let typed = Option::unwrap_or_default;
            view.span = Span::Typed {
                from: typed(from),
                to: typed(to),
            };
        }
        view
    }

    fn add(&mut self, metric: &str) {
        if let Ok(metric) = metric.parse()
            && !self.others.contains(&metric)
            && self.others.len() + 1 < TOGETHER
        {
            self.others.push(metric);
        }
    }

    /// The time that was chosen, as typed by this clock.
    ///
    /// # Errors
    /// If what was typed is no range.
    pub(crate) fn chosen(&self, zone: &Zone) -> Result<Chosen, BadPeriod> {
        match &self.span {
            Span::Preset(preset) => Ok(Chosen::Preset(*preset)),
            Span::Typed { from, to } => period::between_in(from, to, zone.zone()).map(Chosen::Between),
        }
    }

    /// The percentiles that were chosen.
    ///
    /// # Errors
    /// If what was typed is no list of them.
    pub(crate) fn percentiles(&self) -> Result<Vec<Percentile>, BadPercentiles> {
        match &self.percentiles {
            None => Ok(Percentile::USUAL.to_vec()),
            Some(typed) => percentile::list(typed),
        }
    }

    /// The value that data points are counted above; nothing if none was typed.
    ///
    /// # Errors
    /// If what was typed is no number.
    pub(crate) fn above(&self) -> Result<Option<f64>, &'static str> {
        if self.above.is_empty() {
            return Ok(None);
        }
        let number: Option<f64> = self.above.replace(',', "").parse().ok();
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err("Enter a number, like 500 or 0.25."),
        }
    }

    /// Name and value of all that doesn't go without saying.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        match &self.span {
            Span::Preset(preset) if *preset == Preset::default() => {}
            Span::Preset(preset) => pairs.push(("range", preset.code().to_owned())),
            Span::Typed { from, to } => pairs.extend([("from", from.clone()), ("to", to.clone())]),
        }
        pairs.extend(self.zone.as_ref().map(|zone| ("zone", zone.name().to_owned())));
        if self.compare != Compare::default() {
            pairs.push(("compare", self.compare.code().to_owned()));
        }
        pairs.extend(self.percentiles.clone().map(|typed| ("p", typed)));
        if !self.above.is_empty() {
            pairs.push(("above", self.above.clone()));
        }
        pairs.extend(self.others.iter().map(|metric| ("with", metric.to_string())));
        pairs.extend(self.statistic.map(|statistic| ("show", statistic.code().to_owned())));
        if !self.search.is_empty() {
            pairs.push(("q", self.search.clone()));
        }
        pairs
    }

    /// What a form has to carry along so that only its own fields change.
    pub(crate) fn pairs_but(&self, names: &[&str]) -> Vec<(&'static str, String)> {
        let mut pairs = self.pairs();
        pairs.retain(|(name, _)| !names.contains(name));
        pairs
    }

    /// The query that leads here again: with its question mark, or nothing.
    pub(crate) fn query(&self) -> String {
        let query = serde_urlencoded::to_string(self.pairs()).unwrap_or_default();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// The query of another view that differs in this.
    pub(crate) fn but(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = self.clone();
        change(&mut other);
        other.query()
    }

    /// The same view, for ever and for everybody: between two moments, by this clock.
    pub(crate) fn fixed(&self, range: Range, zone: &Zone) -> String {
        self.but(|view| {
            view.span = typed(range);
            view.zone = Some(zone.clone());
        })
    }
}

/// A range as a link says it, to the second.
pub(crate) fn typed(range: Range) -> Span {
    let to = range.to() + (SECOND - 1);
    Span::Typed {
        from: range.from().floor(SECOND).to_string(),
        to: to.floor(SECOND).to_string(),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(pairs.map(|Query(pairs)| Self::of(pairs)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use domain::comparison::Compare;
    use domain::period::Preset;
    use domain::zone::Zone;

    use super::{Chosen, Span, View};

    #[test]
    fn a_view_is_written_and_read_again() {
        for query in [
            "",
            "?range=7d",
            "?from=2026-11-24T10%3A00&to=2026-11-25&zone=Europe%2FBerlin&compare=week&p=50%2C99.9&above=500",
            "?with=0000000001&with=0000000002&with=0000000003&show=p95&q=%D7%A9%D7%9C%D7%95%D7%9D",
            "?compare=off&p=",
        ] {
            assert_eq!(View::parse(query.trim_start_matches('?')).query(), query);
        }
        assert_eq!(
            View::parse("range=24h&compare=before").query(),
            "",
            "what goes without saying isn't said"
        );
    }

    #[test]
    fn what_makes_no_sense_is_as_if_it_were_not_there() {
        let view = View::parse(
            "range=ever&compare=me&zone=Mars&with=x&with=0000000007&with=0000000007&show=mode&unknown=1&%ff=%ff",
        );
        assert_eq!(view.query(), "?with=0000000007");
        assert_eq!(
            View::parse("with=0000000001&with=0000000002&with=0000000003&with=0000000004")
                .others
                .len(),
            3,
            "four together"
        );
        assert_eq!(View::parse(&format!("q={}", "x".repeat(301))), View::default());
    }

    #[test]
    fn what_people_type_is_kept_and_told_of() {
        let view = View::parse("above=much&p=101&from=soon&to=");
        assert!(view.above().is_err() && view.percentiles().is_err());
        assert!(view.chosen(&Zone::default()).is_err());
        assert_eq!(View::parse("above=1,234.5").above(), Ok(Some(1234.5)));
        assert_eq!(View::parse("").above(), Ok(None));
        assert_eq!(View::parse("p=").percentiles().unwrap(), [], "none can be chosen");
    }

    #[test]
    fn a_fixed_view_says_when_and_by_which_clock() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let view = View::parse("from=2026-11-24T10:00&to=2026-11-24T11:00&compare=week");
        let Ok(Chosen::Between(range)) = view.chosen(&berlin) else {
            panic!("that is a range");
        };
        let fixed = view.fixed(range, &berlin);
        assert_eq!(
            fixed,
            "?from=2026-11-24T09%3A00%3A00Z&to=2026-11-24T10%3A00%3A00Z&zone=Europe%2FBerlin&compare=week"
        );
        let again = View::parse(&fixed[1..]);
        assert_eq!(
            again.chosen(&Zone::default()),
            Ok(Chosen::Between(range)),
            "whoever reads it"
        );
        let other = View::parse(&view.but(|view| view.span = Span::Preset(Preset::Hour))[1..]);
        assert_eq!((other.span, other.compare), (Span::Preset(Preset::Hour), Compare::Week));
    }
}
