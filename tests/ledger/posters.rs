//! Two hosts on one database: each remembers accounts that the other writes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use dermaga_domain::ledger::Poster;
use dermaga_ports::{
    StoreError,
    attendance::AttendanceQueries,
    audit::AuditQueries,
    auth::UserQueries,
    events::EventQueries,
    ids::AccountId,
    inventory::InventoryQueries,
    ledger::{
        Account, Changes, Decide, Journal, Ledger, LedgerQueries, Outcome, Posting, RefusalReason, Snapshot,
        TransactionQueries, WalletQueries,
    },
    notifications::NotificationQueries,
    orders::OrderQueries,
    payments::PaymentQueries,
    reports::ReportQueries,
    store::{Store, UnitOfWork},
    webhooks::WebhookQueries,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::OPTIONS;

use crate::world::{World, account, post};

/// After it has met another writer, a poster takes locks for so many batches.
const CROWDED: usize = 32;

/// A second host on the world's database, of which is known how it stores.
struct Second {
    poster: Poster,
    counted: Arc<Counted>,
    store: SqlStore,
}

/// A store that counts what is stored without locks and with them.
struct Counted {
    store: Arc<dyn Store>,
    appended: AtomicUsize,
    locked: AtomicUsize,
}

#[async_trait]
impl Journal for Counted {
    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        self.store.journal().accounts(ids).await
    }

    async fn append(&self, changes: &Changes) -> Result<u64, StoreError> {
        self.appended.fetch_add(1, Ordering::SeqCst);
        self.store.journal().append(changes).await
    }

    async fn append_locked<'d>(&self, ids: &[AccountId], decide: Decide<'d>) -> Result<(), StoreError> {
        self.locked.fetch_add(1, Ordering::SeqCst);
        self.store.journal().append_locked(ids, decide).await
    }
}

#[async_trait]
impl Store for Counted {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.store.begin().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.store.snapshot().await
    }

    fn users(&self) -> &dyn UserQueries {
        self.store.users()
    }

    fn ledger(&self) -> &dyn LedgerQueries {
        self.store.ledger()
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn wallets(&self) -> &dyn WalletQueries {
        self.store.wallets()
    }

    fn transactions(&self) -> &dyn TransactionQueries {
        self.store.transactions()
    }

    fn payments(&self) -> &dyn PaymentQueries {
        self.store.payments()
    }

    fn notifications(&self) -> &dyn NotificationQueries {
        self.store.notifications()
    }

    fn events(&self) -> &dyn EventQueries {
        self.store.events()
    }

    fn webhooks(&self) -> &dyn WebhookQueries {
        self.store.webhooks()
    }

    fn inventory(&self) -> &dyn InventoryQueries {
        self.store.inventory()
    }

    fn bookings(&self) -> &dyn dermaga_ports::booking::BookingQueries {
        self.store.bookings()
    }

    fn orders(&self) -> &dyn OrderQueries {
        self.store.orders()
    }

    fn reports(&self) -> &dyn ReportQueries {
        self.store.reports()
    }

    fn attendance(&self) -> &dyn AttendanceQueries {
        self.store.attendance()
    }

    fn audit(&self) -> &dyn AuditQueries {
        self.store.audit()
    }
}

impl Second {
    async fn beside(world: &World) -> Self {
        let store = world.database.second_store(OPTIONS).await;
        let below: Arc<dyn Store> = Arc::new(store.clone());
        let counted = Arc::new(Counted { store: below, appended: AtomicUsize::new(0), locked: AtomicUsize::new(0) });
        Self { poster: Poster::new(counted.clone(), Arc::new(world.clock.clone())), counted, store }
    }

    async fn post(&self, id: &str, from: &str, to: &str, amount: i64) -> Outcome {
        let voucher = Posting::from(post(id, from, to, amount)).into();
        self.poster.post(vec![voucher]).await.expect("the ledger answers").remove(0)
    }

    /// How often it tried without locks, and how often with them.
    fn tries(&self) -> (usize, usize) {
        (self.counted.appended.load(Ordering::SeqCst), self.counted.locked.load(Ordering::SeqCst))
    }

