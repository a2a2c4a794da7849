//! The order in which everything around the API stands.
//!
//! ```text
//! Front         request id, address, span; CORS; security headers, count, access log
//!   ProblemEdge   every failure and every panic becomes a problem
//!     Fork
//!       /v1         Guard (rate limit, time-out), then the data, then the APIs
//!       beside it   /, /docs, /redoc, /openapi.json, /problems, /health, /metrics
//! ```
//!
//! A host makes a [`Slice`] of the APIs it serves and puts the [`edge`] around it:
//!
//! ```text
//! let slice = slice((AuthApi, WalletApi), "Dermaga wallet", "Money, moved once.", env!("CARGO_PKG_VERSION"));
//! let app = edge(slice, LANDING.to_owned(), probes.clone(), metrics, config, app);
//! Server::new(listener).run_with_graceful_shutdown(app, signal, Some(grace)).await
//! ```
//!
//! The APIs are unit structs; what they work with comes as `Data<&D>`. In an operation, name the caller before a
//! `Path` or a body: arguments are read in their order, and a stranger should hear 401 before anything else.

use std::{sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result, Route, endpoint::BoxEndpoint, get};
use poem_openapi::{OpenApi, OpenApiService};

use super::{
    docs::{self, Tidy},
    errors::ProblemEdge,
    front::Front,
    health::{self, Probes},
    limits::{Guard, RateLimit, keep_house},
    meter::Meter,
    paths::Paths,
};

/// Where the API is served.
pub const PREFIX: &str = "/v1";

/// What a host decides about its edge.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// The name in `/health`.
    pub service: String,
    /// The version in `/health`.
    pub version: String,
    /// The most bytes of a body that are read.
    pub body_limit: usize,
    /// How long an operation may take; zero waits for ever.
    pub request_timeout: Duration,
    /// Requests per second and address in the long run; zero does not limit.
    pub rate_per_second: u32,
    /// Requests of one address at once; zero means as many as per second.
    pub rate_burst: u32,
    /// The sites whose scripts may use the API: `*` for all, empty for none.
    pub cors_origins: Vec<String>,
    /// Whether a proxy in front writes `X-Forwarded-For`.
    pub trust_forwarded: bool,
}

/// Some APIs, ready to be served, and their OpenAPI document.
pub struct Slice {
    /// The operations, under [`PREFIX`].
    pub endpoint: BoxEndpoint<'static>,
    /// The document, as `/openapi.json` serves it and a host's `openapi` command prints it.
    pub document: String,
}

/// Makes a slice of an API or of a tuple of them. Two operations with one id, or on one path and method, are a mistake
/// in the program and panic.
pub fn slice<T: OpenApi + 'static>(apis: T, title: &str, description: &str, version: &str) -> Slice {
    let service =
        OpenApiService::new(Tidy { apis, prefix: PREFIX }, title, version).description(description).server(PREFIX);
    Slice { document: docs::document(&service), endpoint: service.into_endpoint() }
}

/// Puts everything around a slice. `landing` is the page at `/`; `data` is what operations get as `Data<&D>`. Call it
/// inside the run time: a task sweeps the rate limiter for as long as the edge lives.
pub fn edge<D: Clone + Send + Sync + 'static>(
    slice: Slice,
    landing: String,
    probes: Probes,
    metrics: PrometheusHandle,
    config: EdgeConfig,
    data: D,
) -> impl Endpoint<Output = Response> + 'static {
    let EdgeConfig { service, version, body_limit, request_timeout, .. } = config;
    let paths = Arc::new(Paths::of(&slice.document, PREFIX));
    let limit = RateLimit::new(config.rate_per_second, config.rate_burst);
    keep_house(Arc::downgrade(&paths), limit.clone(), metrics.clone());

    let api = Guard::new(slice.endpoint.data(data), limit, request_timeout);
    let beside = docs::pages(Route::new().at("/", get(docs::html(landing))), slice.document);
    let beside = health::routes(beside, &service, &version, probes, metrics);

    let meter = Meter::new(paths.clone());
    let inner = ProblemEdge::new(Fork { api, beside }, paths.clone());
    Front::new(inner, &config.cors_origins, meter, paths, body_limit, config.trust_forwarded)
}

/// The API, and what is served beside it.
///
/// A route nested in a route would do the same, but it writes every URI anew, puts the pattern of every path together
/// again, and asks for one more future on the heap.
struct Fork<A> {
    api: A,
    beside: Route,
}

impl<A: Endpoint<Output = Response>> Endpoint for Fork<A> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match request.uri().path().strip_prefix(PREFIX) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => self.api.call(request).await,
            _ => self.beside.call(request).await,
        }
    }
}
