//! The courier: makes the calls that are due, and decides what comes next.
//!
//! The schedule is that of the specification of Standard Webhooks. An endpoint that says 410 Gone is not called again, and
//! one that has failed for days is disabled, because nobody reads there any more; both leave an entry in the audit trail.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    auth::Principal,
    ids::EndpointId,
    time::{DAY, Timestamp},
    webhooks::{Answer, Attempt, Endpoint, EndpointState, Request, Webhook, WebhookSender, WebhookState},
};
use serde_json::json;

use super::sign;
use crate::{core::Core, error::Result, events::before, pauses::pause};

/// The pauses between attempts; the first is made at once.
const SCHEDULE: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];
/// An endpoint that has failed without a break for so long is disabled.
const PATIENCE: Duration = DAY.saturating_mul(5);
/// How long an attempt may take before somebody else makes it again.
const LEASE: Duration = Duration::from_secs(60);
/// Calls to one endpoint at once, so that one that is slow does not use up all of them.
const EACH: u32 = 8;
/// How long the log of what was sent is kept: a month, in which the other side's accountants may have asked.
const KEPT: Duration = DAY.saturating_mul(30);
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// Makes the calls.
#[derive(Clone)]
pub struct Courier {
    core: Arc<Core>,
    sender: Arc<dyn WebhookSender>,
}

impl Courier {
    pub(super) fn new(core: Arc<Core>, sender: Arc<dyn WebhookSender>) -> Self {
        Self { core, sender }
    }

