//! Sealing where data points go to ClickHouse: a generation is shipped, and erasures are done there.

use rusqlite::Connection;

use super::Work;
use crate::clickhouse::ship::{Shipped, Shipper};
use crate::head::generation::Generation;
use crate::journal::entry::Erasure;
use crate::{Error, schema};

impl Work {
    /// Does erasures that wait, then ships a generation. It is a batch of its own, which may be in doubt.
    pub(super) fn ship(&mut self, generation: Option<&Generation>) -> Result<(), Error> {
        let result = self.try_to_ship(generation);
        if let Some(shipper) = &mut self.shipper {
            shipper.tried(result.is_ok());
        }
        result
    }

    fn try_to_ship(&mut self, generation: Option<&Generation>) -> Result<(), Error> {
        self.settle()?;
        self.erase_in_clickhouse()?;
        // It may have been the one that was in doubt, and be there.
        let sealed = self.head.state().sealed;
        let Some(generation) = generation.filter(|generation| generation.last() > sealed) else {
            return Ok(());
        };
        let last = generation.last();
        let shipped = self.shipping(|shipper, db| shipper.ship(db, &generation.read(), last))?;
        self.shipped(shipped);
        Ok(())
    }

    /// Makes sure that all of a batch that is in doubt is there. It is the oldest generation.
    fn settle(&mut self) -> Result<(), Error> {
        let oldest = self.head.state().generations.front().cloned();
        let oldest = oldest.unwrap_or_default();
        let settled = self.shipping(|shipper, db| {
            shipper.prepare()?;
            shipper.settle(db, &oldest.read())
        })?;
        if let Some(shipped) = settled {
            self.shipped(shipped);
        }
        Ok(())
    }

    fn shipped(&mut self, Shipped { last, metrics }: Shipped) {
        let mut state = self.head.state_mut();
        state.sealed = last;
        state.generations.pop_front();
        state.changes += 1;
        for (id, metric) in metrics {
            state.add(id, metric);
        }
        drop(state);
        self.sealer.shipped.send_replace(last);
    }

    /// Erases in ClickHouse; what can't be erased yet waits in the journal, and is done before anything that came after it
    /// is shipped.
    pub(super) fn erase_where_it_is_shipped(&mut self, erasure: Erasure, seq: u64) -> Result<u64, Error> {
        if let Some(shipper) = &mut self.shipper {
            shipper.note(erasure, seq);
        }
        let erased = self.settle().and_then(|()| self.erase_in_clickhouse());
        if let Err(error) = &erased {
            self.sealer.inbox().sealing.failed(error.to_string());
        }
        if let Some(shipper) = &mut self.shipper {
            shipper.tried(erased.is_ok());
        }
        erased.map_err(|error| Error::Later(error.to_string()))
    }

    /// Does the erasures that wait, in the generations that wait as well. Says how many data points the last one had.
    fn erase_in_clickhouse(&mut self) -> Result<u64, Error> {
        let waiting = self
            .shipper
            .as_ref()
            .map(|shipper| shipper.erasures().to_vec())
            .unwrap_or_default();
        let mut points = 0;
        for (erasure, seq) in &waiting {
            points = self.erase_unsealed(*erasure, *seq);
        }
        points += self.shipping(Shipper::erase)?;
        let mut state = self.head.state_mut();
        for (erasure, _) in waiting {
            match erasure {
                Erasure::Metric(metric) => state.remove(metric),
                Erasure::Project(project) => {
                    for metric in state.projects.get(&project).cloned().unwrap_or_default() {
                        state.remove(metric);
                    }
                }
                Erasure::Range(..) | Erasure::Older(..) => {}
            }
        }
        Ok(points)
    }

    /// Runs `work` with the shipper. After a failure the database is opened anew, as after one of a transaction.
    fn shipping<T>(
        &mut self,
        work: impl FnOnce(&mut Shipper, &mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::writing(&self.file, &self.options)?,
        };
        let shipper = self.shipper.as_mut().ok_or(Error::Elsewhere)?;
        let result = work(shipper, &mut connection)?;
        self.connection = Some(connection);
        Ok(result)
    }
}
