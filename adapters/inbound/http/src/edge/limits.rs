//! How much one caller may ask, and how long an answer may take.
//!
//! [`Guard`] stands around the API alone: pages, health and metrics stay reachable for an operator while a client
//! misbehaves. How much body is read is a number in the request's context, which `json.rs` obeys, because only the
//! reader of a body can count one whose length was not announced.

use std::{
    num::NonZeroU32,
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use metrics_exporter_prometheus::PrometheusHandle;
use poem::{Endpoint, IntoResponse, Request, Response, Result};

use super::{
    codes::EdgeCode,
    problem::ApiError,
    request::{ClientAddress, RequestContext},
};

/// Lets so many requests of one address pass, and gives each so much time.
pub struct Guard<E> {
    inner: E,
    limit: Option<Arc<RateLimit>>,
    timeout: Option<Duration>,
}

impl<E> Guard<E> {
    /// Wraps `inner`. A time-out of zero waits for ever.
    pub fn new(inner: E, limit: Option<Arc<RateLimit>>, timeout: Duration) -> Self {
        Self { inner, limit, timeout: (!timeout.is_zero()).then_some(timeout) }
    }
}

impl<E: Endpoint> Endpoint for Guard<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if let Some(limit) = &self.limit {
            let client = match request.data::<RequestContext>() {
                Some(context) => context.client,
                None => ClientAddress::of(&request, false),
            };
            limit.take(client)?;
        }
        let answer = pin!(self.inner.call(request));
        let Some(timeout) = self.timeout else {
            return answer.await.map(IntoResponse::into_response);
        };
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer.map(IntoResponse::into_response),
            // The handler was dropped where it waited: an open transaction is rolled back, but a call to another party
            // may have gone out. That is the third outcome of the design, and the caller is told so.
            Err(_) => {
                let detail = "Whether the request took effect is not known. Repeat it with the same Idempotency-Key.";
                Err(ApiError::edge(EdgeCode::Timeout, detail).into())
            }
        }
    }
}

/// Counts requests by address.
pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<u128>,
    clock: DefaultClock,
}

impl RateLimit {
    /// `per_second` in the long run, `burst` at once; `None` when either makes no limit.
    pub fn new(per_second: u32, burst: u32) -> Option<Arc<Self>> {
        let per_second = NonZeroU32::new(per_second)?;
        let burst = NonZeroU32::new(burst).unwrap_or(per_second);
        let limiter = RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst));
        Some(Arc::new(Self { limiter, clock: DefaultClock::default() }))
    }

    fn take(&self, client: ClientAddress) -> Result<(), ApiError> {
        self.limiter.check_key(&client.bucket()).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now()).as_secs_f64().ceil().max(1.0);
            ApiError::Edge {
                code: EdgeCode::RateLimited,
                detail: "This address sends requests faster than they are taken.".into(),
                retry_after: Some(wait as u64),
            }
        })
    }

    /// Forgets who has been quiet long enough to start afresh, so that a crowd of addresses leaves no trace.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    /// How many addresses are remembered.
    pub fn remembered(&self) -> usize {
        self.limiter.len()
    }
}

/// Keeps the limiter and the histograms from growing, for as long as somebody holds what `edge` points to.
pub(super) fn keep_house<T: Send + Sync + 'static>(
    edge: Weak<T>,
    limit: Option<Arc<RateLimit>>,
    metrics: PrometheusHandle,
) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        tracing::warn!("the edge was built outside a run time: nobody sweeps its rate limiter and its histograms");
        return;
    };
    runtime.spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(10));
        while edge.strong_count() > 0 {
            tick.tick().await;
            if let Some(limit) = &limit {
                limit.sweep();
            }
            metrics.run_upkeep();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress(Some([203, 0, 113, last].into()))
    }

    #[test]
    fn each_address_has_its_own_burst() {
        let limit = RateLimit::new(1, 3).expect("a limit");
        for _ in 0..3 {
            limit.take(client(1)).expect("within the burst");
        }
        assert_eq!(limit.take(client(1)).expect_err("beyond it").code(), "rate_limited");
        limit.take(client(2)).expect("somebody else");
    }

    #[test]
    fn zero_is_no_limit() {
        assert!(RateLimit::new(0, 10).is_none());
    }

    #[test]
    fn who_went_quiet_is_forgotten() {
        let limit = RateLimit::new(1000, 1).expect("a limit");
        (0..50).for_each(|last| limit.take(client(last)).expect("first request"));
        assert_eq!(limit.remembered(), 50);
        std::thread::sleep(Duration::from_millis(20));
        limit.sweep();
        assert_eq!(limit.remembered(), 0);
    }
}
