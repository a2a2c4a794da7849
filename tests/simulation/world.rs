//! A world of payments: use cases, a gateway that is played, a clock, one source of chance, and the final audit.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    ledger::Poster,
    payments::{FeeRule, Gateways},
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{PaymentId, SessionId, UserId, WalletId},
    ledger::{SystemAccount, TransactionStatus},
    money::Currency,
    notifications::Senders,
    paging::PageRequest,
    payments::{GatewayState, Payment, PaymentClass, PaymentFilter, PaymentState, RefundProgress, RefundState, Use},
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
    time::Timestamp,
};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets};
use dermaga_tests::{
    databases::{Database, Engine},
    played::Played,
};
use fastrand::Rng;

/// A payer.
pub struct Person {
    pub who: Principal,
    pub wallet: WalletId,
}

pub struct World {
    pub app: App,
    pub gateway: Played,
    pub clock: ManualClock,
    pub database: Database,
    pub admin: Principal,
    pub people: Vec<Person>,
    chance: Mutex<Rng>,
    ids: Arc<SequentialIds>,
    seed: u64,
}

impl World {
    pub async fn new(engine: Engine, seed: u64) -> Self {
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let gateway = Played::new("played", clock.clone());
        let database = Database::migrated(engine).await;
        let store: Arc<dyn Store> = Arc::new(database.store.clone());
        let ids = Arc::new(SequentialIds::default());
        let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
        let ports = Ports {
            ledger: Arc::new(Poster::new(store.clone(), Arc::new(clock.clone()))),
            store,
            gateways: Gateways::new(vec![Arc::new(gateway.clone())]),
            suppliers: dermaga_domain::booking::Suppliers::default(),
            senders: Senders::default(),
            hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
            tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
            ticket_signer: Arc::new(Ed25519Signer),
            offer_seal: Arc::new(HmacSeal::of(b"offers of these tests")),
            secrets: Arc::new(OsSecrets),
            clock: Arc::new(clock.clone()),
            ids: ids.clone(),
        };
        let fee = FeeRule { gateway: "played".to_owned(), method: None, basis_points: 70, fixed: 0 };
        let policy = Policy { fees: vec![fee], topup_window: Duration::from_secs(1_800), ..Policy::default() };
        let app = App::new(ports, policy);
        let mut world = Self {
            app,
            gateway,
            clock,
            database,
            admin: Principal::Operator,
            people: Vec::new(),
            chance: Mutex::new(Rng::with_seed(seed)),
            ids,
            seed,
        };
        for number in 0..8 {
            let (who, wallet) = world.register(&format!("payer{number}"), Role::User).await;
            world.people.push(Person { who, wallet });
        }
        world
    }

