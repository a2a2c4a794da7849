//! The use cases on a database, with a clock that is moved by hand, and people with money.

use std::{sync::Arc, time::Duration};

use dermaga_bus::{InProcessBus, Names, RabbitBus};
use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    events::{Dispatcher, Passed, Relay},
    ledger::{NewTransaction, Party, Poster, TransferOrder},
    payments::Gateways,
};
use dermaga_ports::{
    auth::{Principal, Role},
    events::{Event, EventBus, Receiver, Subscriber},
    ids::{EventId, SessionId, TransactionId, TransferId, UserId},
    ledger::{TransactionKind, Wallet},
    notifications::Senders,
    store::Store,
    system::{IdGenerator as _, ManualClock},
    time::Timestamp,
};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets, UuidV7Ids};
use dermaga_sql::SqlStore;
use dermaga_tests::rabbit::Broker;
use serde_json::json;

/// A host as far as this matters.
pub struct House {
    pub app: App,
    pub clock: ManualClock,
    pub store: SqlStore,
}

impl House {
    pub fn on(store: &SqlStore) -> Self {
        Self::at(store, ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000)))
    }

    /// With a clock that others have as well.
    pub fn at(store: &SqlStore, clock: ManualClock) -> Self {
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
        let ports = Ports {
            ledger: Arc::new(Poster::new(shared.clone(), Arc::new(clock.clone()))),
            store: shared,
            // Money comes from a service here, so nothing is asked of a gateway.
            gateways: Gateways::default(),
            suppliers: dermaga_domain::booking::Suppliers::default(),
            senders: Senders::default(),
            hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
            tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
            ticket_signer: Arc::new(Ed25519Signer),
            offer_seal: Arc::new(HmacSeal::of(b"offers of these tests")),
            secrets: Arc::new(OsSecrets),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(UuidV7Ids),
        };
        let policy = Policy { private_webhooks: true, ..Policy::default() };
        Self { app: App::new(ports, policy), clock, store: store.clone() }
    }

    /// Somebody with so much money.
    pub async fn person(&self, name: &str, balance: i64) -> (Principal, Wallet) {
        let id: UserId = fresh();
        let (username, password) = (Some(name.to_owned()), "correct horse".to_owned());
        let registration = Registration { username, password, role: Some(Role::User), ..Registration::default() };
        self.app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
        let by = Principal::User { id, role: Role::User, session: fresh::<SessionId>() };
        let wallet = self.app.wallets.list(&by).await.expect("lists").remove(0).wallet;
        let (service, kind) = (Principal::Service { name: "bank".to_owned() }, TransactionKind::Credit);
        let (party, amount) = (Party::User(id), rupiah(balance));
        let credited = self.app.transactions.adjust(&service, fresh::<TransactionId>(), kind, party, amount).await;
        credited.expect("credits");
        (by, wallet)
    }

    /// So many transfers of one rupiah, in one request.
    pub async fn transfer(&self, by: &Principal, from: &Wallet, to: &Wallet, count: usize) -> Vec<TransferId> {
        let order = |_| TransferOrder { id: fresh(), from: from.id, to: Party::Wallet(to.id), terms: rupiah(1) };
        let orders: Vec<TransferOrder> = (0..count).map(order).collect();
        let ids = orders.iter().map(|order| order.id).collect();
        let receipts = self.app.transactions.transfer_each(by, orders).await.expect("answers");
        assert!(receipts.iter().all(Result::is_ok), "{receipts:?}");
        ids
    }

    /// Puts events into the outbox, one commit for each.
    pub async fn file(&self, events: &[Event]) {
        for event in events {
            let mut unit = self.store.begin().await.expect("begins");
            unit.outbox().publish(event).await.expect("publishes");
            unit.commit().await.expect("commits");
        }
    }

    /// A relay to these subscribers in this process, and what hands over to them.
    pub fn relay(&self, subscribers: &[Arc<dyn Subscriber>]) -> (Relay, Arc<Dispatcher>) {
        let dispatcher = Arc::new(self.app.events.dispatcher(subscribers.to_vec()));
        (self.app.events.relay(Arc::new(InProcessBus::to(dispatcher.clone()))), dispatcher)
    }
}

/// Passes until nothing is left; answers how many events were told.
pub async fn relay_all(relay: &Relay) -> usize {
    let mut told = 0;
    loop {
        match relay.pass().await.expect("passes") {
            Passed::Told(some) => told += some,
            Passed::Idle => return told,
            Passed::Elsewhere => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// A bus of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    InProcess,
    Rabbit,
}

impl Way {
    /// A bus to that receiver. Over RabbitMQ on an exchange of this name.
    pub fn to(self, receiver: Arc<dyn Receiver>, exchange: &str) -> Arc<dyn EventBus> {
        match self {
            Self::InProcess => Arc::new(InProcessBus::to(receiver)),
            Self::Rabbit => Arc::new(rabbit(Broker::shared(), receiver, exchange)),
        }
    }
}

/// A bus over that broker.
pub fn rabbit(broker: &Broker, receiver: Arc<dyn Receiver>, exchange: &str) -> RabbitBus {
    RabbitBus::start(&broker.url(), Names { exchange: exchange.to_owned() }, receiver).expect("a URL")
}

/// An exchange that nobody else uses.
pub fn exchange() -> String {
    format!("dermaga.{}", fresh::<EventId>())
}

pub fn fresh<T: From<uuid::Uuid>>() -> T {
    UuidV7Ids.next().into()
}

pub fn rupiah(amount: i64) -> NewTransaction {
    NewTransaction { amount, ..NewTransaction::default() }
}

/// An event of that topic about that subject.
pub fn event(topic: &'static str, subject: &str, number: usize) -> Event {
    let at = Timestamp::from_micros(1_767_225_600_000_000 + i64::try_from(number).expect("few"));
    Event { id: fresh(), at, topic: topic.into(), subject: subject.to_owned(), payload: json!({ "number": number }) }
}
