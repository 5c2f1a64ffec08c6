//! What every handler and job is given.

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use domain::time::{Micros, SECOND};
use points::Points;
use store::users::User;
use store::{Db, migrations};
use tokio::sync::{Notify, Semaphore};

use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::export::Exports;
use crate::imports::Imports;
use crate::ingest::catalog::Catalog;
use crate::ingest::dsns::Dsns;
use crate::ingest::room::Room;
use crate::ingest::tally::Tally;
use crate::jobs::expiry::Expired;
use crate::jobs::post::Post;
use crate::live::{Live, Pace, Unshipped};
use crate::pauses::Pauses;
use crate::readiness::Readiness;
use crate::secrets::Keys;
use crate::sources::Sources;
use crate::telemetry::Telemetry;

/// The folder within the data folder that a restore fills first; while it is there, the rest may not be whole.
pub(crate) const RESTORING: &str = "restoring";
/// Seconds that data points may wait for ClickHouse before charts are called stale: many times what it takes.
const STALE: i64 = 5;
/// The file in the data folder that is there until a move has brought everything.
pub(crate) const MOVING: &str = "moving";
/// At most this many passwords are hashed at once: each takes 19 MiB and a core.
const HASHERS: usize = 2;

/// The parts that need no data points: all that a sub-command about people opens beside a running server.
#[derive(Debug)]
pub struct Core {
    /// Accounts, organisations, projects, jobs.
    pub db: Db,
    /// The settings.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and tokens come from.
    pub random: Random,
    /// The key outside the database.
    pub keys: Keys,
    /// Places to hash a password at.
    pub hashers: Arc<Semaphore>,
    /// Where mails go.
    pub post: Post,
    /// Told when a job was queued.
    pub job_queued: Notify,
}

/// The running program's parts: the [`Core`], whose fields read as its own, and data points.
#[derive(Debug)]
pub struct App {
    core: Core,
    /// Data points.
    pub points: Points,
    /// What DSNs lead to.
    pub dsns: Dsns,
    /// The ids of metrics.
    pub catalog: Catalog,
    /// Room for bodies that arrive.
    pub room: Room,
    /// What was rejected and dropped.
    pub tally: Tally,
    /// How far each project's old data points are erased.
    pub expired: Expired,
    /// Who looks at what.
    pub live: Live,
    /// What is on its way to ClickHouse.
    pub unshipped: Unshipped,
    /// How metrics paused before they came to rest.
    pub pauses: Pauses,
    /// Places to export at.
    pub exports: Exports,
    /// Imports under way.
    pub imports: Imports,
    /// How far other processes are behind.
    pub sources: Sources,
    /// What is counted for operators.
    pub telemetry: Telemetry,
    /// Whether it was asked to stop.
    pub readiness: Readiness,
}

