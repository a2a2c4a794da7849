//! The count: what the journal, read once from its first line to its last, says about everything else.

use std::collections::{BTreeMap, HashMap};

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{
        Account, Counters, Floor, Hold, HoldState, Reversed, Trail, Transfer, TransferKind, WAYPOINT_EVERY, Waypoint,
        seal::{self, Head, SealedBatch},
    },
    money::Currency,
    time::Timestamp,
};

use super::finding::{Finding, Findings};

/// What has been counted so far.
#[derive(Default)]
pub(super) struct Recount {
    lines: u64,
    /// The batch that was read last, and its link as stored: the next one is checked against it.
    head: Head,
    /// The chain up to the first batch that is wrong.
    sealed: Head,
    is_broken: bool,
    accounts: HashMap<AccountId, Counted>,
    holds: HashMap<TransferId, Hold>,
    /// What was moved back of each transfer, and when the last part of it was.
    reversals: HashMap<TransferId, (i64, Timestamp)>,
    waypoints: HashMap<(AccountId, Timestamp), TransferId>,
    sums: BTreeMap<&'static str, (Currency, i128, i128)>,
}

#[derive(Default)]
struct Counted {
    counters: Counters,
    trail: Trail,
    /// The moment of the last line, whatever it did.
    touched_at: Option<Timestamp>,
}

impl Recount {
    /// How many lines were read.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The batch that was read last.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The chain up to the first batch that is wrong.
    pub fn sealed(&self) -> Head {
        self.sealed
    }

    /// Reads one batch.
    pub fn batch(&mut self, batch: &SealedBatch, findings: &mut Findings) {
        let number = batch.head.number;
        let mut found = batch.lines.iter().map(|line| line.id).peekable();
        let gone: Vec<_> = batch.ids.iter().filter(|id| found.next_if_eq(id).is_none()).collect();
        if !gone.is_empty() {
            gone.into_iter().for_each(|line| findings.add(Finding::Missing { batch: number, line: *line }));
            self.is_broken = true;
        } else if seal::content(batch.lines.iter()) != batch.content {
            findings.add(Finding::Content { batch: number });
            self.is_broken = true;
        }
        if self.head.extend(&batch.content) != batch.head {
            findings.add(Finding::Link { batch: number });
            self.is_broken = true;
        }
        self.head = batch.head;
        if !self.is_broken {
            self.sealed = self.head;
        }
        for line in &batch.lines {
            self.line(line, findings);
        }
    }

    fn line(&mut self, line: &Transfer, findings: &mut Findings) {
        self.lines += 1;
        let amount = line.amount.amount();
        match (line.kind, line.refers_to) {
            (TransferKind::Hold, _) => {
                let Transfer { id, debit, credit, amount, expires_at, .. } = *line;
                self.holds.insert(id, Hold { id, debit, credit, amount, expires_at, state: HoldState::Open });
            }
            (TransferKind::PostHold, Some(hold)) => self.settle(hold, HoldState::Posted),
            (TransferKind::VoidHold, Some(hold)) => self.settle(hold, HoldState::Voided),
            (TransferKind::Reverse, Some(original)) => {
                let (total, at) = self.reversals.entry(original).or_insert((0, line.at));
                *total += amount;
                *at = line.at;
            }
            _ => {}
        }
        let moves = line.kind.moves_money();
        for (account, is_debit) in [(line.debit, true), (line.credit, false)] {
            let counted = self.accounts.entry(account).or_default();
            let (stated, previous) = if is_debit {
                (line.debit_balance, line.debit_previous)
            } else {
                (line.credit_balance, line.credit_previous)
            };
            if moves {
                let counter =
                    if is_debit { &mut counted.counters.debits_posted } else { &mut counted.counters.credits_posted };
                *counter += amount;
                if previous != counted.trail.last {
                    findings.add(Finding::Trail { line: line.id, account });
                }
                counted.trail = Trail { lines: counted.trail.lines + 1, last: Some(line.id) };
                if counted.trail.lines.is_multiple_of(WAYPOINT_EVERY) {
                    self.waypoints.insert((account, line.at), line.id);
                }
            }
            counted.touched_at = Some(line.at);
            let balance = counted.counters.balance().posted;
            if stated != balance {
                findings.add(Finding::Balance { line: line.id, account, stated, counted: balance });
            }
        }
    }

    fn settle(&mut self, hold: TransferId, state: HoldState) {
        if let Some(hold) = self.holds.get_mut(&hold) {
            hold.state = state;
        }
    }

