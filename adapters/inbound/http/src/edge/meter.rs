//! How many requests there were, and how long they took: `http_requests_total`, `http_request_duration_seconds`.
//!
//! The label is the route, never the path: a path holds ids, and a time series per id would be the end of the memory.
//! Finding a series by its labels costs more than counting, so the handles are kept by what poem already knows about
//! the answer, and the readable label is made once per series.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use poem::{PathPattern, Response, http::Method};

use super::paths::Paths;

const REQUESTS: &str = "http_requests_total";
const SECONDS: &str = "http_request_duration_seconds";

/// From a cached read to a gateway that takes its time.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Where requests without a route are counted.
static UNMATCHED: LazyLock<Arc<str>> = LazyLock::new(|| "unmatched".into());

/// A Prometheus recorder with buckets for what the edge records. A host installs it before it builds the edge:
/// handles taken from no recorder count nothing.
pub fn prometheus() -> PrometheusBuilder {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(SECONDS.into()), &BUCKETS)
        .expect("the list of buckets is not empty")
}

/// Route, method and status.
type Key = (Arc<str>, &'static str, u16);

struct Series {
    count: Counter,
    seconds: Histogram,
}

/// Counts answers.
pub struct Meter {
    paths: Arc<Paths>,
    series: RwLock<HashMap<Key, Series>>,
}

impl Meter {
    /// `paths` gives routes readable names.
    pub fn new(paths: Arc<Paths>) -> Self {
        describe_counter!(REQUESTS, Unit::Count, "Requests answered");
        describe_histogram!(SECONDS, Unit::Seconds, "Time from the request's head to the answer's");
        Self { paths, series: RwLock::default() }
    }

    /// Counts one answer to a request for `path`.
    pub fn record(&self, method: &Method, path: &str, response: &Response, took: Duration) {
        let status = response.status();
        let key = (self.route(path, response), label(method), status.as_u16());
        if let Some(series) = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return series.add(took);
        }
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(key).or_insert_with_key(|key| self.open(key)).add(took);
    }

    fn route(&self, path: &str, response: &Response) -> Arc<str> {
        if let Some(pattern) = response.data::<PathPattern>() {
            return pattern.0.clone();
        }
        // Who was refused at the door, panicked or took too long did not say which route it was.
        self.paths.template(path).map_or_else(|| UNMATCHED.clone(), Arc::from)
    }

    fn open(&self, (route, method, status): &Key) -> Series {
        let route = self.paths.template_of_pattern(route).unwrap_or(route).to_owned();
        let status = status.to_string();
        Series {
            count: counter!(REQUESTS, "method" => *method, "route" => route.clone(), "status" => status.clone()),
            seconds: histogram!(SECONDS, "method" => *method, "route" => route, "status" => status),
        }
    }
}

impl Series {
    fn add(&self, took: Duration) {
        self.count.increment(1);
        self.seconds.record(took.as_secs_f64());
    }
}

/// Anyone can invent methods, and each would be a series.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