impl Deref for App {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

/// The program's parts, as handlers are given them.
pub type Shared = Arc<App>;

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder can't be used.
    #[error("the data folder {0} can't be used: {1}")]
    Data(String, std::io::Error),
    /// The secret key can't be read.
    #[error("the secret key {0} can't be used: {1}")]
    Key(String, std::io::Error),
    /// The others on this database have another key.
    #[error(
        "{0} is not the secret key that this database was used with: give this process the same file, by --secret-key or \
         in its data folder; if that is lost, `microstat key replace` makes this one the key"
    )]
    OtherKey(String),
    /// A restore has not ended.
    #[error(
        "a restore into {0} is under way or was interrupted; if it was, empty the folder and restore the backup again"
    )]
    Restoring(String),
    /// A move has not ended.
    #[error(
        "{0} is not whole yet: an installation is being moved there. Stop the server it comes from, and run `microstat move` \
         once more until it says that both sides agree"
    )]
    Moving(String),
    /// Accounts can't be opened.
    #[error("the database can't be opened: {0}")]
    Store(#[from] store::Error),
    /// Data points can't be opened.
    #[error("the data points can't be opened: {0}")]
    Points(#[from] points::Error),
    /// Mails can't be sent so.
    #[error("--smtp is not understood: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// Data points can't go there.
    #[error("--clickhouse is not understood: {0}")]
    ClickHouse(#[from] points::BadAddress),
}

impl App {
    /// Opens the databases of an installation, and brings them to this version's schema.
    ///
    /// # Errors
    /// If the data folder or a database can't be used.
    pub async fn open(config: Config, clock: Clock, random: Random) -> Result<Self, OpenError> {
        let core = Core::open(config, clock, random).await?;
        let points = match Self::ship(&core).await? {
            Some(points) => points,
            None => Points::open(&core.config.data, points::Options::default()).await?,
        };
        Ok(Self::new(core, points))
    }

    /// Opens them for a sub-command, beside a running server too.
    ///
    /// # Errors
    /// If the data folder or a database can't be used.
    pub async fn open_beside(config: Config, clock: Clock, random: Random) -> Result<Self, OpenError> {
        let core = Core::open(config, clock, random).await?;
        let points = match Self::ship(&core).await? {
            Some(points) => points,
            None => Points::open_beside(&core.config.data, points::Options::default()).await?,
        };
        Ok(Self::new(core, points))
    }

    /// Brings everything to this version's schema, beside running servers too.
    ///
    /// # Errors
    /// If the data folder, a database or ClickHouse can't be used.
    pub async fn migrate(config: Config, clock: Clock, random: Random) -> Result<(), OpenError> {
        match config.destination()? {
            Some(address) => {
                Core::open(config, clock, random).await?;
                Points::migrate(address).await?;
            }
            None => drop(Self::open_beside(config, clock, random).await?),
        }
        Ok(())
    }

    /// Opens data points that go to ClickHouse, if they do.
    async fn ship(core: &Core) -> Result<Option<Points>, OpenError> {
        let Some(address) = core.config.destination()? else {
            return Ok(None);
        };
        tracing::info!(
            %address,
            backlog_mib = core.config.clickhouse_backlog,
            "data points go to ClickHouse; while it is away, they wait in the data folder up to the backlog"
        );
        let source = u64::from_le_bytes(core.random.bytes());
        let points = Points::open_shipping(&core.config.data, core.config.shipping(), address, source).await?;
        Ok(Some(points))
    }

    /// Seconds by which charts are behind what was published, here or, as far as is known, with other processes: 0 while
    /// that is as it should be, and none where they can't be, for reads see all that is here.
    #[must_use]
    pub fn behind(&self) -> Option<i64> {
        self.config.clickhouse.as_ref()?;
        let here = self.points.oldest_unsealed();
        let oldest = here.into_iter().chain(self.sources.others_wait_since()).min();
        let seconds = oldest.map_or(0, |oldest| (self.now() - oldest) / SECOND);
        Some(if seconds > STALE { seconds } else { 0 })
    }

    fn new(core: Core, points: Points) -> Self {
        let live = Live::new(core.clock.clone(), Pace::default());
        let telemetry = Telemetry::new(core.now());
        Self {
            core,
            points,
            live,
            unshipped: Unshipped::default(),
            pauses: Pauses::default(),
            dsns: Dsns::default(),
            catalog: Catalog::default(),
            room: Room::default(),
            tally: Tally::default(),
            expired: Expired::default(),
            exports: Exports::default(),
            imports: Imports::default(),
            sources: Sources::default(),
            telemetry,
            readiness: Readiness::default(),
        }
    }
}

impl Core {
    /// Opens the accounts of an installation, and brings them to this version's schema.
    ///
    /// # Errors
    /// If the data folder or the database can't be used.
    pub async fn open(config: Config, clock: Clock, random: Random) -> Result<Self, OpenError> {
        let core = Self::open_with_any_key(config, clock, random).await?;
        if core.config.database.is_some() {
            let mut tx = core.db.begin().await?;
            if !store::installation_keys::is_known(&mut tx, core.keys.fingerprint(), core.now()).await? {
                return Err(OpenError::OtherKey(core.config.key_file().display().to_string()));
            }
            tx.commit().await?;
        }
        Ok(core)
    }

    /// Opens them whatever key there is.
    ///
    /// # Errors
    /// If the data folder or the database can't be used.
    pub async fn open_with_any_key(config: Config, clock: Clock, random: Random) -> Result<Self, OpenError> {
        let folder = |error| OpenError::Data(config.data.display().to_string(), error);
        if config.data.join(RESTORING).exists() {
            return Err(OpenError::Restoring(config.data.display().to_string()));
        }
        if config.data.join(MOVING).exists() {
            return Err(OpenError::Moving(config.data.display().to_string()));
        }
        fs::create_dir_all(&config.data).map_err(folder)?;
        only_ours(&config.data).map_err(folder)?;
        let post = Post::open(&config)?;
        let file = config.key_file();
        let key = |error| OpenError::Key(file.display().to_string(), error);
        let keys = Keys::load(&file, &random).map_err(key)?;
        let db = match &config.database {
            Some(url) => Db::postgres(url).await?,
            None => Db::sqlite(&config.data.join("microstat.db")).await?,
        };
        migrations::run(&db, clock.now()).await?;
        Ok(Self {
            db,
            config,
            clock,
            random,
            keys,
            hashers: Arc::new(Semaphore::new(HASHERS)),
            post,
            job_queued: Notify::new(),
        })
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// Whether this person's address is known to be theirs. Without SMTP there is nothing to verify it against.
    #[must_use]
    pub fn is_verified(&self, user: &User) -> bool {
        self.config.smtp.is_none() || user.email_verified_at.is_some()
    }
}

/// The data folder holds hashes and mails: nobody else on the machine may look.
pub(crate) fn only_ours(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}
