//! A transaction at Midtrans: what may happen to it and what then is true of it. It knows no HTTP and no clock.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    channel::{CardClass, Channel},
    status::{Fraud, Status},
};
use crate::{
    clock::Moment,
    ledger::Sums,
    script::{Currency, DenyShape, Script},
};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A transaction.
#[derive(Debug, Clone, Serialize)]
pub struct Transaction {
    /// Midtrans' own id, mostly a UUID.
    pub transaction_id: String,
    /// The merchant's id.
    pub order_id: String,
    /// What was asked for, in rupiah; after a capture in part, what was captured.
    pub gross: i64,
    /// How it is paid.
    pub channel: Channel,
    /// Where it stands.
    pub status: Status,
    /// What the fraud engine says; nothing where it is not asked.
    pub fraud: Option<Fraud>,
    /// When it was made.
    pub created: Moment,
    /// When time runs out.
    pub expires: Moment,
    /// When it was paid.
    pub settled: Option<Moment>,
    /// Whether it was made inside Snap, where another try may follow a refusal.
    pub snap: bool,
    /// Another amount than asked for was paid.
    pub paid: Option<i64>,
    /// It was paid in another way than asked for.
    pub paid_by: Option<String>,
    /// What was given back, in order.
    pub refunds: Vec<Refund>,
    /// What a dispute took.
    pub charged_back: i64,
    /// Where its notifications go.
    pub targets: Vec<String>,
    /// Members of the request that are told again: custom fields and metadata.
    pub echo: Map<String, Value>,
    /// What shall happen to it.
    pub script: Script,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// The merchant's id of it.
    pub key: String,
    /// Midtrans' id of it.
    pub number: u32,
    /// In rupiah.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub created: Moment,
    /// When the bank confirmed it.
    pub confirmed: Option<Moment>,
    /// Through the provider's own interface at once.
    pub online: bool,
}

/// Something that happens to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The customer pays: this amount, in this way, if it is not as asked for. Late payments come after the end.
    Pay { late: bool, amount: Option<i64>, by: Option<String> },
    /// A card's money arrives.
    Settle,
    /// Time runs out.
    Expire,
    /// A hold runs out.
    Lapse,
    /// The bank refuses.
    Deny,
    /// Something breaks.
    Fail,
    /// The merchant cancels.
    Cancel,
    /// The bank takes the payment back.
    Reverse,
    /// A person found the challenged payment good.
    Approve,
    /// A person found it bad.
    Reject,
    /// Nobody looked at the challenged payment for a day.
    Abandon,
    /// The merchant takes what was held, or part of it.
    Capture(i64),
    /// A dispute takes this, or the rest.
    Chargeback(Option<i64>),
    /// The bank confirms a refund.
    Confirm(String),
}

/// It may not happen in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal;

impl Transaction {
    /// Makes it happen.
    ///
    /// # Errors
    /// [`Illegal`] if it may not happen now; nothing has changed then.
    pub fn apply(&mut self, act: &Act, now: Moment) -> Result<(), Illegal> {
        match act {
            Act::Pay { late, amount, by } => {
                self.pay(*late, now)?;
                self.paid = *amount;
                self.paid_by.clone_from(by);
                Ok(())
            }
            Act::Settle if self.status == Status::Capture && self.fraud != Some(Fraud::Challenge) => {
                self.settled = Some(now);
                self.becomes(Status::Settlement)
            }
            Act::Lapse if self.status == Status::Authorize => self.becomes(Status::Expire),
            Act::Expire if self.status == Status::Pending => self.becomes(Status::Expire),
            Act::Deny if self.status == Status::Pending => self.becomes(Status::Deny),
            Act::Fail => self.becomes(Status::Failure),
            Act::Cancel if !matches!(self.status, Status::Settlement) => self.becomes(Status::Cancel),
            Act::Reverse if self.status == Status::Settlement => self.becomes(Status::Deny),
            Act::Approve if self.challenged() => {
                self.fraud = Some(Fraud::Accept);
                Ok(())
            }
            Act::Reject if self.challenged() => {
                self.fraud = Some(Fraud::Deny);
                self.becomes(match self.script.life.deny_shape {
                    DenyShape::Deny => Status::Deny,
                    DenyShape::Cancel => Status::Cancel,
                })
            }
            Act::Abandon if self.challenged() => self.becomes(Status::Cancel),
            Act::Capture(amount) if self.status == Status::Authorize && (1..=self.gross).contains(amount) => {
                self.gross = *amount;
                self.becomes(Status::Capture)
            }
            Act::Chargeback(amount) => self.charge_back(*amount),
            Act::Confirm(key) => self.confirm(key, now),
            _ => Err(Illegal),
        }
    }

