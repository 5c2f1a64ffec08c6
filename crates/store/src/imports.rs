//! Files that are imported into a project: how much of each is here, and how far it is read.

use domain::id::{ImportId, OrganisationId, ProjectId, UserId};
use domain::time::{DAY, MINUTE, Micros};

use crate::db::{Row, sql};
use crate::{Error, On, Result, Tx};

/// Files of a project that may be here and wait to be imported.
pub const MOST: i64 = 5;
/// How long an import that nobody touches, and what is known of one that has ended, are kept.
pub const KEPT_FOR: i64 = 7 * DAY;
/// Whoever works on an import has it for so long after each batch.
pub const HELD_FOR: i64 = MINUTE;

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Part of the file is here.
    Uploading,
    /// All of it is; somebody has to say what its columns are.
    Ready,
    /// It is being read.
    Running,
    /// All of it was read.
    Done,
    /// Somebody stopped it.
    Cancelled,
    /// It can't go on.
    Failed,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Uploading,
        Self::Ready,
        Self::Running,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The word it is kept as.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more becomes of it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The project it goes into.
    pub project: ProjectId,
    /// Who began it, unless their account is gone.
    pub user: Option<UserId>,
    /// The file's name, as the browser said it.
    pub file_name: String,
    /// Bytes of the file.
    pub size: i64,
    /// Bytes that are here.
    pub received: i64,
    /// When the file was last changed, in milliseconds since 1970, by the browser.
    pub modified: i64,
    /// Where it stands.
    pub state: State,
    /// What its columns are, as JSON; empty until it runs.
    pub settings: String,
    /// How far it is read.
    pub progress: Progress,
    /// Why it failed.
    pub problem: String,
    /// When it was begun.
    pub created_at: Micros,
    /// When something last became of it.
    pub touched_at: Micros,
    /// Until when somebody works on it; 0: nobody does.
    pub held_until: Micros,
}

/// How far an import is, and what came of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub taken: i64,
    /// Bytes, unpacked, that were made rows of: where the next one begins.
    pub place: i64,
    /// Rows read.
    pub rows: i64,
    /// Data points stored.
    pub accepted: i64,
    /// Data points, and rows that are none, refused.
    pub rejected: i64,
    /// Data points that were there by their ids.
    pub duplicates: i64,
    /// Bytes of the list of what was refused.
    pub rejected_bytes: i64,
    /// Data points stored by metric, as JSON.
    pub metrics: String,
}

impl Import {
    fn read(row: &Row) -> Result<Self> {
        let word: String = row.get("state")?;
        let state = State::ALL.into_iter().find(|state| state.word() == word);
        Ok(Self {
            id: row.get("id")?,
            project: row.get("project_id")?,
            user: row.get("user_id")?,
            file_name: row.get("file_name")?,
            size: row.get("size")?,
            received: row.get("received")?,
            modified: row.get("modified")?,
            state: state.ok_or(Error::Unreadable("state"))?,
            settings: row.get("settings")?,
            progress: Progress {
                taken: row.get("taken")?,
                place: row.get("place")?,
                rows: row.get("rows_read")?,
                accepted: row.get("accepted")?,
                rejected: row.get("rejected")?,
                duplicates: row.get("duplicates")?,
                rejected_bytes: row.get("rejected_bytes")?,
                metrics: row.get("metrics")?,
            },
            problem: row.get("problem")?,
            created_at: row.get("created_at")?,
            touched_at: row.get("touched_at")?,
            held_until: row.get("held_until")?,
        })
    }
}

/// A file that is to come.
#[derive(Clone, Copy, Debug)]
pub struct NewImport<'a> {
    /// Its id.
    pub id: ImportId,
    /// Where it goes.
    pub project: ProjectId,
    /// Who brings it.
    pub user: UserId,
    /// Its name.
    pub file_name: &'a str,
    /// Its bytes.
    pub size: i64,
    /// When it was changed.
    pub modified: i64,
}

