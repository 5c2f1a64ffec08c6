//! Connections: each must say what it wants in time, and all end in order when the program is asked to stop.

mod rewound;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt as _;

use self::rewound::Rewound;
use crate::front::Front;
use crate::ingest::direct::Left;

/// How long a request's head may take to arrive, and a connection may be silent between requests: longer than the
/// minute after which proxies let go of theirs, so that it is never us who do while they send.
pub const HEAD: Duration = Duration::from_secs(75);
/// How long connections stay open for one more request, and its answer, once nothing new is accepted.
const LINGER: Duration = Duration::from_secs(1);
/// How long to wait when there is no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until `stop` is done, and then until those under way have their answers. Nobody is cut off: who has
/// connected is accepted, and whoever uses a connection is told with an answer that it is the last one.
pub async fn serve(listener: TcpListener, front: Front, head: Duration, stop: impl Future<Output = ()>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(head)
        .keep_alive_timeout(head);
    let open = GracefulShutdown::new();
    let (stopping, stopped) = watch::channel(());
    let mut stop = pin!(stop);
    let serve = |stream, from| {
        let (front, stopped) = (front.clone(), stopped.clone());
        let connection = Connection {
            from,
            front,
            head,
            stopped,
        };
        tokio::spawn(connection.serve(stream, builder.clone(), open.watcher()));
    };
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => serve(stream, from),
                Err(error) => pause(&error).await,
            },
            () = &mut stop => break,
        }
    }
    front.stop();
    rest(listener, serve);
    front.end_streams();
    drop(stopped);
    let _ = timeout(LINGER, stopping.closed()).await;
    let _ = stopping.send(());
    open.shutdown().await;
}

/// Accepts who has connected already, and then nobody any more.
fn rest(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr)) {
    let Ok(listener) = listener.into_std() else { return };
    loop {
        match listener.accept() {
            Ok((stream, from)) => {
                if stream.set_nonblocking(true).is_ok()
                    && let Ok(stream) = TcpStream::from_std(stream)
                {
                    serve(stream, from);
                }
            }
            // One that broke before it was there is not the last.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(_) => return,
        }
    }
}

/// What a connection is served with.
struct Connection {
    from: SocketAddr,
    front: Front,
    head: Duration,
    /// Told when no more requests are waited for.
    stopped: watch::Receiver<()>,
}

impl Connection {
    async fn serve(self, mut stream: TcpStream, builder: Builder<TokioExecutor>, open: Watcher) {
        // Answers are small and written at once; without it some would wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        // However it ends: who it was with knows, and nobody else cares.
        let (from, stopped) = (self.from.ip(), self.stopped.clone());
        if let Ok(Left::Bytes(first)) = self.front.batches(&mut stream, from, self.head, stopped).await {
            self.serve_any(Rewound { first, stream }, builder, open).await;
        }
    }

    async fn serve_any(self, stream: Rewound, builder: Builder<TokioExecutor>, open: Watcher) {
        // While somebody waits to be told, the connection is known to be open.
        let Self {
            from,
            front,
            head,
            stopped: _stopped,
        } = self;
        let spoke = Arc::new(AtomicBool::new(false));
        let speaks = Arc::clone(&spoke);
        let service = front.map_request(move |request: Request<_>| {
            speaks.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            request
        });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = pin!(open.watch(connection.into_owned()));
        tokio::select! {
            _ = &mut connection => return,
            () = tokio::time::sleep(head) => {}
        }
        // Before the first request nobody else looks at the time: it may still come as HTTP/1 or HTTP/2.
        if spoke.load(Ordering::Relaxed) {
            let _ = connection.await;
        }
    }
}

/// A connection that broke before it was there is no matter; if files or memory are short, some may be free soon.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "a connection can't be accepted");
        tokio::time::sleep(PAUSE).await;
    }
}
