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
    payments::{Gateways, MethodChoice, Payable, PaymentView, Purchase, Topup},
};
use dermaga_gateways::{
    Environment, InstantSandbox, MidtransConfig, MidtransCore, MidtransSnap, Secret, Timeouts, WalletGateway, Xendit,
    XenditConfig,
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{PaymentId, SessionId, TransactionId, UserId},
    ledger::{SystemAccount, TransactionStatus, Wallet},
    money::Currency,
    notifications::Senders,
    paging::PageRequest,
    payments::{CardToken, Payment, PaymentFilter, PaymentGateway, PaymentState, Use, Webhook},
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
    time::Timestamp,
};
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, XenditUrls, config};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, JwtIssuer, OsSecrets};
use dermaga_tests::databases::{Database, Engine};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ear::Ear;

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
    ids: Arc<SequentialIds>,
    http: reqwest::Client,
    /// Shown to the gateway by the payer's browser, for the next purchase.
    card: Mutex<Option<CardToken>>,
    /// What the outside was told while the house was furnished.
    begun: Vec<String>,
}

/// Less than a call hangs, and enough for a busy machine.
const PATIENCE: Timeouts = Timeouts { connect: Duration::from_secs(2), total: Duration::from_secs(2) };
const HANG: u64 = 3_000;

fn wired(database: &Database, sandbox: &Running, ear: &Ear, ids: &Arc<SequentialIds>, clock: &ManualClock) -> App {
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
        senders: Senders::default(),
        hasher: Arc::new(Argon2Hasher::new(cheap).expect("a legal cost")),
        tokens: Arc::new(JwtIssuer::new(&[7; 32], Duration::from_secs(900)).expect("long enough")),
        ticket_signer: Arc::new(Ed25519Signer),
        secrets: Arc::new(OsSecrets),
        clock: ours,
        ids: ids.clone(),
    };
    App::new(ports, Policy { payment_window: HOUR, ..Policy::default() })
}

