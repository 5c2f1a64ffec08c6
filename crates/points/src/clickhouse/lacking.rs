//! Since when answers may lack data points though they are in ClickHouse: while a batch is taken back, the rollups of all that
//! its source has of the days it touched are made anew, and for moments they aren't there.

use std::time::Duration;

use domain::time::Micros;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::Failure;

/// How long other processes may take to be told, and how long until each has looked at what it was told.
const TELLING: Duration = Duration::from_secs(10);
const LOOKED_AT: Duration = Duration::from_secs(3);

/// Whether anything is being made anew.
#[derive(Debug, Default)]
pub(crate) struct Lacking(watch::Sender<Option<Lack>>);

#[derive(Clone, Copy, Debug)]
struct Lack {
    since: Micros,
    /// Whether the accounts' database has it, for other processes to see.
    noted: bool,
}

impl Lacking {
    /// From now on answers may lack what is of this time or later.
    pub(crate) fn begin(&self, since: Micros) {
        self.0.send_if_modified(|lack| {
            let is_known = lack.is_some_and(|lack| lack.since <= since);
            if !is_known {
                *lack = Some(Lack { since, noted: false });
            }
            !is_known
        });
    }

    /// Everything is there again.
    pub(crate) fn end(&self) {
        self.0.send_replace(None);
    }

    pub(crate) fn since(&self) -> Option<Micros> {
        self.0.borrow().map(|lack| lack.since)
    }

    /// Others can see that answers may lack what is of this time or later.
    pub(crate) fn noted(&self, since: Micros) {
        self.0.send_if_modified(|lack| match lack {
            Some(lack) if !lack.noted && since <= lack.since => {
                lack.noted = true;
                true
            }
            _ => false,
        });
    }

    /// Waits until all others know.
    pub(crate) async fn known(&self) -> Result<(), Failure> {
        let mut lack = self.0.subscribe();
        let noted = lack.wait_for(|lack| lack.is_none_or(|lack| lack.noted));
        if timeout(TELLING, noted).await.is_err() {
            let why = "other processes can't be told that a batch has to be taken back";
            return Err(Failure::Silent(why.to_owned()));
        }
        sleep(LOOKED_AT).await;
        Ok(())
    }
}