    /// Compares the end of the chain with what the books say it is.
    pub fn end(&self, stored: Option<Head>, findings: &mut Findings) {
        match stored {
            None => findings.add(Finding::NoHead { counted: self.head.number }),
            Some(stored) if stored == self.head => {}
            Some(stored) => findings.add(Finding::Head { stored: stored.number, counted: self.head.number }),
        }
    }

    /// Compares a hold with the lines about it, and counts what it reserves.
    pub fn hold(&mut self, hold: &Hold, findings: &mut Findings) {
        let counted = self.holds.remove(&hold.id);
        // A deadline leaves no line: it is the hold that says so.
        let may_be = counted.as_ref().is_some_and(|counted| {
            let has_expired =
                counted.state == HoldState::Open && hold.state == HoldState::Expired && hold.expires_at.is_some();
            Hold { state: if has_expired { HoldState::Open } else { hold.state }, ..hold.clone() } == *counted
        });
        if !may_be {
            let counted = match &counted {
                None => "nothing of it",
                Some(counted) if counted.state == hold.state => "of other accounts, amount or deadline",
                Some(counted) => counted.state.as_str(),
            };
            findings.add(Finding::Hold { hold: hold.id, stored: hold.state.as_str(), counted });
        }
        if hold.state == HoldState::Open {
            self.accounts.entry(hold.debit).or_default().counters.debits_pending += hold.amount.amount();
            self.accounts.entry(hold.credit).or_default().counters.credits_pending += hold.amount.amount();
        }
    }

    /// Compares what was moved back of a transfer.
    pub fn reversal(&mut self, reversed: &Reversed, findings: &mut Findings) {
        let Reversed { original, total, at } = *reversed;
        let counted = self.reversals.remove(&original);
        let sum = counted.map_or(0, |(sum, _)| sum);
        if sum != total {
            findings.add(Finding::Reversed { original, stored: total, counted: sum });
        }
        if counted.is_some_and(|(_, last)| last != at) {
            findings.add(Finding::ReversedAt { original });
        }
    }

    /// Compares a waypoint with the line that it marks.
    pub fn waypoint(&mut self, waypoint: &Waypoint, findings: &mut Findings) {
        if self.waypoints.remove(&(waypoint.account, waypoint.at)) != Some(waypoint.line) {
            findings.add(Finding::Waypoint { account: waypoint.account });
        }
    }

    /// Names what the journal knows of and the books have lost.
    pub fn nothing_left(&mut self, findings: &mut Findings) {
        for (hold, counted) in self.holds.drain() {
            findings.add(Finding::Hold { hold, stored: "gone", counted: counted.state.as_str() });
        }
        for (original, (counted, _)) in self.reversals.drain() {
            findings.add(Finding::Reversed { original, stored: 0, counted });
        }
        for ((account, _), _) in self.waypoints.drain() {
            findings.add(Finding::Waypoint { account });
        }
    }

    /// Compares an account with what was counted for it.
    pub fn account(&mut self, account: &Account, findings: &mut Findings) {
        let counted = self.accounts.remove(&account.id).unwrap_or_default();
        let (id, stored) = (account.id, account.counters);
        let sum = self.sums.entry(account.currency.code()).or_insert((account.currency, 0, 0));
        sum.1 += i128::from(stored.debits_posted);
        sum.2 += i128::from(stored.credits_posted);
        for (counter, stored, counted) in [
            ("debits_posted", stored.debits_posted, counted.counters.debits_posted),
            ("debits_pending", stored.debits_pending, counted.counters.debits_pending),
            ("credits_posted", stored.credits_posted, counted.counters.credits_posted),
            ("credits_pending", stored.credits_pending, counted.counters.credits_pending),
        ] {
            if stored != counted {
                findings.add(Finding::Counter { account: id, counter, stored, counted });
            }
        }
        if account.trail != counted.trail {
            findings.add(Finding::TrailEnd { account: id });
        }
        // Without a line, it is the moment when the account was opened.
        if counted.touched_at.is_some_and(|last| last != account.touched_at) {
            findings.add(Finding::Touched { account: id });
        }
        let available = stored.balance().available;
        if let Floor::AtLeast(floor) = account.floor
            && available < floor
        {
            findings.add(Finding::BelowFloor { account: id, available, floor });
        }
    }

    /// Compares the sums of each currency, and names accounts that are not there.
    pub fn balance(&self, findings: &mut Findings) {
        for account in self.accounts.keys() {
            findings.add(Finding::NoAccount { account: *account });
        }
        for (currency, debits, credits) in self.sums.values().copied() {
            if debits != credits {
                findings.add(Finding::Unbalanced { currency, debits, credits });
            }
        }
    }
}
