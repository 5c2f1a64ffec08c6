//! Every metric there is, whosever: for comparing with what others know.

use std::collections::BTreeSet;

use domain::id::{MetricId, ProjectId};

use crate::{Error, Points};

impl Points {
    /// Every metric that has or had data points, and its project.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn metrics(&self) -> Result<BTreeSet<(ProjectId, MetricId)>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            return Ok(clickhouse.metrics().await?.into_iter().collect());
        }
        self.read(|reading| {
            let mut select = reading.tx.prepare("select project, metric from metrics")?;
            let sealed = select.query_map((), |row| Ok((ProjectId(row.get(0)?), MetricId(row.get(1)?))))?;
            let mut metrics = sealed.collect::<Result<BTreeSet<_>, _>>()?;
            for generation in &reading.unsealed {
                let contents = generation.read();
                let unsealed = contents.metrics.iter().filter(|recent| !recent.points.is_empty());
                metrics.extend(unsealed.map(|recent| (recent.project, recent.metric)));
            }
            Ok(metrics)
        })
        .await
    }
}
