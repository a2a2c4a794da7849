//! Records to store: as short as a test wants them, as complete as a record has to be.

use std::time::Duration;

use dermaga_ports::{
    StoreError,
    auth::{Language, PasswordHash, Role, User, UserStatus},
    ids::{AccountId, TransactionId, TransferId, UserId, WalletId},
    ledger::{
        Account, AccountKind, Changes, Counterparty, Floor, Hold, HoldState, Purpose, Transaction, TransactionKind,
        TransactionStatus, Transfer, TransferKind, WAYPOINT_EVERY, Wallet, Waypoint,
    },
    money::{Currency, Money},
    paging::PageRequest,
    store::{Store as _, UnitOfWork},
    time::Timestamp,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::Database;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// So many microseconds after the beginning of the test's time.
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + micros)
}

/// The n-th id, in the order of `n`.
pub fn id(n: u32) -> Uuid {
    Uuid::from_u128((u128::from(n) << 80) | (0x7 << 76) | (0x2 << 62) | u128::from(n))
}

pub fn idr(amount: i64) -> Money {
    Money::new(amount, Currency::Idr).expect("in range")
}

pub fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

pub async fn begin(database: &Database) -> Box<dyn UnitOfWork> {
    database.store.begin().await.expect("begins")
}

/// Does something in a unit of work of its own.
#[macro_export]
macro_rules! commit {
    ($database:expr, |$unit:ident| $body:expr) => {{
        let mut $unit = $crate::fixtures::begin($database).await;
        let done = $body.await;
        $unit.commit().await.expect("commits");
        done.expect("succeeds")
    }};
}

/// Starts work in a second unit and makes sure that it has to wait for whoever is at work now.
pub async fn must_wait<T, F, R>(database: &Database, work: F) -> JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce(SqlStore) -> R,
    R: Future<Output = T> + Send + 'static,
{
    let second = tokio::spawn(work(database.store.clone()));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!second.is_finished(), "the second unit of work did not wait for the first");
    second
}

pub fn user(n: u32) -> User {
    User {
        id: UserId(id(n)),
        email: Some(format!("user{n}@example.com").parse().expect("an address")),
        username: Some(format!("user{n}").parse().expect("a username")),
        full_name: Some(format!("Person {n}")),
        phone: Some("+628123456".parse().expect("a number")),
        role: Role::User,
        language: Language::default(),
        status: UserStatus::Active,
        last_login_at: None,
        created_at: at(i64::from(n)),
        updated_at: at(i64::from(n)),
    }
}

pub async fn add_user(database: &Database, n: u32) -> User {
    let user = user(n);
    commit!(database, |unit| unit.users().add(&user, Some(&hash("hash"))));
    user
}

/// An account with a floor of zero.
pub fn account(n: u32) -> Account {
    let code = format!("wallet:{n}");
    Account::open(AccountId(id(n)), AccountKind::Wallet, code, Currency::Idr, Floor::AtLeast(0), at(0))
}

/// An account that may go anywhere.
pub fn system_account(n: u32) -> Account {
    let code = format!("clearing:{n}");
    Account::open(AccountId(id(n)), AccountKind::Clearing, code, Currency::Idr, Floor::Unlimited, at(0))
}

pub async fn open(database: &Database, accounts: &[&Account]) {
    let mut unit = begin(database).await;
    for account in accounts {
        unit.books().open(account).await.expect("opens");
    }
    unit.commit().await.expect("commits");
}

pub fn transfer_id(n: u32) -> TransferId {
    TransferId(id(n))
}

/// A line of the journal between two accounts, whose counters and trails are left alone.
pub fn line(n: u32, kind: TransferKind, debit: &Account, credit: &Account, amount: i64, when: Timestamp) -> Transfer {
    let stands_for_itself = matches!(kind, TransferKind::Post | TransferKind::Hold);
    Transfer {
        id: transfer_id(n),
        kind,
        purpose: Purpose::Transfer,
        debit: debit.id,
        credit: credit.id,
        amount: idr(amount),
        refers_to: (!stands_for_itself).then(|| transfer_id(n - 1)),
        expires_at: None,
        at: when,
        debit_balance: debit.counters.balance().posted,
        credit_balance: credit.counters.balance().posted,
        debit_previous: None,
        credit_previous: None,
        description: None,
        actor: None,
    }
}

/// Moves money between two accounts and tells the line of the journal, which is the last on both trails now.
pub fn post(n: u32, debit: &mut Account, credit: &mut Account, amount: i64, when: Timestamp) -> Transfer {
    debit.counters.debits_posted += amount;
    credit.counters.credits_posted += amount;
    let join = |account: &mut Account| {
        account.touched_at = when;
        account.trail.lines += 1;
        account.trail.last.replace(transfer_id(n))
    };
    let (debit_previous, credit_previous) = (join(debit), join(credit));
    Transfer { debit_previous, credit_previous, ..line(n, TransferKind::Post, debit, credit, amount, when) }
}

