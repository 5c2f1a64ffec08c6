//! What stands before everything: batches of data points go straight to their door, all else to the router.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::Response;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::Service;

use crate::ingest;
use crate::ingest::direct::{self, Left};
use crate::state::Shared;

/// The whole program as a service.
#[derive(Clone)]
pub struct Front {
    app: Shared,
    rest: Router,
}

impl Front {
    pub(crate) const fn new(app: Shared, rest: Router) -> Self {
        Self { app, rest }
    }

    /// From now on each answer is the last of its connection.
    pub(crate) fn stop(&self) {
        self.app.readiness.stop();
    }

    /// Ends answers that would go on for as long as somebody looks.
    pub(crate) fn end_streams(&self) {
        self.app.live.end();
    }

    /// Answers batches that come over a connection, until something else comes.
    pub(crate) async fn batches(
        &self,
        stream: &mut TcpStream,
        from: IpAddr,
        silence: Duration,
        stopped: watch::Receiver<()>,
    ) -> io::Result<Left> {
        let trusted = self.app.config.trusts(from);
        direct::serve(&self.app, stream, trusted, silence, stopped).await
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// Always: what there is too much of waits elsewhere.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let app = Shared::clone(&self.app);
        let has_connections = request.version() <= Version::HTTP_11;
        let Some(route) = ingest::route(request.uri().path()) else {
            let answer = self.rest.call(request);
            return Box::pin(async move { Ok(last(&app, has_connections, answer.await?)) });
        };
        Box::pin(async move {
            let answer = ingest::respond(&app, route, request).await;
            Ok(last(&app, has_connections, answer))
        })
    }
}

/// Once the program was asked to stop, each answer is the last of its connection: so nobody sends anything on one that is
/// just being closed. HTTP/2 has words of its own for it.
fn last(app: &Shared, has_connections: bool, mut answer: Response) -> Response {
    if has_connections && app.readiness.is_stopping() {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}
