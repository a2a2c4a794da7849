//! The checks: what a transfer would do to both of its accounts, or why it cannot be.
//!
//! A [`Plan`] is made without changing anything, so a refusal leaves nothing to take back. The order of the checks is that
//! of [`RefusalReason`]: the first that applies is told.

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{Counters, Floor, Hold, HoldState, Instruction, NewTransfer, RefusalReason, Transfer, TransferKind},
    money::Money,
    time::Timestamp,
};

use super::Book;

/// A transfer that has passed every check: what remains is to write it down.
pub(super) struct Plan {
    pub kind: TransferKind,
    pub debit: AccountId,
    pub credit: AccountId,
    pub amount: Money,
    pub refers_to: Option<TransferId>,
    pub expires_at: Option<Timestamp>,
    /// What the counters of both sides become.
    pub debit_after: Counters,
    pub credit_after: Counters,
}

impl Book {
    /// What a new transfer does, once it has passed every check.
    pub(super) fn plan(&self, new: &NewTransfer) -> Result<Plan, RefusalReason> {
        match new.instruction() {
            Instruction::Post { debit, credit, amount } => self.plan_post(*debit, *credit, *amount),
            Instruction::Hold { debit, credit, amount, expires_at } => {
                self.plan_hold(*debit, *credit, *amount, *expires_at)
            }
            Instruction::PostHold { hold, amount } => self.plan_post_hold(*hold, *amount),
            Instruction::VoidHold { hold } => self.plan_void_hold(*hold),
            Instruction::Reverse { original, amount } => self.plan_reverse(*original, *amount),
        }
    }

    fn plan_post(&self, debit: AccountId, credit: AccountId, amount: Money) -> Result<Plan, RefusalReason> {
        let plan = self.between(TransferKind::Post, debit, credit, amount)?.moving(amount.amount());
        self.check(plan)
    }

    fn plan_hold(
        &self,
        debit: AccountId,
        credit: AccountId,
        amount: Money,
        expires_at: Option<Timestamp>,
    ) -> Result<Plan, RefusalReason> {
        let plan = self.between(TransferKind::Hold, debit, credit, amount)?.reserving(amount.amount());
        self.check(Plan { expires_at, ..plan })
    }

    fn plan_post_hold(&self, id: TransferId, part: Option<Money>) -> Result<Plan, RefusalReason> {
        let hold = self.open_hold(id)?;
        let amount = part.unwrap_or(hold.amount);
        if amount.amount() > hold.amount.amount() {
            return Err(RefusalReason::ExceedsReference { left: hold.amount.amount() });
        }
        let plan = self.between(TransferKind::PostHold, hold.debit, hold.credit, amount)?;
        let plan = plan.reserving(-hold.amount.amount()).moving(amount.amount());
        self.check(Plan { refers_to: Some(id), ..plan })
    }

    fn plan_void_hold(&self, id: TransferId) -> Result<Plan, RefusalReason> {
        let hold = self.open_hold(id)?;
        let plan = self.between(TransferKind::VoidHold, hold.debit, hold.credit, hold.amount)?;
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
        let plan = self.between(TransferKind::Reverse, original.credit, original.debit, amount)?;
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
    fn between(
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
pub(super) fn is_same(line: &Transfer, new: &NewTransfer) -> bool {
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
