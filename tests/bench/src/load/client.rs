//! Sending: many connections on one thread, back to back or at a fixed rate.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, LocalSet},
    time,
};

use super::{
    Amount, Load, Report,
    connection::Connection,
    requests::Requests,
    tally::{Tally, Window, cpu},
};

/// What comes before the measured time: connections are made, caches and plans are warm.
const WARM_UP: Duration = Duration::from_secs(3);
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(40);
/// What is measured until so many requests are answered has no planned end.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
/// Breaks between failures, so that a host that is gone is not hammered.
const BREATH: Duration = Duration::from_millis(100);

/// When to send the next request.
enum Pace {
    /// As soon as the last one is answered, so many times.
    Closed { left: Cell<u64> },
    /// When it is due.
    Open { due: Arc<Semaphore>, rate: f64, sent: Cell<u64>, begin: Instant },
}

struct Shared {
    requests: RefCell<Requests>,
    tally: RefCell<Tally>,
    pace: Pace,
    /// Nothing is sent after this.
    end: Instant,
}

/// Does what the order says, on this thread.
///
/// # Errors
/// The hosts are not there, or the world is not.
pub async fn run(load: Load) -> Result<Report> {
    let requests = Requests::new(load.kind, &load.world, load.seed)?;
    let mut connections = Vec::new();
    for number in 0..load.connections {
        let address = load.addresses[number % load.addresses.len()];
        connections.push(Connection::open(address).await.with_context(|| format!("{address}"))?);
    }

    let start = Instant::now();
    let (begin, length) = match load.amount {
        Amount::Closed { seconds } | Amount::Open { seconds, .. } => {
            (start + WARM_UP, Duration::from_secs_f64(seconds))
        }
        Amount::Requests(_) => (start, NEVER),
    };
    let window = Window { begin, end: begin + length };
    let pace = match load.amount {
        Amount::Closed { .. } => Pace::Closed { left: Cell::new(u64::MAX) },
        Amount::Requests(requests) => Pace::Closed { left: Cell::new(requests) },
        Amount::Open { rate, .. } => {
            let due = Arc::new(Semaphore::new(0));
            announce(due.clone(), rate, start, window.end);
            Pace::Open { due, rate, sent: Cell::new(0), begin: start }
        }
    };
    let tally = RefCell::new(Tally::new(load.kind, window)?);
    let shared = Rc::new(Shared { requests: RefCell::new(requests), tally, pace, end: window.end });

    let tasks = LocalSet::new();
    let clerk = shared.clone();
    tasks.spawn_local(async move { clerk.keep_books().await });
    let tally = tasks.run_until(send_all(shared, connections)).await?;
    Ok(tally.report(cpu()?))
}

/// Waits until every connection has had its last answer, or no longer than a host may take for one.
async fn send_all(shared: Rc<Shared>, connections: Vec<Connection>) -> Result<Tally> {
    let mut clients = JoinSet::new();
    for connection in connections {
        let shared = shared.clone();
        clients.spawn_local(async move { shared.send(connection).await });
    }
    let deadline = time::Instant::from_std(shared.end + PATIENCE);
    let all = async { while clients.join_next().await.is_some() {} };
    let _ = time::timeout_at(deadline, all).await;
    clients.shutdown().await;
    shared.tally.borrow_mut().end_now(Instant::now());
    let window = shared.tally.borrow().window();
    let empty = Tally::new(super::Kind::Hello, window)?;
    Ok(shared.tally.replace(empty))
}

impl Shared {
    /// Sends one request after another on a connection.
    async fn send(&self, mut connection: Connection) {
        let mut request = Vec::with_capacity(1024);
        while let Some(due) = self.next().await {
            self.requests.borrow_mut().next(&mut request);
            self.tally.borrow_mut().under_way += 1;
            let due = due.unwrap_or_else(Instant::now);
            if !self.exchange(&mut connection, &request, due).await {
                time::sleep(BREATH).await;
                if connection.reopen().await.is_err() {
                    return;
                }
            }
        }
    }

    /// Sends a request and counts what comes back; answers whether the connection is still good.
    async fn exchange(&self, connection: &mut Connection, request: &[u8], due: Instant) -> bool {
        let exchanged = connection.exchange(request).await;
        let mut tally = self.tally.borrow_mut();
        tally.under_way -= 1;
        match &exchanged {
            Ok(answer) => tally.answered(answer, due, Instant::now()),
            Err(error) => tally.broke(error),
        }
        exchanged.is_ok()
    }

    /// Waits for the next request: when it was due, if it had an appointment. `None` ends the connection's work.
    async fn next(&self) -> Option<Option<Instant>> {
        match &self.pace {
            Pace::Closed { left } => {
                left.set(left.get().checked_sub(1)?);
                (Instant::now() < self.end).then_some(None)
            }
            Pace::Open { due, rate, sent, begin } => {
                due.acquire().await.ok()?.forget();
                let number = sent.replace(sent.get() + 1);
                #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
                let after = Duration::from_secs_f64(number as f64 / rate);
                Some(Some(*begin + after))
            }
        }
    }

    /// Tells whoever started this process how far it is, and notes the processor time when the measured time begins.
    async fn keep_books(&self) {
        let begin = self.tally.borrow().window().begin;
        time::sleep_until(begin.into()).await;
        self.tally.borrow_mut().cpu_before = cpu().unwrap_or_default();
        loop {
            eprintln!("{}", self.tally.borrow().done());
            time::sleep(Duration::from_millis(250)).await;
        }
    }
}

/// Lets requests go when they are due, from a thread of its own: timers of the run time are a millisecond wide, and
/// that is as long as a request takes.
fn announce(due: Arc<Semaphore>, rate: f64, begin: Instant, end: Instant) {
    const STEP: Duration = Duration::from_micros(200);
    thread::spawn(move || {
        let mut released = 0;
        loop {
            let now = Instant::now().min(end);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
            let by_now = (now.duration_since(begin).as_secs_f64() * rate) as usize;
            due.add_permits(by_now - released);
            released = by_now;
            if now == end {
                // Who waits for more waits in vain; what is due already is still sent.
                while due.available_permits() > 0 {
                    thread::sleep(STEP);
                }
                return due.close();
            }
            thread::sleep(STEP);
        }
    });
}