/// What has to be stored of lines that [`post`] made, with the waypoints among them.
pub fn posted(accounts: &[&Account], transfers: Vec<Transfer>) -> Changes {
    let mut waypoints = Vec::new();
    for account in accounts {
        let touches = |line: &&Transfer| line.kind.moves_money() && [line.debit, line.credit].contains(&account.id);
        // Counted from the end of the trail, because that is known.
        for (back, line) in (0..).zip(transfers.iter().rev().filter(touches)) {
            if (account.trail.lines - back).is_multiple_of(WAYPOINT_EVERY) {
                waypoints.push(Waypoint { account: account.id, at: line.at, line: line.id });
            }
        }
    }
    let accounts = accounts.iter().copied().cloned().collect();
    Changes { accounts, transfers, waypoints, ..Changes::default() }
}

/// The accounts as they are once they were stored: each of them has one more revision.
pub fn stored<const N: usize>(accounts: [&Account; N]) -> [Account; N] {
    accounts.map(|account| Account { revision: account.revision + 1, ..account.clone() })
}

/// Reserves money.
pub fn hold(n: u32, debit: &mut Account, credit: &mut Account, amount: i64, expires_at: Option<Timestamp>) -> Hold {
    debit.counters.debits_pending += amount;
    credit.counters.credits_pending += amount;
    Hold {
        id: transfer_id(n),
        debit: debit.id,
        credit: credit.id,
        amount: idr(amount),
        expires_at,
        state: HoldState::Open,
    }
}

pub async fn write(database: &Database, changes: &Changes) -> Result<(), StoreError> {
    let mut unit = begin(database).await;
    unit.books().write(changes).await?;
    unit.commit().await
}

/// How many accounts there are.
pub async fn count_accounts(database: &Database) -> usize {
    database.store.ledger().accounts(PageRequest::first(200)).await.expect("reads").items.len()
}

/// Every page of a list, each asked for with the key that the one before ends with.
#[macro_export]
macro_rules! all_pages {
    ($limit:expr, |$request:ident| $page:expr) => {{
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let $request = dermaga_ports::paging::PageRequest::new(after, $limit);
            let page = $page.await.expect("reads");
            assert!(page.items.len() <= $limit as usize, "a page of at most {}", $limit);
            found.extend(page.items);
            after = page.next;
            if after.is_none() {
                break found;
            }
        }
    }};
}

pub fn wallet(n: u32, owner: &User, name: &str) -> Wallet {
    Wallet {
        id: WalletId(id(n)),
        owner: owner.id,
        name: name.parse().expect("a name"),
        currency: Currency::Idr,
        is_default: false,
        closed: false,
        created_at: at(i64::from(n)),
    }
}

/// Stores a wallet and its account.
pub async fn add_wallet(database: &Database, wallet: &Wallet) -> Account {
    let code = format!("wallet:{}", wallet.id);
    let account = Account::open(wallet.id.into(), AccountKind::Wallet, code, wallet.currency, Floor::AtLeast(0), at(0));
    let mut unit = begin(database).await;
    unit.books().open(&account).await.expect("opens");
    unit.wallets().add(wallet).await.expect("adds");
    unit.commit().await.expect("commits");
    account
}

/// A user with one wallet.
pub async fn add_customer(database: &Database, n: u32) -> (User, Wallet) {
    let user = add_user(database, n).await;
    let wallet = Wallet { is_default: true, ..wallet(n, &user, "main") };
    add_wallet(database, &wallet).await;
    (user, wallet)
}

/// A completed payment to a merchant.
pub fn payment(n: u32, wallet: &Wallet, amount: i64) -> Transaction {
    Transaction {
        id: TransactionId(id(n)),
        kind: TransactionKind::Payment,
        status: TransactionStatus::Completed,
        user: wallet.owner,
        wallet: wallet.id,
        counterparty: Counterparty::Merchant { name: "Warung".to_owned() },
        amount: idr(amount),
        refunded: 0,
        description: None,
        reference: None,
        failure: None,
        transfer: None,
        expires_at: None,
        created_at: at(i64::from(n)),
        updated_at: at(i64::from(n)),
    }
}

/// A completed transfer to another wallet.
pub fn transfer(n: u32, from: &Wallet, to: &Wallet, amount: i64) -> Transaction {
    Transaction {
        kind: TransactionKind::Transfer,
        counterparty: Counterparty::User { user: to.owner, wallet: to.id },
        ..payment(n, from, amount)
    }
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    /// From 0 to less than that.
    pub fn throw(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    /// One of them.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.throw(choices.len() as u64) as usize].clone()
    }

    /// One of them or none, as often.
    pub fn maybe<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        (self.throw(2) == 0).then(|| self.pick(choices))
    }
}
