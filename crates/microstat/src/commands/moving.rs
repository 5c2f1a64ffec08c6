//! `move`: an installation from one place to another: up from a data folder to PostgreSQL and ClickHouse, and back.
//!
//! Data points go before accounts. A metric is in the catalog before its data points, so the copied catalog knows every
//! metric of the copied data points. What is deleted in between goes with the next run.

mod plan;
mod progress;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use points::{Difference, Error, Moved, Options, Points, Whereabouts};
use store::copies::{self, Copied};
use store::{Db, migrations};

use super::{Outcome, print};
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::state::{Core, MOVING, only_ours};
use plan::{Accounts, Plan};
use progress::Line;

/// Metrics that are named if they don't add up to the same.
const NAMED: usize = 10;

/// Where to.
#[derive(Args, Clone, Debug)]
pub struct Move {
    /// postgres://… that accounts move to
    #[arg(long, env = "MICROSTAT_TO_DATABASE", value_name = "URL", hide_env_values = true)]
    pub to_database: Option<String>,
    /// http://… or https://… of the ClickHouse that data points move to
    #[arg(long, env = "MICROSTAT_TO_CLICKHOUSE", value_name = "URL", hide_env_values = true)]
    pub to_clickhouse: Option<String>,
    /// Name of its cluster, if it is one
    #[arg(
        long,
        env = "MICROSTAT_TO_CLICKHOUSE_CLUSTER",
        value_name = "NAME",
        requires = "to_clickhouse"
    )]
    pub to_clickhouse_cluster: Option<String>,
    /// New data folder; whatever is named no other place moves into it
    #[arg(long, env = "MICROSTAT_TO_DATA", value_name = "DIR")]
    pub to_data: Option<PathBuf>,
}

/// What a run came to.
struct Done {
    points: Option<Moved>,
    accounts: Option<Copied>,
    /// Whether a server has the installation open, and may take more.
    serving: bool,
}

/// Moves what has not been moved yet, and says whether both sides agree.
///
/// # Errors
/// If it isn't said where to, there is something else, either side can't be used, or they don't agree at the end.
pub async fn run(config: Config, clock: Clock, random: Random, to: &Move) -> Outcome {
    let plan = Plan::of(&config, to)?;
    let core = Core::open(config, clock, random).await?;
    let _alone = alone(&core.config.data)?;
    // While it is held, no server can be started on it.
    let held = hold(&core, &plan).await?;
    let installation = core.keys.mac("move", &[]);
    if let Some(folder) = &plan.data {
        prepare(&core.config.key_file(), folder)?;
    }
    let points = match &plan.points {
        Some((from, to)) => Some(bring(&core.clock, from.clone(), to.clone(), installation).await?),
        None => None,
    };
    if let Some(folder) = plan
        .data
        .clone()
        .filter(|_| core.config.data.join("points.db").exists())
    {
        let from = core.config.data.clone();
        tokio::task::spawn_blocking(move || Points::bring_keys(&from, &folder, installation)).await??;
    }
    know_key(&core).await?;
    let accounts = match &plan.accounts {
        Some(accounts) => Some(copy(&core, accounts, installation).await?),
        None => None,
    };
    let serving = held.is_none();
    let done = Done {
        points,
        accounts,
        serving,
    };
    say(&core, &plan, &done)
}