    /// Takes webhooks that are due, at most `limit` and none to the endpoints that are `busy`. Whoever takes them MUST
    /// hand each to [`Self::attempt`] within a minute.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take(&self, busy: &[EndpointId], limit: u32) -> Result<Vec<Webhook>> {
        let now = self.core.now();
        let mut uow = self.core.begin().await?;
        let taken = uow.webhooks().take_due(now, now + LEASE, busy, EACH, limit).await?;
        uow.commit().await?;
        Ok(taken)
    }

    /// Makes one call and writes down what came of it.
    ///
    /// # Errors
    /// When the store fails; then the call may have been made, and it is made again with the same id.
    pub async fn attempt(&self, webhook: Webhook) -> Result<WebhookState> {
        let queries = self.core.ports.store.webhooks();
        let Some(endpoint) = queries.endpoint(webhook.endpoint).await? else { return Ok(webhook.state) };
        let began = self.core.now();
        let answer = self.sender.send(&request(&endpoint, &webhook, began)).await;

        let now = self.core.now();
        let mut uow = self.core.begin().await?;
        // Removed or changed while the call was under way.
        let Some(endpoint) = uow.webhooks().find_endpoint(endpoint.id).await? else { return Ok(webhook.state) };
        let Some(webhook) = uow.webhooks().find(webhook.id).await? else { return Ok(webhook.state) };
        let webhook = after(webhook, &answer, now);
        let attempt =
            Attempt { at: began, status: answer.status, latency: answer.latency, answer: answer.text.clone() };
        uow.webhooks().log(webhook.id, &attempt).await?;
        uow.webhooks().save(&webhook).await?;
        let state = health(&endpoint.state, &answer, now);
        if state != endpoint.state {
            let is_disabled = matches!(state, EndpointState::Disabled { .. });
            let endpoint = Endpoint { state, ..endpoint };
            uow.webhooks().save_endpoint(&endpoint).await?;
            if is_disabled {
                let by = Principal::Service { name: "webhooks".to_owned() };
                self.core.file_endpoint(&mut *uow, &by, "webhook.endpoint_disabled", &endpoint, now).await?;
            }
        }
        uow.commit().await?;
        Ok(webhook.state)
    }

    /// Forgets what was sent long ago; answers how much.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<u64> {
        let kept_since = before(self.core.now(), KEPT);
        let mut forgotten = 0;
        loop {
            let mut uow = self.core.begin().await?;
            let some = uow.webhooks().forget(kept_since, FORGOTTEN_AT_ONCE).await?;
            uow.commit().await?;
            forgotten += some;
            if some < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

/// The call, signed for this moment.
fn request(endpoint: &Endpoint, webhook: &Webhook, now: Timestamp) -> Request {
    let event = &webhook.event;
    let body = json!({ "type": event.topic, "timestamp": event.at, "data": event.payload }).to_string();
    let id = event.id.to_string();
    let signature = sign::header(&endpoint.keys, &id, now, &body);
    Request { url: endpoint.url.clone(), id, timestamp: sign::seconds(now), signature, body }
}

fn is_taken(answer: &Answer) -> bool {
    answer.status.is_some_and(|status| (200..300).contains(&status))
}

const GONE: u16 = 410;

/// A webhook after one more attempt.
fn after(webhook: Webhook, answer: &Answer, now: Timestamp) -> Webhook {
    let tries = webhook.tries + 1;
    let state = if is_taken(answer) {
        WebhookState::Delivered
    } else {
        let pause = pause(SCHEDULE, tries, webhook.id.0).filter(|_| answer.status != Some(GONE));
        pause.map_or(WebhookState::Failed, |pause| WebhookState::Waiting { next_try_at: now + pause })
    };
    Webhook { state, tries, ..webhook }
}

/// What an answer says about its endpoint.
fn health(state: &EndpointState, answer: &Answer, now: Timestamp) -> EndpointState {
    match state {
        EndpointState::Disabled { .. } => state.clone(),
        EndpointState::Enabled { .. } if is_taken(answer) => EndpointState::Enabled { failing_since: None },
        EndpointState::Enabled { .. } if answer.status == Some(GONE) => {
            EndpointState::Disabled { since: now, reason: "it answered 410 Gone".to_owned() }
        }
        EndpointState::Enabled { failing_since: Some(since) } if now.since(*since) >= PATIENCE => {
            EndpointState::Disabled { since: now, reason: format!("nothing has arrived since {since}") }
        }
        EndpointState::Enabled { failing_since } => {
            EndpointState::Enabled { failing_since: failing_since.or(Some(now)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        events::Event,
        ids::{EventId, WebhookId},
    };
    use uuid::Uuid;

    use super::*;

    fn answer(status: Option<u16>) -> Answer {
        Answer { status, text: String::new(), latency: Duration::ZERO }
    }

    fn webhook() -> Webhook {
        let now = Timestamp::from_micros(0);
        let (id, topic, payload) = (EventId(Uuid::from_u128(2)), "payment.paid".into(), json!({}));
        Webhook {
            id: WebhookId(Uuid::from_u128(1)),
            endpoint: EndpointId(Uuid::from_u128(3)),
            event: Event { id, at: now, topic, subject: "payment:1".to_owned(), payload },
            state: WebhookState::Waiting { next_try_at: now },
            tries: 0,
            created_at: now,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn ten_attempts_over_three_days_and_then_no_more() {
        let (mut webhook, mut now) = (webhook(), Timestamp::from_micros(0));
        let mut pauses = Vec::new();
        while let WebhookState::Waiting { next_try_at } = webhook.state {
            pauses.push(next_try_at.since(now).as_secs());
            now = next_try_at;
            webhook = after(webhook, &answer(Some(503)), now);
        }
        assert_eq!((webhook.state, webhook.tries), (WebhookState::Failed, 10));
        let least = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        assert_eq!(pauses.len(), least.len());
        for (pause, least) in pauses.iter().zip(least) {
            assert!((least..=least + least / 5).contains(pause), "{pauses:?}");
        }
    }

    #[test]
    fn only_a_success_is_one() {
        let now = Timestamp::from_micros(0);
        for status in [200, 201, 204, 299] {
            assert_eq!(after(webhook(), &answer(Some(status)), now).state, WebhookState::Delivered);
        }
        for status in [Some(199), Some(301), Some(302), Some(400), Some(500), None] {
            assert!(matches!(after(webhook(), &answer(status), now).state, WebhookState::Waiting { .. }), "{status:?}");
        }
        assert_eq!(after(webhook(), &answer(Some(410)), now).state, WebhookState::Failed);
    }

    #[test]
    fn an_endpoint_that_is_gone_or_fails_for_days_is_disabled() {
        let day = |n: u32| Timestamp::from_micros(0) + DAY * n;
        let well = EndpointState::Enabled { failing_since: None };
        let failing = health(&well, &answer(Some(500)), day(1));
        assert_eq!(failing, EndpointState::Enabled { failing_since: Some(day(1)) });
        assert_eq!(health(&failing, &answer(None), day(5)), failing, "since the first failure");
        assert_eq!(health(&failing, &answer(Some(200)), day(5)), well, "one success is enough");
        assert!(matches!(health(&failing, &answer(None), day(6)), EndpointState::Disabled { .. }));
        let gone = health(&well, &answer(Some(410)), day(1));
        assert!(matches!(&gone, EndpointState::Disabled { reason, .. } if reason.contains("410")));
        assert_eq!(health(&gone, &answer(Some(200)), day(2)), gone, "a straggler does not enable it");
    }
}
