//! Opening: the database, then what the journal has that isn't in it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use domain::id::{MetricId, ProjectId};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::Semaphore;

use crate::clickhouse::local::{self, Batch};
use crate::clickhouse::ship::Shipper;
use crate::clickhouse::{Address, Reader};
use crate::guest::Guest;
use crate::head::Head;
use crate::head::generation::{Contents, Generation};
use crate::head::metric::{Hours, Metric};
use crate::journal::entry::{self, BatchHead, Decided, Erasure, Replay};
use crate::journal::files::{Disk, Folder};
use crate::journal::recovery::{Broken, recover};
use crate::journal::{Journal, check};
use crate::kind::Kind;
use crate::query::Readers;
use crate::queue::Queue;
use crate::rollup::Day;
use crate::schema::upgrade;
use crate::seal::merge::sums;
use crate::seal::{self, erase};
use crate::writer::{Group, Memory, Writer};
use crate::{Error, Inner, Options, schema};

/// Days whose hours are read at the start: as many as lines about metrics have hours of, and a bit of a day.
const DAYS_IN_LINES: i64 = 3;

/// Where data points go: which ClickHouse, and as which source if the folder is none yet.
pub(crate) type Destination = (Address, u64);

/// Opens the store in a folder, with its journal on `disk` or in the folder too. What it seals goes into the folder, or
/// to ClickHouse.
pub(crate) fn open(
    dir: &Path,
    options: Options,
    disk: Option<Arc<dyn Disk>>,
    to: Option<Destination>,
) -> Result<Inner, Error> {
    let lock = lock(dir)?;
    let file = dir.join("points.db");
    let disk = if let Some(disk) = disk {
        disk
    } else {
        check::finish(dir)?;
        folder(dir.join("journal"))?
    };
    upgrade::carry_over(&file, &options)?;
    let mut connection = schema::writing(&file, &options)?;
    schema::prepare(&mut connection)?;
    let shipping = match &to {
        Some((_, source)) => {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let shipping = local::prepare(&tx, *source)?;
            tx.commit()?;
            Some(shipping)
        }
        None if local::is_shipping(&connection)? => return Err(Error::Elsewhere),
        None => None,
    };
    let marks = schema::marks(&connection)?;
    let record = marks.record;
    let head = Arc::new(Head::new(marks, true, metrics(&connection)?));
    let cut = shipping.as_ref().map(|shipping| Cut {
        doubt: shipping.doubt,
        most: options.generation,
    });
    let Replayed {
        journal,
        erasures,
        before,
    } = replay(&disk, record, &head, cut, &options)?;
    let source = shipping.as_ref().map(|shipping| shipping.source);
    let reader = to
        .as_ref()
        .map(|(address, _)| Reader::new(address.clone()))
        .transpose()?;
    let shipper = if let (Some((address, _)), Some(shipping)) = (to, shipping) {
        Some(Shipper::new(address, shipping, erasures)?)
    } else {
        erase_at_once(&mut connection, &head, &erasures, &options)?;
        None
    };
    let ships = shipper.is_some();

    let figures = Arc::clone(&journal.figures);
    let queue = Arc::new(Queue::default());
    let tell = queue.clone();
    let (sealer, sealing) = seal::start(connection, file.clone(), options, head.clone(), shipper, move || {
        tell.sealed();
    })?;
    let writer = Writer {
        queue: queue.clone(),
        journal,
        head: head.clone(),
        sealer: sealer.clone(),
        memory: Memory::new(file.clone(), head.clone()),
        options,
        newest: head.newest(),
        before,
        ships,
        group: Group::default(),
    };
    let writing = std::thread::Builder::new()
        .name("points-writer".into())
        .spawn(move || writer.run())?;
    Ok(Inner {
        options,
        queue,
        sealer: Some(sealer),
        room: Arc::new(Semaphore::new(options.queue as usize)),
        readers: Readers::new(file, options.readers),
        clickhouse: reader,
        figures,
        source,
        head,
        threads: Mutex::new(vec![writing, sealing]),
        _lock: Some(lock),
    })
}

