//! A small world to post in: named accounts, a clock that is moved by hand, a ledger over a fresh database.

use std::{collections::BTreeMap, sync::Arc};

use dermaga_coalesce::{Coalescer, Limits};
use dermaga_domain::ledger::{Poster, recount};
use dermaga_ports::{
    auth::{Language, PasswordHash, Role, User, UserStatus},
    ids::{AccountId, TransferId, UserId},
    ledger::{
        Account, AccountKind, Counters, Floor, Instruction, Ledger, NewTransfer, Outcome, Posting, Purpose, Voucher,
        Wallet, WalletName,
    },
    money::{Currency, Money},
    store::Store,
    system::{Clock, ManualClock},
    time::Timestamp,
};
use dermaga_tests::databases::{Database, Engine};
use uuid::Uuid;

/// Customers, who may not go below zero, and the system's own cash, which may.
pub const CUSTOMERS: [&str; 3] = ["ani", "budi", "cici"];
/// The account that money comes from.
pub const CASH: &str = "cash";

pub struct World {
    pub database: Database,
    pub clock: ManualClock,
    pub ledger: Arc<dyn Ledger>,
}

/// The account of a name.
pub fn account(name: &str) -> AccountId {
    AccountId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// The transfer of a name.
pub fn transfer(name: &str) -> TransferId {
    TransferId(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
}

pub fn idr(amount: i64) -> Money {
    Money::new(amount, Currency::Idr).expect("in range")
}

/// A transfer that is legal in itself.
pub fn new(id: &str, instruction: Instruction) -> NewTransfer {
    NewTransfer::new(transfer(id), Purpose::Transfer, instruction).expect("a legal transfer")
}

/// A transfer of an amount from one account to another, at once.
pub fn post(id: &str, from: &str, to: &str, amount: i64) -> NewTransfer {
    new(id, Instruction::Post { debit: account(from), credit: account(to), amount: idr(amount) })
}

/// A reservation without a deadline.
pub fn hold(id: &str, from: &str, to: &str, amount: i64) -> NewTransfer {
    let (debit, credit, amount) = (account(from), account(to), idr(amount));
    new(id, Instruction::Hold { debit, credit, amount, expires_at: None })
}

impl World {
    pub async fn on(engine: Engine, coalesced: bool) -> Self {
        let database = Database::migrated(engine).await;
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let store: Arc<dyn Store> = Arc::new(database.store.clone());
        let poster = Arc::new(Poster::new(store, Arc::new(clock.clone())));
        let ledger: Arc<dyn Ledger> =
            if coalesced { Arc::new(Coalescer::start(poster, Limits::default())) } else { poster };
        let world = Self { database, clock, ledger };
        for name in CUSTOMERS {
            world.open(name, Currency::Idr, Floor::AtLeast(0)).await;
        }
        world.open(CASH, Currency::Idr, Floor::Unlimited).await;
        world
    }

    pub async fn open(&self, name: &str, currency: Currency, floor: Floor) {
        let kind = if floor == Floor::Unlimited { AccountKind::GatewayCash } else { AccountKind::Wallet };
        let new = Account::open(account(name), kind, name.to_owned(), currency, floor, self.clock.now());
        let mut unit = self.database.store.begin().await.expect("begins");
        unit.books().open(&new).await.expect("opens");
        unit.commit().await.expect("commits");
    }

    /// Makes an account the wallet of somebody.
    pub async fn owner(&self, name: &str) -> UserId {
        let (id, now) = (UserId(account(name).0), self.clock.now());
        let user = User {
            id,
            email: None,
            username: Some(name.parse().expect("a username")),
            full_name: None,
            phone: None,
            role: Role::User,
            language: Language::default(),
            status: UserStatus::Active,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        let wallet = Wallet {
            id: account(name).into(),
            owner: id,
            name: WalletName::main(),
            currency: Currency::Idr,
            is_default: true,
            closed: false,
            created_at: now,
        };
        let mut unit = self.database.store.begin().await.expect("begins");
        unit.users().add(&user, Some(&PasswordHash(String::new()))).await.expect("adds");
        unit.wallets().add(&wallet).await.expect("adds");
        unit.commit().await.expect("commits");
        id
    }

    /// Posts one transfer.
    pub async fn post(&self, transfer: NewTransfer) -> Outcome {
        self.post_all(vec![transfer.into()]).await.remove(0)
    }

    pub async fn post_all(&self, postings: Vec<Posting>) -> Vec<Outcome> {
        let vouchers = postings.into_iter().map(Voucher::from).collect();
        self.ledger.post(vouchers).await.expect("the ledger answers")
    }

    /// Gives a customer money.
    pub async fn fund(&self, name: &str, amount: i64) {
        self.post(post(&format!("fund {name} {amount}"), CASH, name, amount)).await.expect("funded");
    }

    /// The counters as they are now, overdue holds left out.
    pub async fn counters(&self, name: &str) -> Counters {
        let queries = self.database.store.ledger();
        let found = queries.account(account(name), self.clock.now()).await.expect("answers");
        found.expect("the account exists").counters
    }

    pub async fn balance(&self, name: &str) -> i64 {
        self.counters(name).await.balance().posted
    }

    /// The books close and agree with the journal.
    pub async fn check(&self) {
        let queries = self.database.store.ledger();
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for row in queries.trial_balance().await.expect("answers") {
            *sums.entry(row.currency.code()).or_default() += row.credits - row.debits;
        }
        assert!(sums.values().all(|sum| *sum == 0), "the books do not close: {sums:?}");
        let mut snapshot = self.database.store.snapshot().await.expect("begins");
        let report = recount(&mut *snapshot, &mut |_, _| {}).await.expect("counts");
        assert_eq!(report.findings, []);
    }

    pub async fn end(self) {
        self.check().await;
        self.database.dispose().await;
    }
}
