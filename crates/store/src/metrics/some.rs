//! Some metrics of a project, by their ids.

use domain::id::{MetricId, ProjectId};

use super::Metric;
use crate::db::sql;
use crate::{On, Result};

/// Ids a query takes. One text serves both engines, and neither takes a list the other does.
const AT_ONCE: usize = 32;

/// Those of these metrics that the project has and that aren't deleted, in no particular order.
///
/// # Errors
/// If the database refuses.
pub async fn some(on: impl Into<On<'_>>, project: ProjectId, ids: &[MetricId]) -> Result<Vec<Metric>> {
    let mut on = on.into();
    let mut metrics = Vec::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let mut query = sql(
            "select * from metrics where project_id = $1 and deleted_at is null and id in (\
             $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
             $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)",
        )
        .bind(project);
        // What is left over asks for one of them again.
        for place in 0..AT_ONCE {
            query = query.bind(ids.get(place).copied().unwrap_or(ids[0]));
        }
        let rows = match &mut on {
            On::Db(db) => query.all(*db).await?,
            On::Tx(tx) => query.all(&mut **tx).await?,
        };
        for row in &rows {
            metrics.push(Metric::read(row)?);
        }
    }
    Ok(metrics)
}