impl House {
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// With other settings of the server.
    pub async fn with(engine: Engine, played: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = Database::migrated(engine).await;
        let ear = Ear::start().await;
        let mut settings = Settings { hang_ms: HANG, ..Settings::default() };
        settings.midtrans.webhook_url = format!("{}/midtrans", ear.url);
        settings.xendit.webhook_urls = XenditUrls::all(&format!("{}/xendit", ear.url));
        played(&mut settings);
        let epoch = Moment::parse("2026-01-05T03:00:00.000Z");
        let begun = SandboxConfig { clock: ClockMode::Manual, epoch, settings, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(begun).await.expect("starts");
        let start: Timestamp = "2026-01-05T03:00:00Z".parse().expect("a time");
        let (clock, ids) = (ManualClock::at(start), Arc::new(SequentialIds::default()));
        let app = wired(&database, &sandbox, &ear, &ids, &clock);
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
        Self { app, ear, clock, database, ani, wallet, sandbox, ids, http, card, begun }
    }

    /// Our process dies and is not replaced yet: whatever is sent to us meanwhile, nobody hears.
    pub fn die(&mut self) {
        self.ear.give_to(None);
    }

    /// Another process on the same database.
    pub fn come_back(&mut self) {
        self.app = wired(&self.database, &self.sandbox, &self.ear, &self.ids, &self.clock);
        self.ear.give_to(Some(self.app.clone()));
    }

    pub fn id(&self) -> Uuid {
        self.ids.next()
    }

    fn choice(&self, way: Way) -> MethodChoice {
        MethodChoice {
            gateway: Some(way.0.to_owned()),
            method: Some(way.1.to_owned()),
            token: self.card.lock().expect("no panic").take(),
            wallet: (way.1 == "wallet").then_some(self.wallet.id),
            ..MethodChoice::default()
        }
    }

    fn purchase() -> Payable {
        let terms = NewTransaction { amount: PRICE, ..NewTransaction::default() };
        Payable::Purchase(Purchase { merchant: "Kopi".to_owned(), terms })
    }

    /// A card that the browser has shown to the gateway, for the next purchase.
    pub async fn show_card(&self, number: &str) {
        let url = format!(
            "{}/v2/token?client_key={}&card_number={number}&card_exp_month=12&card_exp_year=2030&card_cvv=123",
            self.sandbox.midtrans_api(),
            config::MIDTRANS_CLIENT_KEY
        );
        let token: Value = self.http.get(url).send().await.expect("answers").json().await.expect("a token");
        let token = CardToken(token["token_id"].as_str().expect("a token").to_owned());
        *self.card.lock().expect("no panic") = Some(token);
    }

    /// What happens to the next payment at that gateway.
    pub async fn plan(&self, way: Way, script: &str) {
        let plan = json!({"match": {"provider": way.provider()}, "script": script});
        assert_eq!(self.post("/plans", &plan).await.0, 201, "{script}");
    }

    /// Ani buys at "Kopi", and what the script says happens to her payment.
    pub async fn buy(&self, way: Way, script: &str) -> Payment {
        if !script.is_empty() {
            self.plan(way, script).await;
        }
        if way.1 == "credit_card" && self.card.lock().expect("no panic").is_none() {
            self.show_card("4811111111111114").await;
        }
        let choice = self.choice(way);
        self.app.payments.start(&self.ani, self.id(), Self::purchase(), choice).await.expect("starts")
    }

    /// The same, only that the money is reserved and not taken.
    pub async fn reserve(&self, way: Way, script: &str) -> Payment {
        self.plan(way, script).await;
        self.show_card("4811111111111114").await;
        let choice = MethodChoice { authorize_only: true, ..self.choice(way) };
        self.app.payments.start(&self.ani, self.id(), Self::purchase(), choice).await.expect("starts")
    }

    /// Another attempt to pay the same.
    pub async fn again(&self, way: Way, transaction: TransactionId, script: &str) -> Payment {
        self.plan(way, script).await;
        let again = Payable::Transaction(transaction);
        self.app.payments.start(&self.ani, self.id(), again, self.choice(way)).await.expect("starts")
    }

    /// A payment that is paid, and its money the merchant's.
    pub async fn paid(&self, way: Way) -> Payment {
        self.paid_with(way, "~pay1s").await
    }

    pub async fn paid_with(&self, way: Way, script: &str) -> Payment {
        // A page is paid in the first way that it offers, which may be one without a way back; a wallet has one.
        let page = matches!(way, SNAP | INVOICE);
        let script = if page { script.replace("~pay1s", "") } else { script.to_owned() };
        let payment = self.buy(way, &script).await;
        if way == SNAP {
            self.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        if page {
            self.play(&payment, "pay", json!({"payment_type": if way == SNAP { "gopay" } else { "DANA" }})).await;
        }
        self.pass(5 * SECOND).await;
        let payment = self.payment(payment.id).await;
        assert_eq!((payment.state, payment.used), (PaymentState::Paid, Use::Funding), "{way:?}: {payment:?}");
        payment
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

    pub async fn view(&self, id: PaymentId) -> PaymentView {
        self.app.payments.payment(&Principal::Operator, id).await.expect("is there")
    }

    pub async fn payment(&self, id: PaymentId) -> Payment {
        self.view(id).await.payment
    }

    pub async fn payments(&self) -> Vec<Payment> {
        let page = PageRequest::first(100);
        self.app.payments.payments(&Principal::Operator, PaymentFilter::default(), page).await.expect("lists").items
    }

    /// What gateways told, newest first.
    pub async fn webhooks(&self) -> Vec<Webhook> {
        let page = PageRequest::first(100);
        self.app.payments.webhooks(&Principal::Operator, None, page).await.expect("lists").items
    }

    /// How the purchase stands.
    pub async fn status(&self, payment: &Payment) -> TransactionStatus {
        let found = self.app.transactions.transaction(&Principal::Operator, payment.transaction).await;
        found.expect("is there").status
    }

    /// How often the outside was told so.
    pub async fn told(&self, topic: &str) -> usize {
        let all = self.database.texts(&format!("SELECT topic FROM outbox WHERE topic = '{topic}'")).await.len();
        all - self.begun.iter().filter(|begun| *begun == topic).count()
    }

    /// What is in an account of the system.
    pub async fn account(&self, account: SystemAccount) -> i64 {
        let id = account.id(Currency::Idr);
        let found = self.database.store.ledger().account(id, self.clock.now()).await.expect("answers");
        found.map_or(0, |account| account.counters.balance().posted)
    }

    /// What the merchant has.
    pub async fn merchant(&self) -> i64 {
        self.account(SystemAccount::Merchant { slug: "kopi".to_owned() }).await
    }

    /// What Ani's wallet holds.
    pub async fn ani_has(&self) -> i64 {
        self.app.wallets.balance(&self.ani, self.wallet.id, None).await.expect("answers").balance.posted
    }

    /// Somebody does something at the gateway: the payer, the bank, a person at the dashboard.
    pub async fn play(&self, payment: &Payment, action: &str, body: Value) {
        let (status, told) = self.post(&format!("/tx/{}/{action}", payment.reference), &body).await;
        assert_eq!(status, 200, "{action} is possible: {told}");
    }

    /// The next call of that kind meets a fault.
    pub async fn fault(&self, path: &str, mode: &str) {
        self.fault_of("POST", path, mode).await;
    }

    pub async fn fault_of(&self, method: &str, path: &str, mode: &str) {
        let rule = json!({"match": {"method": method, "path": path}, "mode": mode});
        assert_eq!(self.post("/faults", &rule).await.0, 201);
    }

    /// A forged webhook; answers what we said to it.
    pub async fn inject(&self, body: Value) -> u64 {
        let (status, told) = self.post("/webhooks/inject", &body).await;
        assert_eq!(status, 200, "{told}");
        told["outcome"]["status"].as_u64().expect("an answer")
    }

    /// Sends what was sent last about a payment again, so often and at once; answers what we said.
    pub async fn redeliver(&self, payment: &Payment, times: usize) -> Vec<u64> {
        let sent = self.sent(payment).await;
        let id = sent.last().expect("something was sent")["id"].clone();
        let (_, told) = self.post(&format!("/webhooks/{id}/redeliver?n={times}&parallel=true"), &json!({})).await;
        let outcomes = told["outcomes"].as_array().expect("outcomes");
        outcomes.iter().map(|outcome| outcome["status"].as_u64().unwrap_or_default()).collect()
    }

    /// What the server sent about a payment.
    pub async fn sent(&self, payment: &Payment) -> Vec<Value> {
        self.get(&format!("/webhooks?ref={}", payment.reference)).await.as_array().expect("a list").clone()
    }

    /// How often we made that call.
    pub async fn calls(&self, payment: &Payment, path: &str) -> usize {
        let all = self.get(&format!("/requests?ref={}", payment.reference)).await;
        let of = |one: &&Value| one["path"].as_str().is_some_and(|told| told.contains(path)) && one["method"] == "POST";
        all.as_array().expect("a list").iter().filter(of).count()
    }

    /// What the server has of a payment.
    pub async fn records(&self, payment: &Payment) -> Vec<Value> {
        self.get(&format!("/tx?ref={}", payment.reference)).await.as_array().expect("a list").clone()
    }

    /// A call to Xendit that we would not make.
    pub async fn raw(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.xendit());
        let call = self.http.post(url).basic_auth(config::XENDIT_SECRET_KEY, Some("")).json(body);
        call.send().await.expect("answers").json().await.expect("JSON")
    }

    /// Asks the server's own side.
    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.http.get(url).send().await.expect("answers").json().await.expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        let answer = self.http.post(url).json(body).send().await.expect("answers");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}
