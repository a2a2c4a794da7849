//! Vouchers: a movement of money together with the transaction, the event and the audit entry that belong to it.

use dermaga_ports::{
    audit::TRANSACTION_COMPLETED,
    auth::Principal,
    events::Event,
    ids::{AccountId, EventId, TransactionId},
    ledger::{
        Counterparty, Instruction, NewTransfer, Purpose, SystemAccount, Transaction, TransactionKind,
        TransactionStatus, Voucher, Wallet,
    },
    money::Money,
    time::Timestamp,
};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::refusal;
use crate::{
    core::{Core, Note},
    error::{Code, Error, Result},
};

/// A transaction that is about to be made.
pub(crate) struct Draft<'a> {
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub wallet: &'a Wallet,
    pub counterparty: Counterparty,
    pub amount: Money,
    pub description: Option<String>,
    pub reference: Option<String>,
}

impl Draft<'_> {
    /// The transaction in that status.
    pub fn transaction(self, status: TransactionStatus, now: Timestamp) -> Transaction {
        Transaction {
            id: self.id,
            kind: self.kind,
            status,
            user: self.wallet.owner,
            wallet: self.wallet.id,
            counterparty: self.counterparty,
            amount: self.amount,
            refunded: 0,
            description: self.description,
            reference: self.reference,
            failure: None,
            transfer: (status == TransactionStatus::Completed).then(|| self.id.into()),
            expires_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A transaction and what it left in the wallet that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub transaction: Transaction,
    /// The wallet's posted balance right after the movement, in smallest units.
    pub balance: i64,
}

/// Why a kind of transaction moves money, and whether it comes in to the transaction's wallet.
pub(crate) fn purpose(kind: TransactionKind) -> (Purpose, bool) {
    match kind {
        TransactionKind::Topup => (Purpose::Topup, true),
        TransactionKind::Credit => (Purpose::Credit, true),
        TransactionKind::Debit => (Purpose::Debit, false),
        TransactionKind::Payment => (Purpose::Payment, false),
        TransactionKind::Transfer => (Purpose::Transfer, false),
    }
}

/// The facts of a transaction that subscribers get.
pub(crate) fn payload(transaction: &Transaction) -> Value {
    let receiver = match &transaction.counterparty {
        Counterparty::User { user, .. } => Some(user),
        _ => None,
    };
    json!({
        "transaction_id": transaction.id,
        "type": transaction.kind.as_str(),
        "status": transaction.status.as_str(),
        "user_id": transaction.user,
        "wallet_id": transaction.wallet,
        "counterparty_user_id": receiver,
        "amount": transaction.amount.amount(),
        "refunded": transaction.refunded,
        "currency": transaction.amount.currency(),
    })
}

/// What the ids of events about transfers at once are made from: any UUID will do that is used for nothing else.
const LINES: Uuid = uuid!("2f7b1d0c-6f0e-4a53-9c1b-5d1f5e1a7a10");

/// The event that a transfer at once is by itself, as it was made. Its id follows from the transfer's, so it is the same
/// however often it is told. It is a digest, because the transfer's id comes from a caller, who must not be able to give
/// it the id of another event.
pub(crate) fn completed(transaction: &Transaction) -> Event {
    Event {
        id: EventId(Uuid::new_v5(&LINES, transaction.id.0.as_bytes())),
        at: transaction.created_at,
        topic: TRANSACTION_COMPLETED.into(),
        subject: subject(transaction),
        payload: payload(transaction),
    }
}

fn subject(transaction: &Transaction) -> String {
    format!("transaction:{}", transaction.id)
}

/// The event and audit action that goes with a status.
pub(crate) fn action(status: TransactionStatus) -> &'static str {
    match status {
        TransactionStatus::Pending => "transaction.pending",
        TransactionStatus::Processing => "transaction.processing",
        TransactionStatus::Completed => TRANSACTION_COMPLETED,
        TransactionStatus::PartiallyRefunded | TransactionStatus::Refunded => "transaction.refunded",
        TransactionStatus::Failed => "transaction.failed",
        TransactionStatus::Cancelled => "transaction.cancelled",
    }
}

