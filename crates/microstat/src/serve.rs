//! Serving: listen, work off jobs, and on a signal end what is under way before leaving.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use crate::config::{Config, LogFormat};
use crate::ingest::{claims, tally};
use crate::state::{App, Shared};
use crate::{connections, jobs, live, peers, router, sources, telemetry};

/// How long requests that are under way may take once the program was asked to stop.
const GOODBYE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// If the address can't be listened on.
pub async fn serve(app: Shared) -> io::Result<()> {
    let listener = listen(app.config.listen, "--listen").await?;
    let told = match app.config.metrics_listen {
        Some(address) => {
            let told = listen(address, "--metrics-listen").await?;
            Some(tokio::spawn(telemetry::serve(told, Arc::clone(&app))))
        }
        None => None,
    };
    // Before it is said that all is ready: who then asks it to stop is heard.
    let signals = Signals::new()?;
    say_ready(&app.config);
    let worker = tokio::spawn(jobs::run(Arc::clone(&app)));
    let (enough, over) = tokio::sync::oneshot::channel();
    let counter = tokio::spawn(tally::run(Arc::clone(&app), over));
    let others = [
        tokio::spawn(live::run(Arc::clone(&app))),
        tokio::spawn(peers::run(Arc::clone(&app))),
        tokio::spawn(claims::run(Arc::clone(&app))),
        tokio::spawn(sources::run(Arc::clone(&app))),
    ];
    let (stop, mut stopped) = tokio::sync::watch::channel(());
    let leaving = Arc::clone(&app);
    let server = connections::serve(listener, router::router(&app), connections::HEAD, async move {
        leave(&leaving, signals).await;
        drop(stop);
    });
    tokio::select! {
        () = server => {}
        () = async { let _ = stopped.changed().await; tokio::time::sleep(GOODBYE).await; } => {
            tracing::warn!("stopped with requests still under way");
        }
    }
    worker.abort();
    // Not in the middle of writing, when it has what it counts in its hands.
    drop(enough);
    others.iter().for_each(JoinHandle::abort);
    close(&app, counter).await;
    if let Some(told) = told {
        told.abort();
    }
    Ok(())
}

async fn listen(address: SocketAddr, flag: &str) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::other(format!(
            "can't listen on {address}: {error}; choose another with {flag}"
        ))
    })
}

fn say_ready(config: &Config) {
    let data = config.data.display();
    match config.log_format {
        LogFormat::Text => eprintln!("micro stat is ready: open {} (data in {data})", config.url),
        LogFormat::Json => tracing::info!(url = config.url, %data, "micro stat is ready"),
    }
}

/// Waits to be asked to stop, and then for load balancers to notice. Who asks once more doesn't want to wait.
async fn leave(app: &App, mut signals: Signals) {
    signals.next().await;
    app.readiness.stop();
    let delay = app.config.shutdown_delay;
    tracing::info!(delay, "asked to stop");
    let _ = tokio::time::timeout(Duration::from_secs(delay.into()), signals.next()).await;
}

async fn close(app: &App, mut counter: JoinHandle<()>) {
    let (ended, ()) = tokio::join!(tokio::time::timeout(GOODBYE, &mut counter), hand_over(app));
    if ended.is_err() {
        counter.abort();
    }
    if let Err(error) = app.tally.flush(&app.db, app.now()).await {
        tracing::error!(%error, "the last rejected data points are not counted");
    }
    app.db.close().await;
}

/// A process may be stopped for good: what waits for ClickHouse goes there, as far as it takes it in time.
async fn hand_over(app: &App) {
    if app.config.clickhouse.is_none() {
        return;
    }
    // Who still sends may send it to another process; what is taken here now would be left behind.
    app.points.refuse_batches();
    let handed_over = tokio::time::timeout(GOODBYE, app.points.seal()).await;
    if app.config.is_shared()
        && let Err(error) = claims::settle(&app.db, &app.points, app.now(), app.now()).await
    {
        tracing::warn!(%error, "batches with keys that came last can't be sent again until this process is started again");
    }
    if matches!(handed_over, Ok(Ok(()))) {
        if app.config.is_shared()
            && let Err(error) = sources::leave(app).await
        {
            tracing::warn!(%error, "other processes may take charts for stale until this one is started again");
        }
    } else {
        let waiting = app.points.backlog().data_points;
        tracing::warn!(
            waiting,
            data = %app.config.data.display(),
            "data points still wait for ClickHouse; the next start in this folder, or `microstat points drain`, hands \
             them over"
        );
    }
}

/// What asks the program to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
