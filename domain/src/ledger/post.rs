//! Posting: around the decision, what has to be loaded, locked and stored.
//!
//! # Locking
//! Only accounts are locked, in ascending order of id, and everything else is protected by them: a hold or an original
//! is only ever touched together with its two accounts. What is read before the locks is immutable (the accounts of an
//! earlier line) or read again afterwards. So posting inside a unit of work, through [`Poster`] and from several hosts is
//! safe side by side.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    ids::{AccountId, TransferId},
    ledger::{Instruction, Ledger, NewTransfer, Outcome, Posting, Voucher},
    store::{Store, UnitOfWork},
    system::Clock,
    time::Timestamp,
};

use super::book::Book;

/// Decides on postings inside a unit of work. `touch` names further accounts whose overdue holds shall be released.
async fn within(
    uow: &mut dyn UnitOfWork,
    postings: &[&Posting],
    touch: &[AccountId],
    now: Timestamp,
) -> Result<Vec<Outcome>, StoreError> {
    let transfers = || postings.iter().flat_map(|posting| posting.transfers());
    let references: Vec<TransferId> = transfers().filter_map(NewTransfer::refers_to).collect();
    let mut accounts: BTreeSet<AccountId> = touch.iter().copied().collect();
    accounts.extend(transfers().flat_map(named_accounts));
    if !references.is_empty() {
        let earlier = uow.books().transfers(&references).await?;
        accounts.extend(earlier.iter().flat_map(|line| [line.debit, line.credit]));
    }
    let mut named: Vec<AccountId> = accounts.iter().copied().collect();
    let overdue = uow.books().overdue_holds(&named, now).await?;
    if !overdue.is_empty() {
        accounts.extend(overdue.iter().flat_map(|hold| [hold.debit, hold.credit]));
        named = accounts.into_iter().collect();
    }

    let locked = uow.books().lock(&named).await?;
    let ids: Vec<TransferId> = transfers().map(NewTransfer::id).chain(references.iter().copied()).collect();
    let known = uow.books().transfers(&ids).await?;
    let hold_ids: Vec<TransferId> = references.iter().copied().chain(overdue.iter().map(|hold| hold.id)).collect();
    let (mut holds, mut reversed) = (Vec::new(), Vec::new());
    if !hold_ids.is_empty() {
        holds = uow.books().holds(&hold_ids).await?;
        reversed = uow.books().reversed(&references).await?;
    }

    let mut book = Book::open(now, locked, known, holds, reversed);
    let outcomes = postings.iter().map(|posting| book.post(posting)).collect();
    uow.books().write(&book.into_changes()).await?;
    Ok(outcomes)
}

/// Decides on a single posting inside a unit of work.
pub(crate) async fn one(uow: &mut dyn UnitOfWork, posting: Posting, now: Timestamp) -> Result<Outcome, StoreError> {
    let mut outcomes = within(uow, &[&posting], &[], now).await?;
    outcomes.pop().ok_or_else(|| StoreError::Corrupt("no outcome for a posting".to_owned()))
}

/// Releases the overdue holds of these accounts.
pub(crate) async fn release(
    uow: &mut dyn UnitOfWork,
    accounts: &[AccountId],
    now: Timestamp,
) -> Result<(), StoreError> {
    within(uow, &[], accounts, now).await.map(drop)
}

fn named_accounts(transfer: &NewTransfer) -> impl Iterator<Item = AccountId> {
    let pair = match transfer.instruction() {
        Instruction::Post { debit, credit, .. } | Instruction::Hold { debit, credit, .. } => Some([*debit, *credit]),
        Instruction::PostHold { .. } | Instruction::VoidHold { .. } | Instruction::Reverse { .. } => None,
    };
    pair.into_iter().flatten()
}

/// The ledger over a store: one database transaction for whatever is handed in together.
pub struct Poster {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Poster {
    /// Posts into that store, dated by that clock.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    async fn post_once(&self, vouchers: &[Voucher]) -> Result<Vec<Outcome>, StoreError> {
        let mut uow = self.store.begin().await?;
        let postings: Vec<&Posting> = vouchers.iter().map(|voucher| &voucher.posting).collect();
        let outcomes = within(&mut *uow, &postings, &[], self.clock.now()).await?;
        for (voucher, outcome) in vouchers.iter().zip(&outcomes) {
            let is_new = outcome.as_ref().is_ok_and(|lines| lines.iter().any(|line| !line.replayed));
            if is_new {
                file(&mut *uow, voucher).await?;
            }
        }
        uow.commit().await?;
        Ok(outcomes)
    }
}

#[async_trait]
impl Ledger for Poster {
    async fn post(&self, vouchers: Vec<Voucher>) -> Result<Vec<Outcome>, StoreError> {
        match self.post_once(&vouchers).await {
            // Someone else has just written one of the ids between other accounts, which the locks cannot see. Now that
            // it is there, the second attempt finds it and decides.
            Err(StoreError::Conflict(Unique::Id)) => self.post_once(&vouchers).await,
            other => other,
        }
    }
}

/// Files the papers of a posting.
async fn file(uow: &mut dyn UnitOfWork, voucher: &Voucher) -> Result<(), StoreError> {
    if let Some(transaction) = &voucher.transaction {
        uow.transactions().add(transaction).await?;
    }
    if let Some(event) = &voucher.event {
        uow.outbox().publish(event).await?;
    }
    if let Some(entry) = &voucher.audit {
        uow.audit().record(entry).await?;
    }
    Ok(())
}
