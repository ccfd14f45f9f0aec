//! The edge as a whole: its configuration, what handlers share, and the router made from the table.

use crate::{
    ebb::{self, Ebb},
    guard::{self, Rates, Rule},
    observe,
    problem::EdgeError,
    route::Route,
    routes,
    sockets::Seats,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
    response::IntoResponse,
    routing::MethodRouter,
};
use gantry_app::{App, Origin, views::PlaceConduct};
use http::Uri;
use ipnet::IpNet;
use secrecy::SecretString;
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Writes all numbers, these of plugins among them, in Prometheus' text format.
pub type MetricsPage = Arc<dyn Fn(&[PlaceConduct]) -> String + Send + Sync>;

/// How the edge is reached and what it lets in.
#[derive(Clone)]
pub struct EdgeConfig {
    /// Where browsers reach the panel. Decides cookies, HSTS and which origin may change things.
    pub public_url: Url,
    /// Further origins that are the panel's own, such as a development server's.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests a minute on routes with the general limit.
    pub general_per_minute: NonZeroU32,
    /// Requests a minute on routes that move files.
    pub files_per_minute: NonZeroU32,
    /// Requests a minute, account and server on routes that switch servers on and off.
    pub power_per_minute: NonZeroU32,
    /// Requests an hour and account that tell whether an address has an account.
    pub addresses_per_hour: NonZeroU32,
    /// What opens `/metrics` from elsewhere than loopback.
    pub metrics_token: Option<SecretString>,
}

/// What all handlers share.
#[derive(Clone)]
pub struct Edge(Arc<Shared>);

struct Shared {
    app: App,
    config: EdgeConfig,
    origins: Vec<String>,
    rates: Rates,
    metrics: MetricsPage,
    closing: CancellationToken,
    sockets: Seats,
}

/// How long WebSockets may take to end once they have been told.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often buckets that are full again are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How often it is looked whether a rush is over.
const LOOK: Duration = Duration::from_secs(10);

impl Edge {
    /// `closing` ends the WebSockets.
    pub fn new(app: App, config: EdgeConfig, metrics: MetricsPage, closing: CancellationToken) -> Self {
        let origins = origins(&config);
        let rates = Rates::new(
            config.general_per_minute,
            config.files_per_minute,
            config.power_per_minute,
            config.addresses_per_hour,
        );
        let sockets = Seats::default();
        Self(Arc::new(Shared { app, config, origins, rates, metrics, closing, sockets }))
    }

    /// Keeps the tables of limits small until `closing`, then waits for the WebSockets to end. To be owned and joined by whoever serves.
    pub async fn keep_house(&self) {
        let mut timer = tokio::time::interval(SWEEP);
        let (mut looks, mut ebb) = (tokio::time::interval(LOOK), Ebb::default());
        loop {
            tokio::select! {
                () = self.0.closing.cancelled() => break,
                _ = timer.tick() => self.0.rates.sweep(),
                _ = looks.tick() => if ebb.has_come(self.0.sockets.taken()) {
                    // How it ended is of no concern: free memory is no fault.
                    drop(tokio::task::spawn_blocking(ebb::give_back).await);
                },
            }
        }
        // Every socket hears of the end; when all have left, their room is free again.
        if tokio::time::timeout(FAREWELL, self.0.sockets.empty()).await.is_err() {
            tracing::warn!("WebSockets were cut because they did not end in time");
        }
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }
    pub(crate) fn https(&self) -> bool {
        self.0.config.public_url.scheme() == "https"
    }
    pub(crate) fn origins(&self) -> &[String] {
        &self.0.origins
    }
    pub(crate) fn trusted_proxies(&self) -> &[IpNet] {
        &self.0.config.trusted_proxies
    }
    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }
    pub(crate) async fn metrics(&self) -> String {
        (self.0.metrics)(&self.0.app.every_conduct().await)
    }
    pub(crate) fn sockets(&self) -> &Seats {
        &self.0.sockets
    }
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// Lets in loopback, and whoever has the token.
    pub(crate) fn admit_scraper(&self, request: &Request) -> Result<(), EdgeError> {
        let address = request.extensions().get::<Origin>().and_then(|origin| origin.ip);
        let local = address.is_some_and(|address| address.is_loopback());
        let token = self.0.config.metrics_token.as_ref();
        if local || token.is_some_and(|token| guard::bears(request, token)) {
            return Ok(());
        }
        Err(EdgeError::Forbidden(
            "Metrics are read from loopback, or with the metrics token as bearer token.",
        ))
    }
}

/// The panel's own origins. A loopback address has two names, and browsers use either.
fn origins(config: &EdgeConfig) -> Vec<String> {
    let mut origins = config.origins.clone();
    origins.push(config.public_url.origin().ascii_serialization());
    for (one, other) in [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")] {
        let mut twin = config.public_url.clone();
        if config.public_url.host_str() == Some(one) && twin.set_host(Some(other)).is_ok() {
            origins.push(twin.origin().ascii_serialization());
        }
    }
    origins
}

/// The whole service. `panel` answers every address outside the table and outside `/api`.
pub fn router(edge: &Edge, panel: MethodRouter<()>) -> Router {
    let mut router = Router::new();
    for route in routes::all() {
        router = router.route(route.path, served(edge, route));
    }
    let panel = panel.fallback(async || EdgeError::MethodNotAllowed);
    router
        .method_not_allowed_fallback(async || EdgeError::MethodNotAllowed)
        .fallback_service(panel.layer(middleware::from_fn(only_outside_api)))
        .layer(middleware::from_fn_with_state(edge.clone(), observe::observe))
        .with_state(edge.clone())
}

fn served(edge: &Edge, route: Route) -> MethodRouter<Edge> {
    let rule = Rule::from(&route);
    route
        .handler
        .layer(DefaultBodyLimit::max(route.body_limit))
        .layer(middleware::from_fn_with_state((edge.clone(), rule), guard::guard))
}

/// What begins like the API and is not in the table is a mistake, never a page.
async fn only_outside_api(uri: Uri, request: Request, next: middleware::Next) -> axum::response::Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        EdgeError::NotFound.into_response()
    } else {
        next.run(request).await
    }
}
