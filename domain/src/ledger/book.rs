//! The decision: what a batch of postings does to a set of accounts.
//!
//! # Shape
//! A [`Book`] is loaded with every record that the batch may touch, all of them locked. [`Book::post`] takes one posting
//! after the other, checks everything about a transfer before it changes anything, and takes back a posting whose later
//! transfer is refused. [`Book::into_changes`] is what has to be stored. Nothing here waits, fails or looks at a clock.
//! The checks, which only look, are in [`plan`]; what is here carries out and takes back.
//!
//! # Ordering
//! Postings are decided in the order given, and each sees the effect of those before. Lines are dated so that for each
//! account time only goes forward, by at least a microsecond a line: an account's lines are ordered by their time alone.
//!
//! # History
//! A line that moves money names the line before it on both accounts, and every so many lines an account gets a waypoint.
//! That is how statements and past balances are found without an index over the whole journal, which would be most of
//! the cost of writing a line.

mod plan;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{
        Account, Changes, Counters, Hold, HoldState, NewTransfer, Outcome, Posted, Posting, Refusal, RefusalReason,
        Reversed, Trail, Transfer, TransferKind, WAYPOINT_EVERY, Waypoint,
    },
    time::Timestamp,
};

use plan::{Plan, is_same};

/// Everything that a batch may touch, and what it did to it.
#[derive(Debug)]
pub(super) struct Book {
    now: Timestamp,
    accounts: BTreeMap<AccountId, Account>,
    transfers: HashMap<TransferId, Transfer>,
    holds: HashMap<TransferId, Hold>,
    reversed: HashMap<TransferId, Reversed>,
    /// New lines, in order.
    journal: Vec<TransferId>,
    waypoints: Vec<Waypoint>,
    touched_accounts: BTreeSet<AccountId>,
    touched_holds: BTreeSet<TransferId>,
    touched_reversals: BTreeSet<TransferId>,
}

/// How to take back one change of a posting that is refused after all.
enum Undo {
    Account(AccountId, Counters, Timestamp, Trail),
    NewHold(TransferId),
    HoldState(TransferId, HoldState),
    Reversed(TransferId, Option<Reversed>),
    Line(TransferId),
}

impl Book {
    /// From locked accounts and the records that the batch refers to. Holds past their deadline are released first: a
    /// deadline counts by itself, not by whether somebody tidied up.
    pub fn open(
        now: Timestamp,
        accounts: Vec<Account>,
        transfers: Vec<Transfer>,
        holds: Vec<Hold>,
        reversed: Vec<Reversed>,
    ) -> Self {
        let mut book = Self {
            now,
            accounts: accounts.into_iter().map(|account| (account.id, account)).collect(),
            transfers: transfers.into_iter().map(|transfer| (transfer.id, transfer)).collect(),
            holds: holds.into_iter().map(|hold| (hold.id, hold)).collect(),
            reversed: reversed.into_iter().map(|reversed| (reversed.original, reversed)).collect(),
            journal: Vec::new(),
            waypoints: Vec::new(),
            touched_accounts: BTreeSet::new(),
            touched_holds: BTreeSet::new(),
            touched_reversals: BTreeSet::new(),
        };
        book.release_overdue_holds();
        book
    }

    /// Decides on one posting.
    pub fn post(&mut self, posting: &Posting) -> Outcome {
        let mut undo = Vec::new();
        let mut posted = Vec::with_capacity(posting.transfers().len());
        for (index, transfer) in posting.transfers().iter().enumerate() {
            match self.post_one(transfer, &mut undo) {
                Ok(line) => posted.push(line),
                Err(reason) => {
                    self.take_back(undo);
                    return Err(Refusal { index, reason });
                }
            }
        }
        Ok(posted)
    }

    /// What has to be stored.
    pub fn into_changes(mut self) -> Changes {
        let accounts = self.touched_accounts.iter().filter_map(|id| self.accounts.remove(id)).collect();
        let transfers = self.journal.iter().filter_map(|id| self.transfers.remove(id)).collect();
        let holds = self.touched_holds.iter().filter_map(|id| self.holds.remove(id)).collect();
        let reversed = self.touched_reversals.iter().filter_map(|id| self.reversed.get(id).copied()).collect();
        Changes { accounts, transfers, waypoints: self.waypoints, holds, reversed }
    }

    fn release_overdue_holds(&mut self) {
        let overdue = |hold: &&mut Hold| hold.state == HoldState::Open && !hold.reserves(self.now);
        for hold in self.holds.values_mut().filter(overdue) {
            let (Some(mut debit), Some(mut credit)) =
                (self.accounts.remove(&hold.debit), self.accounts.remove(&hold.credit))
            else {
                continue;
            };
            debit.counters.debits_pending -= hold.amount.amount();
            credit.counters.credits_pending -= hold.amount.amount();
            hold.state = HoldState::Expired;
            self.touched_accounts.extend([debit.id, credit.id]);
            self.touched_holds.insert(hold.id);
            self.accounts.extend([(debit.id, debit), (credit.id, credit)]);
        }
    }