    async fn leave(self) {
        self.store.close().await;
    }
}

/// The balances that a transfer left behind.
fn left(outcome: Outcome) -> (i64, i64) {
    let posted = outcome.expect("is not refused").remove(0).transfer;
    (posted.debit_balance, posted.credit_balance)
}

/// Whoever remembers less than there is must not refuse, and whoever remembers more must not pay.
pub async fn what_is_remembered_is_no_answer(world: &World) {
    let second = Second::beside(world).await;
    world.fund("ani", 100).await;
    assert_eq!(left(second.post("remembers", "ani", "budi", 10).await), (90, 10));

    world.fund("ani", 500).await;
    assert_eq!(left(second.post("more than it knows of", "ani", "budi", 400).await), (190, 410));

    // The same the other way round: the first one has seen 600 in it last.
    world.post(post("the rest", "ani", "cici", 190)).await.expect("is there");
    let refused = second.post("gone", "ani", "budi", 1).await.expect_err("nothing is left");
    let expected = RefusalReason::InsufficientFunds { account: account("ani"), available: 0, needed: 1 };
    assert_eq!(refused.reason, expected);
    assert_eq!((world.balance("ani").await, world.balance("budi").await), (0, 410));
    second.leave().await;
}

/// By turns on the same accounts, so that what either remembers is out of date every time.
pub async fn two_that_write_by_turns_agree(world: &World) {
    let second = Second::beside(world).await;
    world.fund("ani", 1_000).await;
    let (mut ani, mut budi) = (1_000, 0);
    for round in 0..50 {
        let (from, to) = if round % 5 < 3 { ("ani", "budi") } else { ("budi", "ani") };
        for (host, amount) in [("first", 7), ("second", 5)] {
            let id = format!("{round} by the {host}");
            let outcome = match host {
                "first" => world.post(post(&id, from, to, amount)).await,
                _ => second.post(&id, from, to, amount).await,
            };
            let sign = if from == "ani" { 1 } else { -1 };
            (ani, budi) = (ani - sign * amount, budi + sign * amount);
            let expected = if from == "ani" { (ani, budi) } else { (budi, ani) };
            assert_eq!(left(outcome), expected, "{id}");
        }
        // The same ids with either of them are the same transfers.
        let id = format!("{round} by the first");
        assert!(second.post(&id, from, to, 7).await.expect("an answer")[0].replayed);
    }
    assert_eq!((world.balance("ani").await, world.balance("budi").await), (ani, budi));
    second.leave().await;
}

/// One attempt in vain, then locks for a while, then without them again.
pub async fn who_meets_another_writer_takes_locks_for_a_while(world: &World) {
    let second = Second::beside(world).await;
    world.fund("ani", 1_000).await;
    second.post("alone", "ani", "budi", 1).await.expect("is there");
    assert_eq!(second.tries(), (1, 0), "alone, nobody needs locks");

    world.fund("ani", 1).await;
    second.post("met", "ani", "budi", 1).await.expect("is there");
    assert_eq!(second.tries(), (2, 1), "another revision than the one it remembered");
    // Three batches in one of the rounds, one in each other.
    for n in 0..CROWDED - 2 {
        // What others write meanwhile costs no attempt any more, and no refusal.
        world.fund("ani", 10 + i64::try_from(n).expect("small")).await;
        if n != CROWDED / 2 {
            second.post(&format!("crowded {n}"), "ani", "budi", 1).await.expect("is there");
            continue;
        }
        let available = world.balance("ani").await;
        let needed = available + 1;
        let refused = second.post("too much", "ani", "budi", needed).await.expect_err("is not there");
        assert_eq!(refused.reason, RefusalReason::InsufficientFunds { account: account("ani"), available, needed });
        second.post("all", "ani", "cici", available).await.expect("is there");
        second.post("back", "cici", "ani", available).await.expect("is there");
    }
    assert_eq!(second.tries(), (2, 1 + CROWDED));
    second.post("looks again", "ani", "budi", 1).await.expect("is there");
    assert_eq!(second.tries(), (3, 1 + CROWDED), "it had stored the account last under locks, and remembers that");
    second.leave().await;
}
