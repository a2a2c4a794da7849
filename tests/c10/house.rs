//! A whole house: the use cases over a real store, the real gateways, a server that plays them, and webhooks over HTTP.
//!
//! Two clocks run in it, ours and the server's; [`House::pass`] keeps them in step.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    ledger::{NewTransaction, Party, Poster},
    payments::{Gateways, Topup},
};
use dermaga_gateways::{
    Environment, InstantSandbox, MidtransConfig, MidtransCore, MidtransSnap, Secret, Timeouts, WalletGateway, Xendit,
    XenditConfig,
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{SessionId, UserId},
    ledger::Wallet,
    notifications::Senders,
    payments::{CardToken, PaymentGateway},
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
    time::Timestamp,
};
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, XenditUrls, config};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets};
use dermaga_tests::{
    databases::{Database, Engine},
    ear::{Ear, Knock},
};
use uuid::Uuid;

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// What everything costs.
pub const PRICE: i64 = 150_000;
/// What the payer's wallet holds at the beginning.
pub const MEANS: i64 = 1_000_000;

/// A gateway and a method of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way(pub &'static str, pub &'static str);

pub const CORE: Way = Way("midtrans", "gopay");
pub const CARD: Way = Way("midtrans", "credit_card");
pub const SNAP: Way = Way("midtrans_snap", "page");
pub const INVOICE: Way = Way("xendit", "page");
pub const REQUEST: Way = Way("xendit", "gopay");
/// One of each gateway and, at Xendit, of each kind.
pub const EACH: [Way; 4] = [CORE, SNAP, INVOICE, REQUEST];

impl Way {
    /// As the server calls the company.
    pub fn provider(self) -> &'static str {
        if self.0 == "xendit" { "xendit" } else { "midtrans" }
    }
}

pub struct House {
    pub app: App,
    pub ear: Ear,
    pub clock: ManualClock,
    pub database: Database,
    pub ani: Principal,
    pub wallet: Wallet,
    pub sandbox: Running,
    pub(crate) http: reqwest::Client,
    ids: Arc<SequentialIds>,
    /// How long payers have.
    window: Duration,
    /// Shown to the gateway by the payer's browser, for the next purchase.
    pub(crate) card: Mutex<Option<CardToken>>,
    /// What the outside was told while the house was furnished.
    pub(crate) begun: Vec<String>,
}

/// Less than a call hangs, and enough for a busy machine.
const PATIENCE: Timeouts = Timeouts { connect: Duration::from_secs(2), total: Duration::from_secs(2) };
const HANG: u64 = 3_000;

fn wired(
    database: &Database,
    sandbox: &Running,
    ear: &Ear,
    ids: &Arc<SequentialIds>,
    clock: &ManualClock,
    payment_window: Duration,
) -> App {
    let store: Arc<dyn Store> = Arc::new(database.store.clone());
    let ours: Arc<dyn Clock> = Arc::new(clock.clone());
    let midtrans = MidtransConfig {
        core_url: sandbox.midtrans_api(),
        snap_url: sandbox.midtrans_snap(),
        webhook_url: Some(format!("{}/midtrans", ear.url)),
        three_ds: false,
        timeouts: PATIENCE,
        ..MidtransConfig::new(Environment::Sandbox, config::MIDTRANS_SERVER_KEY)
    };
    let xendit = XenditConfig {
        url: sandbox.xendit(),
        callback_token: Secret::new(config::XENDIT_CALLBACK_TOKEN),
        return_url: Some("https://shop.example/back".to_owned()),
        timeouts: PATIENCE,
        ..XenditConfig::new(Environment::Sandbox, config::XENDIT_SECRET_KEY, config::XENDIT_CALLBACK_TOKEN)
    };
    let ledger = Arc::new(Poster::new(store.clone(), ours.clone()));
    let gateways: Vec<Arc<dyn PaymentGateway>> = vec![
        Arc::new(InstantSandbox::default()),
        Arc::new(MidtransCore::new(midtrans.clone(), ours.clone()).expect("configured")),
        Arc::new(MidtransSnap::new(midtrans, ours.clone()).expect("configured")),
        Arc::new(Xendit::new(xendit, ours.clone()).expect("configured")),
        Arc::new(WalletGateway::new(store.clone(), ledger.clone(), ours.clone())),
    ];
    let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
    let ports = Ports {
        ledger,
        store,
        gateways: Gateways::new(gateways),
        suppliers: dermaga_domain::booking::Suppliers::default(),
        senders: Senders::default(),
        hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
        tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
        ticket_signer: Arc::new(Ed25519Signer),
        offer_seal: Arc::new(HmacSeal::of(b"offers of these tests")),
        secrets: Arc::new(OsSecrets),
        clock: ours,
        ids: ids.clone(),
    };
    App::new(ports, Policy { payment_window, ..Policy::default() })
}