    fn pay(&mut self, late: bool, now: Moment) -> Result<(), Illegal> {
        let again = self.snap && self.status == Status::Deny && self.settled.is_none();
        let too_late = late && matches!(self.status, Status::Expire | Status::Cancel);
        if self.status != Status::Pending && !again && !too_late {
            return Err(Illegal);
        }
        if let Channel::Card(card) = &self.channel {
            let class = if self.script.life.challenge { CardClass::Challenge } else { card.class };
            self.status = match class {
                CardClass::Deny | CardClass::FraudDeny => Status::Deny,
                _ if card.hold || self.script.life.authorize => Status::Authorize,
                CardClass::Accept | CardClass::Challenge => Status::Capture,
            };
            self.fraud = Some(match class {
                CardClass::Challenge => Fraud::Challenge,
                CardClass::FraudDeny => Fraud::Deny,
                CardClass::Accept | CardClass::Deny => Fraud::Accept,
            });
        } else {
            self.status = Status::Settlement;
            self.settled = Some(now);
        }
        Ok(())
    }

    fn becomes(&mut self, next: Status) -> Result<(), Illegal> {
        if !self.status.may_become(next) {
            return Err(Illegal);
        }
        self.status = next;
        Ok(())
    }

    fn charge_back(&mut self, amount: Option<i64>) -> Result<(), Illegal> {
        let left = self.received() - self.charged_back;
        let amount = amount.unwrap_or(left);
        if amount < 1 || amount > left {
            return Err(Illegal);
        }
        let all = amount == left;
        self.becomes(if all { Status::Chargeback } else { Status::PartialChargeback })?;
        self.charged_back += amount;
        Ok(())
    }

    /// Books a refund that the bank has yet to confirm.
    ///
    /// # Errors
    /// [`Illegal`] if nothing can be given back now.
    pub fn refund(&mut self, refund: Refund) -> Result<(), Illegal> {
        let all = self.refunded() + refund.amount == self.received();
        self.becomes(if all { Status::Refund } else { Status::PartialRefund })?;
        self.refunds.push(refund);
        Ok(())
    }

    fn confirm(&mut self, key: &str, now: Moment) -> Result<(), Illegal> {
        let open = self.refunds.iter_mut().find(|one| one.key == key && one.confirmed.is_none());
        open.ok_or(Illegal)?.confirmed = Some(now);
        Ok(())
    }

    /// Whether a person has to look at it.
    pub fn challenged(&self) -> bool {
        self.fraud == Some(Fraud::Challenge) && matches!(self.status, Status::Capture | Status::Authorize)
    }

    /// What the customer paid, or shall pay.
    pub fn received(&self) -> i64 {
        self.paid.unwrap_or(self.gross) + self.script.looks.shift
    }

    /// What was given back.
    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|one| one.amount).sum()
    }

    /// What it did to the merchant's money, and in which currency.
    pub fn sums(&self) -> (&str, Sums) {
        let captured = if self.status.funded() && !self.challenged() { self.received() } else { 0 };
        let currency = match &self.script.looks.currency {
            Currency::Other(code) => code,
            Currency::Right | Currency::Absent => "IDR",
        };
        (currency, Sums { captured, refunded: self.refunded(), charged_back: self.charged_back })
    }

    /// What follows by itself from what just happened.
    pub fn consequences(&self, act: &Act, before: Status, now: Moment) -> Vec<(Moment, Act)> {
        let mut later = Vec::new();
        let life = &self.script.life;
        let entered = |status| before != status && self.status == status;
        if entered(Status::Authorize) {
            later.push((now.plus(Duration::from_secs(8 * DAY)), Act::Lapse));
        }
        if before != self.status && self.challenged() {
            later.push((now.plus(Duration::from_secs(DAY)), Act::Abandon));
        }
        if (entered(Status::Capture) || *act == Act::Approve) && !self.challenged() {
            later.push((if life.settle { now } else { now.next_settlement() }, Act::Settle));
        }
        if entered(Status::Settlement) {
            later.extend(life.reverse.map(|span| (now.plus(span), Act::Reverse)));
            later.extend(life.chargeback.map(|(span, amount)| (now.plus(span), Act::Chargeback(amount))));
        }
        if entered(Status::Expire) && life.late_pay.is_some() {
            later.push((now.plus(Duration::from_secs(30)), Act::Pay { late: true, amount: None, by: None }));
        }
        later
    }
}
