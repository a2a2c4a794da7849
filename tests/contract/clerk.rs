//! Honest books: whatever is posted here went through the ledger, as a host does it.

use std::{sync::Arc, time::Duration};

use dermaga_domain::ledger::{Poster, Report};
use dermaga_ports::{
    ids::{AccountId, TransactionId},
    ledger::{
        Counterparty, Instruction, Ledger as _, NewTransfer, Posting, Purpose, Transaction, TransactionKind,
        TransactionStatus, Transfer, Voucher, Wallet,
    },
    store::Store as _,
    system::{Clock as _, ManualClock},
    time::Timestamp,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::{Database, Engine};
use uuid::Uuid;

use crate::fixtures::*;

/// Posts at moments that the test chooses.
pub struct Clerk {
    poster: Poster,
    clock: ManualClock,
}

impl Clerk {
    pub fn of(database: &Database) -> Self {
        Self::on(&database.store)
    }

    /// One at a store.
    pub fn on(store: &SqlStore) -> Self {
        let clock = ManualClock::at(at(0));
        Self { poster: Poster::new(Arc::new(store.clone()), Arc::new(clock.clone())), clock }
    }

    /// Waits until then.
    pub fn wait_until(&self, micros: i64) {
        self.clock.advance(Duration::from_micros(at(micros).since(self.clock.now()).as_micros() as u64));
    }

    /// One batch of transfers that happen together; their lines, or nothing if it is refused.
    pub async fn try_to_post(&self, transfers: Vec<NewTransfer>) -> Option<Vec<Transfer>> {
        let posting = Posting::linked(transfers).expect("some transfers");
        let outcomes = self.poster.post(vec![Voucher::from(posting)]).await.expect("the ledger answers");
        let lines = outcomes.into_iter().next().expect("one outcome").ok()?;
        Some(lines.into_iter().map(|posted| posted.transfer).collect())
    }

    /// The same when it must not be refused.
    pub async fn post(&self, transfers: Vec<NewTransfer>) -> Vec<Transfer> {
        self.try_to_post(transfers).await.expect("is not refused")
    }

    /// One transfer at that moment.
    pub async fn pay(&self, micros: i64, transfer: NewTransfer) -> Transfer {
        self.wait_until(micros);
        self.post(vec![transfer]).await.remove(0)
    }
}

pub fn new(n: u32, purpose: Purpose, instruction: Instruction) -> NewTransfer {
    NewTransfer::new(transfer_id(n), purpose, instruction).expect("a legal transfer")
}

/// A transfer at once.
pub fn moving(n: u32, debit: impl Into<AccountId>, credit: impl Into<AccountId>, amount: i64) -> NewTransfer {
    let (debit, credit) = (debit.into(), credit.into());
    new(n, Purpose::Transfer, Instruction::Post { debit, credit, amount: idr(amount) })
}

/// Money from the system's own accounts.
pub fn funding(n: u32, cash: AccountId, credit: impl Into<AccountId>, amount: i64) -> NewTransfer {
    let credit = credit.into();
    new(n, Purpose::Topup, Instruction::Post { debit: cash, credit, amount: idr(amount) })
}

pub fn holding(n: u32, debit: AccountId, credit: AccountId, amount: i64, expires_at: Option<Timestamp>) -> NewTransfer {
    new(n, Purpose::Payment, Instruction::Hold { debit, credit, amount: idr(amount), expires_at })
}

/// What a part of goes back, or all that is left.
pub fn reversing(n: u32, original: u32, amount: Option<i64>) -> NewTransfer {
    let instruction = Instruction::Reverse { original: transfer_id(original), amount: amount.map(idr) };
    new(n, Purpose::Refund, instruction)
}

/// Who has money in [`busy_books`].
pub struct People {
    pub cash: AccountId,
    pub ani: AccountId,
    pub budi: AccountId,
}

/// Nine batches with everything that a ledger knows: every kind of line, holds in every state, reversals, waypoints.
pub async fn busy_books(database: &Database) -> People {
    let (cash, ani, budi) = (system_account(1), account(2), account(3));
    open(database, &[&cash, &ani, &budi]).await;
    let people = People { cash: cash.id, ani: ani.id, budi: budi.id };
    let People { cash, ani, budi } = people;
    let clerk = Clerk::of(database);
    clerk.post(vec![funding(101, cash, ani, 10_000), funding(102, cash, budi, 5_000)]).await;
    let lunch = moving(103, ani, budi, 10).described(Some("Makan siang 🍜".to_owned()));
    let asked = moving(104, ani, budi, 20).by(Some("service:shop".to_owned()));
    clerk.post(vec![lunch, asked, moving(105, budi, ani, 5)]).await;
    clerk.post(vec![holding(106, ani, cash, 300, None)]).await;
    let part = Instruction::PostHold { hold: transfer_id(106), amount: Some(idr(250)) };
    clerk.post(vec![new(107, Purpose::Payment, part)]).await;
    clerk.post(vec![holding(108, budi, ani, 70, None), holding(109, budi, ani, 30, Some(at(50)))]).await;
    let void = Instruction::VoidHold { hold: transfer_id(110) };
    clerk.post(vec![holding(110, ani, budi, 40, None), new(111, Purpose::Payment, void)]).await;
    // By now the deadline of 109 has passed.
    clerk.wait_until(1_000);
    clerk.post(vec![reversing(112, 103, Some(4)), reversing(113, 104, None)]).await;
    clerk.post((200..270).map(|n| moving(n, cash, ani, 1)).collect()).await;
    clerk.post(vec![moving(300, ani, budi, 1)]).await;
    people
}

/// The transaction that people see in a transfer at once.
pub fn seen(line: &Transfer, from: &Wallet, to: &Wallet) -> Transaction {
    Transaction {
        id: TransactionId(line.id.0),
        kind: TransactionKind::Transfer,
        status: TransactionStatus::Completed,
        user: from.owner,
        wallet: from.id,
        counterparty: Counterparty::User { user: to.owner, wallet: to.id },
        amount: line.amount,
        refunded: 0,
        description: line.description.clone(),
        reference: None,
        failure: None,
        transfer: Some(line.id),
        expires_at: None,
        created_at: line.at,
        updated_at: line.at,
    }
}

/// Everything counted again.
pub async fn recount(database: &Database) -> Report {
    let mut snapshot = database.store.snapshot().await.expect("begins");
    dermaga_domain::ledger::recount(&mut *snapshot, &mut |_, _| {}).await.expect("counts")
}

/// What nobody has sealed, as SQL.
pub fn nonsense(database: &Database) -> &'static str {
    match database.engine {
        Engine::Sqlite => "x'00'",
        Engine::Postgres => "'\\x00'",
    }
}

/// An id as SQL.
pub fn sql_id(database: &Database, id: impl Into<Uuid>) -> String {
    let id = id.into();
    match database.engine {
        Engine::Sqlite => format!("x'{}'", id.simple()),
        Engine::Postgres => format!("'{id}'::uuid"),
    }
}

/// Bytes as SQL.
pub fn sql_bytes(database: &Database, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match database.engine {
        Engine::Sqlite => format!("x'{hex}'"),
        Engine::Postgres => format!("'\\x{hex}'::bytea"),
    }
}

/// Takes away what keeps the journal and the seal from being changed, as somebody with the rights to the schema would.
pub async fn drop_guards(database: &Database) {
    for table in ["ledger_transfers", "ledger_waypoints", "ledger_batches"] {
        match database.engine {
            Engine::Sqlite => {
                for trigger in ["keep", "keep_all"] {
                    database.execute(&format!("DROP TRIGGER {table}_{trigger}")).await.expect("drops");
                }
            }
            Engine::Postgres => {
                database.execute(&format!("DROP TRIGGER {table}_keep ON {table}")).await.expect("drops");
            }
        }
    }
}
