//! What is read as one metric: usually one, several where people put metrics together.

use std::sync::Arc;

use domain::id::MetricId;

/// Metrics of one kind that are read as if they were one. Each stays what it is: only reading puts them together, so
/// there is nothing to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources(Arc<[MetricId]>);

impl Sources {
    /// The metrics, each once, the first one first.
    #[must_use]
    pub fn metrics(&self) -> &[MetricId] {
        &self.0
    }

    /// Whether there is more than one.
    pub(super) fn several(&self) -> bool {
        self.0.len() > 1
    }
}

impl From<MetricId> for Sources {
    fn from(metric: MetricId) -> Self {
        Self(Arc::new([metric]))
    }
}

impl From<Vec<MetricId>> for Sources {
    /// The same one twice counts once.
    fn from(metrics: Vec<MetricId>) -> Self {
        let mut once: Vec<MetricId> = Vec::with_capacity(metrics.len());
        for metric in metrics {
            if !once.contains(&metric) {
                once.push(metric);
            }
        }
        Self(once.into())
    }
}

impl From<&[MetricId]> for Sources {
    fn from(metrics: &[MetricId]) -> Self {
        metrics.to_vec().into()
    }
}

impl From<&Sources> for Sources {
    fn from(sources: &Sources) -> Self {
        sources.clone()
    }
}
