//! A world of travel: the use cases on two hosts over one real store, the real suppliers' adapters, a server that plays
//! the suppliers, a gateway that is played, and wallets.
//!
//! Two clocks run in it, ours and the server's; [`World::time`] keeps them in step, so that every webhook comes in the
//! moment in which it is sent.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    booking::Suppliers,
    ledger::{NewTransaction, Party, Poster},
    payments::{Gateways, MethodChoice, Topup},
};
use dermaga_gateways::WalletGateway;
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{SessionId, UserId, WalletId},
    ledger::SystemAccount,
    money::Currency,
    notifications::Senders,
    payments::Payment,
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
    time::Timestamp,
};
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, config};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets};
use dermaga_sql::SqlStore;
use dermaga_suppliers::{
    Digiflazz, DigiflazzConfig, Duffel, DuffelConfig, Environment, Ferry, FerryConfig, KeptPriceList, Secret, Timeouts,
};
use dermaga_tests::{
    databases::{Database, Engine, OPTIONS},
    ear::{Ear, Knock},
    played::Played,
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// What there is with Digiflazz at the beginning.
pub const DEPOSIT: i64 = 10_000_000;
/// How long a call hangs, and how long we wait for it: enough for a busy machine.
const HANG: u64 = 3_500;
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who buys.
pub struct Person {
    pub who: Principal,
    pub wallet: WalletId,
}

pub struct World {
    pub app: App,
    /// Another host on the same database and under the same clock.
    pub beside: App,
    pub ani: Person,
    pub staff: Principal,
    pub gateway: Played,
    pub clock: ManualClock,
    pub sandbox: Running,
    pub ear: Ear,
    pub database: Database,
    pub(crate) http: reqwest::Client,
    ids: Arc<SequentialIds>,
    /// What the use cases call an error is one here, unless somebody wants to see it.
    pub seed: u64,
}

/// The method of that name.
pub fn by(method: &str) -> MethodChoice {
    MethodChoice { method: Some(method.to_owned()), ..MethodChoice::default() }
}

fn suppliers(sandbox: &Running, clock: &ManualClock) -> Suppliers {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let timeouts = Timeouts { connect: PATIENCE, read: PATIENCE, search: PATIENCE, create: PATIENCE };
    let duffel = DuffelConfig {
        url: sandbox.duffel(),
        webhook_secret: Some(Secret::new(config::DUFFEL_WEBHOOK_SECRET)),
        timeouts,
        ..DuffelConfig::new(Environment::Sandbox, config::DUFFEL_TOKEN)
    };
    let ferry = FerryConfig {
        webhook_secret: Some(Secret::new(config::FERRY_WEBHOOK_SECRET)),
        timeouts,
        ..FerryConfig::new(Environment::Sandbox, sandbox.ferry(), config::FERRY_TOKEN)
    };
    let digiflazz = DigiflazzConfig {
        url: sandbox.digiflazz(),
        webhook_secret: Some(Secret::new(config::DIGIFLAZZ_WEBHOOK_SECRET)),
        timeouts,
        ..DigiflazzConfig::new(Environment::Sandbox, config::DIGIFLAZZ_USERNAME, config::DIGIFLAZZ_KEY)
    };
    let duffel = Arc::new(Duffel::new(duffel, shared.clone()).expect("configured"));
    let digiflazz = Digiflazz::new(digiflazz, shared.clone()).expect("configured");
    Suppliers {
        flights: Some(duffel.clone()),
        hotels: Some(duffel),
        ferries: Some(Arc::new(Ferry::new(ferry, shared.clone()).expect("configured"))),
        ppob: Some(Arc::new(KeptPriceList::new(digiflazz, shared))),
    }
}

fn wired(
    store: SqlStore,
    (gateway, suppliers): (&Played, Suppliers),
    policy: Policy,
    ids: &Arc<SequentialIds>,
    clock: &ManualClock,
) -> App {
    let store: Arc<dyn Store> = Arc::new(store);
    let ours: Arc<dyn Clock> = Arc::new(clock.clone());
    let ledger = Arc::new(Poster::new(store.clone(), ours.clone()));
    let wallets = WalletGateway::new(store.clone(), ledger.clone(), ours.clone());
    let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
    let ports = Ports {
        ledger,
        store,
        gateways: Gateways::new(vec![Arc::new(gateway.clone()), Arc::new(wallets)]),
        suppliers,
        senders: Senders::default(),
        hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
        tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
        ticket_signer: Arc::new(Ed25519Signer),
        offer_seal: Arc::new(HmacSeal::of(b"offers of these tests")),
        secrets: Arc::new(OsSecrets),
        clock: ours,
        ids: ids.clone(),
    };
    App::new(ports, policy)
}

impl World {
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, Policy::default(), |_| {}).await
    }

    /// With other rules of ours, and other settings of the server.
    pub async fn with(engine: Engine, policy: Policy, played: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let take =
            async |app: App, knock: Knock| app.bookings.take_webhook(&knock.to, &knock.headers, &knock.body).await;
        let ear = Ear::start(take).await;
        let mut settings = Settings { hang_ms: HANG, ..Settings::default() };
        settings.duffel.webhook_url = format!("{}/duffel", ear.url);
        settings.ferry.webhook_url = format!("{}/ferry", ear.url);
        settings.digiflazz.webhook_url = format!("{}/digiflazz", ear.url);
        settings.digiflazz.opening_balance = DEPOSIT;
        played(&mut settings);
        let epoch = Moment::parse("2026-01-05T03:00:00.000Z");
        let begun = SandboxConfig { clock: ClockMode::Manual, epoch, settings, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(begun).await.expect("starts");
        let start: Timestamp = "2026-01-05T03:00:00Z".parse().expect("a time");
        let (clock, ids) = (ManualClock::at(start), Arc::new(SequentialIds::default()));
        let gateway = Played::new("played", clock.clone());
        let database = Database::migrated(engine).await;
        let app = wired(database.store.clone(), (&gateway, suppliers(&sandbox, &clock)), policy.clone(), &ids, &clock);
        let second = database.second_store(OPTIONS).await;
        let beside = wired(second, (&gateway, suppliers(&sandbox, &clock)), policy, &ids, &clock);
        ear.give_to(Some(app.clone()));
        let ani = register(&app, &ids, "ani", Role::User).await;
        let staff = register(&app, &ids, "budi", Role::Admin).await.who;
        let http = reqwest::Client::new();
        Self { app, beside, ani, staff, gateway, clock, sandbox, ear, database, http, ids, seed: 0 }
    }

    /// Somebody else who buys.
    pub async fn person(&self, name: &str) -> Person {
        register(&self.app, &self.ids, name, Role::User).await
    }

    /// A third host on the same database, which buys from others.
    pub fn buying_from(&self, suppliers: Suppliers) -> App {
        let store = self.database.store.clone();
        wired(store, (&self.gateway, suppliers), Policy::default(), &self.ids, &self.clock)
    }

    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.ids.next().into()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Puts that much into somebody's wallet.
    pub async fn fill(&self, person: &Person, amount: i64) {
        let topup = NewTransaction { amount, ..NewTransaction::default() };
        let topup = Topup { topup, choice: by("qris") };
        let party = Party::Wallet(person.wallet);
        let (_, payment) = self.app.payments.topup(&person.who, self.id(), party, topup).await.expect("begins");
        self.pay(person, &payment).await;
    }

    /// The payer pays, and says so.
    pub async fn pay(&self, person: &Person, payment: &Payment) {
        self.gateway.pay(&payment.reference);
        self.app.payments.confirm(&person.who, payment.id).await.expect("asks");
    }

    /// The payer pays when nobody expects it any more, and the gateway tells.
    pub async fn pay_late(&self, payment: &Payment) {
        self.gateway.pay(&payment.reference);
        let (headers, body) = Played::webhook(&payment.reference, "settlement");
        self.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    }

    /// Time passes on both sides, and we look after nothing. Whatever happens at the suppliers happens in its moment.
    pub async fn time(&self, time: Duration) {
        let mut left = time;
        loop {
            let next = {
                let world = self.sandbox.app.world();
                world.queue.next_due().map(|due| due.since(world.clock.now()))
            };
            let step = next.map_or(left, |next| next.min(left));
            self.clock.advance(step);
            self.sandbox.app.advance(step).await;
            left -= step;
            if left.is_zero() {
                return;
            }
        }
    }

    /// Time passes, and whatever becomes due is looked after.
    pub async fn pass(&self, time: Duration) {
        self.time(time).await;
        self.look_after().await;
    }

    /// The same in steps, as a host lives through it.
    pub async fn live(&self, step: Duration, times: u32) {
        for _ in 0..times {
            self.pass(step).await;
        }
    }

    /// Whatever is due now is looked after.
    pub async fn look_after(&self) {
        self.look_after_by(&self.app).await;
    }

    /// The same on that host.
    pub async fn look_after_by(&self, app: &App) {
        let told = |error| panic!("seed {}: {error:?}", self.seed);
        while app.bookings.look_after_due().await.unwrap_or_else(told) > 0 {}
        while app.payments.look_after_due().await.unwrap_or_else(told) > 0 {}
        app.transactions.expire_overdue().await.unwrap_or_else(told);
        // What has just expired may be kept by a supplier.
        while app.bookings.look_after_due().await.unwrap_or_else(told) > 0 {}
    }

    /// What is in an account of the system.
    pub async fn account(&self, account: SystemAccount) -> i64 {
        let id = account.id(Currency::Idr);
        let found = self.database.store.ledger().account(id, self.clock.now()).await.expect("answers");
        found.map_or(0, |account| account.counters.balance().posted)
    }

    /// What somebody has.
    pub async fn money(&self, person: &Person) -> i64 {
        self.app.wallets.balance(&person.who, person.wallet, None).await.expect("answers").balance.posted
    }
}

async fn register(app: &App, ids: &Arc<SequentialIds>, name: &str, role: Role) -> Person {
    let id: UserId = ids.next().into();
    let registration = Registration {
        username: Some(name.to_owned()),
        password: "correct horse".to_owned(),
        role: Some(role),
        ..Registration::default()
    };
    app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
    let who = Principal::User { id, role, session: SessionId(ids.next()) };
    let wallet = app.wallets.list(&who).await.expect("lists").remove(0).wallet.id;
    Person { who, wallet }
}
