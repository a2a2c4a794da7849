//! Posting inside a unit of work: around the decision, what has to be loaded, locked and stored.
//!
//! # Locking
//! Only accounts are locked, in ascending order of id, and everything else is protected by them: a hold or an original
//! is only ever touched together with its two accounts. What is read before the locks is immutable (the accounts of an
//! earlier line) or read again afterwards. So posting inside a unit of work, through [`super::Poster`] and from several
//! hosts is safe side by side.

use std::collections::BTreeSet;

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::{Changes, Instruction, NewTransfer, Outcome, Posting},
    store::UnitOfWork,
    time::Timestamp,
};

use super::book::Book;

/// Decides on postings inside a unit of work. `touch` names further accounts whose overdue holds shall be released.
pub(super) async fn within(
    uow: &mut dyn UnitOfWork,
    postings: &[&Posting],
    touch: &[AccountId],
    now: Timestamp,
) -> Result<(Vec<Outcome>, Changes), StoreError> {
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
    let changes = book.into_changes();
    uow.books().write(&changes).await?;
    Ok((outcomes, changes))
}

/// Decides on a single posting inside a unit of work.
pub(crate) async fn one(uow: &mut dyn UnitOfWork, posting: Posting, now: Timestamp) -> Result<Outcome, StoreError> {
    let (mut outcomes, _) = within(uow, &[&posting], &[], now).await?;
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
