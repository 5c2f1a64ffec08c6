//! What there is at a server, for who compares it with where it came from or goes to.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::DAY;

use super::binary::Cells;
use super::blocking::Server;
use crate::Error;
use crate::kind::Kind;
use crate::moving::{Line, Total, Totals};

/// Every metric there is.
pub(super) fn lines_of(server: &Server) -> Result<Vec<Line>, Error> {
    let said = server.ask(
        "SELECT project, metric, kind, minMerge(first), maxMerge(last) FROM metrics GROUP BY project, metric, kind",
    )?;
    let mut cells = Cells::of(&said);
    let mut lines = Vec::new();
    while !cells.is_empty() {
        lines.push(Line {
            project: ProjectId(cells.i64()?),
            metric: MetricId(cells.i64()?),
            kind: Kind::from_code(cells.u8()?)?,
            span: (cells.i64()?, cells.i64()?),
        });
    }
    Ok(lines)
}

/// What each metric adds up to.
pub(super) fn totals_of(server: &Server) -> Result<Totals, Error> {
    let kinds: BTreeMap<MetricId, Kind> = lines_of(server)?.iter().map(|line| (line.metric, line.kind)).collect();
    let mut totals = Totals::new();
    let said = server.ask(&format!(
        "SELECT project, metric, sumMerge(points), sumMerge(amount), sumMerge(total), minMerge(least), \
         maxMerge(greatest) FROM sums WHERE unit = {DAY} GROUP BY project, metric"
    ))?;
    let mut cells = Cells::of(&said);
    while !cells.is_empty() {
        let key = (ProjectId(cells.i64()?), MetricId(cells.i64()?));
        let sum = cells.hour(kinds.get(&key.1) == Some(&Kind::Number))?;
        totals.insert(key, Total { sum, kept: 0 });
    }
    let said = server.ask(&format!(
        "SELECT project, metric, sum(kept) FROM (SELECT project, metric, day, sum(a) AS kept, sum(b) AS all FROM \
         (SELECT project, metric, intDiv(at, {DAY}) AS day, count() AS a, toUInt64(0) AS b FROM points \
         GROUP BY project, metric, day UNION ALL \
         SELECT project, metric, intDiv(start, {DAY}) AS day, toUInt64(0) AS a, sumMerge(points) AS b FROM sums \
         WHERE unit = {DAY} GROUP BY project, metric, day) GROUP BY project, metric, day HAVING kept = all) \
         GROUP BY project, metric"
    ))?;
    let mut cells = Cells::of(&said);
    while !cells.is_empty() {
        let key = (ProjectId(cells.i64()?), MetricId(cells.i64()?));
        totals.entry(key).or_default().kept = cells.u64()?;
    }
    Ok(totals)
}
