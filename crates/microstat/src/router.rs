//! Every route of the program in one table, which the test of every route × every visitor is made from.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodFilter, on};

use crate::front::Front;
use crate::state::Shared;
use crate::{api, assets, auth, packing, pages, readiness, web};

/// Routes with their handlers, and a list of what they are.
pub struct Table {
    router: Router<Shared>,
    routes: Vec<(Method, &'static str)>,
}

impl Table {
    fn new() -> Self {
        Self {
            router: Router::new(),
            routes: Vec::new(),
        }
    }

    /// Adds a route.
    ///
    /// # Panics
    /// If the path has this method already: the program would not start.
    #[must_use]
    pub fn route<H, T>(mut self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a method HTTP knows");
        self.router = self.router.route(path, on(filter, handler));
        self.routes.push((method, path));
        self
    }
}

fn page_table() -> Table {
    pages::routes(Table::new())
}

fn api_table() -> Table {
    api::routes(Table::new())
}

/// Method and path of every page and API route; the ingestion doors, `/static`, `/healthz` and `/readyz` are outside.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str)> {
    [page_table().routes, api_table().routes].concat()
}

/// The whole program as a service.
pub fn router(app: &Shared) -> Front {
    let pages = page_table()
        .router
        .method_not_allowed_fallback(async || crate::error::AppError::MethodNotAllowed)
        .fallback(async || crate::error::AppError::NotFound)
        .layer(from_fn_with_state(Arc::clone(app), pages::faults))
        .layer(from_fn_with_state(Arc::clone(app), auth::visit::layer))
        .layer(from_fn_with_state(Arc::clone(app), packing::pages));
    let api = api_table()
        .router
        .route(
            "/api/{*rest}",
            axum::routing::any(async || crate::error::AppError::NotFound),
        )
        .method_not_allowed_fallback(async || crate::error::AppError::MethodNotAllowed)
        .layer(from_fn(api::faults))
        .layer(from_fn_with_state(Arc::clone(app), api::staleness));
    let rest = Router::new()
        .merge(assets::router())
        .route("/healthz", axum::routing::get(async || "ok\n"))
        .route("/readyz", axum::routing::get(readiness::show))
        .route("/readyz/ingest", axum::routing::get(readiness::ingest))
        .merge(api)
        .merge(pages)
        .with_state(Arc::clone(app))
        .layer(from_fn_with_state(Arc::clone(app), web::security_headers))
        .layer(from_fn_with_state(Arc::clone(app), web::request_log));
    Front::new(Arc::clone(app), rest)
}