    async fn register(&self, name: &str, role: Role) -> (Principal, WalletId) {
        let id: UserId = self.id();
        let registration = Registration {
            username: Some(name.to_owned()),
            password: "correct horse".to_owned(),
            role: Some(role),
            ..Registration::default()
        };
        self.app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
        let who = Principal::User { id, role, session: self.id::<SessionId>() };
        let wallet = self.app.wallets.list(&who).await.expect("lists").remove(0).wallet.id;
        (who, wallet)
    }

    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.ids.next().into()
    }

    /// One of so many, by chance.
    pub fn pick(&self, of: usize) -> usize {
        self.chance.lock().expect("no panic").usize(..of)
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&self, times: usize) -> bool {
        self.pick(times) == 0
    }

    /// All attempts.
    pub async fn payments(&self) -> Vec<Payment> {
        let mut all = Vec::new();
        let mut after: Option<PaymentId> = None;
        loop {
            let page = PageRequest::new(after, 200);
            let found = self.app.payments.payments(&self.admin, PaymentFilter::default(), page).await.expect("lists");
            all.extend(found.items);
            after = found.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Whatever is due is looked after; the store never fails here, so nothing may.
    pub async fn look_after(&self) {
        while self.app.payments.look_after_due().await.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed)) > 0
        {
        }
        self.app.transactions.expire_overdue().await.expect("tidies up");
    }

    /// No more trouble: time passes until nothing more is expected.
    pub async fn settle(&self) {
        self.gateway.calm();
        for (reference, charge) in self.gateway.charges() {
            let reversed = matches!(charge.state, GatewayState::Denied { .. });
            self.gateway.happen(&reference, |charge| {
                for refund in charge.refunds.iter_mut().filter(|refund| refund.state == RefundProgress::Pending) {
                    refund.state = match reversed {
                        true => RefundProgress::Failed { reason: "the payment was reversed".to_owned() },
                        false => RefundProgress::Succeeded,
                    };
                }
            });
        }
        // Whatever changed at the gateway is told in the end, at least once.
        for reference in self.gateway.charges().into_keys() {
            let (headers, body) = Played::webhook(&reference, "final");
            self.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
        }
        for _ in 0..30 {
            self.clock.advance(Duration::from_secs(11 * 60));
            self.look_after().await;
        }
        for _ in 0..10 {
            self.clock.advance(Duration::from_secs(24 * 60 * 60));
            self.look_after().await;
        }
    }

    /// Both books, compared.
    pub async fn audit(&self) {
        let seed = self.seed;
        let report = self.app.books.verify(&Principal::Operator, |_, _| {}).await.expect("verifies");
        assert!(report.is_clean(), "seed {seed}: {:?}", report.findings);

        let charges = self.gateway.charges();
        let payments = self.payments().await;
        let mut funded: BTreeMap<_, u32> = BTreeMap::new();
        let mut held = 0;
        for payment in &payments {
            let told = || format!("seed {seed}: {payment:?} against {:?}", charges.get(&payment.reference));
            assert!(payment.state.class() != PaymentClass::Open || payment.frozen, "left open: {}", told());
            let Some(charge) = charges.get(&payment.reference) else {
                assert_eq!(payment.sums.captured, 0, "{}", told());
                continue;
            };
            assert_eq!(charge.created, 1, "charged more than once: {}", told());
            match &charge.state {
                GatewayState::Paid => {
                    let right = charge.paid == payment.amount;
                    let state = if right { PaymentState::Paid } else { payment.state };
                    assert_eq!((payment.state, payment.frozen || right), (state, true), "{}", told());
                    assert_eq!(payment.sums.captured, charge.paid.amount(), "{}", told());
                    assert_eq!(payment.used == Use::Suspense, !right, "{}", told());
                    held += charge.paid.amount() - charge.refunded() - charge.lost();
                }
                // Paid and taken back; between two looks, nobody here ever saw the money.
                GatewayState::Denied { .. } if charge.settled => {
                    let unseen = payment.sums.captured == 0;
                    assert!(unseen || payment.state == PaymentState::Reversed, "{}", told());
                }
                _ => assert_eq!(payment.sums.captured, 0, "{}", told()),
            }
            if payment.used != Use::Suspense {
                assert_eq!(payment.sums.refunded, charge.refunded(), "{}", told());
                assert_eq!(payment.sums.charged_back, charge.lost(), "{}", told());
                assert_eq!(payment.sums.refund_pending, 0, "{}", told());
            }
            if payment.used == Use::Funding {
                *funded.entry(payment.transaction).or_default() += 1;
            }
            let view = self.app.payments.payment(&self.admin, payment.id).await.expect("is there");
            assert!(view.refunds.iter().all(|refund| refund.state.is_over()), "{}", told());
            let made: i64 = view
                .refunds
                .iter()
                .filter(|refund| refund.state == RefundState::Succeeded)
                .map(|refund| refund.amount.amount())
                .sum();
            assert_eq!(made, payment.sums.refunded, "{}", told());
        }
        assert!(funded.values().all(|times| *times == 1), "seed {seed}: funded twice");
        for payment in payments.iter().filter(|payment| !funded.contains_key(&payment.transaction)) {
            let found = self.app.transactions.transaction(&self.admin, payment.transaction).await.expect("is there");
            let dead = matches!(
                found.status,
                TransactionStatus::Cancelled
                    | TransactionStatus::Failed
                    | TransactionStatus::Pending
                    | TransactionStatus::Processing
            );
            assert!(dead, "seed {seed}: fulfilled without money: {found:?}");
        }
        self.balance_of_the_gateway(held).await;
    }

    /// What our books say that the gateway owes us is what it says itself: captured, less what went back, less its fees.
    async fn balance_of_the_gateway(&self, held: i64) {
        let of = |account: SystemAccount| {
            let id = account.id(Currency::Idr);
            async move {
                let found = self.database.store.ledger().account(id, self.clock.now()).await.expect("answers");
                found.map_or(0, |account| account.counters.balance().posted)
            }
        };
        let gateway = || "played".to_owned();
        let cash = -of(SystemAccount::GatewayCash { gateway: gateway() }).await;
        let fees = -of(SystemAccount::GatewayFees { gateway: gateway() }).await;
        assert_eq!(cash + fees, held, "seed {}: our cash at the gateway", self.seed);
        let claims = -of(SystemAccount::Chargebacks { gateway: gateway() }).await;
        let stuck = self.payments().await.iter().any(|payment| payment.frozen && payment.used == Use::Surplus);
        let surplus = of(SystemAccount::Surplus { gateway: gateway() }).await;
        assert!(surplus == 0 || stuck, "seed {}: {surplus} of late money goes nowhere", self.seed);
        let mut owners = of(SystemAccount::Merchant { slug: "kopi".to_owned() }).await;
        owners += surplus;
        owners += of(SystemAccount::Suspense { gateway: gateway() }).await;
        for person in &self.people {
            owners += self.app.wallets.balance(&person.who, person.wallet, None).await.expect("answers").balance.posted;
        }
        assert_eq!(owners - claims, held, "seed {}: whose money it is", self.seed);
    }
}