/// Begins one; `false` if as many of the project wait as may.
///
/// # Errors
/// If the database refuses.
pub async fn create(tx: &mut Tx, new: NewImport<'_>, now: Micros) -> Result<bool> {
    lock(tx, new.project).await?;
    let made = sql(
        "insert into imports (id, project_id, user_id, file_name, size, modified, state, created_at, touched_at) \
         select $1, id, $3, $4, $5, $6, 'uploading', $7, $7 from projects where id = $2 and (\
         select count(*) from imports where project_id = $2 and state in ('uploading', 'ready')) < $8",
    )
    .bind(new.id)
    .bind(new.project)
    .bind(new.user)
    .bind(new.file_name)
    .bind(new.size)
    .bind(new.modified)
    .bind(now)
    .bind(MOST)
    .execute(tx)
    .await?;
    Ok(made == 1)
}

async fn lock(tx: &mut Tx, project: ProjectId) -> Result<()> {
    let locked = sql("select id from projects where id = $1 for update").bind(project);
    locked.all(tx).await?;
    Ok(())
}

/// Those of a project, the newest first.
///
/// # Errors
/// If the database refuses.
pub async fn of_project(on: impl Into<On<'_>>, project: ProjectId) -> Result<Vec<Import>> {
    let rows = sql("select * from imports where project_id = $1 order by created_at desc, id limit 100")
        .bind(project)
        .all(on)
        .await?;
    rows.iter().map(Import::read).collect()
}

/// One of a project.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, id: ImportId) -> Result<Option<Import>> {
    let row = sql("select * from imports where project_id = $1 and id = $2")
        .bind(project)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(Import::read).transpose()
}

/// A part has come, and is on disk: from one byte up to another. `false` if it isn't the part that was waited for. With
/// the last one the import is ready.
///
/// # Errors
/// If the database refuses.
pub async fn receive(tx: &mut Tx, id: ImportId, (from, to): (i64, i64), now: Micros) -> Result<bool> {
    let received = sql("update imports set received = $3, touched_at = $4, \
         state = case when size = $3 then 'ready' else 'uploading' end \
         where id = $1 and received = $2 and state = 'uploading' and size >= $3")
    .bind(id)
    .bind(from)
    .bind(to)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(received == 1)
}

/// What came of a file is no longer there: all of it has to come again.
///
/// # Errors
/// If the database refuses.
pub async fn begin_again(tx: &mut Tx, id: ImportId, now: Micros) -> Result<()> {
    sql("update imports set received = 0, touched_at = $2 where id = $1 and state = 'uploading'")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// What becomes of an import that is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Yes,
    /// Another of the project does.
    Busy,
    /// It isn't one that waits to be started.
    NotReady,
}

/// Has an import run. One of a project does at a time.
///
/// # Errors
/// If the database refuses.
pub async fn start(tx: &mut Tx, project: ProjectId, id: ImportId, settings: &str, now: Micros) -> Result<Started> {
    lock(tx, project).await?;
    let running = sql("select count(*) as n from imports where project_id = $1 and state = 'running'")
        .bind(project)
        .one(&mut *tx)
        .await?;
    if running.get::<i64>("n")? > 0 {
        return Ok(Started::Busy);
    }
    let started = sql(
        "update imports set state = 'running', settings = $3, touched_at = $4, held_until = 0 \
         where project_id = $1 and id = $2 and state = 'ready'",
    )
    .bind(project)
    .bind(id)
    .bind(settings)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(if started == 1 { Started::Yes } else { Started::NotReady })
}

/// An import to work on, and what its project says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// As it was before it was claimed.
    pub import: Import,
    /// Its project's organisation.
    pub organisation: OrganisationId,
    /// How many days the project keeps data points.
    pub retention_days: i64,
}

/// Whether an import runs that nobody works on. Looking costs nothing; [`claim`] writes.
///
/// # Errors
/// If the database refuses.
pub async fn is_any_due(on: impl Into<On<'_>>, now: Micros) -> Result<bool> {
    let row = sql("select i.id from imports i join projects p on p.id = i.project_id \
         where i.state = 'running' and i.held_until <= $1 and p.paused_at is null and p.deleted_at is null limit 1")
    .bind(now)
    .optional(on)
    .await?;
    Ok(row.is_some())
}

