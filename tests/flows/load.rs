//! Clients that pay one after the other and take a note of every answer, so that a test can settle up afterwards.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dermaga_tests::{
    client::{Answer, Client, PASSWORD, Person},
    deployment::REQUEST_TIMEOUT,
    hosts::Host,
    patience::until,
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// How many of one payer's clients pay at once.
pub const CLIENTS: usize = 8;
/// What each of their payments is worth; the payer must have enough for all of them.
const AMOUNT: i64 = 1;

/// Clients at work.
pub struct Load {
    told: Arc<Told>,
    writers: Vec<JoinHandle<Notes>>,
}

#[derive(Default)]
struct Told {
    stop: AtomicBool,
    answered: AtomicUsize,
    refused: AtomicUsize,
}

/// What the clients wrote down.
#[derive(Default)]
pub struct Notes {
    /// The ids that were answered with 201.
    pub answered: Vec<String>,
    /// The keys of requests that were refused with 503 or not answered at all.
    pub unsettled: Vec<String>,
}

impl Load {
    /// Lets clients transfer from one person to another, and each is answered 201 or 503 until its host is gone.
    pub fn start(from: &Person, to: &Person) -> Self {
        let told = Arc::<Told>::default();
        let writers = (0..CLIENTS).map(|client| {
            let writer = Writer { client: from.client.clone(), body: transfer(from, to), told: told.clone() };
            tokio::spawn(writer.write(client))
        });
        Self { writers: writers.collect(), told }
    }

    /// Waits for so many more answers of 201.
    pub async fn goes_on_for(&self, answers: usize) {
        Self::grows(&self.told.answered, answers, "payments succeed").await;
    }

    /// Waits for so many more answers of 503.
    pub async fn is_refused(&self, answers: usize) {
        Self::grows(&self.told.refused, answers, "payments are refused").await;
    }

    async fn grows(counter: &AtomicUsize, by: usize, what: &str) {
        let goal = counter.load(Ordering::Relaxed) + by;
        until(what, async || (counter.load(Ordering::Relaxed) >= goal).then_some(())).await;
    }

    /// Ends it and collects the notes.
    pub async fn stop(self) -> Notes {
        self.told.stop.store(true, Ordering::Relaxed);
        let mut all = Notes::default();
        for writer in self.writers {
            let notes = writer.await.expect("no panic");
            all.answered.extend(notes.answered);
            all.unsettled.extend(notes.unsettled);
        }
        all
    }
}

struct Writer {
    client: Client,
    body: Value,
    told: Arc<Told>,
}

impl Writer {
    async fn write(self, number: usize) -> Notes {
        let mut notes = Notes::default();
        for n in 0.. {
            if self.told.stop.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("{number}-{n}");
            let began = Instant::now();
            let Some(answer) = self.ask(&key).await else {
                // The host is gone.
                notes.unsettled.push(key);
                break;
            };
            let took = began.elapsed();
            assert!(
                took < Duration::from_secs(REQUEST_TIMEOUT + 2),
                "{took:?} until {}: {}",
                answer.status,
                answer.text
            );
            if answer.status == 201 {
                notes.answered.push(answer.json()["transaction"]["id"].as_str().expect("an id").to_owned());
                self.told.answered.fetch_add(1, Ordering::Relaxed);
            } else {
                assert_told_to_come_back(&answer);
                notes.unsettled.push(key);
                self.told.refused.fetch_add(1, Ordering::Relaxed);
                // Less than it was told, for the sake of the test's own time.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        notes
    }

    async fn ask(&self, key: &str) -> Option<Answer> {
        let request = self.client.request(Method::POST, "/payments/transfer").header("Idempotency-Key", key);
        let response = request.json(&self.body).send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        Some(Answer { status, headers, text: response.text().await.ok()? })
    }
}

fn transfer(from: &Person, to: &Person) -> Value {
    json!({ "from_wallet_id": from.wallet, "to_user_id": to.id, "amount": AMOUNT })
}

/// The only refusal there may be while a part is away: 503, which says when to come back and nothing about the inside.
#[track_caller]
pub fn assert_told_to_come_back(answer: &Answer) {
    let body = answer.expect(503);
    let code = body["code"].as_str().unwrap_or_default();
    assert!(["store_unavailable", "store_busy"].contains(&code), "{body}");
    answer.problem(503, code);
    assert!(answer.header("retry-after").parse().is_ok_and(|seconds: u64| seconds > 0), "{:?}", answer.headers);
    for inside in ["/tmp", "dermaga-pg", "sqlite", "sqlx", "postgres", "INSERT", "UPDATE", "ledger_", "os error"] {
        assert!(!answer.text.contains(inside), "{inside} is told to a stranger: {}", answer.text);
    }
}

/// The same person on another host, or after a restart.
pub async fn again(host: &Host, person: Person) -> Person {
    Person { client: Client::login(host, &person.email, PASSWORD).await, ..person }
}

impl Notes {
    /// Everything that was answered is there, under the same id.
    pub async fn all_answered_are_there(&self, payer: &Person) {
        for some in self.answered.chunks(CLIENTS) {
            let paths: Vec<_> = some.iter().map(|id| format!("/transactions/{id}")).collect();
            for found in join_all(paths.iter().map(|path| payer.client.get(path))).await {
                assert_eq!(found.expect(200)["status"], "COMPLETED");
            }
        }
    }

    /// Repeats what was left open, and finds that every request has moved money exactly once. Somebody who has paid
    /// without knowing it gets the answer now. No key may be in use any more.
    pub async fn settle(mut self, from: &Person, to: &Person) {
        self.all_answered_are_there(from).await;
        for some in self.unsettled.chunks(CLIENTS) {
            let repeat = |key| from.client.post_once("/payments/transfer", key, transfer(from, to));
            for answer in join_all(some.iter().map(|key| repeat(key))).await {
                self.answered.push(answer.expect(201)["transaction"]["id"].as_str().expect("an id").to_owned());
            }
        }
        let requests = self.answered.len();
        self.answered.sort();
        self.answered.dedup();
        assert_eq!(self.answered.len(), requests, "each request has a transaction of its own");
        self.nothing_else_moved(to).await;
    }

    /// The receiver has what was answered, and not a rupiah more.
    pub async fn nothing_else_moved(&self, to: &Person) {
        let count = i64::try_from(self.answered.len()).expect("few");
        assert_eq!(to.balance().await, (count * AMOUNT, count * AMOUNT));
    }
}

/// Waits until `/health/ready` has this status; answers what it tells.
pub async fn readiness(host: &Host, status: u16) -> Value {
    let url = host.url("/health/ready");
    until(&format!("/health/ready is {status}"), async || {
        let response = reqwest::get(&url).await.expect("the host answers");
        let told = response.status() == status;
        let body = response.json().await.expect("a report");
        told.then_some(body)
    })
    .await
}
