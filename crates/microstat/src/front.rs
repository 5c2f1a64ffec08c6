//! What stands before everything: batches of data points go straight to their door, all else to the router.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
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

    /// Ends answers that would go on for as long as somebody looks.
    pub(crate) fn end_streams(&self) {
        self.app.live.end();
    }

    /// Answers batches that come over a connection, until something else comes.
    pub(crate) async fn batches(
        &self,
        stream: &mut TcpStream,
        silence: Duration,
        stopped: watch::Receiver<()>,
    ) -> io::Result<Left> {
        direct::serve(&self.app, stream, silence, stopped).await
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
        let Some(route) = ingest::route(request.uri().path()) else {
            return Box::pin(self.rest.call(request));
        };
        let app = Shared::clone(&self.app);
        Box::pin(async move { Ok(ingest::respond(&app, route, request).await) })
    }
}
