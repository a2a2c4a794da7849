//! A house with wallets, for the gateway that is inside it.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    App, Policy, Ports,
    auth::Registration,
    ledger::{NewTransaction, Party, Poster},
    payments::{Gateways, Topup},
};
use dermaga_gateways::{InstantSandbox, WalletGateway};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{SessionId, UserId, WalletId},
    ledger::{Balance, SystemAccount, Wallet},
    money::Currency,
    notifications::Senders,
    payments::{Method, MethodKind, NewCharge},
    store::Store,
    system::{Clock, IdGenerator, ManualClock, SequentialIds},
};
use dermaga_security::{Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets};
use dermaga_tests::databases::{Database, Engine};

use crate::kit::{self, start};

/// What a wallet holds at the beginning.
pub const MEANS: i64 = 1_000_000;

pub struct Bank {
    pub app: App,
    pub clock: ManualClock,
    pub store: Arc<dyn Store>,
    pub gateway: WalletGateway,
    ids: Arc<SequentialIds>,
    database: Database,
}

impl Bank {
    pub async fn on(engine: Engine) -> Self {
        let database = Database::migrated(engine).await;
        let (clock, ids) = (ManualClock::at(start()), Arc::new(SequentialIds::default()));
        let store: Arc<dyn Store> = Arc::new(database.store.clone());
        let ledger = Arc::new(Poster::new(store.clone(), Arc::new(clock.clone())));
        let cheap = HashingCost { memory: 8, passes: 1, lanes: 1 };
        let ports = Ports {
            ledger: ledger.clone(),
            store: store.clone(),
            gateways: Gateways::new(vec![Arc::new(InstantSandbox::default())]),
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
        let gateway = WalletGateway::new(store.clone(), ledger, Arc::new(clock.clone()));
        Self { app: App::new(ports, Policy::default()), clock, store, gateway, ids, database }
    }

    /// Somebody with a wallet that holds [`MEANS`].
    pub async fn payer(&self, name: &str) -> Wallet {
        let id: UserId = self.ids.next().into();
        let registration = Registration {
            username: Some(name.to_owned()),
            password: "correct horse".to_owned(),
            role: Some(Role::User),
            ..Registration::default()
        };
        self.app.auth.create_account(&Principal::Operator, id, registration).await.expect("registers");
        let session: SessionId = self.ids.next().into();
        let principal = Principal::User { id, role: Role::User, session };
        let wallet = self.app.wallets.list(&principal).await.expect("lists").remove(0).wallet;
        let topup = NewTransaction { amount: MEANS, ..NewTransaction::default() };
        let (topup, into) = (Topup { topup, ..Topup::default() }, Party::Wallet(wallet.id));
        self.app.payments.topup(&principal, self.ids.next().into(), into, topup).await.expect("tops up");
        wallet
    }

    pub async fn balance(&self, wallet: WalletId) -> Balance {
        let account = self.store.ledger().account(wallet.into(), self.clock.now()).await.expect("reads");
        account.expect("an account").counters.balance()
    }

    /// What this gateway holds for us.
    pub async fn cash(&self) -> i64 {
        let cash = SystemAccount::GatewayCash { gateway: "wallet".to_owned() }.id(Currency::Idr);
        let account = self.store.ledger().account(cash, self.clock.now()).await.expect("reads");
        account.map_or(0, |account| account.counters.balance().posted)
    }

    /// The end: the books are whole.
    pub async fn close(self) {
        let report = self.app.books.verify(&Principal::Operator, |_, _| {}).await.expect("verifies");
        assert!(report.is_clean(), "{:?}", report.findings);
        self.database.dispose().await;
    }
}

/// A charge of Rp 150.000 from that wallet.
pub fn charge(reference: &str, wallet: WalletId) -> NewCharge {
    let method = Method { wallet: Some(wallet), ..Method::plain(MethodKind::Wallet) };
    NewCharge { method, ..kit::charge(reference, MethodKind::Wallet) }
}
