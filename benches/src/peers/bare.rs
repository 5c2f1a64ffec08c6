//! As little of a server as there is: hyper, which answers 204 and reads no body. What it reaches is the ceiling.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::running::Running;
use crate::Failure;
use crate::load;

/// Serves until it is ended.
pub(crate) async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // a connection that breaks is the other side's business
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

pub(super) async fn start() -> Result<Running, Failure> {
    let mut running = Running::prepare()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--listen", &running.address.to_string()]);
    running.start(&mut command)?;
    running.ready("/").await?;
    Ok(running)
}

pub(super) fn request(points: &[crate::data_points::DataPoint]) -> load::Request {
    super::http::fixed("/", &crate::data_points::json(points), points.len())
}
