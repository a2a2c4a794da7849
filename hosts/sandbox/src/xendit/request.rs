//! A payment request and its payments: what may happen to them. It knows no HTTP and no clock.

use serde::Serialize;
use serde_json::Value;

use super::{channel::Channel, invoice::Illegal};
use crate::{
    clock::Moment,
    script::{LatePay, Script},
};

/// `status` of a payment request or of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// A code that may be paid again and again waits.
    AcceptingPayments,
    /// The customer has to do something.
    RequiresAction,
    /// A payment waits.
    Pending,
    /// The money is held.
    Authorized,
    /// Paid.
    Succeeded,
    /// Refused.
    Failed,
    /// Cancelled by the merchant.
    Canceled,
    /// Time ran out.
    Expired,
}

impl Standing {
    /// As it is written.
    pub fn wire(self) -> &'static str {
        match self {
            Self::AcceptingPayments => "ACCEPTING_PAYMENTS",
            Self::RequiresAction => "REQUIRES_ACTION",
            Self::Pending => "PENDING",
            Self::Authorized => "AUTHORIZED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// A payment request.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// `pr-…`.
    pub id: String,
    /// Its place in the order of creation.
    pub number: u64,
    /// The merchant's id.
    pub reference: String,
    /// `PAY`, `PAY_AND_SAVE` or `REUSABLE_PAYMENT_CODE`.
    pub kind: String,
    /// The country.
    pub country: String,
    /// The currency.
    pub currency: String,
    /// What is asked for.
    pub amount: i64,
    /// Whether the money is held until it is captured.
    pub manual: bool,
    /// Where it is paid.
    pub channel: &'static Channel,
    /// `channel_properties` as they were sent.
    pub properties: Value,
    /// A text for people.
    pub description: Value,
    /// The merchant's members.
    pub metadata: Value,
    /// The account, code or QR text that was made for it.
    pub code: String,
    /// How it stands.
    pub status: Standing,
    /// Why it failed.
    pub failure: Option<String>,
    /// Its payments, the last one last.
    pub payments: Vec<Payment>,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// When time runs out.
    pub expires: Moment,
    /// What shall happen to it.
    pub script: Script,
}

/// A payment.
#[derive(Debug, Clone, Serialize)]
pub struct Payment {
    /// `py-…`.
    pub id: String,
    /// How it stands.
    pub status: Standing,
    /// What was taken.
    pub captures: Vec<Capture>,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
}

/// Money taken.
#[derive(Debug, Clone, Serialize)]
pub struct Capture {
    /// `cap-…`.
    pub id: String,
    /// How much.
    pub amount: i64,
    /// When.
    pub at: Moment,
}

/// Something that happens to a payment request or to its last payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestAct {
    /// The customer pays, with the ids for what then is there.
    Pay { amount: i64, capture: String, late: Option<LatePay> },
    /// The merchant takes what was held.
    Capture { amount: i64, capture: String },
    /// It is refused.
    Fail(String),
    /// Time runs out.
    Expire,
    /// The hold runs out.
    Lapse,
    /// The merchant cancels.
    Cancel,
}

/// What is told afterwards.
pub const EXPIRY: &str = "payment_request.expiry";

impl Request {
    /// Makes it happen. Returns the event that is told, if one is.
    ///
    /// # Errors
    /// [`Illegal`] if it may not happen now; nothing has changed then.
    pub fn apply(&mut self, act: &RequestAct, now: Moment) -> Result<Option<&'static str>, Illegal> {
        let open = matches!(self.status, Standing::RequiresAction | Standing::AcceptingPayments);
        let reusable = self.status == Standing::AcceptingPayments;
        let event = match act {
            RequestAct::Pay { amount, capture, late } => {
                let afterwards = self.status == Standing::Expired && late.is_some();
                if !open && !afterwards {
                    return Err(Illegal);
                }
                let held = self.manual;
                self.last(now, if held { Standing::Authorized } else { Standing::Succeeded })?;
                if !held {
                    self.take(*amount, capture, now);
                }
                if !reusable && *late != Some(LatePay::Keeps) {
                    self.status = if held { Standing::Authorized } else { Standing::Succeeded };
                }
                Some(if held { "payment.authorization" } else { "payment.capture" })
            }
            RequestAct::Capture { amount, capture } if self.status == Standing::Authorized => {
                self.last(now, Standing::Succeeded)?;
                self.take(*amount, capture, now);
                self.status = Standing::Succeeded;
                Some("payment.capture")
            }
            RequestAct::Fail(code) if open => {
                self.last(now, Standing::Failed)?.failure = Some(code.clone());
                if !reusable {
                    self.status = Standing::Failed;
                    self.failure = Some(code.clone());
                }
                Some("payment.failure")
            }
            RequestAct::Expire if open => {
                self.status = Standing::Expired;
                if !reusable {
                    self.last(now, Standing::Expired)?;
                }
                Some(EXPIRY)
            }
            RequestAct::Lapse if self.status == Standing::Authorized => {
                self.last(now, Standing::Expired)?;
                self.status = Standing::Expired;
                Some("payment.expiry")
            }
            RequestAct::Cancel if open || self.status == Standing::Authorized => {
                if !reusable {
                    self.last(now, Standing::Canceled)?;
                }
                self.status = Standing::Canceled;
                None
            }
            _ => return Err(Illegal),
        };
        self.updated = now;
        Ok(event)
    }

    fn last(&mut self, now: Moment, status: Standing) -> Result<&mut Payment, Illegal> {
        let payment = self.payments.last_mut().ok_or(Illegal)?;
        payment.status = status;
        payment.updated = now;
        Ok(payment)
    }

    fn take(&mut self, amount: i64, capture: &str, now: Moment) {
        if let Some(payment) = self.payments.last_mut() {
            payment.captures.push(Capture { id: capture.to_owned(), amount, at: now });
        }
    }

    /// What was taken.
    pub fn captured(&self) -> i64 {
        self.payments.iter().map(Payment::captured).sum()
    }
}

impl Payment {
    /// What was taken.
    pub fn captured(&self) -> i64 {
        self.captures.iter().map(|one| one.amount).sum()
    }
}
