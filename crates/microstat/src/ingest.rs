//! Ingestion: two doors, one body, one answer. The hot path, outside the layers of pages.
//!
//! A batch that can't be stored at all is refused as early as that can be told. The others are judged data point by
//! data point in `domain::batch`, stored in one go by `points`, and answered once they are on disk.

mod answer;
mod body;
pub mod catalog;
pub mod claims;
mod cors;
mod destination;
pub(crate) mod direct;
mod door;
pub mod dsns;
mod refused;
pub mod room;
mod storing;
pub mod tally;
mod unpack;

use axum::extract;
use axum::http::{HeaderMap, Method, Response};
use domain::batch::Batch;
use domain::reason::Reason;
use domain::time::Micros;
use tokio::sync::OwnedSemaphorePermit;

use self::answer::Answer;
use self::body::{Arrived, Body};
use self::destination::Destination;
pub(crate) use self::door::{Case, Door};
use self::refused::Refused;
use self::storing::Stored;
use self::unpack::Encoding;
use crate::request_id::RequestId;
use crate::state::App;
use crate::telemetry::Kind;
use crate::web::peer;

/// A path that leads to a door.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    path: &'static str,
    door: Door,
}

/// The paths, each with its door.
const ROUTES: [Route; 3] = [
    Route {
        path: "/api/ingest",
        door: Door::Open,
    },
    Route {
        path: "/ingest",
        door: Door::Open,
    },
    Route {
        path: "/api/v1/ingest",
        door: Door::Strict,
    },
];

/// The route with this path.
pub(crate) fn route(path: &str) -> Option<Route> {
    ROUTES.into_iter().find(|route| route.path == path)
}

/// A request at a door, without its body.
struct Request<'a> {
    route: Route,
    method: &'a Method,
    query: &'a str,
    headers: &'a HeaderMap,
    id: RequestId,
}

/// Answers a request that the web server has read.
pub(crate) async fn respond(app: &App, route: Route, request: extract::Request) -> axum::response::Response {
    let id = RequestId::of(&request, app.config.trusts(peer(request.extensions())), &app.random);
    let (parts, body) = request.into_parts();
    let request = Request {
        route,
        method: &parts.method,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        id,
    };
    answer(app, &request, Body::Coming(body))
        .await
        .map(axum::body::Body::from)
}

async fn answer(app: &App, request: &Request<'_>, body: Body<'_>) -> Response<Vec<u8>> {
    let (id, now) = (request.id, app.now());
    let Route { path, door } = request.route;
    let mut response = match *request.method {
        Method::OPTIONS => cors::preflight(request.headers),
        Method::POST => {
            let destination = destination::find(app, request, now).await;
            let arrival = Arrival {
                app,
                door,
                headers: request.headers,
                id,
                now,
            };
            let answer = arrival.publish(destination, body).await;
            app.telemetry.batch(door, answer.told());
            answer.respond(door)
        }
        _ => {
            let answer = Answer::not_post();
            app.telemetry.batch(door, answer.told());
            answer.respond(door)
        }
    };
    cors::allow(&mut response, request.headers);
    let (status, micros) = (response.status(), app.now() - now);
    app.telemetry.answered(Kind::Ingest, status, micros);
    id.answered(request.method, path, status, micros);
    id.tell(&mut response);
    response
}

/// A batch that is arriving.
struct Arrival<'a> {
    app: &'a App,
    door: Door,
    headers: &'a HeaderMap,
    id: RequestId,
    now: Micros,
}

impl Arrival<'_> {
    async fn publish(&self, destination: Option<Destination>, body: Body<'_>) -> Answer {
        let Some(destination) = destination else {
            Box::pin(body::discard(self.headers, body, self.app.room.patience)).await;
            let refused = Refused::whole(Case::UnknownDsn, Reason::InvalidDsn.into());
            self.app.telemetry.rejected(&refused.rejections);
            return Answer::refused(&refused);
        };
        let project = destination.project();
        let (answer, lost) = match self.accept(destination, body).await {
            Ok(Stored { answer, rejections, .. }) => (answer, rejections),
            Err(refused) => (Answer::refused(&refused), refused.rejections),
        };
        self.app.telemetry.rejected(&lost);
        if let Some(project) = project {
            self.app.tally.count(project, &lost, self.now);
        }
        answer
    }

    async fn accept(&self, destination: Destination, body: Body<'_>) -> Result<Stored, Refused> {
        let most = self.door.limits().wire_bytes;
        let arrived = body::receive(&self.app.room, self.headers, body, most).await?;
        let encoding = Encoding::of(self.headers)?;
        match destination {
            Destination::Takes(target) => self.store(&target, arrived, encoding).await,
            Destination::Closed { case, reason, .. } => {
                let refuse = move |text: &[u8]| Batch::refuse(text, reason).map_err(|bad| Refused::not_json(bad, text));
                let (rejections, _) = self.read(arrived, encoding, refuse).await?;
                Err(Refused {
                    case,
                    message: reason.message().into(),
                    rejections,
                })
            }
        }
    }

    /// Unpacks and reads a body that has arrived.
    async fn read<T: Send + 'static>(
        &self,
        arrived: Arrived<'_>,
        encoding: Encoding,
        read: impl FnOnce(&[u8]) -> Result<T, Refused> + Send + 'static,
    ) -> Result<(T, Option<OwnedSemaphorePermit>), Refused> {
        unpack::read(
            &self.app.room,
            arrived,
            encoding,
            self.door.limits().unpacked_bytes,
            read,
        )
        .await
    }
}
