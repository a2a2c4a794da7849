//! The ledger over a store: one database transaction for whatever is handed in together, and often less.
//!
//! # Without locks
//! Most postings move money at once between accounts that were touched a moment ago. [`Poster`] remembers accounts, decides
//! on what it remembers, and stores that in one round trip if every account still has the revision that was decided on.
//! If not, another host writes the same accounts, and for a while they are locked from the start.
//!
//! Only a yes is decided in these two ways: after a refusal, or with an id that is there already, the whole batch is
//! decided again with everything that might matter ([`super::post`]). What is remembered is never an answer by itself.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::AccountId,
    ledger::{Account, Changes, Instruction, Ledger, Outcome, Posting, Voucher},
    store::{Store, UnitOfWork},
    system::Clock,
    time::Timestamp,
};

use super::{book::Book, post::within};

/// After another writer was met, so many batches take locks from the start.
const CROWDED: u32 = 32;

/// How many accounts are remembered, at the most: some tens of megabytes.
const MAX_REMEMBERED: usize = 100_000;

/// The ledger over a store: one database transaction for whatever is handed in together.
pub struct Poster {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// Accounts as they were when this poster last saw them.
    remembered: Mutex<HashMap<AccountId, Account>>,
    /// For how many batches it is not worth trying without locks, because somebody else writes the same accounts.
    crowded: AtomicU32,
}

impl Poster {
    /// Posts into that store, dated by that clock.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, remembered: Mutex::default(), crowded: AtomicU32::new(0) }
    }

    async fn post_once(&self, vouchers: &[Voucher]) -> Result<Vec<Outcome>, StoreError> {
        if let Some(named) = only_moves(vouchers)
            && let Some(outcomes) = self.post_moves(vouchers, &named).await?
        {
            return Ok(outcomes);
        }
        let mut uow = self.store.begin().await?;
        let postings: Vec<&Posting> = vouchers.iter().map(|voucher| &voucher.posting).collect();
        let (outcomes, changes) = within(&mut *uow, &postings, &[], self.clock.now()).await?;
        for (voucher, outcome) in vouchers.iter().zip(&outcomes) {
            let is_new = outcome.as_ref().is_ok_and(|lines| lines.iter().any(|line| !line.replayed));
            if is_new {
                file(&mut *uow, voucher).await?;
            }
        }
        uow.commit().await?;
        self.remember(changes.accounts);
        Ok(outcomes)
    }

    /// Posts what only moves money at once; `None` if not all of it can be done, and then nothing was written.
    async fn post_moves(
        &self,
        vouchers: &[Voucher],
        named: &BTreeSet<AccountId>,
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        let crowded = self.crowded.load(Ordering::Relaxed);
        let posted = match crowded.checked_sub(1) {
            None => match self.post_remembered(vouchers, named).await {
                Err(StoreError::Stale(Entity::Journal)) => {
                    self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.post_locked(vouchers, named).await
                }
                Err(StoreError::Stale(_)) => {
                    self.crowded.store(CROWDED, Ordering::Relaxed);
                    self.post_locked(vouchers, named).await
                }
                posted => posted,
            },
            Some(rest) => {
                self.crowded.store(rest, Ordering::Relaxed);
                self.post_locked(vouchers, named).await
            }
        };
        match posted {
            Ok(Some((outcomes, changes))) => {
                self.remember(changes.accounts);
                Ok(Some(outcomes))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.forget(named);
                if error == StoreError::Conflict(Unique::Id) { Ok(None) } else { Err(error) }
            }
        }
    }

    async fn post_remembered(
        &self,
        vouchers: &[Voucher],
        named: &BTreeSet<AccountId>,
    ) -> Result<Option<(Vec<Outcome>, Changes)>, StoreError> {
        let (mut accounts, unknown) = self.recall(named);
        if !unknown.is_empty() {
            accounts.extend(self.store.journal().accounts(&unknown).await?);
        }
        let Some((outcomes, changes)) = agree(vouchers, accounts, self.clock.now()) else { return Ok(None) };
        self.store.journal().append(&changes).await?;
        Ok(Some((outcomes, changes)))
    }

    async fn post_locked(
        &self,
        vouchers: &[Voucher],
        named: &BTreeSet<AccountId>,
    ) -> Result<Option<(Vec<Outcome>, Changes)>, StoreError> {
        let ids: Vec<AccountId> = named.iter().copied().collect();
        let mut agreed = None;
        let mut decide = |accounts| {
            agreed = agree(vouchers, accounts, self.clock.now());
            agreed.as_ref().map(|(_, changes)| changes.clone())
        };
        self.store.journal().append_locked(&ids, &mut decide).await?;
        Ok(agreed)
    }

    /// The accounts among `ids` that are remembered, and the ids of the others.
    fn recall(&self, ids: &BTreeSet<AccountId>) -> (Vec<Account>, Vec<AccountId>) {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut accounts, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match remembered.get(id) {
                Some(account) => accounts.push(account.clone()),
                None => unknown.push(*id),
            }
        }
        (accounts, unknown)
    }

    /// Remembers accounts that were stored: each has one more revision now.
    fn remember(&self, stored: Vec<Account>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() + stored.len() > MAX_REMEMBERED {
            remembered.clear();
        }
        let next = |account: Account| Account { revision: account.revision + 1, ..account };
        remembered.extend(stored.into_iter().map(|account| (account.id, next(account))));
    }

    fn forget(&self, ids: &BTreeSet<AccountId>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            remembered.remove(id);
        }
    }
}

#[async_trait]
impl Ledger for Poster {
    async fn post(&self, vouchers: Vec<Voucher>) -> Result<Vec<Outcome>, StoreError> {
        if vouchers.is_empty() {
            return Ok(Vec::new());
        }
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

/// The accounts that vouchers name; `None` unless all they do is to move money at once, without papers.
fn only_moves(vouchers: &[Voucher]) -> Option<BTreeSet<AccountId>> {
    let mut named = BTreeSet::new();
    for voucher in vouchers {
        if voucher.transaction.is_some() || voucher.event.is_some() || voucher.audit.is_some() {
            return None;
        }
        for transfer in voucher.posting.transfers() {
            let Instruction::Post { debit, credit, .. } = transfer.instruction() else { return None };
            named.extend([*debit, *credit]);
        }
    }
    Some(named)
}

/// What becomes of accounts if everything can be done; `None` if anything is refused.
fn agree(vouchers: &[Voucher], accounts: Vec<Account>, now: Timestamp) -> Option<(Vec<Outcome>, Changes)> {
    let mut book = Book::open(now, accounts, Vec::new(), Vec::new(), Vec::new());
    let outcomes: Vec<Outcome> = vouchers.iter().map(|voucher| book.post(&voucher.posting)).collect();
    // A refusal may rest on a balance that is out of date, on an overdue hold, or on an id that was answered before.
    outcomes.iter().all(Result::is_ok).then(|| (outcomes, book.into_changes()))
}