    fn post_one(&mut self, new: &NewTransfer, undo: &mut Vec<Undo>) -> Result<Posted, RefusalReason> {
        if let Some(line) = self.transfers.get(&new.id()) {
            if is_same(line, new) {
                return Ok(Posted { transfer: line.clone(), replayed: true });
            }
            return Err(RefusalReason::IdTaken);
        }
        let plan = self.plan(new)?;
        Ok(Posted { transfer: self.carry_out(new, plan, undo), replayed: false })
    }

    fn carry_out(&mut self, new: &NewTransfer, plan: Plan, undo: &mut Vec<Undo>) -> Transfer {
        let after_both = [plan.debit, plan.credit]
            .iter()
            .map(|id| self.accounts[id].touched_at.micros() + 1)
            .fold(self.now.micros(), i64::max);
        let at = Timestamp::from_micros(after_both);
        let line = plan.kind.moves_money().then_some(new.id());
        let debit_previous = self.carry_on(plan.debit, plan.debit_after, at, line, undo);
        let credit_previous = self.carry_on(plan.credit, plan.credit_after, at, line, undo);
        self.update_reference(new.id(), &plan, at, undo);
        let line = Transfer {
            id: new.id(),
            kind: plan.kind,
            purpose: new.purpose(),
            debit: plan.debit,
            credit: plan.credit,
            amount: plan.amount,
            refers_to: plan.refers_to,
            expires_at: plan.expires_at,
            at,
            debit_balance: plan.debit_after.balance().posted,
            credit_balance: plan.credit_after.balance().posted,
            debit_previous,
            credit_previous,
            description: new.description().map(str::to_owned),
            actor: new.actor().map(str::to_owned),
        };
        undo.push(Undo::Line(line.id));
        self.journal.push(line.id);
        self.transfers.insert(line.id, line.clone());
        line
    }

    /// Brings one side up to date. A line that moves money becomes the last on the account's trail; the answer is the
    /// one before it.
    fn carry_on(
        &mut self,
        id: AccountId,
        counters: Counters,
        at: Timestamp,
        line: Option<TransferId>,
        undo: &mut Vec<Undo>,
    ) -> Option<TransferId> {
        let account = self.accounts.get_mut(&id)?;
        undo.push(Undo::Account(id, account.counters, account.touched_at, account.trail));
        account.counters = counters;
        account.touched_at = at;
        self.touched_accounts.insert(id);
        let line = line?;
        let previous = account.trail.last.replace(line);
        account.trail.lines += 1;
        if account.trail.lines.is_multiple_of(WAYPOINT_EVERY) {
            self.waypoints.push(Waypoint { account: id, at, line });
        }
        previous
    }

    /// The hold or the original that the transfer is about.
    fn update_reference(&mut self, id: TransferId, plan: &Plan, at: Timestamp, undo: &mut Vec<Undo>) {
        let new_state = match plan.kind {
            TransferKind::Post => return,
            TransferKind::Hold => {
                let Plan { debit, credit, amount, expires_at, .. } = *plan;
                self.holds.insert(id, Hold { id, debit, credit, amount, expires_at, state: HoldState::Open });
                self.touched_holds.insert(id);
                undo.push(Undo::NewHold(id));
                return;
            }
            TransferKind::Reverse => {
                if let Some(original) = plan.refers_to {
                    let before = self.reversed.get(&original).copied();
                    undo.push(Undo::Reversed(original, before));
                    let total = before.map_or(0, |before| before.total) + plan.amount.amount();
                    self.reversed.insert(original, Reversed { original, total, at });
                    self.touched_reversals.insert(original);
                }
                return;
            }
            TransferKind::PostHold => HoldState::Posted,
            TransferKind::VoidHold => HoldState::Voided,
        };
        if let Some(hold) = plan.refers_to.and_then(|id| self.holds.get_mut(&id)) {
            undo.push(Undo::HoldState(hold.id, hold.state));
            hold.state = new_state;
            self.touched_holds.insert(hold.id);
        }
    }

    /// Takes a posting back, last change first. Accounts stay marked as touched: storing them unchanged does no harm.
    fn take_back(&mut self, undo: Vec<Undo>) {
        for change in undo.into_iter().rev() {
            match change {
                Undo::Account(id, counters, touched_at, trail) => {
                    if let Some(account) = self.accounts.get_mut(&id) {
                        account.counters = counters;
                        account.touched_at = touched_at;
                        account.trail = trail;
                    }
                }
                Undo::NewHold(id) => {
                    self.holds.remove(&id);
                    self.touched_holds.remove(&id);
                }
                Undo::HoldState(id, state) => {
                    if let Some(hold) = self.holds.get_mut(&id) {
                        hold.state = state;
                    }
                }
                Undo::Reversed(id, before) => match before {
                    Some(before) => _ = self.reversed.insert(id, before),
                    None => _ = self.reversed.remove(&id),
                },
                Undo::Line(id) => {
                    self.transfers.remove(&id);
                    self.journal.pop();
                    self.waypoints.retain(|waypoint| waypoint.line != id);
                }
            }
        }
    }
}
