//! The decision: what a batch of postings does to a set of accounts.
//!
//! # Shape
//! A [`Book`] is loaded with every record that the batch may touch, all of them locked. [`Book::post`] takes one posting
//! after the other, checks everything about a transfer before it changes anything, and takes back a posting whose later
//! transfer is refused. [`Book::into_changes`] is what has to be stored. Nothing here waits, fails or looks at a clock.
//!
//! # Ordering
//! Postings are decided in the order given, and each sees the effect of those before. Lines are dated so that for each
//! account time only goes forward, by at least a microsecond a line: an account's lines are ordered by their time alone.
//!
//! # History
//! A line that moves money names the line before it on both accounts, and every so many lines an account gets a waypoint.
//! That is how statements and past balances are found without an index over the whole journal, which would be most of
//! the cost of writing a line.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{
        Account, Changes, Counters, Floor, Hold, HoldState, Instruction, NewTransfer, Outcome, Posted, Posting,
        Refusal, RefusalReason, Reversed, Trail, Transfer, TransferKind, WAYPOINT_EVERY, Waypoint,
    },
    money::Money,
    time::Timestamp,
};

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

/// A transfer that has passed every check: what remains is to write it down.
struct Plan {
    kind: TransferKind,
    debit: AccountId,
    credit: AccountId,
    amount: Money,
    refers_to: Option<TransferId>,
    expires_at: Option<Timestamp>,
    /// What the counters of both sides become.
    debit_after: Counters,
    credit_after: Counters,
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
        let plan = match new.instruction() {
            Instruction::Post { debit, credit, amount } => self.plan_post(*debit, *credit, *amount)?,
            Instruction::Hold { debit, credit, amount, expires_at } => {
                self.plan_hold(*debit, *credit, *amount, *expires_at)?
            }
            Instruction::PostHold { hold, amount } => self.plan_post_hold(*hold, *amount)?,
            Instruction::VoidHold { hold } => self.plan_void_hold(*hold)?,
            Instruction::Reverse { original, amount } => self.plan_reverse(*original, *amount)?,
        };
        Ok(Posted { transfer: self.carry_out(new, plan, undo), replayed: false })
    }

    fn plan_post(&self, debit: AccountId, credit: AccountId, amount: Money) -> Result<Plan, RefusalReason> {
        let plan = self.plan(TransferKind::Post, debit, credit, amount)?.moving(amount.amount());
        self.check(plan)
    }

    fn plan_hold(
        &self,
        debit: AccountId,
        credit: AccountId,
        amount: Money,
        expires_at: Option<Timestamp>,
    ) -> Result<Plan, RefusalReason> {
        let plan = self.plan(TransferKind::Hold, debit, credit, amount)?.reserving(amount.amount());
        self.check(Plan { expires_at, ..plan })
    }

    fn plan_post_hold(&self, id: TransferId, part: Option<Money>) -> Result<Plan, RefusalReason> {
        let hold = self.open_hold(id)?;
        let amount = part.unwrap_or(hold.amount);
        if amount.amount() > hold.amount.amount() {
            return Err(RefusalReason::ExceedsReference { left: hold.amount.amount() });
        }
        let plan = self.plan(TransferKind::PostHold, hold.debit, hold.credit, amount)?;
        let plan = plan.reserving(-hold.amount.amount()).moving(amount.amount());
        self.check(Plan { refers_to: Some(id), ..plan })
    }

    fn plan_void_hold(&self, id: TransferId) -> Result<Plan, RefusalReason> {
        let hold = self.open_hold(id)?;
        let plan = self.plan(TransferKind::VoidHold, hold.debit, hold.credit, hold.amount)?;
        self.check(Plan { refers_to: Some(id), ..plan.reserving(-hold.amount.amount()) })
    }

    fn plan_reverse(&self, id: TransferId, part: Option<Money>) -> Result<Plan, RefusalReason> {
        let original = self.transfers.get(&id).ok_or(RefusalReason::ReferenceNotFound(id))?;
        if !matches!(original.kind, TransferKind::Post | TransferKind::PostHold) {
            return Err(RefusalReason::WrongKind(id));
        }
        let left = original.amount.amount() - self.reversed.get(&id).map_or(0, |reversed| reversed.total);
        let rest = Money::new(left, original.amount.currency()).unwrap_or(original.amount);
        let amount = part.unwrap_or(rest);
        if left <= 0 || amount.amount() > left {
            return Err(RefusalReason::ExceedsReference { left });
        }
        let plan = self.plan(TransferKind::Reverse, original.credit, original.debit, amount)?;
        self.check(Plan { refers_to: Some(id), ..plan.moving(amount.amount()) })
    }

    fn open_hold(&self, id: TransferId) -> Result<&Hold, RefusalReason> {
        let Some(hold) = self.holds.get(&id) else {
            let known = self.transfers.contains_key(&id);
            return Err(if known { RefusalReason::WrongKind(id) } else { RefusalReason::ReferenceNotFound(id) });
        };
        match hold.state {
            HoldState::Open => Ok(hold),
            HoldState::Expired => Err(RefusalReason::HoldExpired(id)),
            HoldState::Posted | HoldState::Voided => Err(RefusalReason::HoldNotOpen(id)),
        }
    }

    /// A plan that changes nothing yet, between two accounts that can take it.
    fn plan(
        &self,
        kind: TransferKind,
        debit: AccountId,
        credit: AccountId,
        amount: Money,
    ) -> Result<Plan, RefusalReason> {
        let side = |id: AccountId| {
            let account = self.accounts.get(&id).ok_or(RefusalReason::AccountNotFound(id))?;
            if account.closed {
                return Err(RefusalReason::AccountClosed(id));
            }
            if account.currency != amount.currency() {
                return Err(RefusalReason::CurrencyMismatch { account: id, currency: account.currency });
            }
            Ok(account.counters)
        };
        let (debit_after, credit_after) = (side(debit)?, side(credit)?);
        Ok(Plan { kind, debit, credit, amount, refers_to: None, expires_at: None, debit_after, credit_after })
    }

    /// The rules that hold for every transfer: the floor of the account that gives, and counters that can be read.
    fn check(&self, plan: Plan) -> Result<Plan, RefusalReason> {
        let giver = &self.accounts[&plan.debit];
        let (before, after) = (giver.counters.balance().available, plan.debit_after.balance().available);
        if let Floor::AtLeast(floor) = giver.floor
            && after < before
            && after < floor
        {
            let needed = plan.amount.amount();
            return Err(RefusalReason::InsufficientFunds { account: plan.debit, available: before - floor, needed });
        }
        for (account, counters) in [(plan.debit, plan.debit_after), (plan.credit, plan.credit_after)] {
            if !counters.is_legal() {
                return Err(RefusalReason::CounterOverflow(account));
            }
        }
        Ok(plan)
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

impl Plan {
    /// With this much moved at once.
    fn moving(mut self, amount: i64) -> Self {
        self.debit_after.debits_posted += amount;
        self.credit_after.credits_posted += amount;
        self
    }

    /// With this much more (or less) reserved.
    fn reserving(mut self, amount: i64) -> Self {
        self.debit_after.debits_pending += amount;
        self.credit_after.credits_pending += amount;
        self
    }
}

/// Whether a line is what this request asks for. The deadline of a hold does not count: whoever repeats a request later
/// names a later one.
fn is_same(line: &Transfer, new: &NewTransfer) -> bool {
    let same_amount = |amount: &Option<Money>| amount.is_none_or(|amount| amount == line.amount);
    let same_content = match new.instruction() {
        Instruction::Post { debit, credit, amount } => {
            line.kind == TransferKind::Post && (line.debit, line.credit, line.amount) == (*debit, *credit, *amount)
        }
        Instruction::Hold { debit, credit, amount, .. } => {
            line.kind == TransferKind::Hold && (line.debit, line.credit, line.amount) == (*debit, *credit, *amount)
        }
        Instruction::PostHold { amount, .. } => line.kind == TransferKind::PostHold && same_amount(amount),
        Instruction::VoidHold { .. } => line.kind == TransferKind::VoidHold,
        Instruction::Reverse { amount, .. } => line.kind == TransferKind::Reverse && same_amount(amount),
    };
    same_content
        && line.purpose == new.purpose()
        && line.refers_to == new.refers_to()
        && line.description.as_deref() == new.description()
}
