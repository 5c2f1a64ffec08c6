//! `points check`: whether the data points in a folder are whole, and the way out if they aren't. `points drain`: handing
//! over what waits for ClickHouse.

use std::path::Path;

use clap::{Args, Subcommand};
use points::{Error, Lost, Place, Points, Report};
use store::Db;

use super::{Outcome, print};
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::ingest::claims;

/// What to do with data points.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Say whether the data points are whole, while no server has them open; ends with 1 if they aren't
    Check(Check),
    /// Hand over to ClickHouse what waits in a data folder that no server has open: one that is given up, say
    Drain,
}

/// How to check.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Set a damaged journal aside, deleting nothing, and put one in its place that has what is whole
    #[arg(long)]
    pub repair: bool,
}

/// Checks and prints what is whole and what is damaged.
///
/// # Errors
/// If they are damaged (and stay so), can't be read, or are open in a server.
pub fn check(data: &Path, how: &Check) -> Outcome {
    let found = Points::check(data, how.repair).map_err(|error| match error {
        Error::Locked => {
            "a server has the data points open; stop it first, for what it has open can't be checked".into()
        }
        Error::Database(inner) => format!("points.db can't be read: {inner}. {RESTORE}"),
        other => other.to_string(),
    })?;
    for line in database(&found).into_iter().chain(journal(&found)) {
        print(&line)?;
    }
    if !found.database.is_empty() {
        return Err(format!("points.db is damaged. {RESTORE}").into());
    }
    match &found.set_aside {
        Some(aside) => print(&format!(
            "It is now in {}, and a new journal has what is whole. Nothing was deleted. micro stat can be started.",
            aside.display()
        ))?,
        None if found.is_journal_damaged() => {
            print(
                "With --repair, `microstat points check` sets the damaged journal aside, deleting nothing, and puts one \
                 in its place that has what is whole. Copy the data folder first.",
            )?;
            return Err("the journal of data points is damaged".into());
        }
        None => {}
    }
    Ok(())
}

/// Ships everything that waits in the data folder, and prints how many data points that were.
///
/// # Errors
/// If there are none, a server has them open, or ClickHouse can't take them; they stay where they are then.
pub async fn drain(config: &Config, clock: &Clock, random: &Random) -> Outcome {
    let Some(address) = config.destination()? else {
        return Err("points drain needs --clickhouse, which says where data points go".into());
    };
    if !config.data.join("points.db").exists() {
        return Err(format!(
            "there are no data points in {}; --data says where they are",
            config.data.display()
        )
        .into());
    }
    let source = u64::from_le_bytes(random.bytes());
    let opened = Points::open_shipping(&config.data, config.shipping(), address, source).await;
    let points = opened.map_err(|error| match error {
        Error::Locked => "a server has the data points open, and ships them itself; stop it first".to_owned(),
        other => other.to_string(),
    })?;
    let waiting = points.backlog().data_points;
    points.seal().await?;
    if let Some(url) = config.database.as_deref().filter(|_| config.is_shared()) {
        // Whoever sends a batch again that was stored here has to be told so by others.
        let (db, now) = (Db::postgres(url).await?, clock.now());
        claims::settle(&db, &points, now, now).await?;
        forget(&db, &points).await?;
    }
    print(&format!(
        "{} handed over. Nothing waits any more.",
        counted(waiting, "data point")
    ))?;
    Ok(())
}

/// Charts are called stale for this folder's sake no longer.
async fn forget(db: &Db, points: &Points) -> Outcome {
    if let Some(source) = points.source() {
        let mut tx = db.begin().await?;
        store::sources::forget(&mut tx, source.cast_signed()).await?;
        tx.commit_aside().await?;
    }
    Ok(())
}

const RESTORE: &str = "Set the data folder aside and go back to a backup with `microstat restore`";

fn database(found: &Report) -> Vec<String> {
    if found.database.is_empty() {
        return vec!["points.db is whole.".to_owned()];
    }
    let mut lines = vec!["points.db is damaged:".to_owned()];
    lines.extend(found.database.iter().map(|line| format!("  {line}")));
    lines
}

fn journal(found: &Report) -> Vec<String> {
    let waits = format!(
        "{} with {} that {} not in points.db yet",
        counted(found.records, "record"),
        counted(found.data_points, "data point"),
        if found.records == 1 { "is" } else { "are" },
    );
    let mut lines = if found.is_journal_damaged() {
        let mut lines = vec!["The journal is damaged:".to_owned()];
        lines.extend(found.lost.iter().map(lost));
        let head = |name| format!("  the head of journal/{name} is damaged; its records are whole");
        lines.extend(found.headless.iter().map(head));
        lines.push(format!("Whole in it: {waits}."));
        lines
    } else {
        vec![format!("The journal is whole: {waits}.")]
    };
    if found.torn {
        lines.push(
            "It ends in a record that was being written when everything stopped. Nobody was told that it is kept; the \
             next start cuts it off."
                .to_owned(),
        );
    }
    lines
}

fn lost(lost: &Lost) -> String {
    let which = match lost.last - lost.first {
        0 => format!("record {}", lost.first),
        _ => format!("records {} to {}", lost.first, lost.last),
    };
    let place = |place: &Place| format!("byte {} of journal/{}", place.offset, place.segment);
    match &lost.after {
        Some(after) => format!("  {which}: between {} and {}", place(after), place(&lost.before)),
        None => format!("  {which}: before {}", place(&lost.before)),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
