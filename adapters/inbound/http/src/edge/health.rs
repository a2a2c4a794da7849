//! Whether this host works, for people, load balancers and Prometheus.
//!
//! `/health/live` says that the process answers at all. `/health/ready` says whether it should be sent requests: not
//! while a part is down, and not once it was asked to stop. `/health` tells both to a person, part by part. Nobody has
//! to log in for these, so what they say is fit for strangers and what they cost is bounded: the parts are asked at
//! most once a second, however many ask here.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::join_all;
use metrics_exporter_prometheus::PrometheusHandle;
use poem::{Endpoint, Request, Response, Result, Route, get, http::StatusCode};
use serde::Serialize;
use tokio::sync::Mutex;

/// A part that answers later than this is as good as down.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer about the parts is good for.
const FRESH: Duration = Duration::from_secs(1);

/// Asks one part of the system how it is.
#[async_trait]
pub trait Probe: Send + Sync {
    /// The name in the report: `database`, `mail`, `payments`.
    fn name(&self) -> &str;

    /// MUST be cheap and change nothing. The error is one short sentence; what looks like a path, an address or a
    /// secret is kept from the report and goes to the log only.
    async fn check(&self) -> Result<(), String>;

    /// Whether the host is of no use without it. Without a part that is not vital, the host is still ready.
    fn is_vital(&self) -> bool {
        true
    }
}

/// The parts of a host, and whether it is about to stop.
#[derive(Clone, Default)]
pub struct Probes {
    parts: Vec<Arc<dyn Probe>>,
    stopping: Arc<AtomicBool>,
}

impl Probes {
    /// These parts, of a host that is not stopping.
    pub fn new(parts: Vec<Arc<dyn Probe>>) -> Self {
        Self { parts, stopping: Arc::default() }
    }

    /// From now on the host is not ready. Called some seconds before it closes its door, so that a load balancer
    /// looks elsewhere in time. Every clone knows.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// What `/health` tells.
#[derive(Debug, Clone, Serialize)]
struct Report {
    status: &'static str,
    service: String,
    version: String,
    parts: BTreeMap<String, Part>,
}

#[derive(Debug, Clone, Serialize)]
struct Part {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip)]
    vital: bool,
}

/// Adds `/health`, `/health/live`, `/health/ready` and `/metrics`.
pub(super) fn routes(routes: Route, service: &str, version: &str, probes: Probes, metrics: PrometheusHandle) -> Route {
    let desk =
        Arc::new(Desk { service: service.to_owned(), version: version.to_owned(), probes, known: Mutex::new(None) });
    routes
        .at("/health", get(Health { desk: desk.clone(), question: Question::How }))
        .at("/health/live", get(Health { desk: desk.clone(), question: Question::Live }))
        .at("/health/ready", get(Health { desk, question: Question::Ready }))
        .at("/metrics", get(Metrics(metrics)))
}

/// Asks the parts, and remembers what they said.
struct Desk {
    service: String,
    version: String,
    probes: Probes,
    known: Mutex<Option<(Instant, BTreeMap<String, Part>)>>,
}

impl Desk {
    /// Who comes while the parts are being asked waits for that answer instead of asking again.
    async fn parts(&self) -> BTreeMap<String, Part> {
        let mut known = self.known.lock().await;
        if let Some((asked, parts)) = &*known
            && asked.elapsed() < FRESH
        {
            return parts.clone();
        }
        let asking = self.probes.parts.iter().map(|probe| ask(&**probe));
        let parts: BTreeMap<_, _> = join_all(asking).await.into_iter().collect();
        *known = Some((Instant::now(), parts.clone()));
        parts
    }

    fn report(&self, parts: BTreeMap<String, Part>) -> Report {
        let status = if self.probes.stopping() {
            "stopping"
        } else if parts.values().any(|part| part.status != "ok") {
            "degraded"
        } else {
            "ok"
        };
        Report { status, service: self.service.clone(), version: self.version.clone(), parts }
    }
}

async fn ask(probe: &dyn Probe) -> (String, Part) {
    let (name, vital) = (probe.name().to_owned(), probe.is_vital());
    let failure = match tokio::time::timeout(PATIENCE, probe.check()).await {
        Ok(Ok(())) => return (name, Part { status: "ok", detail: None, vital }),
        Ok(Err(reason)) => reason,
        Err(_) => "does not answer in time".to_owned(),
    };
    tracing::warn!(part = name, reason = failure, "a part of this host is down");
    let detail = Some(told(&failure).into_owned());
    (name, Part { status: "down", detail, vital })
}

/// What of a reason may be told to a stranger.
fn told(reason: &str) -> Cow<'_, str> {
    let reveals = reason.len() > 120 || reason.contains(['/', '\\', '@', '=', ':', '\n']);
    if reveals { Cow::Borrowed("is not available; the log has the reason") } else { Cow::Borrowed(reason) }
}

enum Question {
    How,
    Live,
    Ready,
}

struct Health {
    desk: Arc<Desk>,
    question: Question,
}

impl Endpoint for Health {
    type Output = Response;

    async fn call(&self, _: Request) -> Result<Response> {
        let parts = match self.question {
            Question::Live => BTreeMap::new(),
            Question::How | Question::Ready => self.desk.parts().await,
        };
        let is_down = parts.values().any(|part| part.vital && part.status != "ok");
        let mut report = self.desk.report(parts);
        let status = match self.question {
            Question::Ready if is_down || report.status == "stopping" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        };
        if matches!(self.question, Question::Live) {
            report.status = "ok";
        }
        let body = serde_json::to_vec(&report).expect("a report holds only texts");
        Ok(Response::builder().status(status).content_type("application/json").body(body))
    }
}

struct Metrics(PrometheusHandle);

impl Endpoint for Metrics {
    type Output = Response;

    async fn call(&self, _: Request) -> Result<Response> {
        Ok(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(self.0.render()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_reveals_something_is_not_told() {
        assert_eq!(told("the pool is exhausted"), "the pool is exhausted");
        for secret in ["/var/lib/x.db is locked", "postgres://u:p@host", "password=hunter2", "a\nb"] {
            assert!(told(secret).starts_with("is not available"), "{secret}");
        }
    }
}
