//! What is moved where: read from the flags, before anything is opened.

use std::fs;
use std::path::{Path, PathBuf};

use points::{Address, Whereabouts};

use super::Move;
use crate::config::Config;

type Wrong = Box<dyn std::error::Error + Send + Sync>;

/// What is moved where. What is nothing stays where it is.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) accounts: Option<Accounts>,
    pub(super) points: Option<(Whereabouts, Whereabouts)>,
    /// The new data folder.
    pub(super) data: Option<PathBuf>,
    /// The ClickHouse that the old folder hands its data points to.
    pub(super) ships_to: Option<Address>,
    /// The flags of the moved installation, without what is secret.
    flags: Vec<&'static str>,
}

/// Where accounts go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Accounts {
    Postgres(String),
    Sqlite(PathBuf),
}

impl Plan {
    /// # Errors
    /// If that is nothing, or can't be.
    pub(super) fn of(config: &Config, to: &Move) -> Result<Self, Wrong> {
        let said = |flag: &Option<String>| flag.clone().filter(|text| !text.is_empty());
        let data = to.to_data.clone().filter(|dir| *dir != PathBuf::new());
        let (database, to_database) = (said(&config.database), said(&to.to_database));
        let ships_to = config
            .destination()
            .map_err(|why| format!("--clickhouse is not understood: {why}"))?;
        let to_clickhouse = (said(&to.to_clickhouse).as_deref())
            .map(|text| config.clickhouse_at(text, to.to_clickhouse_cluster.as_deref()))
            .transpose()
            .map_err(|why| format!("--to-clickhouse is not understood: {why}"))?;
        if let Some(url) = &to_database
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            return Err("--to-database must be like postgres://user@host/database".into());
        }
        if data.as_ref().is_some_and(|data| is_same(data, &config.data)) {
            return Err("--to-data is the data folder itself; name another one".into());
        }
        if database.is_none() && to_database.is_none() && data.is_none() && to_clickhouse.is_some() {
            return Err(
                "accounts are in the data folder, which can't have them for ClickHouse as well as its data points: \
                        name a new folder for them with --to-data, or move them too, with --to-database"
                    .into(),
            );
        }
        let accounts = match (&to_database, &data) {
            (Some(url), _) if Some(url) == database.as_ref() => None,
            (Some(url), _) => Some(Accounts::Postgres(url.clone())),
            (None, Some(data)) => Some(Accounts::Sqlite(data.join("microstat.db"))),
            (None, None) => None,
        };
        let from = ships_to
            .clone()
            .map_or_else(|| config.data.clone().into(), Whereabouts::from);
        let points = match (&to_clickhouse, &data) {
            (Some(to), _) if Some(to) == ships_to.as_ref() => None,
            (Some(to), _) => Some((from, to.clone().into())),
            (None, Some(data)) => Some((from, data.clone().into())),
            (None, None) => None,
        };
        if accounts.is_none() && points.is_none() {
            return Err("say where to: --to-database, --to-clickhouse, or --to-data for back into a folder; what is named there \
                        already stays"
                .into());
        }
        is_there(config, database.is_some(), ships_to.is_some())?;
        let mut flags = Vec::new();
        if to_database.is_some() || (accounts.is_none() && database.is_some()) {
            flags.push("--database");
        }
        if to_clickhouse.is_some() || (points.is_none() && ships_to.is_some()) {
            flags.push("--clickhouse");
        }
        Ok(Self {
            accounts,
            points,
            data,
            ships_to,
            flags,
        })
    }

    /// What is left to do for who typed the command.
    pub(super) fn next(&self, config: &Config) -> String {
        let with = if self.flags.is_empty() {
            String::new()
        } else {
            format!(
                ", and what was named for {} as its {}",
                self.flags.join(" and ").replace("--", "--to-"),
                self.flags.join(" and ")
            )
        };
        match &self.data {
            Some(data) => format!("Start micro stat with --data {}{with}.", data.display()),
            None if self.points.is_some() => format!(
                "Start micro stat with a new --data folder{with}, and with --secret-key {}, or a copy of it that its owner alone \
                 may read: each process needs this installation's key.",
                config.key_file().display()
            ),
            None => format!("Start micro stat with --data {}{with}.", config.data.display()),
        }
    }
}

