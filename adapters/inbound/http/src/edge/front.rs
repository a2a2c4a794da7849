//! The door: what happens to every request first and to every answer last.
//!
//! One endpoint does several small jobs, because a chain of one-job middlewares would copy the request and allocate a
//! future for each of them. In: a request id, the client's address, a span for the log. Out: the id again, the headers
//! that keep browsers careful, a count, and one line of access log. The line has no query string, no header and no
//! body, because those hold what must not be in a log.

use std::{collections::HashSet, pin::pin, sync::Arc, time::Instant};

use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::{Cors, CorsEndpoint},
};
use tracing::Instrument;

use super::{
    errors::{Asked, answer},
    meter::Meter,
    paths::Paths,
    request::{ClientAddress, RequestContext, RequestId, X_REQUEST_ID},
};

/// What a page may load when it does not say otherwise: nothing. An answer of JSON needs nothing.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Headers that a script of another site may read.
const EXPOSED: [HeaderName; 7] = [
    X_REQUEST_ID,
    HeaderName::from_static("idempotency-replayed"),
    header::LOCATION,
    header::RETRY_AFTER,
    header::ALLOW,
    header::WWW_AUTHENTICATE,
    header::CONTENT_DISPOSITION,
];

/// The outermost endpoint.
pub struct Front<E> {
    inner: Arc<E>,
    cross: Option<Cross<E>>,
    meter: Meter,
    paths: Arc<Paths>,
    body_limit: usize,
    trust_forwarded: bool,
}

/// The same endpoint for requests from pages of other sites.
struct Cross<E> {
    any: bool,
    origins: HashSet<HeaderValue>,
    inner: CorsEndpoint<Arc<E>>,
}

impl<E: Endpoint<Output = Response> + 'static> Front<E> {
    /// Wraps `inner`. `origins` are the sites whose scripts may use the API, `*` all of them.
    pub fn new(
        inner: E,
        origins: &[String],
        meter: Meter,
        paths: Arc<Paths>,
        body_limit: usize,
        trust_forwarded: bool,
    ) -> Self {
        let inner = Arc::new(inner);
        Self { cross: Cross::of(&inner, origins), inner, meter, paths, body_limit, trust_forwarded }
    }

    async fn pass(&self, request: Request, asked: &Asked) -> Response {
        let outcome = match &self.cross {
            Some(cross) if cross.admits(request.headers()) => cross.inner.call(request).await,
            _ => self.inner.call(request).await,
        };
        outcome.unwrap_or_else(|error| answer(error, asked, &self.paths))
    }
}

impl<E: Endpoint<Output = Response> + 'static> Endpoint for Front<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let id = RequestId::of(request.headers());
        let client = ClientAddress::of(&request, self.trust_forwarded);
        request.set_data(RequestContext { id: id.clone(), client, body_limit: self.body_limit });
        let asked = Asked::of(&request);

        let span = tracing::info_span!("request", id = id.as_str());
        // Pinned where it is, here and further in: what is handed on by value is copied with all that it is made of.
        let pass = pin!(self.pass(request, &asked));
        let mut response = pass.instrument(span).await;

        finish(response.headers_mut(), &id);
        let took = started.elapsed();
        self.meter.record(&asked.method, asked.uri.path(), &response, took);
        tracing::info!(
            target: "access",
            method = asked.method.as_str(),
            path = asked.uri.path(),
            status = response.status().as_u16(),
            // To the microsecond; what is behind it is noise.
            ms = took.as_micros() as f64 / 1000.0,
            request_id = id.as_str(),
            client = %client,
        );
        Ok(response)
    }
}

fn finish(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    // Balances and tokens have no business in the cache of a browser or a proxy.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

impl<E: Endpoint + 'static> Cross<E> {
    fn of(inner: &Arc<E>, origins: &[String]) -> Option<Self> {
        let any = origins.iter().any(|origin| origin == "*");
        let origins: HashSet<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
        if origins.is_empty() {
            return None;
        }
        let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let cors = Cors::new().allow_methods(methods).expose_headers(EXPOSED);
        Some(Self { any, origins, inner: cors.transform(inner.clone()) })
    }

    /// A page of a site that is not listed gets the same answer without the headers, and its browser keeps it from the
    /// script. It is not refused here, as poem would: a page of this very host sends its origin as well.
    fn admits(&self, headers: &HeaderMap) -> bool {
        headers.get(header::ORIGIN).is_some_and(|origin| self.any || self.origins.contains(origin))
    }
}