/// Claims a running import that nobody works on, the one that has waited longest. Those of projects that are paused or
/// deleted wait.
///
/// # Errors
/// If the database refuses.
pub async fn claim(tx: &mut Tx, now: Micros) -> Result<Option<Claimed>> {
    let due = sql(
        "select i.id from imports i where i.state = 'running' and i.held_until <= $1 and exists (\
         select 1 from projects p join organisations o on o.id = p.organisation_id and o.deleted_at is null \
         where p.id = i.project_id and p.paused_at is null and p.deleted_at is null) \
         order by i.touched_at, i.id limit 1 for update skip locked",
    )
    .bind(now)
    .optional(&mut *tx)
    .await?;
    let Some(due) = due else {
        return Ok(None);
    };
    let row = sql("select i.*, p.organisation_id, p.retention_days from imports i \
         join projects p on p.id = i.project_id where i.id = $1")
    .bind(due.get::<ImportId>("id")?)
    .one(&mut *tx)
    .await?;
    let import = Import::read(&row)?;
    sql("update imports set held_until = $2 where id = $1")
        .bind(import.id)
        .bind(now + HELD_FOR)
        .execute(tx)
        .await?;
    Ok(Some(Claimed {
        import,
        organisation: row.get("organisation_id")?,
        retention_days: row.get("retention_days")?,
    }))
}

/// What is to become of an import after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Whoever works on it goes on.
    Hold,
    /// Somebody else may.
    Release,
    /// It is tried again in a minute, for this reason.
    Wait(&'a str),
    /// It has ended: so, and for this reason.
    End(State, &'a str),
}

/// A batch was read and what is good of it stored. `false` if the import has meanwhile ended or been read by somebody
/// else from `place` on.
///
/// # Errors
/// If the database refuses.
pub async fn advance(
    tx: &mut Tx,
    id: ImportId,
    place: i64,
    to: &Progress,
    next: Next<'_>,
    now: Micros,
) -> Result<bool> {
    let (state, problem, held_until) = match next {
        Next::Hold => (State::Running, "", now + HELD_FOR),
        Next::Release => (State::Running, "", Micros(0)),
        Next::Wait(problem) => (State::Running, problem, now + HELD_FOR),
        Next::End(state, problem) => (state, problem, Micros(0)),
    };
    let advanced = sql(
        "update imports set taken = $3, place = $4, rows_read = $5, accepted = $6, rejected = $7, \
         duplicates = $8, rejected_bytes = $9, metrics = $10, state = $11, problem = $12, held_until = $13, \
         touched_at = $14 where id = $1 and place = $2 and state = 'running'",
    )
    .bind(id)
    .bind(place)
    .bind(to.taken)
    .bind(to.place)
    .bind(to.rows)
    .bind(to.accepted)
    .bind(to.rejected)
    .bind(to.duplicates)
    .bind(to.rejected_bytes)
    .bind(to.metrics.as_str())
    .bind(state.word())
    .bind(problem)
    .bind(held_until)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(advanced == 1)
}

/// Stops an import that has not ended; `false` if it has.
///
/// # Errors
/// If the database refuses.
pub async fn cancel(tx: &mut Tx, project: ProjectId, id: ImportId, now: Micros) -> Result<bool> {
    let cancelled = sql(
        "update imports set state = 'cancelled', touched_at = $3, held_until = 0 \
         where project_id = $1 and id = $2 and state in ('uploading', 'ready', 'running')",
    )
    .bind(project)
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(cancelled == 1)
}

/// Forgets imports that have ended, or that nobody went on with, seven days ago; those that run go on.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from imports where state <> 'running' and touched_at <= $1")
        .bind(now - KEPT_FOR)
        .execute(tx)
        .await
}

/// Every import there is, and whether its file is still needed.
///
/// # Errors
/// If the database refuses.
pub async fn everywhere(on: impl Into<On<'_>>) -> Result<Vec<(ImportId, bool)>> {
    let rows = sql("select id, state from imports").all(on).await?;
    let needed = |word: &str| {
        State::ALL
            .iter()
            .any(|state| state.word() == word && !state.has_ended())
    };
    rows.iter()
        .map(|row| Ok((row.get("id")?, needed(&row.get::<String>("state")?))))
        .collect()
}
