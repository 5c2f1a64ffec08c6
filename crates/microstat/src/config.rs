//! Every setting: a flag, and an environment variable of the same name.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ::points::{Address, BadAddress, Options};
use clap::{Args, Parser, Subcommand, ValueEnum};
use lettre::message::Mailbox;

use crate::commands::{backup, key, moving, points, restore, token, user};

/// Publish small metrics with one line of code, see them at once, share them with the right people.
#[derive(Debug, Parser)]
#[command(name = "microstat", version)]
pub struct Cli {
    /// What runs where.
    #[command(flatten)]
    pub config: Config,
    /// What to do; without one, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The settings of an installation.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "MICROSTAT_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,
    /// Address people reach it at; every link in mail and pages is built from it
    #[arg(long, env = "MICROSTAT_URL", default_value = "http://localhost:8080", global = true, value_parser = base_url)]
    pub url: String,
    /// Folder for the databases, mails and, unless it is elsewhere, the secret key
    #[arg(long, env = "MICROSTAT_DATA", default_value = "./data", global = true)]
    pub data: PathBuf,
    /// File with the secret key, which all processes on one PostgreSQL database must have alike; made if it isn't there
    #[arg(long, env = "MICROSTAT_SECRET_KEY", global = true)]
    pub secret_key: Option<PathBuf>,
    /// postgres://… for accounts; without it, SQLite in the data folder
    #[arg(long, env = "MICROSTAT_DATABASE", global = true, hide_env_values = true)]
    pub database: Option<String>,
    /// http://… or https://… for data points, several hosts separated by commas; without it, the data folder
    #[arg(long, env = "MICROSTAT_CLICKHOUSE", global = true, hide_env_values = true)]
    pub clickhouse: Option<String>,
    /// Name of the ClickHouse cluster, if it is one: tables are replicated in each shard and spread over shards
    #[arg(long, env = "MICROSTAT_CLICKHOUSE_CLUSTER", global = true)]
    pub clickhouse_cluster: Option<String>,
    /// Certificates (PEM) of who makes those of the ClickHouse servers; without it, whom the system trusts
    #[arg(long, env = "MICROSTAT_CLICKHOUSE_CA", global = true)]
    pub clickhouse_ca: Option<PathBuf>,
    /// MiB that may wait in the data folder for ClickHouse; beyond, data points are refused. Takes twice that of memory
    #[arg(long, env = "MICROSTAT_CLICKHOUSE_BACKLOG", default_value_t = 256, global = true, value_parser = clap::value_parser!(u32).range(4..=65_536))]
    pub clickhouse_backlog: u32,
    /// smtp://… or smtps://… for mails; without it, each is a file in the data folder's mail/
    #[arg(long, env = "MICROSTAT_SMTP", global = true, hide_env_values = true)]
    pub smtp: Option<String>,
    /// Who mails come from
    #[arg(
        long,
        env = "MICROSTAT_MAIL_FROM",
        default_value = "micro stat <noreply@localhost>",
        global = true
    )]
    pub mail_from: Mailbox,
    /// Who may sign up
    #[arg(long, env = "MICROSTAT_SIGN_UP", default_value = "open", global = true)]
    pub sign_up: SignUp,
    /// Addresses of reverse proxies whose X-Forwarded-For and X-Request-Id are believed, separated by commas
    #[arg(long, env = "MICROSTAT_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<IpAddr>,
    /// Address to tell figures at, for Prometheus at /metrics; without it, nowhere
    #[arg(long, env = "MICROSTAT_METRICS_LISTEN", global = true)]
    pub metrics_listen: Option<SocketAddr>,
    /// How each line of the log is written
    #[arg(long, env = "MICROSTAT_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// Seconds to go on serving once asked to stop, while /readyz says no more requests should come
    #[arg(long, env = "MICROSTAT_SHUTDOWN_DELAY", default_value_t = 0, global = true, value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub shutdown_delay: u32,
}

/// How each line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignUp {
    /// Everyone.
    Open,
    /// People with an invitation link in hand.
    Invited,
}