/// Opens the store in a folder that another process has open.
pub(crate) fn visit(dir: &Path, options: Options) -> Result<Inner, Error> {
    let file = dir.join("points.db");
    let mut connection = schema::writing(&file, &options)?;
    schema::prepare(&mut connection)?;
    if local::is_shipping(&connection)? {
        return Err(Error::Locked);
    }
    let head = Arc::new(Head::new(schema::marks(&connection)?, false, metrics(&connection)?));
    let queue = Arc::new(Queue::default());
    let guest = Guest {
        queue: queue.clone(),
        connection,
        memory: Memory::new(file.clone(), head.clone()),
        options,
        group: Group::default(),
    };
    let thread = std::thread::Builder::new()
        .name("points-guest".into())
        .spawn(move || guest.run())?;
    Ok(Inner {
        options,
        queue,
        sealer: None,
        room: Arc::new(Semaphore::new(options.queue as usize)),
        readers: Readers::new(file, options.readers),
        clickhouse: None,
        figures: Arc::default(),
        source: None,
        head,
        threads: Mutex::new(vec![thread]),
        _lock: None,
    })
}

/// One process alone may write. The lock goes with the process, however that ends.
pub(crate) fn lock(dir: &Path) -> Result<File, Error> {
    std::fs::create_dir_all(dir)?;
    let lock = File::create(dir.join("points.lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

fn folder(path: PathBuf) -> Result<Arc<dyn Disk>, Error> {
    std::fs::create_dir_all(&path)?;
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(Arc::new(Folder(path)))
}

/// Where what is brought back is cut into generations.
#[derive(Clone, Copy)]
struct Cut {
    /// After the batch that is in doubt.
    doubt: Option<Batch>,
    /// After so many data points.
    most: usize,
}

/// What replaying leads to.
struct Replayed {
    journal: Journal,
    /// Erasures that may not be done, and their records.
    erasures: Vec<(Erasure, u64)>,
    /// The last record of the generations that are closed.
    before: u64,
}

/// Brings back what is in the journal and not in the database.
fn replay(
    disk: &Arc<dyn Disk>,
    sealed: u64,
    head: &Head,
    cut: Option<Cut>,
    options: &Options,
) -> Result<Replayed, Error> {
    let mut replaying = Replaying {
        contents: Contents::default(),
        closed: Vec::new(),
        project: ProjectId(0),
        now: 0,
        seq: sealed,
        doubt: cut.and_then(|cut| cut.doubt).map(|doubt| doubt.last),
        erasures: Vec::new(),
    };
    let mut found = recover(&**disk, sealed, |seq, says| {
        replaying.seq = seq;
        let read = entry::read(says, &mut replaying);
        read.map_err(|_| Broken::Damaged(format!("record {seq} can't be read")))?;
        let is_full = cut.is_some_and(|cut| replaying.contents.points() >= cut.most);
        if match replaying.doubt {
            Some(at) if seq <= at => seq == at,
            _ => is_full,
        } {
            replaying.close(seq);
        }
        Ok(())
    })?;
    if let Some(at) = replaying.doubt {
        // Those before the batch in doubt was on its way were done first.
        replaying.erasures.retain(|(_, seq)| *seq > at);
        if found.next_seq <= at {
            // Whoever lost the journal has none of these any more.
            found.next_seq = at + 1;
            replaying.close(at);
        }
    }
    if let Some(doubt) = cut.and_then(|cut| cut.doubt) {
        replaying.erase_as_before(doubt);
    }
    let mut newest: Arc<Generation> = head.newest();
    let mut before = sealed;
    for (closed, last) in replaying.closed {
        newest.change(|contents| **contents = closed);
        newest = head.turn(last);
        before = last;
    }
    newest.change(|contents| **contents = replaying.contents);
    if found.torn {
        tracing::warn!(
            record = found.next_seq,
            "the journal ends in a record that was being written when everything stopped; nobody was told that it is \
             kept, and it is cut off"
        );
    }
    Ok(Replayed {
        journal: Journal::after(disk.clone(), found, options.journal),
        erasures: replaying.erasures,
        before,
    })
}

/// Nothing of what came after them is in the database, so it is as if they came last.
fn erase_at_once(
    connection: &mut Connection,
    head: &Head,
    erasures: &[(Erasure, u64)],
    options: &Options,
) -> Result<(), Error> {
    for (erasure, _) in erasures {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let erased = erase(&tx, *erasure, options.dense)?;
        tx.commit()?;
        erased.tell(&mut head.state_mut());
    }
    Ok(())
}

struct Replaying {
    contents: Contents,
    /// Generations that are whole, and their last records.
    closed: Vec<(Contents, u64)>,
    project: ProjectId,
    now: i64,
    /// The record that is read.
    seq: u64,
    /// The last record of the batch that is in doubt.
    doubt: Option<u64>,
    erasures: Vec<(Erasure, u64)>,
}

impl Replaying {
    fn close(&mut self, last: u64) {
        self.closed.push((std::mem::take(&mut self.contents), last));
    }

    /// Takes out of the batch in doubt what was erased after it came, but before it was on its way: its name tells.
    fn erase_as_before(&mut self, doubt: Batch) {
        let is_it = |(_, last): &&mut (Contents, u64)| *last == doubt.last;
        if let Some((contents, _)) = self.closed.iter_mut().find(is_it) {
            for (erasure, _) in &self.erasures {
                if doubt.is(contents) {
                    break;
                }
                contents.erase(*erasure);
            }
        }
    }
}

impl Replay for Replaying {
    fn batch(&mut self, head: BatchHead) {
        (self.project, self.now) = (head.project, head.now);
        self.contents.came(head.now);
        if let Some((key, answer)) = head.key {
            self.contents.keys.insert(key, (head.project, answer));
        }
    }

    fn point(&mut self, point: Decided<'_>) {
        self.contents.push(self.project, point.metric, point.at, point.value);
        if let Some(id) = point.id {
            self.contents.ids.insert(id, (self.project, self.now));
        }
    }

    fn erasure(&mut self, erasure: Erasure) {
        for (closed, last) in &mut self.closed {
            // What is in doubt is completed as it was on its way, and then erased where it is.
            if Some(*last) != self.doubt {
                closed.erase(erasure);
            }
        }
        self.contents.erase(erasure);
        self.erasures.push((erasure, self.seq));
    }
}

/// Lines about all metrics, with the hours of the newest days.
pub(crate) fn metrics(connection: &Connection) -> Result<Vec<(MetricId, Metric)>, Error> {
    let latest: Option<i64> = connection.query_row("select max(last_at) from metrics", (), |row| row.get(0))?;
    let from = schema::day(latest.unwrap_or(0)) - DAYS_IN_LINES;
    let mut select =
        connection.prepare("select metric, number, project, kind, first_at, last_at from metrics order by number")?;
    let mut rows = select.query(())?;
    let mut metrics: Vec<(MetricId, Metric)> = Vec::new();
    while let Some(row) = rows.next()? {
        let metric = Metric {
            number: row.get(1)?,
            project: ProjectId(row.get(2)?),
            kind: Kind::from_code(row.get(3)?)?,
            first_at: row.get(4)?,
            last_at: row.get(5)?,
            hours: Hours::empty_from(from * 24),
        };
        metrics.push((MetricId(row.get(0)?), metric));
    }
    let mut select = connection.prepare("select key, data from days where key >= ?1")?;
    let mut rows = select.query([schema::day_key(from, 0)])?;
    while let Some(row) = rows.next()? {
        let (day, number) = schema::day_of(row.get(0)?);
        let found = metrics.binary_search_by_key(&number, |(_, metric)| metric.number);
        if let Ok(place) = found {
            let rollup = Day::decode_hours(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            if rollup.by_hour {
                for (hour, sum) in (day * 24..).zip(sums(&rollup)) {
                    metrics[place].1.hours.set(hour, sum);
                }
            }
        }
    }
    Ok(metrics)
}