/// Keeps another run of this out of the way.
fn alone(data: &Path) -> Result<File, Box<dyn std::error::Error + Send + Sync>> {
    let lock = File::create(data.join("move.lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err("this installation is being moved by another process".into()),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Opens the data points that are moved, unless a server has them open, and has all that waits written.
async fn hold(core: &Core, plan: &Plan) -> Result<Option<Points>, Error> {
    let opened = match &plan.ships_to {
        Some(address) => {
            let source = u64::from_le_bytes(core.random.bytes());
            Points::open_shipping(&core.config.data, core.config.shipping(), address.clone(), source).await
        }
        None => Points::open(&core.config.data, Options::default()).await,
    };
    match opened {
        Ok(points) => {
            points.seal().await?;
            Ok(Some(points))
        }
        Err(Error::Locked) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The key goes with the accounts: on the new side a process with another one doesn't start.
async fn know_key(core: &Core) -> Outcome {
    if core.config.database.is_none() {
        let mut tx = core.db.begin().await?;
        store::installation_keys::replace(&mut tx, core.keys.fingerprint(), core.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Makes the new data folder, with the key in it.
fn prepare(key: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    let key = fs::read(key)?;
    match fs::read(to.join("secret.key")) {
        Ok(there) if there == key => return Ok(()),
        Ok(_) => return Err(format!("{} is the folder of another installation", to.display()).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // One that was begun may be gone on with; any other has to be empty.
            if !to.join(MOVING).exists() && fs::read_dir(to)?.next().is_some() {
                return Err(format!("{} is not empty: name a folder that is, or isn't there", to.display()).into());
            }
        }
        Err(error) => return Err(error.into()),
    }
    only_ours(to)?;
    // Nobody starts a server on half of it.
    File::create(to.join(MOVING))?;
    let draft = to.join("secret.key.new");
    let mut open = OpenOptions::new();
    let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&draft, to.join("secret.key"))?;
    File::open(to)?.sync_all()?;
    Ok(())
}

async fn bring(
    clock: &Clock,
    from: Whereabouts,
    to: Whereabouts,
    installation: [u8; 32],
) -> Result<Moved, Box<dyn std::error::Error + Send + Sync>> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let signals = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    let mut line = Line::new(clock.clone());
    let moved = tokio::task::spawn_blocking(move || {
        let moved = Points::bring(&from, &to, installation, |progress| {
            line.show(progress);
            if stop.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        line.end();
        moved
    })
    .await?;
    signals.abort();
    moved.map_err(|error| match error {
        Error::Occupied(why) => format!(
            "data points can't be moved there: {why}. A move only fills what is empty, or what it filled itself and nobody has \
             used since"
        )
        .into(),
        other => other.into(),
    })
}

async fn copy(
    core: &Core,
    accounts: &Accounts,
    installation: [u8; 32],
) -> Result<Copied, Box<dyn std::error::Error + Send + Sync>> {
    let target = match accounts {
        Accounts::Postgres(url) => Db::postgres(url).await?,
        Accounts::Sqlite(file) => Db::sqlite(file).await?,
    };
    migrations::run(&target, core.now()).await?;
    let copied = copy_into(&core.db, &target, installation).await;
    target.close().await;
    copied.map_err(|why| match why {
        copies::Refused::Store(error) => error.into(),
        why => format!(
            "accounts can't be moved there: {why}. A move only fills a database that is empty, or that it filled itself and \
             nobody has used since"
        )
        .into(),
    })
}

async fn copy_into(from: &Db, to: &Db, installation: [u8; 32]) -> Result<Copied, copies::Refused> {
    let mut reading = from.snapshot().await?;
    let mut writing = to.begin().await?;
    let copy = copies::copy(&mut reading, &mut writing, installation).await?;
    writing.commit().await?;
    copy.check(&mut to.snapshot().await?).await?;
    Ok(copy.copied())
}

fn say(core: &Core, plan: &Plan, done: &Done) -> Outcome {
    if let Some(moved) = &done.points {
        print(&format!(
            "Data points: {} brought now. {} metrics have {} here, and {} there.",
            moved.brought, moved.metrics, moved.all, moved.there
        ))?;
    }
    if let Some(copied) = &done.accounts {
        print(&format!(
            "Accounts: {} rows of {} tables, the same there.",
            copied.rows, copied.tables
        ))?;
    }
    let differences = done.points.as_ref().map_or(&[][..], |moved| &moved.differences);
    if done.serving {
        let came = done
            .points
            .as_ref()
            .map_or(0, |moved| moved.all.saturating_sub(moved.there));
        if came > 0 {
            print(&format!("{came} data points came meanwhile."))?;
        }
        print(
            "A server has this installation open: what it takes from now on, and what it has not sealed yet, is not there. \
             Stop it, run this command once more, which brings only what has changed, and start the new one.",
        )?;
        return Ok(());
    }
    for difference in differences.iter().take(NAMED) {
        print(&differs(difference))?;
    }
    if !differences.is_empty() {
        return Err(format!(
            "{} metrics don't add up to the same on both sides. If nothing writes to either any more, run it again",
            differences.len()
        )
        .into());
    }
    if let Some(folder) = &plan.data {
        match fs::remove_file(folder.join(MOVING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    print("Both sides agree: counts and sums of each metric, and every row.")?;
    print(&plan.next(&core.config))?;
    Ok(())
}

fn differs(difference: &Difference) -> String {
    let Difference {
        project,
        metric,
        from,
        to,
    } = difference;
    format!(
        "Metric {} of project {}: {} data points, sum {}; there {} data points, sum {}.",
        metric.0, project.0, from.0, from.1, to.0, to.1
    )
}
