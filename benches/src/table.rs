//! Figures as people read them.

/// A table in Markdown, its columns aligned.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        Self { rows: vec![head] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.text());
    }

    fn text(&self) -> String {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(move |row| row.get(column))
                .map(|cell| cell.chars().count())
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).max().unwrap_or(0)).collect();
        let mut lines = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let cells = widths.iter().enumerate().map(|(column, &width)| {
                let cell = row.get(column).map_or("", String::as_str);
                format!("{cell:width$}")
            });
            lines.push(format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
            if place == 0 {
                let rules = widths.iter().map(|&width| "-".repeat(width));
                lines.push(format!("| {} |", rules.collect::<Vec<_>>().join(" | ")));
            }
        }
        lines.join("\n")
    }
}

/// The middle one.
pub(crate) fn median(mut all: Vec<f64>) -> Option<f64> {
    all.retain(|number| !number.is_nan());
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// The one that so many in a hundred stay under.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// A number with thousands apart; a dash if there is none.
pub(crate) fn whole(number: Option<f64>) -> String {
    let Some(number) = number else {
        return "–".to_owned();
    };
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with about three digits that count; a dash if there is none.
pub(crate) fn short(number: Option<f64>) -> String {
    match number {
        None => "–".to_owned(),
        Some(number) if number >= 100.0 => whole(Some(number)),
        Some(number) if number >= 10.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.2}"),
    }
}

pub(crate) fn verdict(is_met: bool) -> String {
    if is_met { "met" } else { "not met" }.to_owned()
}

/// Exact up to 2^53, which nothing here counts up to.
#[expect(clippy::cast_precision_loss, reason = "no count here is near 2^53")]
pub(crate) fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{Table, median, percentile, short, whole};

    #[test]
    fn figures_are_short_and_thousands_apart() {
        assert_eq!(whole(Some(1_234_567.4)), "1,234,567");
        assert_eq!(whole(Some(999.0)), "999");
        assert_eq!(whole(None), "–");
        assert_eq!(short(Some(0.123)), "0.12");
        assert_eq!(short(Some(2_058.0)), "2,058");
    }

    #[test]
    fn the_middle_and_the_last() {
        assert_eq!(median(vec![3.0, f64::NAN, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
        assert!((percentile(&[1.0, 2.0, 3.0], 99) - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["a", "bb"]);
        table.row(vec!["long".into(), "1".into()]);
        assert_eq!(table.text(), "| a    | bb |\n| ---- | -- |\n| long | 1  |");
    }
}
