//! Sending webhooks, and sending them again as each provider does.
//!
//! What is sent, and how often it is repeated after which answer, is said by the player in a [`Policy`]; here is only
//! the mechanism. Each attempt is written into the journal.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::{Client, Method, StatusCode, header::LOCATION, redirect};
use serde_json::Value;

use crate::{
    app::App,
    journal::{Attempt, Delivery, DeliveryState},
    world::Due,
};

/// How a webhook is repeated.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How long to wait before each repetition.
    pub waits: Vec<Duration>,
    /// How much longer each wait may be by chance, in hundredths.
    pub jitter_percent: u32,
    /// How many repetitions an outcome deserves.
    pub repetitions: fn(&Outcome) -> usize,
    /// How many redirections (307, 308) are followed.
    pub redirects: usize,
    /// How long an answer may take, in real time.
    pub timeout: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Status(u16),
    /// None, and this is why.
    Nothing(String),
}

impl Outcome {
    /// Whether the webhook was taken.
    pub fn taken(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

/// The client that sends.
pub fn client() -> reqwest::Result<Client> {
    // Whoever runs the sandbox inside another program has chosen a provider already; that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(redirect::Policy::none()).no_proxy().build()
}

/// Sends a webhook once, notes what came back, and queues the repetition if it deserves one. Returns what came back;
/// `None` if there is no such webhook.
pub async fn deliver(app: &Arc<App>, id: u64) -> Option<Outcome> {
    let (delivery, request) = {
        let mut world = app.world();
        let now = world.clock.now();
        let delivery = world.journal.delivery(id)?.clone();
        let mut body = delivery.body.clone();
        if let (Some(member), Value::Object(members)) = (delivery.stamp, &mut body) {
            members.insert(member.to_owned(), Value::from(now.utc()));
        }
        (delivery, body.to_string())
    };
    let started = Instant::now();
    let outcome = send(&app.client, &delivery, &request).await;
    tracing::info!(
        provider = delivery.provider,
        about = delivery.reference,
        kind = delivery.kind,
        outcome = ?outcome,
        "told"
    );
    note(app, &delivery, request, &outcome, started.elapsed());
    Some(outcome)
}

/// Sends webhooks one after the other.
pub async fn deliver_in_order(app: Arc<App>, ids: Vec<u64>) {
    for id in ids {
        deliver(&app, id).await;
    }
}

/// Sends one webhook again that often, all at once or one after the other. The outcomes are in no order.
pub async fn redeliver(app: &Arc<App>, id: u64, times: usize, at_once: bool) -> Vec<Outcome> {
    if at_once {
        let all = join_all((0..times).map(|_| deliver(app, id))).await;
        return all.into_iter().flatten().collect();
    }
    let mut outcomes = Vec::new();
    for _ in 0..times {
        outcomes.extend(deliver(app, id).await);
    }
    outcomes
}

async fn send(client: &Client, delivery: &Delivery, body: &str) -> Outcome {
    let deadline = delivery.policy.timeout;
    match tokio::time::timeout(deadline, follow(client, delivery, body)).await {
        Ok(Ok(status)) => Outcome::Status(status.as_u16()),
        // The error without its address, which may hold what is nobody's business.
        Ok(Err(error)) => Outcome::Nothing(error.without_url().to_string()),
        Err(_) => Outcome::Nothing(format!("no answer within {} ms", deadline.as_millis())),
    }
}

async fn follow(client: &Client, delivery: &Delivery, body: &str) -> reqwest::Result<StatusCode> {
    let mut url = delivery.url.clone();
    let mut hops = 0;
    loop {
        let mut request = client.request(Method::POST, &url).header("content-type", "application/json");
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let response = request.body(body.to_owned()).send().await?;
        let status = response.status();
        let onward = matches!(status.as_u16(), 307 | 308) && hops < delivery.policy.redirects;
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let Some(next) = location.filter(|_| onward).and_then(|to| response.url().join(to).ok()) else {
            return Ok(status);
        };
        url = next.to_string();
        hops += 1;
    }
}

fn note(app: &Arc<App>, delivery: &Delivery, request: String, outcome: &Outcome, took: Duration) {
    let mut world = app.world();
    let now = world.clock.now();
    let done = delivery.attempts.len();
    let deserved = (delivery.policy.repetitions)(outcome).min(delivery.policy.waits.len());
    // A webhook that somebody sends by hand is not repeated by itself.
    let waiting = world.journal.delivery(delivery.id).is_some_and(|one| one.state == DeliveryState::Waiting);
    let repeat = (waiting && !outcome.taken() && done < deserved).then(|| {
        let wait = delivery.policy.waits[done];
        now.plus(wait).plus(world.dice.jitter(wait * delivery.policy.jitter_percent / 100))
    });
    let (status, error) = match outcome {
        Outcome::Status(status) => (Some(*status), None),
        Outcome::Nothing(why) => (None, Some(why.clone())),
    };
    if let Some(entry) = world.journal.delivery(delivery.id) {
        let number = entry.attempts.len() + 1;
        let latency_ms = took.as_millis();
        entry.attempts.push(Attempt { number, at: now, request, status, error, latency_ms, next_retry: repeat });
        entry.state = match (outcome.taken(), repeat) {
            (true, _) => DeliveryState::Delivered,
            (false, Some(_)) => DeliveryState::Waiting,
            (false, None) if entry.state == DeliveryState::Waiting => DeliveryState::GivenUp,
            (false, None) => entry.state,
        };
    }
    if let Some(due) = repeat {
        world.queue.push(due, Due::Send(delivery.id));
        app.wake.notify_one();
    }
}
