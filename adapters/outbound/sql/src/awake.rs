//! Waiting for SQLite without going to sleep.
//!
//! The driver runs each statement on a thread of its own, and most are done in a few microseconds. Parking a worker and
//! having it woken by that thread comes on top of each. A unit of work asks one thing after the other while everybody else
//! who writes waits for it, so here it looks again for a moment first. Other tasks of the worker go on between two looks.
//! What that is worth, and to whom not: docs/adr/0030-waiting-for-sqlite.md.

use std::{
    future::poll_fn,
    pin::pin,
    sync::LazyLock,
    thread::available_parallelism,
    time::{Duration, Instant},
};

/// Most statements are answered by then; what takes longer, such as a commit that waits for the disk, is slept through.
const MOMENT: Duration = Duration::from_micros(80);

/// On a single processor the other thread could do nothing while this one looks.
static WORTH_IT: LazyLock<bool> =
    LazyLock::new(|| available_parallelism().is_ok_and(|processors| processors.get() > 1));

/// Does the work, and for a moment keeps the worker from parking while it waits.
pub(crate) async fn awake<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let since = Instant::now();
    poll_fn(|context| {
        let done = work.as_mut().poll(context);
        if done.is_pending() && *WORTH_IT && since.elapsed() < MOMENT {
            context.waker().wake_by_ref();
        }
        done
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake},
        thread::sleep,
    };

    use super::*;

    /// How often somebody asked to be looked at again.
    struct Looks(AtomicUsize);

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn it_looks_again_only_for_a_moment() {
        let looks = Arc::new(Looks(AtomicUsize::new(0)));
        let waker = looks.clone().into();
        let mut context = Context::from_waker(&waker);
        let mut tries = 0;
        // A machine that is busy with others may take the moment away before it has begun.
        while looks.0.load(Ordering::SeqCst) == 0 && tries < 100 {
            tries += 1;
            assert!(pin!(awake(pending::<()>())).poll(&mut context).is_pending());
        }
        assert_eq!(looks.0.load(Ordering::SeqCst), usize::from(*WORTH_IT), "looks again at once");

        let mut waiting = pin!(awake(pending::<()>()));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        sleep(MOMENT);
        let before = looks.0.load(Ordering::SeqCst);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert_eq!(looks.0.load(Ordering::SeqCst), before, "sleeps now, until it is woken");
    }
}