/// What the program does.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve pages, the API and the ingestion doors (the default)
    Serve,
    /// Bring the databases to this version's schema, and end
    Migrate,
    /// Fill an empty installation with a year of believable data, and print how to sign in
    Demo,
    /// Accounts
    #[command(subcommand)]
    User(user::Verb),
    /// API tokens
    #[command(subcommand)]
    Token(token::Verb),
    /// The secret key
    #[command(subcommand)]
    Key(key::Verb),
    /// Copy the installation, of a running server too, into a new folder
    Backup(backup::Backup),
    /// Fill an empty data folder from a backup
    Restore(restore::Restore),
    /// Move the installation to PostgreSQL and ClickHouse, or back into a folder; also while a server runs
    Move(moving::Move),
    /// Data points
    #[command(subcommand)]
    Points(points::Verb),
}

impl Config {
    /// Whether people reach it by https, so that cookies can demand it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// Whether what this address says of others is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.contains(&address)
    }

    /// Where the secret key is.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        let usual = || self.data.join("secret.key");
        self.secret_key
            .clone()
            .filter(|file| !file.as_os_str().is_empty())
            .unwrap_or_else(usual)
    }

    /// Whether there may be other processes that take batches for the same projects.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.database.is_some() && self.clickhouse.is_some()
    }

    /// Where data points go, if not into the data folder.
    ///
    /// # Errors
    /// If that is no address of ClickHouse.
    pub fn destination(&self) -> Result<Option<Address>, BadAddress> {
        let Some(text) = self.clickhouse.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        self.clickhouse_at(text, self.clickhouse_cluster.as_deref()).map(Some)
    }

    /// A ClickHouse, perhaps a cluster, whose certificates are made by who is named for that.
    pub(crate) fn clickhouse_at(&self, text: &str, cluster: Option<&str>) -> Result<Address, BadAddress> {
        let mut address: Address = text.parse()?;
        if let Some(authority) = self.clickhouse_ca.as_ref().filter(|file| !file.as_os_str().is_empty()) {
            address = address.trusting(authority);
        }
        match cluster.filter(|name| !name.is_empty()) {
            Some(cluster) => address.on_cluster(cluster),
            None => Ok(address),
        }
    }

    /// How data points are shipped to ClickHouse.
    #[must_use]
    pub fn shipping(&self) -> Options {
        Options::shipping(u64::from(self.clickhouse_backlog) << 20)
    }

    /// The address of a path, for mails and copied links.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn base_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(url.to_owned()),
        _ => Err("must be like https://stats.example.com, without a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, base_url};
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn where_data_points_go_is_read_and_never_printed_with_its_password() {
        let config = |more: &[&str]| {
            let told = ["microstat"].iter().chain(more).copied();
            Cli::try_parse_from(told).unwrap().config
        };
        assert_eq!(config(&[]).destination(), Ok(None));
        let there = config(&["--clickhouse", "http://u:secret@a,b/x"]);
        let address = there.destination().unwrap().unwrap();
        assert_eq!(address.to_string(), "http://a:8123,http://b:8123/x");
        let wrong = config(&["--clickhouse", "http://u:secret@a:b"])
            .destination()
            .unwrap_err();
        assert!(!wrong.to_string().contains("secret"), "{wrong}");
    }

    #[test]
    fn a_cluster_has_a_name() {
        let to = |cluster: &str| {
            let told = ["microstat", "--clickhouse", "http://a", "--clickhouse-cluster", cluster];
            Cli::try_parse_from(told).unwrap().config.destination()
        };
        assert_eq!(to(""), "http://a".parse().map(Some));
        assert_ne!(to("both"), to(""));
        let refused = to("a b").unwrap_err().to_string();
        assert!(refused.contains("cluster"), "{refused}");
    }

    #[test]
    fn the_url_is_a_scheme_and_a_host() {
        assert_eq!(
            base_url("https://stats.example.com/").as_deref(),
            Ok("https://stats.example.com")
        );
        for wrong in ["stats.example.com", "ftp://x", "http://", "http://a/b", "http://a@b"] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
