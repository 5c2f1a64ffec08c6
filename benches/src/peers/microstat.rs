//! micro stat, by its strict door. It syncs before it answers.

use super::http;
use super::running::Running;
use crate::Failure;
use crate::data_points::{DataPoint, json};
use crate::load::Request;
use crate::server::Server;

pub(super) async fn start() -> Result<Running, Failure> {
    Running::of(Server::start().await?)
}

pub(super) fn request(path: &str, points: &[DataPoint]) -> Request {
    http::fixed(path, &json(points), points.len())
}
