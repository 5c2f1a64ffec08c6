//! What became of a batch that came before.

use domain::id::ProjectId;
use domain::time::Micros;

use crate::seal::keys::find_batch;
use crate::seen::{Answer, REMEMBERED, Seen};
use crate::{Error, Outcome, Points};

impl Points {
    /// What became of the batch that had this key first, if it is remembered. [`append`](Points::append) asks the
    /// same again where no other batch can come in between; this is for whoever has something to do before.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn first_outcome(&self, project: ProjectId, key: &str, now: Micros) -> Result<Option<Outcome>, Error> {
        let key = Seen::key(project, key);
        let first = self.read(move |reading| {
            let mut generations = reading.unsealed.iter().rev();
            let in_head =
                generations.find_map(|generation| generation.read().keys.get(&key).map(|(_, first)| first.clone()));
            Ok(match in_head {
                Some(first) => Some(first),
                None => find_batch(&reading.tx, key)?,
            })
        });
        Ok(first
            .await?
            .filter(|first| first.at > (now - REMEMBERED).0)
            .map(Answer::replayed))
    }
}
