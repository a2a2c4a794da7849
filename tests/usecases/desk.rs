//! A desk to work at: use cases over a fresh SQLite database, a clock that is moved by hand, a gateway that is played.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    booking::Suppliers,
    ledger::{NewTransaction, Party, Poster},
    payments::{Gateways, Topup},
};
use dermaga_ports::{
    auth::{Principal, Role},
    booking::PpobSupplier,
    ids::{PaymentId, SessionId, TransactionId, UserId},
    ledger::{SystemAccount, Wallet},
    money::Currency,
    notifications::Senders,
    payments::{
        Capabilities, GatewayState, MethodKind, MockPaymentGateway, NewCharge, Outcome, Payment, PaymentGateway,
        SeenAmount, Snapshot,
    },
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
    time::Timestamp,
};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets};
use dermaga_tests::{
    databases::{Database, Engine},
    played::Played,
};

pub struct Desk {
    pub app: App,
    pub clock: ManualClock,
    pub database: Database,
    ids: Arc<SequentialIds>,
}

/// A gateway whose answers to charges are these, in order; a charge too many fails the test.
pub fn answering(outcomes: Vec<Outcome<Snapshot>>) -> MockPaymentGateway {
    let mut gateway = gateway();
    let mut outcomes = outcomes.into_iter();
    gateway.expect_create().returning(move |_| outcomes.next().expect("a charge too many"));
    gateway
}

/// A gateway that settles whatever is charged.
pub fn settling() -> MockPaymentGateway {
    let mut gateway = gateway();
    gateway.expect_create().returning(|charge| Outcome::Done(paid(charge)));
    gateway
}

/// What a gateway says of a charge that is paid.
pub fn paid(charge: &NewCharge) -> Snapshot {
    Snapshot {
        state: GatewayState::Paid,
        amount: SeenAmount::Exact(charge.amount),
        captured: None,
        settled: true,
        refunds: vec![],
        refunded: None,
        disputes: vec![],
        provider_id: Some(format!("p-{}", charge.reference)),
        action: None,
        expires_at: None,
        raw: "{}".to_owned(),
    }
}

/// A gateway with a name and a method.
pub fn gateway() -> MockPaymentGateway {
    let mut gateway = MockPaymentGateway::new();
    gateway.expect_name().return_const("played".to_owned());
    gateway.expect_capabilities().return_const(Capabilities {
        methods: vec![MethodKind::Qris],
        banks: vec![],
        unfindable: vec![],
        reviews: false,
    });
    gateway
}

/// When every test begins.
fn start() -> ManualClock {
    ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000))
}

fn wired(
    database: &Database,
    gateways: Gateways,
    policy: Policy,
    senders: Senders,
    ids: &Arc<SequentialIds>,
    clock: &ManualClock,
) -> App {
    supplied(database, (gateways, Suppliers::default()), policy, senders, ids, clock)
}

fn supplied(
    database: &Database,
    (gateways, suppliers): (Gateways, Suppliers),
    policy: Policy,
    senders: Senders,
    ids: &Arc<SequentialIds>,
    clock: &ManualClock,
) -> App {
    let store: Arc<dyn Store> = Arc::new(database.store.clone());
    let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
    let ports = Ports {
        ledger: Arc::new(Poster::new(store.clone(), Arc::new(clock.clone()))),
        store,
        gateways,
        suppliers,
        senders,
        hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
        tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
        ticket_signer: Arc::new(Ed25519Signer),
        offer_seal: Arc::new(HmacSeal::of(b"offers of these tests")),
        secrets: Arc::new(OsSecrets),
        clock: Arc::new(clock.clone()),
        ids: ids.clone(),
    };
    App::new(ports, policy)
}

impl Desk {
    pub async fn with(gateway: impl PaymentGateway + 'static) -> Self {
        let database = Database::migrated(Engine::Sqlite).await;
        Self::on(database, gateway, Senders::default(), Arc::default(), start())
    }

    /// A desk that tells people things.
    pub async fn telling(senders: Senders) -> Self {
        let database = Database::migrated(Engine::Sqlite).await;
        Self::on(database, settling(), senders, Arc::default(), start())
    }

    /// A second host beside this one, on the same database and under the same clock.
    pub fn beside(&self, senders: Senders) -> App {
        let gateways = Gateways::new(vec![Arc::new(settling())]);
        wired(&self.database, gateways, Policy::default(), senders, &self.ids, &self.clock)
    }

    /// The same with rules of its own.
    pub fn with_policy(&self, policy: Policy) -> App {
        let gateways = Gateways::new(vec![Arc::new(settling())]);
        wired(&self.database, gateways, policy, Senders::default(), &self.ids, &self.clock)
    }

    /// A house whose gateway is played; the gateway outlives it.
    pub async fn played() -> (Self, Played) {
        Self::played_on(Engine::Sqlite, Policy::default()).await
    }