/// The audit note of a transaction in its present status.
pub(crate) fn note<'a>(actor: Option<&'a Principal>, transaction: &Transaction) -> Note<'a> {
    Note {
        actor,
        action: action(transaction.status),
        subject: subject(transaction),
        detail: format!("{} {}", transaction.kind.as_str(), transaction.amount),
    }
}

impl Core {
    /// Moves the money of a draft at once.
    ///
    /// Idempotent by the draft's id: repeated, it answers the transaction as it is now and the balance as it was then.
    pub async fn execute(&self, by: &Principal, draft: Draft<'_>, other: SystemAccount) -> Result<Movement> {
        let now = self.now();
        let (amount, own) = (draft.amount, AccountId::from(draft.wallet.id));
        let other = self.resolve(&other, amount, now).await?;
        let (purpose, incoming) = purpose(draft.kind);
        let (debit, credit) = if incoming { (other, own) } else { (own, other) };
        let transfer = new_transfer(draft.id.into(), purpose, Instruction::Post { debit, credit, amount })?;
        let transaction = draft.transaction(TransactionStatus::Completed, now);
        self.submit(by, transfer, transaction, now).await
    }

    /// Hands a transfer and its papers to the ledger and reads its answer.
    pub async fn submit(
        &self,
        by: &Principal,
        transfer: NewTransfer,
        transaction: Transaction,
        now: Timestamp,
    ) -> Result<Movement> {
        let note = note(Some(by), &transaction);
        let voucher = Voucher {
            posting: transfer.into(),
            event: Some(self.event(note.action, note.subject.clone(), payload(&transaction), now)),
            audit: Some(self.entry(note, now)),
            transaction: Some(transaction.clone()),
        };
        let outcome = self.ports.ledger.post(vec![voucher]).await?.pop();
        let outcome = outcome.ok_or_else(|| Error::internal("the ledger answered nothing for a voucher"))?;
        let line = refusal::settled(outcome, transaction.amount.currency())?;
        let transaction = if line.replayed { self.transaction(transaction.id).await? } else { transaction };
        let (_, incoming) = purpose(transaction.kind);
        let balance = if incoming { line.transfer.credit_balance } else { line.transfer.debit_balance };
        Ok(Movement { transaction, balance })
    }

    /// The id of a system account, which is opened when it is first needed.
    pub async fn resolve(&self, system: &SystemAccount, amount: Money, now: Timestamp) -> Result<AccountId> {
        let id = system.id(amount.currency());
        if self.ports.store.ledger().account(id, now).await?.is_none() {
            let mut uow = self.begin().await?;
            uow.books().open(&system.open(amount.currency(), now)).await?;
            uow.commit().await?;
        }
        Ok(id)
    }

    /// A transaction that must be there.
    pub async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        let found = self.ports.store.transactions().transaction(id).await?;
        found.ok_or_else(|| Error::new(Code::TransactionNotFound, format!("There is no transaction {id}.")))
    }
}

/// A transfer that use cases have made legal; a refusal here names what a person can mend.
pub(crate) fn new_transfer(
    id: dermaga_ports::ids::TransferId,
    purpose: Purpose,
    instruction: Instruction,
) -> Result<NewTransfer> {
    use dermaga_ports::ledger::IllegalTransfer;
    NewTransfer::new(id, purpose, instruction).map_err(|illegal| match illegal {
        IllegalTransfer::NotPositive => Error::fault("/amount", illegal),
        IllegalTransfer::SameAccount => Error::new(Code::SelfTransfer, "The money would go where it comes from."),
        IllegalTransfer::SelfReference => Error::internal(illegal),
    })
}