impl House {
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// With other settings of the server.
    pub async fn with(engine: Engine, played: impl FnOnce(&mut Settings)) -> Self {
        Self::furnished(engine, HOUR, played).await
    }

    /// Where payers have more or less time.
    pub async fn lasting(engine: Engine, window: Duration) -> Self {
        Self::furnished(engine, window, |_| {}).await
    }

    async fn furnished(engine: Engine, window: Duration, played: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = Database::migrated(engine).await;
        let take =
            async |app: App, knock: Knock| app.payments.take_webhook(&knock.to, &knock.headers, &knock.body).await;
        let ear = Ear::start(take).await;
        let mut settings = Settings { hang_ms: HANG, ..Settings::default() };
        settings.midtrans.webhook_url = format!("{}/midtrans", ear.url);
        settings.xendit.webhook_urls = XenditUrls::all(&format!("{}/xendit", ear.url));
        played(&mut settings);
        let epoch = Moment::parse("2026-01-05T03:00:00.000Z");
        let begun = SandboxConfig { clock: ClockMode::Manual, epoch, settings, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(begun).await.expect("starts");
        let start: Timestamp = "2026-01-05T03:00:00Z".parse().expect("a time");
        let (clock, ids) = (ManualClock::at(start), Arc::new(SequentialIds::default()));
        let app = wired(&database, &sandbox, &ear, &ids, &clock, window);
        ear.give_to(Some(app.clone()));
        let id: UserId = ids.next().into();
        let registration = Registration {
            username: Some("ani".to_owned()),
            password: "correct horse".to_owned(),
            role: Some(Role::User),
            ..Registration::default()
        };
        app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
        let ani = Principal::User { id, role: Role::User, session: SessionId(ids.next()) };
        let wallet = app.wallets.list(&ani).await.expect("lists").remove(0).wallet;
        let means = NewTransaction { amount: MEANS, ..NewTransaction::default() };
        let topup = Topup { topup: means, ..Topup::default() };
        app.payments.topup(&ani, ids.next().into(), Party::Wallet(wallet.id), topup).await.expect("tops up");
        let (http, card) = (reqwest::Client::new(), Mutex::default());
        let begun = database.texts("SELECT topic FROM outbox").await;
        Self { app, ear, clock, database, ani, wallet, sandbox, ids, http, card, window, begun }
    }

    /// Our process dies and is not replaced yet: whatever is sent to us meanwhile, nobody hears.
    pub fn die(&mut self) {
        self.ear.give_to(None);
    }

    /// Another process on the same database.
    pub fn come_back(&mut self) {
        self.app = wired(&self.database, &self.sandbox, &self.ear, &self.ids, &self.clock, self.window);
        self.ear.give_to(Some(self.app.clone()));
    }

    pub fn id(&self) -> Uuid {
        self.ids.next()
    }

    /// Time passes on both sides, and whatever becomes due is looked after.
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

    /// Time passes and we look after nothing.
    pub async fn time(&self, time: Duration) {
        self.clock.advance(time);
        self.sandbox.app.advance(time).await;
    }

    /// Whatever is due now is looked after.
    pub async fn look_after(&self) {
        while self.app.payments.look_after_due().await.expect("looks after") > 0 {}
        self.app.transactions.expire_overdue().await.expect("tidies up");
    }
}
