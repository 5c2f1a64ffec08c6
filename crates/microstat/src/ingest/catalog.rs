//! The ids of metrics, in memory: a batch of known metrics costs no look-up of theirs in the database.
//!
//! A project's ids are good for the version of its metrics they were read under, which every deletion of a metric
//! raises, in whatever process, and which is read with the DSN at every batch.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::batch::Metric;
use domain::id::{MetricId, ProjectId};
use domain::time::Micros;
use foldhash::fast::RandomState;
use store::dsns::Target;
use store::metrics::{self, Wanted};
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::state::App;

/// The catalog.
#[derive(Debug, Default)]
pub struct Catalog {
    projects: Mutex<HashMap<ProjectId, Known>>,
    in_use: RwLock<()>,
}

/// What is known of a project's metrics.
#[derive(Debug, Default)]
struct Known {
    version: i64,
    ids: HashMap<Metric, MetricId, RandomState>,
}

impl Catalog {
    /// Forgets a project's metrics, once all batches that may have looked one up are stored. Whoever deletes a
    /// metric calls it between the commit and the erasing of the data points: nothing comes in for it afterwards.
    pub async fn forget(&self, project: ProjectId) {
        let _alone = self.in_use.write().await;
        self.projects().remove(&project);
    }

    /// Held from looking ids up to having stored under them.
    pub(crate) async fn in_use(&self) -> RwLockReadGuard<'_, ()> {
        self.in_use.read().await
    }

    /// The ids of metrics, as far as they are there.
    pub(crate) async fn find(
        &self,
        app: &App,
        target: &Target,
        wanted: &[Metric],
    ) -> store::Result<Vec<Option<MetricId>>> {
        if let Some(ids) = self.look(target, wanted) {
            return Ok(ids);
        }
        let mut ids = HashMap::default();
        for (name, kind, id) in Box::pin(metrics::published(&app.db, target.project)).await? {
            ids.insert(Metric { name, kind }, id);
        }
        let found = wanted.iter().map(|metric| ids.get(metric).copied()).collect();
        let version = target.metrics_version;
        self.projects().insert(target.project, Known { version, ids });
        Ok(found)
    }

    fn look(&self, target: &Target, wanted: &[Metric]) -> Option<Vec<Option<MetricId>>> {
        let projects = self.projects();
        let known = projects.get(&target.project)?;
        let look = || wanted.iter().map(|metric| known.ids.get(metric).copied()).collect();
        (known.version >= target.metrics_version).then(look)
    }

    /// Makes those of `wanted` that have no id yet. They stay without one where the project has as many metrics as
    /// it may.
    pub(crate) async fn make(
        &self,
        app: &App,
        target: &Target,
        wanted: &[Metric],
        ids: &mut [Option<MetricId>],
        now: Micros,
    ) -> store::Result<()> {
        if self.is_full(target) {
            return Ok(());
        }
        let missing: Vec<usize> = (0..wanted.len()).filter(|&place| ids[place].is_none()).collect();
        let new: Vec<_> = missing
            .iter()
            .map(|&place| Wanted {
                candidate: MetricId::from_random(app.random.bits()),
                name: &wanted[place].name,
                kind: wanted[place].kind,
            })
            .collect();
        let mut tx = app.db.begin().await?;
        let made = metrics::ensure(&mut tx, target.project, &new, now).await?;
        tx.commit().await?;
        let mut projects = self.projects();
        let known = projects.get_mut(&target.project);
        let known = known.filter(|known| known.version == target.metrics_version);
        let mut known = known.map(|known| &mut known.ids);
        for (place, id) in missing.into_iter().zip(made) {
            ids[place] = id;
            if let (Some(known), Some(id)) = (&mut known, id) {
                known.insert(wanted[place].clone(), id);
            }
        }
        Ok(())
    }

    /// Metrics are only ever forgotten under a new version, so what is known was never more than there is.
    fn is_full(&self, target: &Target) -> bool {
        let limit = usize::try_from(target.metric_limit).unwrap_or(0);
        let projects = self.projects();
        let known = projects.get(&target.project);
        known.is_some_and(|known| known.version == target.metrics_version && known.ids.len() >= limit)
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<ProjectId, Known>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