/// Whether there is an installation where it is said to be: opening would make one.
fn is_there(config: &Config, postgres: bool, clickhouse: bool) -> Result<(), Wrong> {
    let needed = [
        (config.key_file(), true),
        (config.data.join("microstat.db"), !postgres),
        (config.data.join("points.db"), !clickhouse),
    ];
    for (file, _) in needed.into_iter().filter(|(_, needed)| *needed) {
        if !file.exists() {
            return Err(format!(
                "there is no {}; --data, --database and --clickhouse say what is moved, as the server is started with them",
                file.display()
            )
            .into());
        }
    }
    Ok(())
}

fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Accounts, Plan, Whereabouts};
    use crate::commands::moving::Move;
    use crate::config::{Cli, Command};

    /// What comes of flags, of an installation that is all in its folder.
    fn plan(folder: &std::path::Path, flags: &[&str]) -> Result<Plan, String> {
        for file in ["secret.key", "microstat.db", "points.db"] {
            std::fs::write(folder.join(file), "").unwrap();
        }
        let data = folder.to_str().unwrap();
        let told = ["microstat", "move", "--data", data];
        let cli = Cli::try_parse_from(told.iter().chain(flags)).unwrap();
        let Some(Command::Move(to)) = cli.command else {
            panic!("it is a move")
        };
        Plan::of(&cli.config, &to).map_err(|why| why.to_string())
    }

    #[test]
    fn what_is_named_moves_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let of = |flags: &[&str]| plan(folder.path(), flags).unwrap();
        let up = of(&["--to-database", "postgres://h/d", "--to-clickhouse", "http://h"]);
        assert_eq!(up.accounts, Some(Accounts::Postgres("postgres://h/d".to_owned())));
        assert!(matches!(
            up.points,
            Some((Whereabouts::Folder(_), Whereabouts::ClickHouse(_)))
        ));
        let accounts = of(&["--to-database", "postgres://h/d"]);
        assert!(accounts.points.is_none() && accounts.accounts.is_some());
        let points = of(&["--to-clickhouse", "http://h", "--to-data", "new"]);
        assert_eq!(points.accounts, Some(Accounts::Sqlite("new/microstat.db".into())));
        let back = of(&[
            "--clickhouse",
            "http://h",
            "--database",
            "postgres://h/d",
            "--to-data",
            "new",
        ]);
        assert!(matches!(
            back.points,
            Some((Whereabouts::ClickHouse(_), Whereabouts::Folder(_)))
        ));
        assert_eq!(back.accounts, Some(Accounts::Sqlite("new/microstat.db".into())));
        let half = of(&[
            "--clickhouse",
            "http://h",
            "--database",
            "postgres://h/d",
            "--to-database",
            "postgres://h/d",
            "--to-data",
            "new",
        ]);
        assert!(half.accounts.is_none() && half.points.is_some());
    }

    #[test]
    fn what_cannot_be_moved_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |flags: &[&str]| plan(folder.path(), flags).unwrap_err();
        assert!(refused(&[]).contains("say where to: --to-database"));
        assert!(refused(&["--to-clickhouse", "http://h"]).contains("--to-data"));
        assert!(refused(&["--to-database", "mysql://h"]).contains("must be like postgres://"));
        let secret = refused(&["--to-clickhouse", "http://u:secret@a:b"]);
        assert!(
            secret.contains("--to-clickhouse is not understood") && !secret.contains("secret"),
            "{secret}"
        );
        let same = folder.path().join(".");
        assert!(refused(&["--to-data", same.to_str().unwrap()]).contains("the data folder itself"));
        let said = [
            "--clickhouse",
            "http://h",
            "--to-clickhouse",
            "http://h",
            "--database",
            "postgres://h/d",
        ];
        assert!(refused(&said).contains("say where to"));
        let empty = tempfile::tempdir().unwrap();
        let told = ["microstat", "--data", empty.path().to_str().unwrap()];
        let config = Cli::try_parse_from(told).unwrap().config;
        let to = Move {
            to_database: Some("postgres://h/d".to_owned()),
            to_clickhouse: None,
            to_clickhouse_cluster: None,
            to_data: None,
        };
        assert!(Plan::of(&config, &to).unwrap_err().to_string().contains("there is no"));
    }
}
