//! Serving: listen, work off jobs, and on a signal end what is under way before leaving.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::ingest::tally;
use crate::state::{App, Shared};
use crate::{connections, jobs, router};

/// How long requests that are under way may take once the program was asked to stop.
const GOODBYE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// If the address can't be listened on.
pub async fn serve(app: Shared) -> io::Result<()> {
    let listener = TcpListener::bind(app.config.listen).await.map_err(|error| {
        io::Error::other(format!(
            "can't listen on {}: {error}; choose another with --listen",
            app.config.listen
        ))
    })?;
    eprintln!(
        "micro stat is ready: open {} (data in {})",
        app.config.url,
        app.config.data.display()
    );
    let worker = tokio::spawn(jobs::run(Arc::clone(&app)));
    let counter = tokio::spawn(tally::run(Arc::clone(&app)));
    let (stop, mut stopped) = tokio::sync::watch::channel(());
    let asked = stop_asked()?;
    let server = connections::serve(listener, router::router(&app), connections::HEAD, async move {
        asked.await;
        drop(stop);
    });
    tokio::select! {
        () = server => {}
        () = async { let _ = stopped.changed().await; tokio::time::sleep(GOODBYE).await; } => {
            tracing::warn!("stopped with requests still under way");
        }
    }
    worker.abort();
    counter.abort();
    close(&app).await;
    Ok(())
}

async fn close(app: &App) {
    hand_over(app).await;
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
    let handed_over = tokio::time::timeout(GOODBYE, app.points.seal()).await;
    if !matches!(handed_over, Ok(Ok(()))) {
        let waiting = app.points.backlog().data_points;
        tracing::warn!(
            waiting,
            data = %app.config.data.display(),
            "data points still wait for ClickHouse; the next start in this folder, or `microstat points drain`, hands \
             them over"
        );
    }
}

fn stop_asked() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
