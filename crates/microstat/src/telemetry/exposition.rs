//! Prometheus' text format, version 0.0.4: a line of help and one of type for each name, and a line for each value.
//! Written by hand, for this is all of it: names and labels are constants of ours, which need no escaping.

use std::fmt::{Display, Write};

use domain::durations::{BOUNDS, Counted};

/// The content type.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A label and its value.
pub(super) type Label<'a> = (&'a str, &'a str);

/// Everything that is told.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// A number that only grows, in each of its parts.
    pub(super) fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        parts: impl IntoIterator<Item = (Vec<Label<'a>>, u64)>,
    ) {
        self.head(name, "counter", help);
        for (labels, value) in parts {
            self.line(name, &labels, value);
        }
    }

    /// A number that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "counter", help);
        self.line(name, &[], value);
    }

    /// A number that grows and shrinks.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.gauges(name, help, [(Vec::new(), value)]);
    }

    /// A number that grows and shrinks, in each of its parts.
    pub(super) fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        parts: impl IntoIterator<Item = (Vec<Label<'a>>, impl Display)>,
    ) {
        self.head(name, "gauge", help);
        for (labels, value) in parts {
            self.line(name, &labels, value);
        }
    }

    /// Durations, in each of their parts.
    pub(super) fn histograms<'a>(
        &mut self,
        name: &str,
        help: &str,
        parts: impl IntoIterator<Item = (Vec<Label<'a>>, Counted)>,
    ) {
        self.head(name, "histogram", help);
        let (bucket, sum, count) = (format!("{name}_bucket"), format!("{name}_sum"), format!("{name}_count"));
        for (labels, counted) in parts {
            let bounds = BOUNDS.iter().map(|micros| seconds(micros.unsigned_abs()));
            for (bound, at_most) in bounds.chain(["+Inf".to_owned()]).zip(counted.at_most) {
                let labels = [&labels[..], &[("le", bound.as_str())]].concat();
                self.line(&bucket, &labels, at_most);
            }
            self.line(&sum, &labels, seconds(counted.micros));
            self.line(&count, &labels, counted.at_most[BOUNDS.len()]);
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[Label<'_>], value: impl Display) {
        self.0.push_str(name);
        for (nth, (label, said)) in labels.iter().enumerate() {
            let before = if nth == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{said}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }
}

/// Microseconds as seconds, to the digit.
pub(super) fn seconds(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Text, seconds};
    use domain::durations::Durations;

    #[test]
    fn it_reads_as_the_format_says() {
        let durations = Durations::default();
        durations.add(1_500);
        durations.add(20_000_000);
        let mut text = Text::default();
        text.counters("a_total", "As.", [(vec![("door", "open"), ("answer", "all")], 3)]);
        text.gauge("b", "Bs.", 0.5);
        text.histograms("c_seconds", "Cs.", [(vec![], durations.counted())]);
        let expected = "# HELP a_total As.\n# TYPE a_total counter\na_total{door=\"open\",answer=\"all\"} 3\n\
            # HELP b Bs.\n# TYPE b gauge\nb 0.5\n\
            # HELP c_seconds Cs.\n# TYPE c_seconds histogram\n\
            c_seconds_bucket{le=\"0.001\"} 0\nc_seconds_bucket{le=\"0.005\"} 1\nc_seconds_bucket{le=\"0.025\"} 1\n\
            c_seconds_bucket{le=\"0.1\"} 1\nc_seconds_bucket{le=\"0.5\"} 1\nc_seconds_bucket{le=\"2.5\"} 1\n\
            c_seconds_bucket{le=\"10\"} 1\nc_seconds_bucket{le=\"+Inf\"} 2\n\
            c_seconds_sum 20.0015\nc_seconds_count 2\n";
        assert_eq!(text.into_string(), expected);
        assert_eq!([0, 1, 10_000_000].map(seconds), ["0", "0.000001", "10"]);
    }
}
