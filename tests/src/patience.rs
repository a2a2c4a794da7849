//! Waiting that ends: for a condition, and for a whole test.

use std::time::{Duration, Instant};

/// How long a condition may take to come true.
const CONDITION: Duration = Duration::from_secs(60);

/// Runs a test, or fails when it takes longer.
pub async fn within<T>(seconds: u64, test: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(seconds), test).await;
    done.unwrap_or_else(|_| panic!("the test hangs: it has not ended after {seconds} seconds"))
}

/// Waits until this answers something.
pub async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + CONDITION;
    loop {
        if let Some(answer) = condition().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "after {CONDITION:?} it has not come to this: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
