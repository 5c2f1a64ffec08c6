//! The command line: serve, or one of the sub-commands, which work beside a running server.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use microstat::clock::{Clock, Random};
use microstat::commands::{Outcome, backup, demo, key, moving, points, restore, token, user};
use microstat::config::{Cli, Command, LogFormat};
use microstat::serve;
use microstat::state::{App, Core};
use tracing_subscriber::EnvFilter;

/// A batch is made on one thread and taken apart on another, where the system's allocator has them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("MICROSTAT_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match cli.config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("microstat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Outcome {
    let (config, clock, random) = (cli.config, Clock::System, Random::System);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(Arc::new(App::open(config, clock, random).await?)).await?,
        Command::Migrate => {
            App::migrate(config, clock, random).await?;
            println!("The databases have this version's schema.");
        }
        Command::Demo => demo::fill(&App::open_beside(config, clock, random).await?).await?,
        Command::User(user::Verb::Create(new)) => user::create(&Core::open(config, clock, random).await?, &new).await?,
        Command::Token(token::Verb::Create(new)) => {
            token::create(&Core::open(config, clock, random).await?, &new).await?;
        }
        Command::Key(key::Verb::Replace) => key::replace(config, clock, random).await?,
        Command::Backup(to) => backup::make(&config, &clock, &to).await?,
        Command::Restore(from) => restore::fill(&config, &clock, &from).await?,
        Command::Move(to) => moving::run(config, clock, random, &to).await?,
        Command::Points(points::Verb::Check(how)) => points::check(&config.data, &how)?,
        Command::Points(points::Verb::Drain) => points::drain(&config, &clock, &random).await?,
    }
    Ok(())
}