    /// The same on either database, with rules of its own.
    pub async fn played_on(engine: Engine, policy: Policy) -> (Self, Played) {
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let gateway = Played::new("played", clock.clone());
        let gateways = Gateways::new(vec![Arc::new(gateway.clone())]).with_manual_transfers("BCA 123".to_owned());
        let database = Database::migrated(engine).await;
        let ids = Arc::default();
        let app = wired(&database, gateways, policy, Senders::default(), &ids, &clock);
        (Self { app, clock, database, ids }, gateway)
    }

    /// A house that buys credits from this supplier.
    pub async fn buying_on(engine: Engine, policy: Policy, supplier: impl PpobSupplier + 'static) -> (Self, Played) {
        let clock = start();
        let gateway = Played::new("played", clock.clone());
        let gateways = Gateways::new(vec![Arc::new(gateway.clone())]);
        let suppliers = Suppliers { ppob: Some(Arc::new(supplier)), ..Suppliers::default() };
        let database = Database::migrated(engine).await;
        let ids = Arc::default();
        let app = supplied(&database, (gateways, suppliers), policy, Senders::default(), &ids, &clock);
        (Self { app, clock, database, ids }, gateway)
    }

    fn on(
        database: Database,
        gateway: impl PaymentGateway + 'static,
        senders: Senders,
        ids: Arc<SequentialIds>,
        clock: ManualClock,
    ) -> Self {
        let gateways = Gateways::new(vec![Arc::new(gateway)]);
        let app = wired(&database, gateways, Policy::default(), senders, &ids, &clock);
        Self { app, clock, database, ids }
    }

    /// The same house after its process has died: everything but the database is new.
    pub fn restarted(self, gateway: impl PaymentGateway + 'static) -> Self {
        Self::on(self.database, gateway, Senders::default(), self.ids, self.clock)
    }

    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.ids.next().into()
    }

    /// Somebody with an account, and the wallet that came with it.
    pub async fn person(&self, name: &str) -> (Principal, Wallet) {
        self.person_of(name, Role::User).await
    }

    pub async fn person_of(&self, name: &str, role: Role) -> (Principal, Wallet) {
        let id: UserId = self.id();
        let registration = Registration {
            username: Some(name.to_owned()),
            password: "correct horse".to_owned(),
            role: Some(role),
            ..Registration::default()
        };
        self.app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
        let principal = Principal::User { id, role, session: self.id::<SessionId>() };
        let wallet = self.app.wallets.list(&principal).await.expect("lists").remove(0).wallet;
        (principal, wallet)
    }

    /// Tops up, with that id for the transaction.
    pub async fn topup(
        &self,
        by: &Principal,
        id: TransactionId,
        wallet: &Wallet,
        amount: i64,
    ) -> dermaga_domain::Result<dermaga_domain::ledger::Movement> {
        let topup = Topup { topup: rupiah(amount), ..Topup::default() };
        self.app.payments.topup(by, id, Party::Wallet(wallet.id), topup).await.map(|(movement, _)| movement)
    }

    /// Everything, and what is not reserved.
    pub async fn balance(&self, by: &Principal, wallet: &Wallet) -> (i64, i64) {
        let funds = self.app.wallets.balance(by, wallet.id, None).await.expect("answers");
        (funds.balance.posted, funds.balance.available)
    }

    /// Time passes, and whatever becomes due in it is looked after.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.look_after().await;
    }

    /// Whatever is due now is looked after.
    pub async fn look_after(&self) {
        while self.app.payments.look_after_due().await.expect("looks after") > 0 {}
    }

    /// A payment as it is now.
    pub async fn payment(&self, id: PaymentId) -> Payment {
        self.app.payments.payment(&Principal::Operator, id).await.expect("is there").payment
    }

    /// What is in an account of the system.
    pub async fn account(&self, account: SystemAccount) -> i64 {
        self.account_in(&account, Currency::Idr).await
    }

    /// The same in another currency.
    pub async fn account_in(&self, account: &SystemAccount, currency: Currency) -> i64 {
        let found =
            self.database.store.ledger().account(account.id(currency), self.clock.now()).await.expect("answers");
        found.map_or(0, |account| account.counters.balance().posted)
    }

    /// The books are whole.
    pub async fn check(&self) {
        let report = self.app.books.verify(&Principal::Operator, |_, _| {}).await.expect("verifies");
        assert!(report.is_clean(), "{:?}", report.findings);
    }
}

pub fn rupiah(amount: i64) -> NewTransaction {
    NewTransaction { amount, ..NewTransaction::default() }
}

pub fn user(principal: &Principal) -> UserId {
    match principal {
        Principal::User { id, .. } => *id,
        other => panic!("{other:?} is no person"),
    }
}
