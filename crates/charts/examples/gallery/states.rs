//! Every chart in every state: full, compared and annotated, of one data point, of none, with long and right-to-left
//! names and with extreme values, from 80 to 2,000 pixels.

mod of_values;
mod over_time;

use std::fmt::Write as _;

use charts::{Mark, MarkKind, Svg};
use domain::time::HOUR;

use self::of_values::{alone, heat_map, histogram, small};
use self::over_time::{band, bars, lines, stack};
use crate::NOW;

const ALL: [u32; 5] = [2_000, 1_440, 768, 390, 80];
const SOME: [u32; 3] = [768, 390, 80];
const HEIGHT: u32 = 220;
const LONG: &str = "A name as long as it may be, that somebody's program made of a sentence, a file and a line, and \
    that goes on and on, since nobody told it to stop, past the edge of every screen and on to the next line of every \
    table, until at last, at 255 characters, it has its end";
const HEBREW: &str = "הזמנות: מחיר (₪)";
const ARABIC: &str = "متصفح سفاري";

pub(crate) fn page() -> String {
    let mut page = Page(String::new());
    bars(&mut page);
    band(&mut page);
    lines(&mut page);
    stack(&mut page);
    histogram(&mut page);
    heat_map(&mut page);
    small(&mut page);
    alone(&mut page);
    page.0
}

struct Page(String);

impl Page {
    fn show(&mut self, title: &str, widths: &[u32], svg: &Svg, legend: Option<&Svg>) {
        let legend = legend.map(ToString::to_string).unwrap_or_default();
        let _ = write!(self.0, "<h2>{title}</h2><div class=\"boxes\">");
        for width in widths {
            let _ = write!(
                self.0,
                "<div class=\"box w{width}\"><figure class=\"chart\"><chart-readout>{svg}</chart-readout></figure>{}</div>",
                if *width > 80 { &legend } else { "" }
            );
        }
        self.0.push_str("</div>");
    }

    fn plain(&mut self, title: &str, class: &str, markup: &[Svg]) {
        let boxed = markup
            .iter()
            .map(|svg| format!("<div class=\"box {class}\">{svg}</div>"));
        let all = boxed.collect::<Vec<_>>().concat();
        let _ = write!(self.0, "<h2>{title}</h2><div class=\"boxes\">{all}</div>");
    }
}

fn mark(ago: i64, until: Option<i64>, label: &str, kind: MarkKind) -> Mark<'_> {
    Mark {
        at: NOW - ago,
        until: until.map(|ago| NOW - ago),
        label,
        kind,
    }
}

fn marks() -> Vec<Mark<'static>> {
    vec![
        mark(20 * HOUR, None, "v2.4.0", MarkKind::Deploy),
        mark(
            15 * HOUR,
            Some(12 * HOUR),
            "Newsletter went out to all customers",
            MarkKind::Note,
        ),
        mark(6 * HOUR, None, "v2.4.1", MarkKind::Deploy),
        mark(6 * HOUR - 1, None, "v2.4.2", MarkKind::Deploy),
        mark(6 * HOUR - 2, None, HEBREW, MarkKind::Note),
        mark(HOUR / 6, None, "v2.5.0", MarkKind::Deploy),
    ]
}
